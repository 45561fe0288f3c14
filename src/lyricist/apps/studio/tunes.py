"""Tunes that people upload: read by a process of their own, shown as phrases of slots, named by other requests."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.concurrency import run_in_threadpool

from lyricist.apps.studio.access import owner
from lyricist.apps.studio.answers import TuneAnswer, TunesAnswer
from lyricist.apps.studio.errors import Refused
from lyricist.apps.studio.hands import Hand
from lyricist.apps.studio.store import Store, Thing, shown
from lyricist.apps.studio.uploads import Upload, form_body, read_form
from lyricist.errors import InputError
from lyricist.melody.export.sing import own_words
from lyricist.melody.notation import spell
from lyricist.melody.read import SUFFIXES
from lyricist.melody.tune import Clock, Phrase, Slot, Tune

router = APIRouter(prefix="/api/tunes", tags=["tunes"])
Owner = Annotated[str, Depends(owner)]
OPENED = 16  # tunes kept in memory
MOST_TRACK, MOST_PHRASES = 10_000, 2_000  # a track's number, characters of lengths of phrases
Reading = tuple[str, str, int | None, str | None]  # owner, tune, track, lengths of phrases


@dataclass
class Tunes:
    """All owners' tunes. Methods block, and raise `Refused` and `InputError`."""

    store: Store
    hand: Hand
    opened: OrderedDict[Reading, Tune] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, owner: str, upload: Upload, track: int | None = None, phrases: str | None = None) -> dict[str, Any]:
        """Keep an uploaded file; the tune as JSON. InputError for what is no tune."""
        limits = self.store.limits
        if len(upload.data) > limits.tune_bytes:
            raise Refused("too_large", f"{upload.name} has more than {limits.tune_bytes:,} bytes (tune_bytes)")
        with self.store.create(owner, "tunes", len(upload.data)) as thing:
            (thing.path / music_name(upload.name)).write_bytes(upload.data)
            thing.meta.update(name=upload.name, file=music_name(upload.name), track=track, phrases=phrases)
            tune = self.read(thing, track, phrases)
            thing.meta.update(title=title_of(tune, upload.name), format=tune.score.kind, count=len(tune.phrases))
        self.keep((owner, thing.id, track, phrases), tune)
        return tune_json(thing, tune)

    def all(self, owner: str) -> list[dict[str, Any]]:
        return [
            {name: thing.meta.get(name) for name in ("id", "title", "name", "format", "made")}
            | {"phrases": thing.meta.get("count")}
            for thing in self.store.all(owner, "tunes")
        ]

    def open(self, owner: str, given: str, track: int | None = None, phrases: str | None = None) -> Tune:
        """The tune of an upload; `track` and `phrases` as it was uploaded with, where they are not given."""
        return self.find(owner, given, track, phrases)[1]

    def find(self, owner: str, given: str, track: int | None, phrases: str | None) -> tuple[Thing, Tune]:
        thing = self.store.get(owner, "tunes", given)
        track = thing.meta["track"] if track is None else track
        phrases = thing.meta["phrases"] if phrases is None else phrases
        key = (owner, thing.id, track, phrases)
        with self.lock:
            known = self.opened.get(key)
        if known is None:
            known = self.read(thing, track, phrases)
            self.keep(key, known)
        return thing, known

    def read(self, thing: Thing, track: int | None, phrases: str | None) -> Tune:
        limits, meta = self.store.limits, thing.meta
        job = thing.path / meta["file"], meta["name"], limits.tune_notes, track, phrases or None
        found = self.hand.ask(limits.tune_seconds, "tune_seconds", "tune", *job)
        assert isinstance(found, Tune)
        return found

    def keep(self, key: Reading, tune: Tune) -> None:
        with self.lock:
            self.opened[key] = tune
            self.opened.move_to_end(key)
            while len(self.opened) > OPENED:
                self.opened.popitem(last=False)

    def remove(self, owner: str, given: str) -> None:
        self.store.remove(self.store.get(owner, "tunes", given))
        with self.lock:
            for key in [key for key in self.opened if key[:2] == (owner, given)]:
                del self.opened[key]


def music_name(name: str) -> str:
    """What a file is called here: only its suffix is the user's, and only one that is known."""
    suffix = PurePath(name).suffix.lower()
    return f"music{suffix if suffix in SUFFIXES else ''}"


def title_of(tune: Tune, name: str) -> str:
    return shown(tune.score.title.replace("/", " ")) or shown(PurePath(name).stem) or "a tune"


def tune_json(thing: Thing, tune: Tune) -> dict[str, Any]:
    """A tune as the page draws and plays it. Times in quarters (beats) and, under the tempi of the file, seconds."""
    score = tune.score
    clock = Clock(score.tempi)
    last = max(slot.onset + slot.duration for phrase in tune.phrases for slot in phrase.slots)
    return {
        "id": thing.id,
        "title": thing.meta.get("title") or title_of(tune, thing.meta["name"]),
        "name": thing.meta["name"],
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
            "text": (verses[0][i].text or None) if verses and has_words(phrase) else None,
        }


def has_words(phrase: Phrase) -> bool:
    return any(slot.lyrics for slot in phrase.slots)


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


# -- over HTTP ------------------------------------------------------------------------------------------------------

Track = Annotated[int | None, Query(ge=1, le=MOST_TRACK, description="The part that is sung, from 1.")]
Phrases = Annotated[str | None, Query(max_length=MOST_PHRASES, description="Lengths of phrases in syllables: 8,6.")]


def tunes_of(request: Request) -> Tunes:
    tunes = request.app.state.rooms.tunes
    assert isinstance(tunes, Tunes)
    return tunes


@router.post(
    "",
    status_code=201,
    response_model=TuneAnswer,
    openapi_extra=form_body("file", track="integer", phrases="string"),
)
async def upload_tune(request: Request, owner: Owner) -> dict[str, Any]:
    """Upload a MIDI, karaoke, MusicXML or ABC file; the tune, in phrases of slots."""
    form = await read_form(request, most_files=1)
    track, phrases = number_of(form.fields.get("track")), form.fields.get("phrases") or None
    if not form.files:
        raise InputError("no file in the form: send a file of music as its field 'file'")
    if phrases is not None and len(phrases) > MOST_PHRASES:
        raise InputError(f"phrases has {len(phrases)} characters, more than {MOST_PHRASES}")
    return await run_in_threadpool(tunes_of(request).add, owner, form.files[0], track, phrases)


def number_of(text: str | None) -> int | None:
    """The number of a part in a form's field. InputError for what is none."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_TRACK):
        raise InputError(f"track {text[:20]!r} is not a number from 1 to {MOST_TRACK}")
    return int(text)


@router.get("", response_model=TunesAnswer)
def list_tunes(request: Request, owner: Owner) -> dict[str, Any]:
    """Your tunes, the newest first."""
    return {"tunes": tunes_of(request).all(owner)}


@router.get("/{id}", response_model=TuneAnswer)
def get_tune(request: Request, owner: Owner, id: str, track: Track = None, phrases: Phrases = None) -> dict[str, Any]:
    """One tune, also with another part sung or divided into other phrases."""
    return tune_json(*tunes_of(request).find(owner, id, track, phrases))


@router.delete("/{id}", status_code=204)
def delete_tune(request: Request, owner: Owner, id: str) -> None:
    """Forget a tune."""
    tunes_of(request).remove(owner, id)
