"""Files by their suffix, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

from lyricist.errors import InputError
from lyricist.melody.scores.cho import cho
from lyricist.melody.scores.lrc import lrc
from lyricist.melody.scores.midi import kar, midi
from lyricist.melody.scores.musicxml import musicxml, mxl
from lyricist.melody.scores.sing import Sung, own_words
from lyricist.melody.scores.svg import svg
from lyricist.melody.scores.text import text
from lyricist.melody.tune import Tune

ENGRAVED = b"Engraved by Verovio"
Writer = Callable[[Sung], Sequence[bytes]]  # a file's bytes; several only where a format has pages


def one(make: Callable[[Sung], bytes]) -> Writer:
    return lambda sung: [make(sung)]


SUFFIXES: dict[str, Writer] = {
    ".musicxml": one(lambda sung: musicxml(sung.score)),
    ".xml": one(lambda sung: musicxml(sung.score)),
    ".mxl": one(lambda sung: mxl(sung.score)),
    ".mid": one(midi),
    ".kar": one(kar),
    ".lrc": one(lrc),
    ".cho": one(cho),
    ".svg": lambda sung: svg(sung.score),
    ".txt": one(text),
}


def write_score(path: Path | str, what: Tune | Sung, *, title: str | None = None, force: bool = False) -> list[Path]:
    """Write a tune, with its own words or with new ones; the files written, several where the music has many pages.

    Raises InputError for an unknown suffix, a folder that is not there, and, without `force`, a file that is.
    """
    path = Path(path)
    writer = SUFFIXES.get(path.suffix.lower())
    if writer is None:
        known = ", ".join(SUFFIXES)
        raise InputError(f"{path}: no score is written as {path.suffix or 'a file without suffix'!r}; known: {known}")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} is not there: make it first")
    refuse_existing([path], force)
    pages = writer(entitled(what if isinstance(what, Sung) else own_words(what), title))
    paths = [path, *(path.with_name(f"{path.stem}-{i}{path.suffix}") for i in range(2, len(pages) + 1))]
    refuse_existing(paths, force)
    put(paths, pages)
    if path.suffix.lower() == ".svg":
        remove_pages(path, len(pages))
    return paths


def remove_pages(path: Path, pages: int) -> None:
    """The further pages of a longer song that stood there before, as far as they are numbered on and engraved."""
    for i in count(max(2, pages + 1)):
        page = path.with_name(f"{path.stem}-{i}{path.suffix}")
        if not page.is_file() or ENGRAVED not in page.read_bytes()[:4096]:
            return
        page.unlink()


def entitled(sung: Sung, title: str | None) -> Sung:
    if title is None:
        return sung
    tune = replace(sung.tune, score=replace(sung.tune.score, title=title))
    return replace(sung, tune=tune, score=replace(sung.score, title=title))


def refuse_existing(paths: Sequence[Path], force: bool) -> None:
    for path in paths:
        if path.is_dir():
            raise InputError(f"{path} is a folder: name a file")
        if path.exists() and not force:
            raise InputError(f"{path} is already there: use --force to write over it")


def put(paths: Sequence[Path], contents: Sequence[bytes]) -> None:
    """Write beside, then rename: a failure leaves no half-written file."""
    beside = [path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in paths]
    try:
        for place, content in zip(beside, contents, strict=True):
            with open(place, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for place, path in zip(beside, paths, strict=True):
            os.replace(place, path)
    except OSError as error:
        raise InputError(f"{paths[0]}: cannot be written ({error.strerror or error})") from error
    finally:
        for place in beside:
            with suppress(OSError):
                place.unlink(missing_ok=True)
