"""What is added to each word's logit before a song is drawn: its theme, long words, archaic ones, those said too
often, words barred."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lyricist.generate.song import ExactSongAutomaton
from lyricist.model.runtime import NEVER
from lyricist.model.vocab_layout import VocabLayout
from lyricist.plan.plan import Drawing

Floats = npt.NDArray[np.float32]


def logit_bias(song: ExactSongAutomaton, columns: VocabLayout, drawing: Drawing, theme: Floats | None) -> Floats:
    """(C,) nats added to each column: what steers the song (`theme` (V,), word_bias), and never for padding and words
    that are barred. Words of the plan are left alone."""
    at, table = columns.words, song.table
    given = (w for words in song.given.values() for w in words)
    kept = {w for w in (*song.keywords, *song.breaks, *given) if w < table.known}
    if len(table.words) > table.known:
        kept.add(table.vocabulary.unk)  # stands for the words that the plan brought
    nats = word_bias(song, columns, drawing)
    nats[sorted(kept)] = 0
    nats += 0 if theme is None else theme
    out = nats[np.maximum(at, 0)].astype(np.float32)
    blocked = ~song.usable[np.maximum(at, 0)]
    blocked[columns.column_of[sorted(kept)]] = False
    out[blocked | (at < 0)] = NEVER
    return out


def word_bias(song: ExactSongAutomaton, columns: VocabLayout, drawing: Drawing) -> npt.NDArray[np.float64]:
    """(V,) nats towards long words, which truncation and temperature cost most, and away from archaic ones and those
    that the network says too often."""
    known, table = song.table.known, song.table
    further = np.array([min(min(letter.signature.syllables, default=1), 3) - 1 for letter in table.letters])
    long_words = drawing.long_words + song.spec.long_words
    nats = np.asarray(long_words * further[table.sig[:known]] - drawing.archaic * table.facts.archaic)
    return nats if columns.overused is None else nats - drawing.balance * columns.overused
