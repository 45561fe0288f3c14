"""Scores: words and a tune, or words alone, as a file to take home."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import Field

from lyricist.apps.studio.access import owner
from lyricist.apps.studio.bodies import Body, Draft
from lyricist.apps.studio.hands import Hand
from lyricist.apps.studio.store import RoomLimits
from lyricist.apps.studio.tunes import MOST_PHRASES, MOST_TRACK, tunes_of
from lyricist.corpus.lyrics_file import read_lyrics
from lyricist.errors import InputError
from lyricist.melody.tune import Tune
from lyricist.plan.from_tune import MOST_VERSES
from lyricist.plan.parse import OPEN_LINES

router = APIRouter(prefix="/api/score", tags=["scores"])
Owner = Annotated[str, Depends(owner)]
Stanzas = list[tuple[str, list[str]]]  # name and lines of each section
Kind = Literal["musicxml", "mxl", "mid", "kar", "lrc", "svg", "cho", "txt", "md"]
MEDIA: dict[Kind, str] = {
    "musicxml": "application/vnd.recordare.musicxml+xml",
    "mxl": "application/vnd.recordare.musicxml",
    "mid": "audio/midi",
    "kar": "audio/midi",
    "lrc": "text/plain; charset=utf-8",
    "svg": "image/svg+xml",
    "cho": "text/plain; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
}
WORDS_ALONE = ("cho", "txt", "md")  # what needs no tune
KEPT, KEPT_BYTES = 16, 20_000_000  # scores in memory, for their further pages
MOST_CHARACTERS = 200_000
DIRECTIVES = ("verse", "chorus", "bridge")  # sections that ChordPro knows


class ScoreAsked(Body):
    """Words, by draft or as text, and the tune they are sung to. Without words a tune keeps its own."""

    tune: str | None = None
    track: int | None = Field(default=None, ge=1, le=MOST_TRACK)
    phrases: str | None = Field(default=None, max_length=MOST_PHRASES)
    lyrics: str | None = Field(default=None, max_length=MOST_CHARACTERS)
    draft: Draft | None = None
    title: str | None = Field(default=None, max_length=200)
    format: Kind
    partial: bool = False  # leave phrases bare that have no line yet, or one that does not fit

    def stanzas(self) -> Stanzas | None:
        """The sections with lines; None where there are no words. InputError for both kinds."""
        if self.lyrics is not None and self.draft is not None:
            raise InputError("lyrics and draft clash: send one of them")
        if self.draft is not None:
            return [(section.name, [line.text for line in section.lines]) for section in self.draft.sections]
        if self.lyrics is not None:
            return [(stanza.name, list(stanza.lines)) for stanza in read_lyrics(self.lyrics)]
        return None


@dataclass
class Scores:
    """Writes scores in a process of its own, and keeps the last ones for their further pages."""

    hand: Hand
    limits: RoomLimits
    made: OrderedDict[str, list[bytes]] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def pages(self, tune: Tune, which: Sequence[Any], asked: ScoreAsked, title: str | None) -> list[bytes]:
        """The pages of a score; `which` names the tune and its reading. InputError for words that do not fit."""
        found = asked.stanzas()
        lines = None if found is None else [open_line(line) for _, given in found for line in given]
        if lines and len(lines) > MOST_VERSES * len(tune.phrases):
            raise InputError(f"{len(lines)} lines are more than {MOST_VERSES} verses of the tune: send fewer")
        suffix = "." + ("txt" if asked.format == "md" else asked.format)
        key = digest([*which, lines, title, suffix, asked.partial])
        with self.lock:
            known = self.made.get(key)
        if known is None:
            job = tune, lines or None, title, suffix, asked.partial
            known = list(self.hand.ask(self.limits.score_seconds, "score_seconds", "score", *job))
            self.keep(key, known)
        return known

    def keep(self, key: str, pages: list[bytes]) -> None:
        with self.lock:
            self.made[key] = pages
            while (
                len(self.made) > KEPT or sum(len(page) for each in self.made.values() for page in each) > KEPT_BYTES
            ):
                self.made.popitem(last=False)


def digest(values: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def open_line(text: str) -> str:
    """A line to sing, "" for one that is still to be written."""
    return "" if text.strip() in OPEN_LINES else text


# -- words alone ----------------------------------------------------------------------------------------------------


def words_alone(stanzas: Stanzas, title: str, kind: Kind) -> bytes:
    """Plain text, Markdown or ChordPro of a song without a tune."""
    written = [(name, [line for line in lines if line.strip()]) for name, lines in stanzas]
    made = {"txt": as_text, "md": as_markdown, "cho": as_chordpro}[kind]
    return ("\n".join(made([(name, lines) for name, lines in written if lines], title)).strip() + "\n").encode()


def as_text(stanzas: Stanzas, title: str) -> Iterator[str]:
    """As a text that is read back as the same draft."""
    if title:
        yield f"Title: {one_line(title)}"
    for name, lines in stanzas:
        yield from ("", f"[{one_line(name).capitalize()}]", *lines)


def as_markdown(stanzas: Stanzas, title: str) -> Iterator[str]:
    if title:
        yield f"# {escaped(one_line(title))}"
    for name, lines in stanzas:
        yield from ("", f"## {escaped(one_line(name).capitalize())}", "")
        yield from (f"{escaped(one_line(line))}  " for line in lines)


def as_chordpro(stanzas: Stanzas, title: str) -> Iterator[str]:
    if title:
        yield f"{{title: {plain(title)}}}"
    for name, lines in stanzas:
        kind = next((each for each in DIRECTIVES if each in name.lower()), "verse")
        yield from ("", f"{{start_of_{kind}: {plain(name).capitalize()}}}", *map(plain, lines), f"{{end_of_{kind}}}")


def one_line(text: str) -> str:
    return " ".join(text.split())


def plain(text: str) -> str:
    """Without what would be read as a chord or a directive."""
    return one_line(text.translate({ord(mark): None for mark in "[]{}"}))


def escaped(text: str) -> str:
    r"""
    >>> escaped("*Oh*, <b>1. 2")
    '\\*Oh\\*, \\<b\\>1\\. 2'
    """
    return re.sub(r"([\\`*_{}\[\]()#+\-.!<>|~&])", r"\\\1", text)


# -- over HTTP ------------------------------------------------------------------------------------------------------


def scores_of(request: Request) -> Scores:
    scores = request.app.state.rooms.scores
    assert isinstance(scores, Scores)
    return scores


FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind.split(";")[0]: {} for kind in MEDIA.values()}, "description": "The file."}
}


@router.post("", response_class=Response, responses=FILES)
def make_score(
    request: Request, owner: Owner, asked: ScoreAsked, page: Annotated[int, Query(ge=1, le=1_000)] = 1
) -> Response:
    """A score as a file. SVG has pages: `page` says which, the header X-Pages how many there are."""
    title = asked.title or (asked.draft.title if asked.draft else None) or None
    if asked.tune is None or asked.format == "md":
        return words_file(asked, title or "")
    scores, tunes = scores_of(request), tunes_of(request)
    thing, tune = tunes.find(owner, asked.tune, asked.track, asked.phrases)
    which = owner, thing.id, asked.track, asked.phrases
    pages = scores.pages(tune, which, asked, title)
    if page > len(pages):
        raise InputError(f"page {page} of {len(pages)}: ask for one that is there")
    name = title or str(thing.meta.get("title") or "")
    return answer(pages[page - 1], asked.format, name, len(pages), page)


def words_file(asked: ScoreAsked, title: str) -> Response:
    stanzas = asked.stanzas()
    if asked.format not in WORDS_ALONE:
        raise InputError(f"format {asked.format} needs a tune: name one, or ask for {', '.join(WORDS_ALONE)}")
    if not stanzas or not any(line.strip() for _, lines in stanzas for line in lines):
        raise InputError("no words to write out: send lyrics or a draft")
    return answer(words_alone(stanzas, title, asked.format), asked.format, title)


def answer(data: bytes, kind: Kind, title: str, pages: int = 1, page: int = 1) -> Response:
    suffix = f"-{page}.{kind}" if page > 1 else f".{kind}"
    return Response(
        data,
        media_type=MEDIA[kind],
        headers={"Content-Disposition": attachment(title, suffix), "X-Pages": str(pages)},
    )


def attachment(title: str, suffix: str) -> str:
    """A file's name that is safe everywhere, and the title as it is for those who can read it.

    >>> attachment('The "Hill"/../x', ".mid")
    'attachment; filename="The Hill x.mid"; filename*=UTF-8\\'\\'The%20Hill%20x.mid'
    """
    kept = one_line("".join(c if c.isalnum() or c in " -_'," else " " for c in title))[:60].strip() or "song"
    ascii_name = one_line(kept.encode("ascii", "ignore").decode()) or "song"
    return f"attachment; filename=\"{ascii_name}{suffix}\"; filename*=UTF-8''{quote(kept + suffix)}"
