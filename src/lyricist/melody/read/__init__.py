"""Files of music as scores and tunes: MIDI, karaoke, MusicXML, ABC.

`read_tune` reads the sung line of a file in phrases, `read_score` all parts. Each format has a module that turns
bytes into a `Score`; only this module opens files. Files may come from anybody: readers repair what they can, refuse
the rest with an InputError of one line, and have limits on size. Nothing here writes files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from lyricist.errors import InputError
from lyricist.melody.metric import Bars
from lyricist.melody.phrases import counts_of, phrases_of
from lyricist.melody.sections import sections_of
from lyricist.melody.slots import slots_of
from lyricist.melody.tune import Score, Tune
from lyricist.melody.voice import choose_part, one_voice

MOST_BYTES = 20_000_000
MOST_NOTES = 20_000  # of a sung line: two or three hours of song
SHORT = 40  # syllables; with fewer a tune may be a part that is not sung
MIDI, MUSICXML, ABC = "midi", "musicxml", "abc"
SUFFIXES = dict.fromkeys((".mid", ".midi", ".kar", ".rmi"), MIDI)
SUFFIXES |= dict.fromkeys((".musicxml", ".xml", ".mxl"), MUSICXML) | {".abc": ABC}


def read_tune(path: str | Path, track: int | None = None, phrases: str | Sequence[int] | None = None) -> Tune:
    """The sung line of a file of music, in phrases; see `tune_of`.

    Raises InputError: not a file of music, no notes, or no such track.
    """
    return tune_of(read_score(path), track=track, phrases=phrases)


def read_score(path: str | Path) -> Score:
    """A MIDI, karaoke, MusicXML or ABC file as a score. Raises InputError."""
    path = Path(path)
    data = bytes_of(path)
    kind = kind_of(path.name, data)
    return reader(kind)(data, path.name)


def bytes_of(path: Path, called: str = "") -> bytes:
    """The file's bytes; `called` is its name in messages, by default its path. Raises InputError."""
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
    """The format of a file: by its first bytes, else by its suffix. Raises InputError.

    >>> kind_of("tune.xml", b"MThd"), kind_of("tune.abc", b"X:1")
    ('midi', 'abc')
    """
    found = SUFFIXES.get(Path(name).suffix.lower())
    seen = kind_in(data)
    if seen is not None and (found is not None or seen != ABC):
        return seen
    if found is None:
        raise InputError(f"{name} is no file of music that lyricist reads: name one of {', '.join(SUFFIXES)}")
    return found


def kind_in(data: bytes) -> str | None:
    """The format that the first bytes show; None if they show none."""
    if data.startswith(b"MThd") or (data.startswith(b"RIFF") and data[8:12] == b"RMID"):
        return MIDI
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if data.startswith(b"PK\x03\x04") or head.startswith((b"<", b"\xff\xfe<", b"\xfe\xff\x00<")):
        return MUSICXML
    if head.startswith((b"X:", b"%abc")) or b"\nX:" in head:
        return ABC
    return None


def reader(kind: str) -> Callable[[bytes, str], Score]:
    """The function that reads a format, imported at its first use."""
    if kind == MIDI:
        from lyricist.melody.read.midi_file import read_midi

        return read_midi
    if kind == MUSICXML:
        from lyricist.melody.read.musicxml_file import read_musicxml

        return read_musicxml
    from lyricist.melody.read.abc_file import read_abc

    return read_abc


def tune_of(
    score: Score, *, track: int | None = None, phrases: str | Sequence[int] | None = None, words: bool = True
) -> Tune:
    """The sung line of a score: the part with number `track`, or the likeliest part, reduced to one voice.

    `phrases` are the lengths of phrases in slots, used in a cycle ("8,6,8,6"); by default they are found. If `words`
    is false, the words of the file are not used to find syllables and lines.

    Raises InputError: no such track, no notes, too many notes, or impossible lengths of phrases.
    """
    counts = counts_of(phrases)
    bars = Bars(score)
    score = replace(score, pickup=bars.pickup)
    chosen = choose_part(score, track)
    part = one_voice(chosen.part)
    title, name = score.title or "the score", part.name or "its part"
    if len(part.notes) > MOST_NOTES:
        size = f"{len(part.notes):,} notes in {name}, more than the {MOST_NOTES:,} of any song"
        raise InputError(f"{title}: {size}; choose another track or cut it")
    slots = slots_of(part, score, words=words, bars=bars)
    if not slots:
        raise InputError(f"{title} has no notes in {name}: choose another track")
    lines = phrases_of(slots, score, counts, words=words, bars=bars)
    found, names = sections_of(lines, score.repeats)
    notes, last = list(score.warnings), len(lines[-1])
    if counts and last != (wanted := counts[(len(lines) - 1) % len(counts)]):
        notes.append(f"the last phrase has {last} of the {wanted} syllables asked for: the tune ends")
    asked = track is not None or chosen.part.words
    if len(slots) < SHORT and not asked and sum(bool(each.notes) and not each.drums for each in score.parts) > 1:
        notes.append(f"only {len(slots)} syllables: if this is not the whole sung part, choose another track")
    return Tune(score, part, found, names, chosen.why, tuple(notes), chosen.sure)
