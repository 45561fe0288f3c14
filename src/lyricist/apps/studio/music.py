"""Tunes that people upload, as phrases of slots; and scores of a tune with words, or of words alone."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field

from lyricist.apps.studio.api_models import Body, Draft
from lyricist.apps.studio.http_io import Refused, Upload, shown
from lyricist.apps.studio.jobs import Recent
from lyricist.apps.studio.owner_store import Item, Store
from lyricist.apps.studio.sandbox import Sandbox
from lyricist.corpus.lyrics_file import read_lyrics
from lyricist.errors import InputError
from lyricist.melody.export.sing import own_words
from lyricist.melody.export.song_text import KINDS, without
from lyricist.melody.notation import spell
from lyricist.melody.read import SUFFIXES
from lyricist.melody.tune import Clock, Slot, Tune
from lyricist.plan.from_tune import MOST_VERSES
from lyricist.plan.parse import OPEN_LINES

OPENED = 16  # tunes kept in memory
MOST_TRACK, MOST_PHRASES = 10_000, 2_000  # the number of a track, characters of lengths of phrases
Reading = tuple[str, str, int | None, str | None]  # owner, tune, track, lengths of phrases


@dataclass
class Tunes:
    """All owners' tunes. Methods block, and raise `Refused` and `InputError`."""

    store: Store
    sandbox: Sandbox
    opened: Recent[Reading, Tune] = field(default_factory=lambda: Recent(OPENED))

    def add(self, owner: str, upload: Upload, track: int | None = None, phrases: str | None = None) -> dict[str, Any]:
        """Keep an uploaded file; the tune as JSON. `InputError` for a file without a tune."""
        limits = self.store.limits
        if len(upload.data) > limits.tune_bytes:
            raise Refused("too_large", f"{upload.name} has more than {limits.tune_bytes:,} bytes (tune_bytes)")
        with self.store.create(owner, "tunes", len(upload.data)) as item:
            (item.path / music_name(upload.name)).write_bytes(upload.data)
            item.meta.update(name=upload.name, file=music_name(upload.name), track=track, phrases=phrases)
            tune = self.read(item, track, phrases)
            item.meta.update(title=title_of(tune, upload.name), format=tune.score.kind, count=len(tune.phrases))
        self.opened.get((owner, item.id, track, phrases), lambda: tune)
        return tune_json(item, tune)

    def all(self, owner: str) -> list[dict[str, Any]]:
        return [
            {**item.meta, "phrases": item.meta.get("count")}  # `TunesAnswer` leaves out what is not for the page
            for item in self.store.all(owner, "tunes")
        ]

    def find(self, owner: str, given: str, track: int | None, phrases: str | None) -> tuple[Item, Tune]:
        """An uploaded tune. `track` and `phrases` default to those that it was uploaded with."""
        item = self.store.get(owner, "tunes", given)
        track = item.meta["track"] if track is None else track
        phrases = item.meta["phrases"] if phrases is None else phrases
        return item, self.opened.get((owner, item.id, track, phrases), lambda: self.read(item, track, phrases))

    def read(self, item: Item, track: int | None, phrases: str | None) -> Tune:
        return self.sandbox.read_tune(item.path / item.meta["file"], item.meta["name"], track, phrases or None)

    def remove(self, owner: str, given: str) -> None:
        self.store.remove(self.store.get(owner, "tunes", given))
        for key, _ in self.opened.items():
            if key[:2] == (owner, given):
                self.opened.drop(key)


def music_name(name: str) -> str:
    """The name of a tune's file; only a known suffix is taken from the user's name."""
    suffix = PurePath(name).suffix.lower()
    return f"music{suffix if suffix in SUFFIXES else ''}"


def title_of(tune: Tune, name: str) -> str:
    return shown(tune.score.title.replace("/", " ")) or shown(PurePath(name).stem) or "a tune"


def tune_json(item: Item, tune: Tune) -> dict[str, Any]:
    """A tune as the page draws and plays it. Times in quarters (beats) and in seconds by the tempi of the file."""
    score = tune.score
    clock = Clock(score.tempi)
    last = max(slot.onset + slot.duration for phrase in tune.phrases for slot in phrase.slots)
    return {
        "id": item.id,
        "title": item.meta.get("title") or title_of(tune, item.meta["name"]),
        "name": item.meta["name"],
        "format": score.kind,
        "duration_seconds": round(clock.at(last), 3),
        "tempo": round(score.tempi[0].quarters, 2),
        "key": key_name(*score.key),
        "metre": f"{score.metres[0].beats}/{score.metres[0].unit}",
        "part": tune.part.name,
        "why": tune.why,
        "parts": [{"track": p.number, "name": p.name, "notes": len(p.notes), "drums": p.drums} for p in score.parts],
        "sections": list(tune.names),
        "phrases": list(phrases_json(tune, clock)),
        "warnings": list(tune.notes),
    }


def phrases_json(tune: Tune, clock: Clock) -> Iterator[dict[str, Any]]:
    verses = own_words(tune).verses
    for i, phrase in enumerate(tune.phrases):
        yield {
            "section": tune.names[phrase.section],
            "section_index": phrase.section,
            "like": phrase.like,
            "pattern": phrase.pattern,
            "slots": [slot_json(slot, clock) for slot in phrase.slots],
            "text": (verses[0][i].text or None) if verses and any(slot.lyrics for slot in phrase.slots) else None,
        }


