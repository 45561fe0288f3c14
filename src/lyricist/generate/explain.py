"""Why this word: the candidates of one draw and what forbade those that were not allowed; a line as it stands, scored
as if the writer had drawn it; and words that may replace one of its words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lyricist.corpus.grammar import excluded_words
from lyricist.generate.exact_engine import ExactEngine, Wish
from lyricist.generate.exact_writer import ExactWriter
from lyricist.generate.line_nodes import NOWHERE
from lyricist.generate.result import Candidate, Choice
from lyricist.generate.sampler import BREAK, TINY, Inside, Request, stutters
from lyricist.model.runtime import BlockRows
from lyricist.plan.given_lines import fits
from lyricist.plan.plan import Drawing
from lyricist.plan.song_spec import LineSpec
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.rhyme import kind

# --- The explanation of one draw: the model's likeliest words, and what forbade those that were not allowed

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
        if text in excluded_words(song.spec.person, song.spec.tense):
            return "another person or tense"
        return "old or rare" if is_undrawn(engine, word) else "not in the lexicon, a number, or not clean"
    begins = song.rhymes.by_number[first]
    if begins is not None and word not in begins.by_word:
        return "does not rhyme" if song.backward else "is not the beginning asked for"
    if song.nodes.move_word(node, first, last, word) == NOWHERE:
        return slot_reason(engine, n, word)
    if any(ban.refuses(rows.drafts[n].drawn, word) for ban in engine.refusal.subjects):
        return "another person or tense"
    draft, i = rows.drafts[n], int(rows.line[n])
    ends_line = song.backward and engine.refusal.ends_line(rows, n)
    after = song.close(i, draft.groups, draft.ends, word) if ends_line else ()
    if ends_line and song.meets(i, word, after, draft.groups, draft.lines, draft.ended):
        return "another line ends on it, or another letter has its sound"
    if engine.refusal.words(rows, np.array([n]), np.array([word]))[0]:
        return "would copy the songs, repeat a line, or be what other songs say"
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


Ints = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
LOOKED_AT, WEIGHED = 600, 32  # words that might stand in a place: the likeliest, and those weighed by the whole line


@dataclass(frozen=True)
class Stop:
    """Where a line stops: the plan does not allow its next word, or it has no more words."""

    wish: Wish  # what row 0 might have drawn there
    share: Reals  # (1,) the share of the model's probability that was allowed


def follow(engine: ExactEngine, line: int, ids: Sequence[int]) -> Stop | None:
    """Score words as if the engine had drawn them: `ids` of `line` (from 0), in the order of drawing, after the
    plan's given lines. None if the line ends by itself."""
    left = list(ids)
    engine.open(1)
    engine.begin(0, 0)
    row = np.array([0])
    while int(engine.rows.line[0]) <= line and not engine.rows.idle[0]:
        for wish in engine.requests():
            share = allowed_share(engine, wish)
            chosen = engine.rows.drafts[0].drawn if len(left) == len(ids) else []  # before drawing, if at all
            if chosen and left[:1] != chosen:
                return Stop(wish, share)
            del left[: len(chosen)]
            word = np.array(left[:1], dtype=np.int64)
            if not len(word) or engine.song.nodes.targets(engine.rows, row, word)[0] == NOWHERE:
                return Stop(wish, share)
            engine.take(wish, word, share)
            del left[0]
        for _ in engine.end_turn():
            pass
    return None


def allowed_share(engine: ExactEngine, wish: Wish) -> Reals:
    """(1,) the share of the model's probability that row 0 may draw from, each word counted once."""
    words, p, weights = engine.drawer.options(wish.made, wish.ask, 0)
    allowed = dict(zip(words[weights > 0].tolist(), p[weights > 0].tolist(), strict=True))
    return np.array([sum(allowed.values()) / wish.made.total[wish.ask.at[0]]])


def explain_line(writer: ExactWriter, line: int, words: Sequence[str], drawing: Drawing) -> list[Choice]:
    """How each word of a line came about, as in `WrittenSong.choices`, in the order of the line.

    The plan's other lines are given, `line` (from 0) is open. After a word that the plan does not allow, candidates
    are the model's own.
    """
    engine = writer.engine(drawing.model_copy(update={"particles": 1}), record=choice)
    table = writer.table
    order = list(words)[::-1] if writer.song.backward else list(words)
    ids = [table.index.get(word, table.vocabulary.unk) for word in order]
    stop = follow(engine, line, ids)
    rest = list(freely(engine, stop, ids)) if stop is not None else []
    found = [c for c in (*engine.rows.drafts[0].choices, *rest) if c.line == line + 1][: len(order)]
    if line in writer.song.two_words:  # its last word was chosen before drawing
        found.insert(0, Choice(line + 1, order[0], 1.0))
    named = [Choice(c.line, word, c.mass, c.candidates) for c, word in zip(found, order, strict=False)]
    return named[::-1] if writer.song.backward else named


