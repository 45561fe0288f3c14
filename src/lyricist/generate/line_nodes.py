"""The states of line automata as numbered nodes, with arrays of what may follow each, for many songs at once.

Node 0 is a finished line. Other nodes are made when a song first reaches them.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist.generate.line import Landing, LineAutomaton, WordSet
from lyricist.generate.rhyme_groups import Rhymes
from lyricist.generate.sampler import Listed
from lyricist.generate.state import Rows
from lyricist.generate.vocab import WordClass, WordTable
from lyricist.model.vocab_layout import VocabLayout
from lyricist.model.word_facts import Signature
from lyricist.plan.song_spec import LineSpec
from lyricist.prosody.features import Note
from lyricist.prosody.phones import carries, is_vowel

CLOSED = 0
UNKNOWN, NOWHERE = -2, -1

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Node:
    """Places reached and keywords owed in a line. `closable`: the line may end here; `free`: any word may end it."""

    automaton: LineAutomaton
    landing: Landing
    free: bool
    bits: int
    owed: int
    further: int  # state of the further constraints
    closable: bool


class Nodes:
    """All nodes of one plan."""

    def __init__(
        self,
        table: WordTable,
        columns: VocabLayout,
        rhymes: Rhymes,
        blocked: npt.NDArray[np.bool_],
        emphasis: float = 0.0,
    ) -> None:
        """`emphasis`: nats off a function word of one syllable where it would stand on a strong slot."""
        self.table, self.columns, self.rhymes, self.blocked = table, columns, rhymes, blocked
        self.lock = threading.RLock()
        self.index: dict[tuple[Any, ...], int] = {}  # by the fields of a node
        self.nodes: list[Node | None] = [None]
        self.blocks = np.zeros((16, columns.blocks), dtype=np.float32)
        self.next = np.full((16, len(table.word_classes)), UNKNOWN, dtype=np.int32)
        self.closable = np.zeros(16, dtype=bool)
        self.by_word = np.zeros(16, dtype=bool)  # the next node depends on the word, not only on its signature
        self.words: dict[tuple[int, int, int, int], int] = {}
        self.has_list = np.zeros(16, dtype=bool)  # words are listed besides the blocks
        self.last_classes: dict[int, list[int]] = {}
        self.ends = None if columns.ends is None else columns.ends / max(float(columns.ends.mean()), 1e-9)
        self.ending = np.zeros(16, dtype=bool)  # some word may be the last here
        self.lists: dict[tuple[int, int, int], Listed] = {}
        self.faint = np.exp(-emphasis)
        self.little = np.array([word_class.signature.free for word_class in table.word_classes])
        self.little_units = columns.unit_mask(np.flatnonzero(self.little).tolist()) > 0

    def start(self, automaton: LineAutomaton, last: WordSet | None) -> int:
        """The node at which a line begins; `last`: the words that may be drawn last, None for any."""
        landing = automaton.landing(last)
        return self.number(
            Node(automaton, landing, last is None, automaton.slots.start, automaton.all_keywords, 0, False)
        )

    def number(self, node: Node) -> int:
        """The number of a node, which is made if it is new."""
        key = (node.automaton, node.landing, node.free, node.bits, node.owed, node.further, node.closable)
        found = self.index.get(key)
        if found is not None:
            return found
        with self.lock:  # engines may share a plan
            if key not in self.index:
                self.nodes.append(node)
                self.fill(len(self.nodes) - 1)
                self.index[key] = len(self.nodes) - 1
            return self.index[key]

    def fill(self, n: int) -> None:
        """Fill the arrays for node n; its blocks are those of words that may follow without ending the line."""
        while n >= len(self.blocks):
            self.next = np.concatenate([self.next, np.full_like(self.next, UNKNOWN)])
            for name in ("blocks", "closable", "by_word", "ending", "has_list"):
                setattr(self, name, np.concatenate([own := getattr(self, name), np.zeros_like(own)]))
        node = self.nodes[n]
        assert node is not None
        a = node.automaton
        viable = a.viable(node.landing)
        good = a.inner_classes(node.bits, node.owed, node.further, viable)
        last = a.landing_classes(node.bits, node.owed, node.further) if node.free else []
        self.ending[n] = bool(last) or not node.free or bool(a.keywords)
        if self.ends is None:
            good = [*good, *last]
        else:  # words that may end the line are listed one by one, by how often they end lines
            good = [s for s in good if s not in last]
            self.last_classes[n] = last
        self.blocks[n] = self.columns.unit_mask(good)
        if self.strong_next(n):
            self.blocks[n, self.little_units] *= self.faint
        self.has_list[n] = self.by_word_at(node) or bool(self.last_classes.get(n))
        self.closable[n] = node.closable
        self.by_word[n] = self.by_word_at(node)

    @staticmethod
    def by_word_at(node: Node) -> bool:
        return bool(node.automaton.keywords) or not node.free

    def target(self, n: int, word: int, word_class: WordClass, last: Signature | None) -> int:
        """The node after a word of class `word_class`; `last`: its signature as the line's last word (None: it may
        not be the last)."""
        node = self.nodes[n]
        assert node is not None
        a = node.automaton
        bits, owed, q = a.after(node.bits, node.owed, node.further, word, word_class)
        rest = bits & a.viable(node.landing)[owed][q] & ~a.slots.accept
        closes = False
        if last is not None and not owed and a.finals[q]:
            as_last = WordClass(last, word_class.moves)
            closes = bool(a.after(node.bits, node.owed, node.further, word, as_last)[0] & a.slots.accept)
        if not rest:
            return CLOSED if closes else NOWHERE
        return self.number(Node(a, node.landing, node.free, rest, owed, q, closes))

    def move(self, nodes: Ints, sigs: Ints) -> Ints:
        """(N,) nodes after words of these signatures (N,) at `nodes` (N,); for nodes where only the signature
        counts."""
        out = self.next[nodes, sigs]
        for i in (out == UNKNOWN).nonzero()[0]:
            n, s = int(nodes[i]), int(sigs[i])
            word_class = self.table.word_classes[s]
            found = self.next[n, s]
            out[i] = found if found != UNKNOWN else self.target(n, -1, word_class, word_class.signature)
            self.next[n, s] = out[i]
        return out.astype(np.int64)

    def move_word(self, n: int, first: int, last: int, word: int) -> int:
        """The node after `word`; `first` and `last`: numbers of the sets that hold for the line's two ends (`first`
        is 0 after the first word)."""
        key = (n, first, last, word)
        if key not in self.words:
            whole = self.table.signature(word)
            begins, ends = self.rhymes.by_number[first], self.rhymes.by_number[last]
            signature = begins.by_word.get(word) if begins else whole
            as_last = ends.by_word.get(word) if ends else whole
            if signature is None:
                self.words[key] = NOWHERE
            else:
                if as_last is not None and begins:
                    as_last = Signature(as_last.stresses & signature.stresses, as_last.free)
                word_class = WordClass(signature, self.table.word_class(word).moves)
                self.words[key] = self.target(n, word, word_class, as_last)
        return self.words[key]

    def owes(self, n: int, word: int) -> bool:
        """Whether the line still owes a word at node n."""
        node = self.nodes[n]
        return node is not None and node.automaton.owes(node.owed, word)

    def targets(self, rows: Rows, n: Ints, words: Ints) -> Ints:
        """(B,) the nodes that the rows n (B,) reach by these words (B,)."""
        singly = self.by_word[rows.node[n]] | (rows.first[n] > 0)
        out = np.zeros(len(n), dtype=np.int64)
        plain = (~singly).nonzero()[0]
        if len(plain):
            out[plain] = self.move(rows.node[n[plain]], self.table.sig[words[plain]].astype(np.int64))
        for j in singly.nonzero()[0]:
            i = n[j]
            out[j] = self.move_word(int(rows.node[i]), int(rows.first[i]), int(rows.last[i]), int(words[j]))
        return out

    def values(self, after: Ints, words: Ints) -> npt.NDArray[np.float64]:
        """(B,) factors by which drawing prefers words that end the line: by how often lines end in them. The
        particles' weights remove it when the line has ended."""
        out = np.ones(len(after))
        if self.ends is not None:
            last = (after == CLOSED).nonzero()[0]
            known = np.where(words[last] < self.table.known, words[last], self.table.vocabulary.unk)
            out[last] = self.ends[known]
        return out

    def listed(self, n: int, first: int, last: int) -> Listed:
        """Words that may follow node n and are not in its blocks: keywords and last words; at the beginning of a line
        with a set of `first` words, the permitted words of that set."""
        key = (n, first, last)
        if key not in self.lists:
            words, after = self.opening(n, first, last) if first else self.explicit(n, last)
            known = np.where(words < self.table.known, words, self.table.vocabulary.unk)
            weights = self.values(after, words).astype(np.float32)
            if self.strong_next(n):
                weights[self.little[self.table.sig[words]]] *= self.faint
            self.lists[key] = Listed(words, self.columns.column_of[known], weights)
        return self.lists[key]

    def strong_next(self, n: int) -> bool:
        """Whether the next slot of node n is strong and the plan has an `emphasis`."""
        node = self.nodes[n]
        assert node is not None
        return bool(self.faint < 1) and node.automaton.slots.next_is_strong(node.bits)

    def explicit(self, n: int, last: int) -> tuple[Ints, Ints]:
        """(N,) words inside a line that are not in node n's blocks, and (N,) the nodes after them."""
        node = self.nodes[n]
        assert node is not None
        ends, keywords, on = self.rhymes.by_number[last], list(node.automaton.keywords), self.blocks[n]
        parts = [self.each(n, 0, last, keywords)]
        if ends is not None:
            parts.append(self.by_kind(n, ends, False, keywords))
        if n in self.last_classes:
            sig, free = self.table.sig[: self.table.known].astype(np.int64), ~self.blocked[: self.table.known]
            landing = np.flatnonzero(np.isin(sig, self.last_classes[n]) & free)
            landing = landing[~np.isin(landing, keywords)] if keywords else landing
            self.move(
                np.full(len(kinds := np.unique(sig[landing])), n), kinds
            )  # once for each class, not for each word
            parts.append((landing, self.move(np.full(len(landing), n), sig[landing])))
        words, after = (np.concatenate(x) for x in zip(*parts, strict=True))
        block = self.columns.block_of[np.minimum(words, self.table.known - 1)]
        covered = (words < self.table.known) & (on[block] > 0) & ~self.blocked[words]
        left = ~covered & (after != NOWHERE)
        return words[left], after[left]

    def opening(self, n: int, first: int, last: int) -> tuple[Ints, Ints]:
        """(N,) words of the set `first` that may begin the line at node n, and (N,) the nodes after them."""
        begins, node = self.rhymes.by_number[first], self.nodes[n]
        assert begins is not None and node is not None
        if last or np.isin(begins.words, list(node.automaton.keywords)).any():
            words, after = self.each(n, first, last, begins.words.tolist())
        else:
            words, after = self.by_kind(n, begins, True, ())
        left = begins.sure | (after != NOWHERE)
        return words[left], after[left]

    def each(self, n: int, first: int, last: int, words: Sequence[int]) -> tuple[Ints, Ints]:
        """(N,) words, and (N,) the nodes after them, one by one."""
        after = [self.move_word(n, first, last, w) for w in words]
        return np.array(words, dtype=np.int64), np.array(after, dtype=np.int64)

    def by_kind(self, n: int, end: WordSet, begins: bool, keywords: Sequence[int]) -> tuple[Ints, Ints]:
        """(N,) the words of a set at one end of a line without keywords, and (N,) the nodes after them, found kind by
        kind. At its beginning (`begins`) there is no set at the other end."""
        beside = ~np.isin(end.words, keywords)
        words, which = end.words[beside], end.which[beside]
        after = np.zeros(len(end.kinds), dtype=np.int64)
        for k in np.unique(which).tolist():
            word_class, signature = end.kinds[k]
            if begins:
                whole = word_class.signature
                as_last = Signature(whole.stresses & signature.stresses, whole.free)
                after[k] = self.target(n, -1, WordClass(signature, word_class.moves), as_last)
            else:
                after[k] = self.target(n, -1, word_class, signature)
        return words, after[which]


Bools = npt.NDArray[np.bool_]

LONG = 2.0  # times the usual note
HIGH = 10  # the highest tenth of the notes


def held_notes(lines: Sequence[Sequence[Note]]) -> list[list[bool]]:
    """For each line which of its notes are long or high.

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
    """Open vowels on long and high notes: whether a row's next slot is such a note, and which words do not carry
    there.

    The tested syllable of a word is the one drawn first: its last if lines are drawn backward.
    """

    def __init__(self, table: WordTable, lines: Sequence[LineSpec], backward: bool, nats: float) -> None:
        """`nats`: off a word that does not carry; 0: no preference."""
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
        """(B,) whether the next slot of each row, at its line and node, is long or high."""
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
