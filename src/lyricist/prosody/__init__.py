"""How words sound: readings, syllables, stress, rhyme, metre.

What lives here: the lexicon (word -> readings), the rules for words that it lacks, rhyme kinds and keys, metre
templates, the scansion of a line, and the plan features computed from them. All functions are pure and need only the
standard library and numpy. No language model, no plan and no file format except the lexicon's may live here; of the
package only `lyricist.errors` may be imported.
"""

from __future__ import annotations

from lyricist.prosody.lexicon import Lexicon, default_lexicon, readings
from lyricist.prosody.phones import Reading
from lyricist.prosody.scan import Scansion, scan_line

__all__ = ["Lexicon", "Reading", "Scansion", "default_lexicon", "readings", "scan_line"]