def freely(engine: ExactEngine, stop: Stop, ids: Sequence[int]) -> Iterator[Choice]:
    """The word that the plan does not allow, and the following words, which are scored without constraints."""
    done = len(engine.rows.drafts[0].drawn)
    if done >= len(ids):
        return
    yield choice(engine, 0, 0, stop.wish.made, stop.wish.ask, float(stop.share[0]), ids[done])
    state = tuple(s[:, :1] for s in engine.rows.state)
    for last, word in zip(ids[done:-1], ids[done + 1 :], strict=True):
        read = np.array([known(engine, last)])
        rows, state = engine.model.blocks(read, state, engine.biases[0], engine.drawing.temperature)
        yield Choice(int(engine.rows.line[0]) + 1, engine.table.words[word], 1.0, plainly(engine, rows, word))


def plainly(engine: ExactEngine, rows: BlockRows, word: int) -> tuple[Candidate, ...]:
    """The likeliest words of a row, with the word that stands there."""
    likely = likeliest(engine, rows.e[0], SHOWN)
    words = likely if word in likely else [*likely[:-1], word]
    p = rows.e[0, engine.drawer.columns_for(np.array(words))] / rows.total[0]
    return tuple(Candidate(engine.table.words[w], float(q), float(q)) for w, q in zip(words, p, strict=True))


def likeliest(engine: ExactEngine, e: npt.NDArray[np.float32], most: int) -> list[int]:
    """The words with the largest values of e (C,), in descending order, without breaks."""
    order = np.argsort(-e, kind="stable")[: most + len(engine.song.breaks) + 1]
    words = engine.columns.words[order[order < len(engine.columns.words)]]
    return [int(w) for w in words if w >= 0 and not engine.is_break[w]][:most]


def known(engine: ExactEngine, word: int) -> int:
    return word if word < engine.table.known else engine.table.vocabulary.unk


# --- another word in its place


@dataclass(frozen=True)
class Place:
    """A word of a line that is to be replaced: the line's words, the word's index, and what is asked of the line."""

    words: tuple[str, ...]
    at: int
    spec: LineSpec
    ends: tuple[str, ...] = ()  # last words of the other lines of its rhyme


def reword(writer: ExactWriter, line: int, place: Place, drawing: Drawing, count: int) -> list[str]:
    """Words that may replace a word so that the line keeps its slots and its rhyme, the likeliest line first.

    In `writer`'s plan `line` (from 0) is open and has as many slots as the line has syllables.
    """
    engine = writer.engine(drawing.model_copy(update={"particles": 1}))
    backward, table = writer.song.backward, writer.table
    order = list(place.words)[::-1] if backward else list(place.words)
    at = len(order) - 1 - place.at if backward else place.at
    ids = [table.index.get(word, table.vocabulary.unk) for word in order]
    stop = follow(engine, line, ids[:at])
    if stop is None or len(engine.rows.drafts[0].drawn) != at:
        return []
    e = stop.wish.made.e[int(stop.wish.ask.at[0])]
    fitting = [w for w in likeliest(engine, e, LOOKED_AT) if writer.song.usable[w] and may_stand(writer, place, w)]
    return [table.words[w] for w in by_line(engine, e, fitting[:WEIGHED], ids[at + 1 :])[:count]]


def may_stand(writer: ExactWriter, place: Place, word: int) -> bool:
    """Whether the line with this word in its place has its slots, and its rhyme if the word is the last."""
    text = writer.table.words[word]
    lexicon = writer.run.lexicon
    if text == place.words[place.at] or not lexicon.readings(text):
        return False
    words = (*place.words[: place.at], text, *place.words[place.at + 1 :])
    if place.at == len(words) - 1 and place.ends and not all(rhymes_with(text, end, lexicon) for end in place.ends):
        return False
    return fits(replace(place.spec, text=words), lexicon)


def rhymes_with(word: str, other: str, lexicon: Lexicon) -> bool:
    pairs = ((a, b) for a in lexicon.readings(word) for b in lexicon.readings(other))
    return word != other and any(kind(a, b) in ("perfect", "near") for a, b in pairs)


def by_line(engine: ExactEngine, e: npt.NDArray[np.float32], words: Sequence[int], after: Sequence[int]) -> list[int]:
    """Words by the probability of the whole line, in which the words `after` follow; `e` (C,) the values in their
    place."""
    if not words:
        return []
    score = np.log(np.maximum(e[engine.drawer.columns_for(np.array(words))], 1e-38)).astype(np.float64)
    state = tuple(np.repeat(s[:, :1], len(words), axis=1) for s in engine.rows.state)
    read = np.array([known(engine, w) for w in words])
    for word in after:
        rows, state = engine.model.blocks(read, state, engine.biases[0], engine.drawing.temperature)
        column = engine.drawer.columns_for(np.array([word]))[0]
        score += np.log(np.maximum(rows.e[:, column], 1e-38) / rows.total)
        read = np.full(len(words), known(engine, word))
    return [words[i] for i in np.argsort(-score, kind="stable").tolist()]
