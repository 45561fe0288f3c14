"""Whether a text is in English."""

from __future__ import annotations

from collections.abc import Callable

from lyricist.errors import MissingExtra

LEAST_TO_TELL = 20  # words; the language of a shorter text is not judged


def english_test() -> Callable[[str], bool]:
    """A test for texts of LEAST_TO_TELL words or more. Raises MissingExtra where its library is not there."""
    try:
        import py3langid
    except ImportError:
        raise MissingExtra("english_only", "train") from None
    return lambda text: bool(py3langid.classify(text[:5000])[0] == "en")
