"""Engraved pages, by Verovio from our MusicXML."""

from __future__ import annotations

from lyricist.errors import LyricistError, MissingExtra
from lyricist.melody.scores.musicxml import musicxml
from lyricist.melody.tune import Score

OPTIONS = {
    "pageWidth": 2100,  # tenths of a millimetre: A4
    "pageHeight": 2970,
    "scale": 40,
    "adjustPageHeight": True,
    "footer": "none",
    "svgViewBox": True,
    "breaks": "auto",
    "lyricElision": "unicode",
}


def svg(score: Score) -> list[bytes]:
    """The pages. Raises MissingExtra without Verovio, LyricistError where it cannot engrave the score."""
    try:
        import verovio
    except ImportError:
        raise MissingExtra("engraving", "score") from None
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(OPTIONS)
    loaded = toolkit.loadData(musicxml(score).decode())
    pages = toolkit.getPageCount() if loaded else 0
    if not pages:
        raise LyricistError(f"{score.title or 'the tune'} could not be engraved: write it as .musicxml instead")
    return [toolkit.renderToSVG(page).encode() for page in range(1, pages + 1)]