def slot_json(slot: Slot, clock: Clock) -> dict[str, Any]:
    """`word`: the syllable that the file has there, with a hyphen where its word goes on."""
    start = clock.at(slot.onset)
    lyric = slot.lyrics[0] if slot.lyrics else None
    return {
        "pitch": slot.pitch,
        "start_beat": float(slot.onset),
        "beats": float(slot.duration),
        "start": round(start, 4),
        "seconds": round(clock.at(slot.onset + slot.duration) - start, 4),
        "strong": slot.strong,
        "strength": slot.strength,
        "rest": float(slot.rest),
        "notes": [
            {"pitch": note.pitch, "start_beat": float(note.onset), "beats": float(note.duration)}
            for note in slot.notes
        ],
        "word": lyric and lyric.text + ("-" if lyric.syllabic in ("begin", "middle") else ""),
    }


def key_name(sharps: int, mode: str) -> str:
    """
    >>> key_name(-3, "major"), key_name(1, "minor")
    ('Eb major', 'E minor')
    """
    tonic = spell((sharps * 7 + (9 if mode == "minor" else 0)) % 12, sharps)
    return f"{tonic.step}{ {-1: 'b', 0: '', 1: '#'}.get(tonic.alter, '') } {mode}"


# -- scores ---------------------------------------------------------------------------------------------------------

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
KEPT, KEPT_BYTES = 16, 2_000_000  # scores in memory for their further pages, and bytes of the largest
MOST_CHARACTERS = 200_000


class ScoreAsked(Body):
    """Words, by draft or as text, and the tune they are sung to. Without words a tune keeps its own."""

    tune: str | None = None
    track: int | None = Field(default=None, ge=1, le=MOST_TRACK)
    phrases: str | None = Field(default=None, max_length=MOST_PHRASES)
    lyrics: str | None = Field(default=None, max_length=MOST_CHARACTERS)
    draft: Draft | None = None
    title: str | None = Field(default=None, max_length=200)
    format: Kind
    partial: bool = False  # leave phrases without words that have no line yet, or one that does not fit

    def stanzas(self) -> Stanzas | None:
        """Sections with their lines; None if there are no words. `InputError` for both lyrics and a draft."""
        if self.lyrics is not None and self.draft is not None:
            raise InputError("lyrics and draft clash: send one of them")
        if self.draft is not None:
            return [(section.name, [line.text for line in section.lines]) for section in self.draft.sections]
        if self.lyrics is not None:
            return [(stanza.name, list(stanza.lines)) for stanza in read_lyrics(self.lyrics)]
        return None


@dataclass
class Scores:
    """Writes scores in the sandbox, and keeps the last ones for their further pages."""

    sandbox: Sandbox
    made: Recent[str, list[bytes]] = field(default_factory=lambda: Recent(KEPT))

    def pages(self, tune: Tune, which: Sequence[Any], asked: ScoreAsked, title: str | None) -> list[bytes]:
        """The pages of a score; `which` names the tune and its reading. `InputError` for words that do not fit."""
        found = asked.stanzas()
        lines = None  # "" for one that is still to be written
        if found is not None:
            lines = ["" if line.strip() in OPEN_LINES else line for _, given in found for line in given]
        if lines and len(lines) > MOST_VERSES * len(tune.phrases):
            raise InputError(f"{len(lines)} lines are more than {MOST_VERSES} verses of the tune: send fewer")
        suffix = "." + ("txt" if asked.format == "md" else asked.format)
        values = [*which, lines, title, suffix, asked.partial]
        key = hashlib.sha256(json.dumps(values).encode()).hexdigest()
        pages = self.made.get(
            key, lambda: self.sandbox.write_score(tune, lines or None, title, suffix, asked.partial)
        )
        if sum(map(len, pages)) > KEPT_BYTES:
            self.made.drop(key)
        return pages


# -- words alone ----------------------------------------------------------------------------------------------------


def words_alone(stanzas: Stanzas, title: str, kind: Kind) -> bytes:
    """Plain text, Markdown or ChordPro of a song without a tune."""
    written = [(name, [line for line in lines if line.strip()]) for name, lines in stanzas]
    made = {"txt": as_text, "md": as_markdown, "cho": as_chordpro}[kind]
    return ("\n".join(made([(name, lines) for name, lines in written if lines], title)).strip() + "\n").encode()


def as_text(stanzas: Stanzas, title: str) -> Iterator[str]:
    """Lines of a text that is read back as the same draft."""
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
        yield f"{{title: {bare(title)}}}"
    for name, lines in stanzas:
        kind = next((each for each in KINDS if each in name.lower()), "verse")
        yield from ("", f"{{start_of_{kind}: {bare(name).capitalize()}}}", *map(bare, lines), f"{{end_of_{kind}}}")


def one_line(text: str) -> str:
    return " ".join(text.split())


def bare(text: str) -> str:
    return without(text, "[]{}")


def escaped(text: str) -> str:
    r"""
    >>> escaped("*Oh*, <b>1. 2")
    '\\*Oh\\*, \\<b\\>1\\. 2'
    """
    return re.sub(r"([\\`*_{}\[\]()#+\-.!<>|~&])", r"\\\1", text)


def attachment(title: str, suffix: str) -> str:
    """Content-Disposition with an ASCII file name and, for clients that read it, the title as it is.

    >>> attachment('The "Hill"/../x', ".mid")
    'attachment; filename="The Hill x.mid"; filename*=UTF-8\\'\\'The%20Hill%20x.mid'
    """
    kept = one_line("".join(c if c.isalnum() or c in " -_'," else " " for c in title))[:60].strip() or "song"
    ascii_name = one_line(kept.encode("ascii", "ignore").decode()) or "song"
    return f"attachment; filename=\"{ascii_name}{suffix}\"; filename*=UTF-8''{quote(kept + suffix)}"
