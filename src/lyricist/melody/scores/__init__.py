"""Words with their tune, written out: MusicXML, MIDI, karaoke, LRC, ChordPro, an engraved page, plain text.

`sing` lays syllables on a tune's slots; `write_score` writes a tune or a sung one by the file's suffix. Each format
has a file of its own that makes text or bytes; only `write.py` touches the disk.
"""

from lyricist.melody.scores.sing import Sung, SungLine, SungWord, own_words, sing
from lyricist.melody.scores.write import SUFFIXES, Writer, write_score

__all__ = ["SUFFIXES", "Sung", "SungLine", "SungWord", "Writer", "own_words", "sing", "write_score"]
