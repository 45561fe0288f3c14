"""Files of music to tunes: the way in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from lyricist.errors import InputError
from lyricist.melody.metric import Bars
from lyricist.melody.phrases import counts_of, phrases_of
from lyricist.melody.sections import sections_of
from lyricist.melody.slots import slots_of
from lyricist.melody.tune import Part, Score, Tune

MOST_BYTES = 20_000_000
MOST_NOTES = 20_000  # of a sung line: two or three hours of song
MIDI, MUSICXML, ABC = "midi", "musicxml", "abc"
SUFFIXES = {
    ".mid": MIDI,
    ".midi": MIDI,
    ".kar": MIDI,
    ".rmi": MIDI,
    ".musicxml": MUSICXML,
    ".xml": MUSICXML,
    ".mxl": MUSICXML,
    ".abc": ABC,
}


def read_tune(path: str | Path, track: int | None = None, phrases: str | Sequence[int] | None = None) -> Tune:
    """The sung line of a file of music, in phrases; see `tune_of`.

    Raises InputError for what is no file of music, has no notes or lacks the track.
    """
    return tune_of(read_score(path), track=track, phrases=phrases)


def read_score(path: str | Path) -> Score:
    """A MIDI, karaoke, MusicXML or ABC file as a score. Raises InputError."""
    path = Path(path)
    data = bytes_of(path)
    kind = kind_of(path.name, data)
    return reader(kind)(data, path.name)


def bytes_of(path: Path, called: str = "") -> bytes:
    """What the file holds, at most MOST_BYTES. `called`: its name in messages, where it is not its path."""
    called = called or str(path)
    if path.is_dir():
        raise InputError(f"{called} is a folder: name a file of music ({', '.join(SUFFIXES)})")
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise InputError(f"{called} is not there: name a file of music ({', '.join(SUFFIXES)})") from error
    except OSError as error:
        raise InputError(f"{called} cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a null byte in the name
        raise InputError(f"{called!r} is no name of a file: {error}") from error
    if len(data) > MOST_BYTES:
        raise InputError(f"{called} has more than {MOST_BYTES // 1_000_000} MB: no tune has; name a file of music")
    if not data:
        raise InputError(f"{called} is empty: name a file with notes")
    return data


def kind_of(name: str, data: bytes) -> str:
    """Which reader a file is for: what its first bytes say, or its suffix if they say nothing.

    >>> kind_of("tune.xml", b"MThd"), kind_of("tune.abc", b"X:1")
    ('midi', 'abc')
    """
    found = SUFFIXES.get(Path(name).suffix.lower())
    said = kind_in(data)
    if said is not None and (found is not None or said != ABC):
        return said
    if found is None:
        raise InputError(f"{name} is no file of music that lyricist reads: name one of {', '.join(SUFFIXES)}")
    return found


def kind_in(data: bytes) -> str | None:
    """What the first bytes say; None if nothing."""
    if data.startswith(b"MThd") or (data.startswith(b"RIFF") and data[8:12] == b"RMID"):
        return MIDI
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if data.startswith(b"PK\x03\x04") or head.startswith((b"<", b"\xff\xfe<", b"\xfe\xff\x00<")):
        return MUSICXML
    if head.startswith((b"X:", b"%abc")) or b"\nX:" in head:
        return ABC
    return None


def reader(kind: str) -> Callable[[bytes, str], Score]:
    """The function that reads files of a kind, imported when it is asked for."""
    if kind == MIDI:
        from lyricist.melody.midi import read_midi

        return read_midi
    if kind == MUSICXML:
        from lyricist.melody.musicxml import read_musicxml

        return read_musicxml
    from lyricist.melody.abc import read_abc

    return read_abc


def tune_of(
    score: Score, *, track: int | None = None, phrases: str | Sequence[int] | None = None, words: bool = True
) -> Tune:
    """The sung line of a score: the part `track` names (from 1) or the likeliest one, reduced to one voice.

    `phrases` gives the lengths of phrases in slots and repeats ("8,6,8,6"); without it they are found. With `words`
    false the words of the file are not asked where syllables and lines begin. Raises InputError.
    """
    from lyricist.melody.voice import choose_part, one_voice

    counts = counts_of(phrases)
    bars = Bars(score)
    score = replace(score, pickup=bars.pickup)
    part, why = choose_part(score, track)
    part = one_voice(part)
    if len(part.notes) > MOST_NOTES:
        size = f"{len(part.notes):,} notes in {part.name or 'its part'}, more than the {MOST_NOTES:,} of any song"
        raise InputError(f"{score.title or 'the score'}: {size}; choose another track or cut it")
    slots = slots_of(part, score, words=words, bars=bars)
    if not slots:
        raise InputError(
            f"{score.title or 'the score'} has no notes in {part.name or 'its part'}: choose another track"
        )
    lines = phrases_of(slots, score, counts, words=words, bars=bars)
    found, names = sections_of(lines, score.repeats)
    return Tune(score, part, found, names, why, notes_on(score, part, counts, [len(line) for line in lines]))


def notes_on(score: Score, part: Part, counts: Sequence[int] | None, lengths: Sequence[int]) -> tuple[str, ...]:
    """What a user should know of the reading."""
    notes = list(score.warnings)
    if counts:
        wanted = counts[(len(lengths) - 1) % len(counts)]
        if lengths[-1] != wanted:
            notes.append(f"the last phrase has {lengths[-1]} of the {wanted} syllables asked for: the tune ends")
    return tuple(notes)
