"""Tunes with words as files: MusicXML, MIDI, karaoke, LRC, ChordPro, engraved pages, plain text.

`sing` lays syllables on the slots of a tune; `write_score` writes a tune, with its own or with new words, in the
format of the file's suffix. Each format has a module that returns text or bytes; only this module touches the disk.
Nothing here reads files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

from lyricist._io import replace_files, unwritable
from lyricist.errors import InputError, LyricistError, MissingExtra
from lyricist.melody.export.midi_writer import midi
from lyricist.melody.export.musicxml_writer import musicxml, mxl
from lyricist.melody.export.sing import Sung, SungLine, SungWord, own_words, sing
from lyricist.melody.export.song_text import cho, lrc, text
from lyricist.melody.tune import Score, Tune

__all__ = ["SUFFIXES", "Sung", "SungLine", "SungWord", "Writer", "entitled", "own_words", "sing", "write_score"]

ENGRAVED = b"Engraved by Verovio"
VEROVIO_OPTIONS = {
    "pageWidth": 2100,  # tenths of a millimetre: A4
    "pageHeight": 2970,
    "scale": 40,
    "adjustPageHeight": True,
    "footer": "none",
    "svgViewBox": True,
    "breaks": "auto",
    "lyricElision": "unicode",
}
Writer = Callable[[Sung], Sequence[bytes]]  # the bytes of a file; several files only for formats with pages


def svg(score: Score) -> list[bytes]:
    """Engraved pages. Raises MissingExtra without Verovio, and LyricistError if it cannot engrave the score."""
    try:
        import verovio
    except ImportError:
        raise MissingExtra("engraving", "score") from None
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(VEROVIO_OPTIONS)
    loaded = toolkit.loadData(musicxml(score).decode())
    pages = toolkit.getPageCount() if loaded else 0
    if not pages:
        raise LyricistError(f"{score.title or 'the tune'} could not be engraved: write it as .musicxml instead")
    return [toolkit.renderToSVG(page).encode() for page in range(1, pages + 1)]


SUFFIXES: dict[str, Writer] = {
    ".musicxml": lambda sung: [musicxml(sung.score)],
    ".xml": lambda sung: [musicxml(sung.score)],
    ".mxl": lambda sung: [mxl(sung.score)],
    ".mid": lambda sung: [midi(sung)],
    ".kar": lambda sung: [midi(sung, karaoke=True)],
    ".lrc": lambda sung: [lrc(sung)],
    ".cho": lambda sung: [cho(sung)],
    ".svg": lambda sung: svg(sung.score),
    ".txt": lambda sung: [text(sung)],
}


def write_score(path: Path | str, what: Tune | Sung, *, title: str | None = None, force: bool = False) -> list[Path]:
    """Write a tune, with its own words or with new ones. Returns the files written: several if the music has pages.

    Raises InputError: an unknown suffix, a missing folder, or, without `force`, a file that exists.
    """
    path = Path(path)
    writer = SUFFIXES.get(path.suffix.lower())
    if writer is None:
        asked = repr(path.suffix or "a file without suffix")
        raise InputError(f"{path}: no score is written as {asked}; known: {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} is not there: make it first")
    refuse_existing([path], force)
    pages = writer(entitled(what if isinstance(what, Sung) else own_words(what), title))
    paths = [path, *islice(further_pages(path), len(pages) - 1)]
    refuse_existing(paths, force)
    try:
        replace_files([(place, [page]) for place, page in zip(paths, pages, strict=True)])
    except OSError as error:
        raise unwritable(path, error) from error
    for page in further_pages(path, len(pages)) if path.suffix.lower() == ".svg" else ():
        if not page.is_file() or ENGRAVED not in page.read_bytes()[:4096]:
            break
        page.unlink()  # of a longer song that was there before
    return paths


def further_pages(path: Path, done: int = 1) -> Iterator[Path]:
    """The names of the pages after page `done`."""
    return (path.with_name(f"{path.stem}-{i}{path.suffix}") for i in count(max(2, done + 1)))


def entitled(sung: Sung, title: str | None) -> Sung:
    """The same with another title; unchanged if `title` is None."""
    if title is None:
        return sung
    tune = replace(sung.tune, score=replace(sung.tune.score, title=title))
    return replace(sung, tune=tune, score=replace(sung.score, title=title))


def refuse_existing(paths: Sequence[Path], force: bool) -> None:
    """Raise `InputError` for a path that is a folder, or a file unless `force`."""
    for path in paths:
        if path.is_dir():
            raise InputError(f"{path} is a folder: name a file")
        if path.exists() and not force:
            raise InputError(f"{path} is already there: use --force to write over it")
