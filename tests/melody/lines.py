"""Literal sung lines for tests: notes from short text, scores around them."""

from __future__ import annotations

from fractions import Fraction

from lyricist.melody.tune import Lyric, Metre, Note, Part, Score

HYPHENS = {(False, False): "single", (False, True): "begin", (True, True): "middle", (True, False): "end"}


def notes(text: str, start: Fraction | int = 0, words: str | None = None) -> tuple[Note, ...]:
    """Notes from "pitch:quarters" and "r:quarters", `~` before a note that a slur leads to, `!` behind a fermata.

    `words` are syllables with hyphens at the joints, `_` for a note without; a `/` before one begins a line.
    """
    out, now = [], Fraction(start)
    syllables = iter(words.split()) if words else None
    for each in text.split():
        pitch, length = each.strip("~!").split(":")
        if pitch != "r":
            lyrics = lyric_of(next(syllables)) if syllables else ()
            marks = {"slurred": each.startswith("~"), "fermata": each.endswith("!")}
            out.append(Note(now, Fraction(length), int(pitch), lyrics=lyrics, **marks))
        now += Fraction(length)
    return tuple(out)


def lyric_of(syllable: str) -> tuple[Lyric, ...]:
    if syllable == "_":
        return ()
    text = syllable.lstrip("/")
    hyphens = HYPHENS[text.startswith("-"), text.endswith("-")]
    return (Lyric(text.strip("-"), hyphens, line_start=syllable.startswith("/")),)


def part(text: str, words: str | None = None, number: int = 1) -> Part:
    return Part("Voice", notes(text, words=words), number)


def score(*parts: Part, metre: tuple[int, int] = (4, 4), pickup: Fraction | int = 0, kind: str = "musicxml") -> Score:
    return Score("A tune", parts, (Metre(Fraction(0), *metre),), pickup=Fraction(pickup), kind=kind)
