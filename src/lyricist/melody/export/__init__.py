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
from lyricist.melody.export.sing import Sung, SungLine, SungWord, lead_sheet, own_words, sing
from lyricist.melody.export.song_text import cho, lrc, text
from lyricist.melody.tune import Tune

__all__ = [
    "SUFFIXES",
    "Sung",
    "SungLine",
    "SungWord",
    "Writer",
    "entitled",
    "own_words",
    "pages_of",
    "sing",
    "write_score",
]

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


def svg(document: bytes, title: str) -> list[bytes]:
    """Engraved pages of a MusicXML document. Raises MissingExtra without Verovio, and LyricistError if it cannot
    engrave the document."""
    from lyricist.melody.read.untrusted import decoded

    try:
        import verovio
    except ImportError:
        raise MissingExtra("engraving", "score") from None
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(VEROVIO_OPTIONS)
    loaded = toolkit.loadData(decoded(document))
    pages = toolkit.getPageCount() if loaded else 0
    if not pages:
        raise LyricistError(f"{title or 'the tune'} could not be engraved: write it as .musicxml instead")
    return [toolkit.renderToSVG(page).encode() for page in range(1, pages + 1)]


DOCUMENTS: dict[str, Callable[[bytes, str], list[bytes]]] = {  # of a MusicXML document and its title
    ".musicxml": lambda document, _: [document],
    ".xml": lambda document, _: [document],
    ".mxl": lambda document, _: [mxl(document)],
    ".svg": svg,
}
OTHERS: dict[str, Writer] = {
    ".mid": lambda sung: [midi(sung)],
    ".kar": lambda sung: [midi(sung, karaoke=True)],
    ".lrc": lambda sung: [lrc(sung)],
    ".cho": lambda sung: [cho(sung)],
    ".txt": lambda sung: [text(sung)],
}
SUFFIXES = (*DOCUMENTS, *OTHERS)


def write_score(
    path: Path | str,
    what: Tune | Sung,
    *,
    title: str | None = None,
    force: bool = False,
    onto: Path | str | None = None,
    full: bool = False,
) -> list[Path]:
    """Write a tune, with its own words or with new ones. Returns the files written: several if the music has pages.

    `onto`: the MusicXML or MXL file that the tune was read from: a score is this file with other lyrics, and all else
    as it is. Of a MIDI file a score shows the sung part alone, unless `full`.

    Raises InputError: an unknown suffix, a missing folder, or, without `force`, a file that exists.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        asked = repr(path.suffix or "a file without suffix")
        raise InputError(f"{path}: no score is written as {asked}; known: {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} is not there: make it first")
    refuse_existing([path], force)
    sung = entitled(what if isinstance(what, Sung) else own_words(what), title)
    pages = pages_of(sung, suffix, onto if sung.tune.score.kind == "musicxml" else None, full)
    paths = [path, *islice(further_pages(path), len(pages) - 1)]
    refuse_existing(paths, force)
    try:
        replace_files([(place, [page]) for place, page in zip(paths, pages, strict=True)])
    except OSError as error:
        raise unwritable(path, error) from error
    for page in further_pages(path, len(pages)) if suffix == ".svg" else ():
        if not page.is_file() or ENGRAVED not in page.read_bytes()[:4096]:
            break
        page.unlink()  # of a longer song that was there before
    return paths


def pages_of(sung: Sung, suffix: str, onto: Path | str | None = None, full: bool = False) -> Sequence[bytes]:
    """The bytes of a file with this suffix; several for a format with pages. `onto` and `full` as `write_score`."""
    title = sung.score.title
    if suffix not in DOCUMENTS:
        return OTHERS[suffix](sung)
    if onto is None:
        shown = sung.score if full or sung.tune.score.kind != "midi" else lead_sheet(sung)
        return DOCUMENTS[suffix](musicxml(shown), title)
    from lyricist.melody.export.kept_score import words_into
    from lyricist.melody.read import bytes_of
    from lyricist.melody.read.untrusted import repack

    data, name = bytes_of(Path(onto)), Path(onto).name
    document = words_into(data, sung, name)
    if suffix == ".mxl" and data.startswith(b"PK"):
        return [repack(data, document, name)]
    return DOCUMENTS[suffix](document, title)


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
