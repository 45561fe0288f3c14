"""LRC with times of lines and of words (the enhanced form): `[00:12.00]<00:12.00>Hello <00:12.50>world<00:13.20>`.

The last stamp of a line is the end of its last note. Verses follow each other as in the MIDI file.
"""

from __future__ import annotations

from collections.abc import Iterator

from lyricist.melody.scores.sing import Sung
from lyricist.melody.tune import Clock


def lrc(sung: Sung) -> bytes:
    score = sung.score
    tags = [("ti", score.title), ("au", score.composer), ("by", "lyricist")]
    head = [f"[{tag}:{' '.join(value.split())}]" for tag, value in tags if value.strip()]
    return ("\n".join([*head, *timed_lines(sung)]) + "\n").encode()


def timed_lines(sung: Sung) -> Iterator[str]:
    clock, step = Clock(sung.performed.tempi), sung.step
    section: tuple[int, int] | None = None
    for number, verse in enumerate(sung.verses):
        for phrase, line in zip(sung.tune.phrases, verse, strict=True):
            if not line.words:
                continue
            times = [clock.at(phrase.slots[start].onset + number * step) for start in line.starts]
            last = phrase.slots[-1]
            end = clock.at(last.onset + last.duration + number * step)
            if section is not None and section != (number, phrase.section):
                yield ""
            section = (number, phrase.section)
            words = (f"<{stamp(at)}>{plain(word.text)}" for at, word in zip(times, line.words, strict=True))
            yield f"[{stamp(times[0])}]{' '.join(words)}<{stamp(end)}>"


def stamp(seconds: float) -> str:
    """
    >>> stamp(59.999), stamp(3601.5)
    ('01:00.00', '60:01.50')
    """
    hundredths = max(0, round(seconds * 100))
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes:02}:{rest // 100:02}.{rest % 100:02}"


def plain(text: str) -> str:
    """Without what would be read as a stamp."""
    return " ".join(text.translate({ord(mark): None for mark in "[]<>"}).split())
