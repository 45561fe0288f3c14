"""How words sound: readings, syllables, stress, rhyme, metre.

Here live the lexicon (word -> readings), the rules for words it lacks, rhyme kinds and keys, metre
templates and the scansion of a line. All of it is pure and needs nothing but the standard library and numpy: no
model of the language, no plan, no file formats other than the lexicon's own. It may import `lyricist.errors`
and nothing else of the package.
"""

from __future__ import annotations

from lyricist.prosody.lexicon import Lexicon, default_lexicon, readings
from lyricist.prosody.phones import Reading
from lyricist.prosody.scan import Scansion, scan_line

__all__ = ["Lexicon", "Reading", "Scansion", "default_lexicon", "readings", "scan_line"]
