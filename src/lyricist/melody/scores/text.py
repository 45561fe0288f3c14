"""Words alone: a line for every phrase, a blank line between sections and verses."""

from __future__ import annotations

from collections.abc import Iterator

from lyricist.melody.scores.sing import Sung


def text(sung: Sung) -> bytes:
    return ("\n".join(lines(sung)) + "\n").encode()


def lines(sung: Sung) -> Iterator[str]:
    """Without phrases that have no words."""
    section: tuple[int, int] | None = None
    for number, verse in enumerate(sung.verses):
        for phrase, line in zip(sung.tune.phrases, verse, strict=True):
            if not line.words:
                continue
            if section is not None and section != (number, phrase.section):
                yield ""
            section = (number, phrase.section)
            yield " ".join(line.text.split())
