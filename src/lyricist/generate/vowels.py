"""Long and high notes ask for vowels that carry (oh, love, day), not for the short ones of bit, but and book.

A preference, not a law: a word whose syllable there does not carry is drawn so much more rarely.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles

import numpy as np
import numpy.typing as npt

from lyricist.generate.line_nodes import Nodes
from lyricist.generate.vocab import WordTable
from lyricist.plan.song_spec import LineSpec
from lyricist.prosody.phones import carries, is_vowel
from lyricist.prosody.planfeatures import Note

Bools = npt.NDArray[np.bool_]

LONG = 2.0  # times the usual note
HIGH = 10  # the highest tenth of the notes


def held_notes(lines: Sequence[Sequence[Note]]) -> list[list[bool]]:
    """Which notes of a tune are long, or high.

    >>> one, three = Note(1, 60, 4, 0), Note(3, 60, 1, 0)
    >>> held_notes([[one, one], [one, three], []])
    [[False, False], [False, True], []]
    """
    notes = [note for line in lines for note in line]
    if len(notes) < 2:
        return [[False] * len(line) for line in lines]
    usual, middle = median(n.duration for n in notes), median(n.pitch for n in notes)
    top = max(quantiles((n.pitch for n in notes), n=HIGH)[-1], middle + 1)
    return [[n.duration >= LONG * usual or n.pitch >= top for n in line] for line in lines]


class Vowels:
    """For the rows of a song with a tune: whether the next slot is to be held, and which words do not carry there.

    Of a word the syllable counts that is drawn first: backward its last.
    """

    def __init__(self, table: WordTable, lines: Sequence[LineSpec], backward: bool, nats: float) -> None:
        """`nats`: off a word that does not carry; 0 for a preference that is off."""
        way = -1 if backward else 1
        notes = [line.notes for line in lines]
        self.held = [held[::way] for held in held_notes(notes)] if nats else []
        self.any = any(map(any, self.held))
        self.share = float(np.exp(-nats))
        self.known: dict[tuple[int, int], bool] = {}
        self.closed: Bools = np.zeros(len(table.words), dtype=bool)
        if self.any:
            self.closed = np.array([not first_carries(table, w, backward) for w in range(len(table.words))])

    def rows(self, nodes: Nodes, lines: npt.NDArray[np.int64], node: npt.NDArray[np.int64]) -> Bools:
        """(B,) whether the next slot of each row, at a node of its line, is to be held."""
        return np.array(
            [self.at(nodes, i, n) for i, n in zip(lines.tolist(), node.tolist(), strict=True)], dtype=bool
        )

    def at(self, nodes: Nodes, line: int, node: int) -> bool:
        known = self.known.get((line, node))
        if known is None:
            found = nodes.nodes[node]
            held = self.held[line]
            slot = found.automaton.slots.nearest(found.bits) if found is not None else len(held)
            known = self.known[line, node] = slot < len(held) and held[slot]
        return known


def first_carries(table: WordTable, word: int, backward: bool) -> bool:
    if not table.readings[word]:
        return True
    vowels = [phone for phone in table.readings[word][0].phones if is_vowel(phone)]
    return not vowels or carries(vowels[-1 if backward else 0])
