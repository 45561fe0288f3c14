"""The explanation of one draw: the model's likeliest words, and what forbade those that were not allowed."""

from __future__ import annotations

import numpy as np

from lyricist.generate.exact_engine import ExactEngine
from lyricist.generate.line_nodes import NOWHERE
from lyricist.generate.result import Candidate, Choice
from lyricist.generate.sampler import BREAK, TINY, Inside, Request, stutters
from lyricist.model.runtime import BlockRows

SHOWN = 6  # candidates a word


def choice(engine: ExactEngine, n: int, k: int, rows: BlockRows, ask: Request, mass: float, word: int) -> Choice:
    """The draw of row n of the engine, which was row k of the request."""
    i = int(ask.at[k])
    order = np.argsort(-rows.e[i], kind="stable")[: SHOWN + 1]
    likely = [int(w) for w in engine.columns.words[order] if w >= 0 and not engine.is_break[w]][:SHOWN]
    words = likely if word in likely or word == BREAK else [*likely[: SHOWN - 1], word]
    drawn = proportions(engine, k, rows, ask)
    made = [candidate(engine, n, i, rows, drawn, w) for w in words]
    said = "(line ends)" if word == BREAK else engine.table.words[word]
    return Choice(int(engine.rows.line[n]) + 1, said, mass, tuple(made))


def proportions(engine: ExactEngine, k: int, rows: BlockRows, ask: Request) -> dict[int, float]:
    """The probability of every word that row k of the request could draw, by word."""
    words, p, cut = engine.drawer.chances(rows, ask, k, float(engine.drawer.floor(rows, ask, Inside(rows, ask))[k]))
    left = np.where(cut, p, 0.0) if p[cut].sum() > 0 else p
    return dict(zip(words.tolist(), (left / max(left.sum(), TINY)).tolist(), strict=True))


def candidate(engine: ExactEngine, n: int, i: int, rows: BlockRows, drawn: dict[int, float], word: int) -> Candidate:
    p = float(rows.e[i, engine.drawer.columns_for(np.array([word]))[0]] / rows.total[i])
    why = forbidden(engine, n, word)
    drawn_p = 0.0 if why else drawn.get(word, 0.0)
    return Candidate(engine.table.words[word], p, drawn_p, why or ("" if drawn_p else "too unlikely here"))


def is_undrawn(engine: ExactEngine, word: int) -> bool:
    """Whether a word is one that the model knows and draws only on request."""
    at = engine.columns.column_of
    return word < len(at) and int(at[word]) >= engine.columns.width


def forbidden(engine: ExactEngine, n: int, word: int) -> str:
    """What forbids a word in row n, "" if nothing does."""
    song, rows = engine.song, engine.rows
    node, first, last = int(rows.node[n]), int(rows.first[n]), int(rows.last[n])
    if not song.table.readings[word]:
        return "no known pronunciation"
    if not song.usable[word] and word not in song.keywords:
        text = song.table.words[word]
        if text in song.spec.avoid:
            return "avoided"
        return "old or rare" if is_undrawn(engine, word) else "not in the lexicon, a number, or not clean"
    begins = song.rhymes.by_number[first]
    if begins is not None and word not in begins.by_word:
        return "does not rhyme" if song.backward else "is not the beginning asked for"
    if song.nodes.move_word(node, first, last, word) == NOWHERE:
        return slot_reason(engine, n, word)
    if engine.refusal.words(rows, np.array([n]), np.array([word]))[0]:
        return "would copy the songs, or repeat a line"
    if engine.drawing.repetition and stutters(np.array([word]), rows.recent[[n]])[0]:
        return "said twice already"
    return ""


def slot_reason(engine: ExactEngine, n: int, word: int) -> str:
    """Why a word does not fit: its syllables, its stresses or the line's end."""
    song, rows = engine.song, engine.rows
    node = song.nodes.nodes[int(rows.node[n])]
    assert node is not None
    slots, signature = node.automaton.slots, song.table.signature(word)
    here = [place for b, place in enumerate(slots.places) if node.bits >> b & 1]
    left = max((len(slots.templates[i]) - s for i, s in here), default=0)
    if min(signature.syllables, default=0) > left:
        return f"too long: {left} syllable{'' if left == 1 else 's'} left"
    if not slots.advance(node.bits, signature):
        return "its stresses do not fit" if signature.agrees else "its readings differ"
    lands = slots.advance(node.bits, signature) & slots.accept
    if lands and not node.free:
        return "is not the beginning asked for" if song.backward else "does not rhyme"
    if song.table.word_class(word).moves[node.further] < 0:
        return "a further constraint"
    return "the line could not be finished"
