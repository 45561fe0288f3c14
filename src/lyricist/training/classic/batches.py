"""What one update reads, as a pure function of (epoch, step), in two ways.

With a context of one word, pairs of neighbouring words in a fresh order: `batch` of them, read by the recurrent net
as one sequence, because that is what the original did. With a longer context, `batch` songs side by side, so many
words of each at a time, the state carried from window to window and begun anew with every song.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from lyricist.training.classic.features import WIDTH, Floats
from lyricist.training.classic.songs import Ints, SungWords
from lyricist.training.token_arrays import PAD

MIXED = 8  # groups of songs among which like lengths are looked for


@dataclass(frozen=True)
class Window:
    """(T, B) words read and words to come (PAD: none), (T, B, 18) the music under the first; `fresh`: zero state."""

    ids: Ints
    targets: Ints
    features: Floats
    fresh: bool


@dataclass
class Steps:
    """The updates of every epoch over songs whose words all have vectors."""

    songs: Sequence[SungWords]
    batch: int
    context: int
    seed: int
    pairs: tuple[Ints, Ints, Floats] = field(init=False, repr=False)  # word, next word, music of the first

    def __post_init__(self) -> None:
        ids = [(s.ids[:-1], s.ids[1:], s.features[:-1]) for s in self.songs if len(s.ids) > 1]
        none = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, WIDTH), np.float32))
        a, b, c = zip(*(ids or [none]), strict=True)
        self.pairs = np.concatenate(a), np.concatenate(b), np.concatenate(c)
        self.songs = [s for s in self.songs if len(s.ids) > 1]

    def __len__(self) -> int:
        """Pairs of words."""
        return len(self.pairs[0])

    @property
    def columns(self) -> int:
        """Sequences that the recurrent net reads side by side."""
        return 1 if self.context == 1 else self.batch

    def epoch(self, number: int) -> Epoch:
        rng = np.random.default_rng([self.seed, number])
        if self.context == 1:
            order = rng.permutation(len(self))
            return Epoch(self, order, -(-len(self) // self.batch), ())
        groups = self.groups(rng)
        places = [(group, t) for group in groups for t in range(0, self.longest(group), self.context)]
        return Epoch(self, np.zeros(0, np.int64), len(places), tuple(places))

    def groups(self, rng: np.random.Generator) -> list[Ints]:
        """Songs of like length side by side, so that little is PAD: sorted within MIXED groups' worth at a time."""
        order = rng.permutation(len(self.songs))
        lengths = np.array([len(song.ids) for song in self.songs])
        for at in range(0, len(order), MIXED * self.batch):
            some = order[at : at + MIXED * self.batch]
            order[at : at + len(some)] = some[np.argsort(lengths[some], kind="stable")]
        groups = [order[i : i + self.batch] for i in range(0, len(order), self.batch)]
        return [groups[i] for i in rng.permutation(len(groups))]

    def longest(self, group: Ints) -> int:
        """Pairs of the longest song."""
        return max(len(self.songs[i].ids) for i in group) - 1


@dataclass(frozen=True)
class Epoch:
    steps: Steps
    order: Ints  # of the pairs
    length: int  # updates
    places: tuple[tuple[Ints, int], ...]  # with a context: each update's songs and first word

    def window(self, t: int) -> Window:
        """What update `t` reads."""
        steps = self.steps
        if not self.places:
            some = self.order[t * steps.batch : (t + 1) * steps.batch, None]
            ids, targets, features = steps.pairs
            return Window(ids[some], targets[some], features[some], fresh=True)
        group, at = self.places[t]
        return side_by_side([steps.songs[i] for i in group], at, steps.context, steps.batch)


def side_by_side(songs: Sequence[SungWords], at: int, words: int, columns: int) -> Window:
    """`words` pairs of each song from its word `at` on; where a song is over, and in columns without one, PAD."""
    ids = np.zeros((words, columns), dtype=np.int64)
    targets = np.full((words, columns), PAD, dtype=np.int64)
    features = np.zeros((words, columns, WIDTH), dtype=np.float32)
    for column, song in enumerate(songs):
        n = min(words, max(0, len(song.ids) - 1 - at))
        ids[:n, column] = song.ids[at : at + n]
        targets[:n, column] = song.ids[at + 1 : at + 1 + n]
        features[:n, column] = song.features[at : at + n]
    return Window(ids, targets, features, fresh=at == 0)
