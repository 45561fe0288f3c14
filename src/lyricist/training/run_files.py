"""What a run keeps beside its network, made from its songs and its base: copy index, drawing order, topical
vectors."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lyricist._io import read_plain, replace_file
from lyricist.corpus import Corpus
from lyricist.model import topics
from lyricist.model.checkpoint import COLUMNS, Run
from lyricist.model.copy_index import COPY_INDEX, LINES, MAX_WORDS, RUNS, CopyIndex
from lyricist.model.habits import HABITS
from lyricist.model.stock import STOCK
from lyricist.model.tokens import BREAKS, Vocabulary
from lyricist.model.vocab_layout import Floats, VocabLayout, line_ends, line_finals
from lyricist.model.word_facts import WORDS, WordFacts, digest_of
from lyricist.prosody.lexicon import default_lexicon
from lyricist.training.habits import find_habits
from lyricist.training.token_arrays import TokenSet

NUMERAL = re.compile("(?=..)x{0,3}(ix|iv|v?i{0,3})")  # of two letters or more: numbers of stanzas, no words of songs
USED = 2  # uses from which a word is not held back as old or overused
OFTEN = 1 / 2_000  # and share of the songs' words
ENDS_WORDS = 3_000_000  # tokens that the line-end statistics are computed from, and tokens read at a time


def keep_files(run: Run, tokens: TokenSet, base: Run | None) -> None:
    """Write all the files of a new run of our own model."""
    keep_copy_index(run, tokens, base)
    if base is not None:
        for name in (LINES, RUNS, STOCK):
            inherit(run, base, name)
    if run.vocabulary.tokenizer.name == "word":
        keep_columns(run, tokens, base)
        keep_topics(run, tokens, base)


def keep_habits(run: Run, corpus: Corpus, base: Run | None) -> None:
    """Write how the songs of a fine-tuning go; where they have no form, the base's habits if it has some."""
    if base is None or run.vocabulary.tokenizer.name != "word":
        return
    found = find_habits(corpus)
    if found.forms:
        found.save(run.path / HABITS)
    else:
        inherit(run, base, HABITS)


def inherit(run: Run, base: Run, name: str) -> None:
    """Copy a file of the run that was fine-tuned to the new run, if there is one."""
    if (path := base.beside(name)) is not None:
        replace_file(run.path / name, [read_plain(path)])


def keep_copy_index(run: Run, tokens: TokenSet, base: Run | None) -> None:
    """The copy index of the training songs and of the base's; none for characters and for very large corpora."""
    split = tokens.split("train")
    if tokens.tokenizer == "word" and len(split) <= MAX_WORDS:
        ids = tokens.remap(run.vocabulary)[split.ids]
        index = CopyIndex.from_ids(ids, run.vocabulary)
        if base is not None and (known := base.beside(COPY_INDEX)) is not None:
            index = CopyIndex.load(known, base.vocabulary).followed_by(index)
        index.save(run.path / COPY_INDEX)


def keep_columns(run: Run, tokens: TokenSet, base: Run | None) -> None:
    """Write the drawing order of the run's words, the words that are drawn, and those that the base overuses."""
    facts = WordFacts.of(run.vocabulary.tokens, lexicon := default_lexicon())
    if base is not None:
        facts = replace(facts, archaic=facts.archaic & ~used_often(tokens, run.vocabulary))
    facts.save(run.path / WORDS, digest_of(run.vocabulary.tokens, lexicon))
    ids = tokens.remap(run.vocabulary)[tokens.split("train").ids[:ENDS_WORDS]]
    breaks = [run.vocabulary.index[t] for t in BREAKS if t in run.vocabulary]
    size, backward = len(run.vocabulary), run.vocabulary.order == "backward"
    ends, finals = line_ends(ids, breaks, size), line_finals(ids, breaks, size, backward)
    made = VocabLayout.by_signature(facts.sig, ends, finals, drawn_with(base, run.vocabulary, tokens))
    found = overused_by(base, run.vocabulary) if base is not None else None
    made.overused = spared(found, used_often(tokens, run.vocabulary))
    made.save(run.path / COLUMNS)


def drawn_with(base: Run | None, vocabulary: Vocabulary, tokens: TokenSet) -> npt.NDArray[np.bool_] | None:
    """(V,) the words that the base draws or the songs contain; None: all words."""
    columns = columns_of(base)
    if base is None or columns is None or columns.drawn is None:
        return None
    left = {base.vocabulary.tokens[w] for w in columns.undrawn.tolist()}
    said = np.zeros(len(vocabulary), dtype=bool)
    ids, number = tokens.split("train").ids, tokens.remap(vocabulary)
    for start in range(0, len(ids), ENDS_WORDS):
        said[number[ids[start : start + ENDS_WORDS]]] = True
    said &= np.array([NUMERAL.fullmatch(token) is None for token in vocabulary.tokens])
    return np.asarray(said | np.array([token not in left for token in vocabulary.tokens]))


def used_often(tokens: TokenSet, vocabulary: Vocabulary) -> npt.NDArray[np.bool_]:
    """(V,) the words that the training songs use often."""
    known = dict(zip(tokens.tokens, tokens.counts, strict=True))
    counts = np.array([known.get(token, 0) for token in vocabulary.tokens], dtype=np.int64)
    return np.asarray(counts >= max(USED, OFTEN * sum(tokens.counts)))


def overused_by(base: Run, vocabulary: Vocabulary) -> Floats | None:
    """(V,) nats by which the base draws each word too often, 0 for words it lacks; None if unknown."""
    columns = columns_of(base)
    if columns is None or columns.overused is None:
        return None
    known = dict(zip(base.vocabulary.tokens, columns.overused.tolist(), strict=True))
    return np.array([known.get(token, 0) for token in vocabulary.tokens], dtype=np.float32)


def spared(nats: Floats | None, often: npt.NDArray[np.bool_]) -> Floats | None:
    """(V,) nats as from `overused_by` that hold back no word which the songs themselves use `often` (V,)."""
    return nats if nats is None else np.where(often, np.minimum(nats, 0), nats)


def columns_of(run: Run | None) -> VocabLayout | None:
    return None if run is None else run.columns()


def keep_topics(run: Run, tokens: TokenSet, base: Run | None) -> None:
    """The run's topical vectors: the base's if it has some, else learnt from the songs."""
    split = tokens.split("train")
    ids = tokens.remap(run.vocabulary)[split.ids]
    if base is not None and (path := base.beside(topics.TOPICS)) is not None:
        known = topics.Topics.load(path, base.vocabulary)
        made = topics.inherit(known, run.vocabulary, ids, split.starts)
    else:
        made = topics.learn(ids, split.starts, run.vocabulary)
    made.save(run.path / topics.TOPICS)
