"""The score of a line, in nats, by which drafts are chosen.

    score = SENSE * (log p - COMMONPLACE * log p_common)   the free model's probability of the words, less a share of
                                                           what their frequency alone explains
          + COHERENCE * cosine                             with the song so far; with a theme THEME * cosine with it
          + NEWLY * words of the theme                     that are said for the first time
          - RHYMED * frequency of the rhyme word           at the ends of the song corpus's lines
          - AGAIN * content words said before              in lines that were not given and do not return
          - STOCK * nats of its runs of words              that the model says again and again (`model.stock`)
          + told                                           for words of the outline that the line holds
          + judged                                         whether it belongs there, see `selection.LineJudge`

log p_common is that of Zipf's law by a word's rank (Mandelbrot 1953: p ~ 1 / (rank + 2.7)). Taking a share of it off
keeps drafts from being chosen because they say nothing (Li et al. 2016, "A diversity-promoting objective function").
The cosine is that of topical vectors (`lyricist.model.topics`).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from lyricist.errors import InputError
from lyricist.model.stock import NONE, StockPhrases
from lyricist.model.tokens import Vocabulary
from lyricist.model.topics import Topics, is_plain, unit

Floats = npt.NDArray[np.float32]

RELATED = 0.04  # share of the content words, the nearest, that belong to a theme
NEAREST = 0.004  # share of the content words that get all of MOST
MOST = 3.0  # nats
COMMON = 120  # commonest words, a tenth of the vocabulary at most, left out where there are no topical vectors
LIKELY, EASED = 1500, 0.4  # EASED nats off for every e-fold that a word is commoner than that of this rank
OWN = 2.5  # nats for the theme's own words; few, so that they do not fill the song
TURN = 3.0  # nats more for the word whose turn it is
OTHERS = 0.4  # share of the steering towards the words whose turn it is not
FADE = (1.0, 0.9, 0.6)  # share of the steering in a line with no word of the theme, one, more


@dataclass(frozen=True, eq=False)
class Theme:
    """Lines take turns between the K words of a theme that have a vector, so that no word of it dominates; K is 1 if
    none has. `nats` (K, V): the bias for a line without words of the theme; `related` (V,) words of the theme, `own`
    (V,) the named ones; `aims` (K, D) vectors of the theme, of length 1 or 0."""

    nats: Floats
    related: npt.NDArray[np.bool_]
    own: npt.NDArray[np.bool_]
    aims: Floats

    @classmethod
    def of(cls, about: Sequence[str], topics: Topics) -> Theme:
        """Raises `InputError` if the model knows none of the words."""
        vocabulary = topics.vocabulary
        named = [vocabulary.index[w] for w in about if w in vocabulary]
        if not named:
            raise InputError(f"--about {', '.join(about)!r}: this model knows none of these words: choose others")
        own = np.zeros(len(vocabulary), dtype=bool)
        own[named] = True
        whole = topics.theme_vector(about)
        aims = unit(topics.vectors[topics.known(about)] + whole) if whole.any() else whole[None]
        near = np.stack([nearness(topics, aim) for aim in aims])
        nats = np.maximum(near, OTHERS * near.max(axis=0))
        nats[:, own] = OWN
        known = topics.known(about)
        nats[np.arange(len(known)), known] += TURN
        return cls(nats, nats.max(axis=0) > 0, own, aims)

    def levels(self) -> list[Floats]:
        """(V,) nats, for each of the K turns three times: for lines with no word of the theme, with one, with
        more."""
        return [nats * np.float32(share) for nats in self.nats for share in FADE]


class SongTheme:
    """What each line of a song is about. Lines of one theme take turns between its words."""

    def __init__(self, themes: Sequence[Theme | None], which: Sequence[int]) -> None:
        """`which`: for every line of the song an index in `themes`; None there: a line about nothing named."""
        self.themes, self.which = tuple(themes), np.array(which, dtype=np.int64)
        size = next(len(t.related) for t in themes if t is not None)
        self.related = np.stack([np.zeros(size, dtype=bool) if t is None else t.related for t in themes])
        self.turns = np.array([1 if t is None else len(t.nats) for t in themes])
        self.first = np.cumsum([0, *(self.turns[:-1] * len(FADE))])

    @classmethod
    def of(cls, about: Sequence[Sequence[str]], topics: Topics) -> SongTheme | None:
        """From the words that each line is about; None if there are none. Raises `InputError` as `Theme.of`."""
        if not any(about):
            return None
        distinct = list(dict.fromkeys(map(tuple, about)))
        made = [Theme.of(words, topics) if words else None for words in distinct]
        return cls(made, [distinct.index(tuple(words)) for words in about])

    def at(self, line: int) -> Theme | None:
        """The theme of a line, from 0."""
        return self.themes[int(self.which[line])]

    def theme_of(self, line: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """(B,) indices in `themes` for rows at these lines (B,)."""
        return np.asarray(self.which[np.clip(line, 0, len(self.which) - 1)])

    def holds(self, line: npt.NDArray[np.int64], words: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """(B,) which words (B,) belong to the themes of their lines (B,); words added by the plan do not."""
        size = self.related.shape[1]
        return np.where(words < size, self.related[self.theme_of(line), np.minimum(words, size - 1)], False)

    def levels(self) -> list[Floats]:
        """(V,) nats: the levels of every theme."""
        nothing = np.zeros(self.related.shape[1], dtype=np.float32)
        return [n for t in self.themes for n in (t.levels() if t is not None else [nothing] * len(FADE))]

    def level(self, line: npt.NDArray[np.int64], held: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """(B,) the index in `levels` for rows at these lines (B,), which contain `held` (B,) words of the theme."""
        own = self.theme_of(line)
        turn = np.maximum(line, 0) % self.turns[own]
        return np.asarray(self.first[own] + turn * len(FADE) + np.minimum(held, len(FADE) - 1))


def nearness(topics: Topics, aim: Floats) -> Floats:
    """(V,) nats by the cosines to an aim (D,); 0 for words that are not among the nearest (RELATED)."""
    out = np.zeros(len(topics.vocabulary), dtype=np.float32)
    content = np.flatnonzero(topics.has)
    if not aim.any():
        return out
    cosine = topics.vectors[content] @ aim
    far, near = np.quantile(cosine, [1 - RELATED, 1 - NEAREST])
    out[content] = MOST * np.clip((cosine - far) / max(float(near - far), 1e-6), 0, 1)
    usual = np.maximum(0, np.log((LIKELY + 2.7) / (np.arange(len(out)) + 2.7)))  # by Zipf's law
    return np.where(out > 0, np.maximum(out - EASED * usual, 0.1), 0).astype(np.float32)


def from_network(vocabulary: Vocabulary, vectors: Floats) -> Topics:
    """Topical vectors from a network's word vectors (V, E), for runs that keep no others."""
    made = unit(vectors - vectors.mean(axis=0))
    made[[is_plain(t) for t in vocabulary.tokens]] = 0
    made[: min(COMMON, len(vocabulary) // 10)] = 0
    return Topics(vocabulary, made)


SENSE = 0.5
COMMONPLACE = 0.7
COHERENCE, THEME = 3.0, 5.0
RHYMED = 0.25
AGAIN = 1.5
NEWLY = 3.0
NAMED = 2.0  # times that for the named words of a theme, which NEWLY rewards once
STOCK = 0.7
NOWHERE = np.zeros(1, dtype=np.float32)  # (1,) `so_far` before the first line
USUAL = 0.001  # share of all lines that end in a word, above which it is a usual rhyme


@dataclass(frozen=True, slots=True)
class Score:
    """The parts of a line's score, or the means of a song's, in nats."""

    sense: float = 0.0
    coherence: float = 0.0
    rhyme: float = 0.0
    again: float = 0.0
    judged: float = 0.0
    stock: float = 0.0
    told: float = 0.0

    @property
    def total(self) -> float:
        return self.sense + self.coherence + self.rhyme + self.again + self.judged + self.stock + self.told

    def to_json(self) -> dict[str, float]:
        return {"total": round(self.total, 3), **{f.name: round(getattr(self, f.name), 3) for f in fields(self)}}


def mean(scores: Sequence[Score]) -> Score:
    """The mean of lines' scores; that of no lines is 0."""
    n = max(1, len(scores))
    return Score(*(sum(getattr(s, f.name) for s in scores) / n for f in fields(Score)))


class LineScorer:
    """Scores lines of one model's words. `finals` (V,): the share of all lines that end in each word, if known."""

    stock: StockPhrases = NONE
    hashes: Sequence[int] = ()  # (W,) of the words, for stock phrases

    def __init__(self, topics: Topics, theme: SongTheme | None, finals: Floats | None, words: int) -> None:
        """`words`: their number W, with those added by the plan."""
        size = len(topics.vocabulary)
        self.vectors = np.zeros((words, topics.vectors.shape[1]), dtype=np.float32)
        self.vectors[:size] = topics.vectors
        self.content = np.zeros(words, dtype=bool)
        self.content[:size] = topics.has
        self.tells: list[bool] = self.content.tolist()  # lists: lines are short
        self.nothing = [False] * words
        self.aim_at(theme)
        common = np.log((np.arange(words) + 2.7) * (np.log(words) + 0.5))
        self.credit: list[float] = (COMMONPLACE * common).tolist()
        self.usual = np.zeros(words)
        if finals is not None:
            self.usual[:size] = np.maximum(0, np.log(np.maximum(finals, 1e-9) / USUAL))

    def aim_at(self, theme: SongTheme | None) -> None:
        words = len(self.nothing)
        self.theme = theme
        self.own = {id(t): [*t.own.tolist(), *self.nothing][:words] for t in (theme.themes if theme else ()) if t}

    def on(self, theme: SongTheme | None) -> LineScorer:
        """This scorer with another theme; it shares all else."""
        made = copy(self)
        made.aim_at(theme)
        return made

    def avoiding(self, stock: StockPhrases, hashes: Sequence[int]) -> LineScorer:
        """This scorer, to which stock phrases cost; `hashes` (W,) of the words."""
        self.stock, self.hashes = stock, hashes
        return self

    def line(
        self,
        words: Sequence[int],
        nats: float,
        said: Collection[int],
        so_far: Floats,
        i: int = 0,
        stock: float = 1.0,
    ) -> Score:
        """`i`: which line of the song; `nats`: the free model's surprise at it; `said`: content words of earlier
        lines; `so_far` (D,) the sum of their vectors; `stock`: how much stock phrases count."""
        sense = SENSE * (sum(self.credit[w] for w in words) - nats)
        content = [w for w in words if self.tells[w]]
        theme = self.theme.at(i) if self.theme is not None else None
        own = self.nothing if theme is None else self.own[id(theme)]
        aimed = theme is not None and bool(theme.aims.any())
        aim = theme.aims[i % len(theme.aims)] if theme is not None and aimed else so_far
        coherence = (THEME if aimed else COHERENCE) * self.cosine(content, aim)
        coherence += NEWLY * len({w for w in content if own[w]} - set(said))
        again = sum(NAMED if own[w] else 1.0 for w in content if w in said) + len(content) - len(set(content))
        worn = self.stock.line_cost([self.hashes[w] for w in words]) if self.stock.any and stock else 0.0
        rhyme = -RHYMED * float(self.usual[words[-1]])
        return Score(sense, coherence, rhyme, -AGAIN * again, stock=-STOCK * stock * worn)

    def cosine(self, content: Sequence[int], aim: Floats) -> float:
        """The cosine of the content words' sum and `aim` (D,); 0 if either has no length."""
        vector = self.pointing(content)
        length = math.sqrt(float(np.dot(vector, vector)) * float(np.dot(aim, aim)))
        return float(np.dot(vector, aim)) / length if length > 1e-9 else 0.0

    def pointing(self, content: Sequence[int]) -> Floats:
        """(D,) the sum of content words' vectors."""
        return np.asarray(np.add.reduce(self.vectors[list(content)])) if content else NOWHERE

    def fresh(self, nats: float) -> Floats:
        """(W,) weights of words at line ends: `nats` less for every e-fold that a word is more usual there."""
        return np.exp(-nats * self.usual).astype(np.float32)

    def after(self, words: Sequence[int], said: frozenset[int], so_far: Floats) -> tuple[frozenset[int], Floats]:
        """`said` and `so_far` (D,) after these words."""
        content = [w for w in words if self.tells[w]]
        return said.union(content), so_far + self.pointing(content)
