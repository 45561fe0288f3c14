"""What may not be drawn though the line automaton allows it: copies of the songs, lines said twice, lines that a
condition on whole lines turns down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from lyricist.writing.copyban import CopyBan
from lyricist.writing.draw import BREAK
from lyricist.writing.exact import PlanAutomaton
from lyricist.writing.nodes import CLOSED
from lyricist.writing.rows import Rows

Ints = npt.NDArray[np.int64]

RETRIES = 40  # times a line is begun anew before a condition on whole lines is given up


class Refusal:
    """Refuses words and finished lines of rows. `keep`: a condition on whole lines, tried for."""

    def __init__(
        self,
        song: PlanAutomaton,
        ban: CopyBan,
        repeats_barred: bool,
        keep: Callable[[Sequence[str]], bool] | None = None,
    ) -> None:
        self.song, self.ban, self.repeats_barred, self.keep = song, ban, repeats_barred, keep
        self.neighbours = find_neighbours(song)

    def words(self, rows: Rows, n: Ints, words: Ints) -> npt.NDArray[np.bool_]:
        """Which words, one a row, would copy a run or a line of the songs, or say a line of this song again."""
        ban = self.ban
        out = np.zeros(len(n), dtype=bool)
        says = words >= 0
        for j in np.flatnonzero(words >= self.song.table.known):  # a word of no vector is said once where it must be
            out[j] = words[j] in rows.drawn[n[j]]
        says &= ~out
        if ban.active and says.any():
            m, w = n[says], words[says]
            out[says] = ban.before(rows.right[m], w) if self.song.backward else ban.after(rows.left[m], w)
        closing = np.flatnonzero(says & ~out & (self.song.nodes.ending[rows.node[n]] | (rows.first[n] > 0)))
        if len(closing):
            closing = closing[self.song.nodes.targets(rows, n[closing], words[closing]) == CLOSED]
        if len(closing) and ban.active and self.song.backward:
            m = n[closing]
            out[closing] = ban.across(rows.left[m], words[closing], rows.right[m])
        for j in closing:
            out[j] = out[j] or self.line(rows, int(n[j]), int(words[j]))
        opening = closing if self.song.backward else [j for j in np.flatnonzero(says) if not rows.drawn[n[j]]]
        for j in opening if self.repeats_barred else ():
            out[j] = out[j] or self.opens_thrice(rows, int(n[j]), int(words[j]))
        for j in np.flatnonzero(words == BREAK):
            out[j] = self.line(rows, int(n[j]), None)
        return out

    def opens_thrice(self, rows: Rows, n: int, word: int) -> bool:
        """Whether a word would open a line as it opened the two before; of a line begun anew that is not asked."""
        i = int(rows.line[n])
        spec = self.song.lines[i]
        if i < 2 or rows.tries[n] or spec.first or spec.initial:
            return False
        return all(rows.lines[n].get(k, (-1,))[0] == word for k in (i - 1, i - 2))

    def line(self, rows: Rows, n: int, word: int | None) -> bool:
        """Whether the line of row n, `word` added, is one that stands in the songs or in this song already, or
        makes a run with text that it will stand next to."""
        drawn = [*rows.drawn[n], word] if word is not None else rows.drawn[n]
        line = tuple(int(w) for w in (drawn[::-1] if self.song.backward else drawn))
        if self.ban.line(line):
            return True
        if word is None and self.ban.active and self.song.backward:
            left = rows.left[[n]]
            if self.ban.across(left, np.array([line[0]]), rows.right[[n], 1:]).any():
                return True
        if self.repeats_barred and line in rows.lines[n].values():
            return True
        if self.keep is not None and not self.keep([self.song.table.words[w] for w in line]):
            if rows.tries[n] < RETRIES:
                return True
            rows.unmet[n] += 1
        i = int(rows.line[n])
        return any(
            self.ban.joined(self.text(rows, n, before, -1, i, line), self.text(rows, n, after, 1, i, line))
            for before, after in (self.neighbours[i] if self.ban.active else ())
        )

    def text(self, rows: Rows, n: int, at: int, way: int, own: int, line: tuple[int, ...]) -> list[int]:
        """Known words from line `at` of the layout on, to the right (way 1) or to the left (-1)."""
        lines, source = rows.lines[n], self.song.source
        out: list[int] = []
        while 0 <= at < len(source) and len(out) < self.ban.most:
            words = line if source[at] == own else self.song.given.get(source[at], lines.get(source[at]))
            if words is None:
                break
            out = [*out, *words] if way > 0 else [*words, *out]
            at += way
        return out


def find_neighbours(song: PlanAutomaton) -> list[list[tuple[int, int]]]:
    """For every line the seams (line before, line after) at which it will stand next to text known by then,
    besides the seam to the line that was written just before it."""
    out: list[list[tuple[int, int]]] = [[] for _ in song.lines]
    last = len(song.lines) - 1
    for i in song.written:
        for p in (p for p, s in enumerate(song.source) if s == i):
            if p < last and (song.source[p + 1] <= i or song.source[p + 1] in song.given):
                out[i].append((p, p + 1))
            if p > 0 and p != i and (song.source[p - 1] <= i or song.source[p - 1] in song.given):
                out[i].append((p - 1, p))
    return out
