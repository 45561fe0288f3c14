"""Words that are refused although the constraint allows them, and the search for words where all are refused.

Refused are copies of the training songs, lines repeated within a song, verbs of another tense or subject than the
plan asks for, and lines that a condition on whole lines rejects. If every word is refused, `search` finds words for
the line without the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy

import numpy as np
import numpy.typing as npt

from lyricist._numbers import U32, U64, ngram_hashes, run_hash, run_hashes
from lyricist.corpus.grammar import ADDRESSED, ADVERBS, PRONOUNS, is_verb_of_you, other_tense, shows
from lyricist.errors import PlanError
from lyricist.generate.line_nodes import CLOSED
from lyricist.generate.sampler import BREAK
from lyricist.generate.song import ExactSongAutomaton
from lyricist.generate.state import Rows
from lyricist.model.copy_index import LINE_WORDS, RUN_WORDS, CopyIndex, LineFilter, RunFilter, word_hashes
from lyricist.model.stock import LINE, NONE, OPENING, OPENING_WORDS, RHYME, StockPhrases
from lyricist.model.tokens import Vocabulary
from lyricist.plan.song_spec import SongSpec

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class CopyBan:
    """The copies that exact songs may not have: runs of more than `most` words, and whole lines of LINE_WORDS words
    or more, from the training songs; with `lines` whole lines of its corpus too, with `table` its runs of RUN_WORDS
    words or more. `most` 0: nothing is barred."""

    def __init__(
        self,
        index: CopyIndex | None,
        words: Sequence[str],
        most: int,
        lines: LineFilter | None = None,
        hashes: U32 | None = None,
        table: RunFilter | None = None,
    ) -> None:
        """`hashes` (W,) of the words, if they are known."""
        self.most, self.lines, self.table = most, lines if most > 0 else None, table if most > 0 else None
        self.active = most > 0 and (index is not None or table is not None)
        self.context = most if self.table is None else max(most, RUN_WORDS - 1)  # words beside one that can matter
        self.hashes = word_hashes(words) if hashes is None else hashes
        self.runs = np.zeros(0, dtype=np.uint64)
        self.whole: frozenset[int] = frozenset()
        if index is not None and most > 0:
            self.runs = index.runs(most + 1)
            self.whole = index.whole_lines(LINE_WORDS, most)
        self.tests = self.find_tests()

    def find_tests(self) -> list[tuple[int, Callable[[Sequence[U32], int], Bools]]]:
        """Lengths of runs, and what tells which of B runs, given word by word, may not be written."""
        n = self.most + 1
        if self.table is None or n == RUN_WORDS:
            return [(n, lambda columns, size: self.is_known(run_hashes(columns, size)))]
        indexed = (n, lambda columns, size: self.is_indexed(run_hashes(columns, size)))
        return [indexed, (max(n, RUN_WORDS), self.table.knows)]

    def is_known(self, runs: U64) -> Bools:
        """(B,) which runs (B,) of RUN_WORDS words, or without a table of `most` + 1, occur in the songs."""
        known = self.is_indexed(runs)
        return known if self.table is None else known | self.table.has(runs)

    def is_indexed(self, runs: U64) -> Bools:
        """(B,) which runs (B,) of `most` + 1 words occur in the songs of the index."""
        if not len(self.runs):
            return np.zeros(len(runs), dtype=bool)
        at = np.searchsorted(self.runs, runs).clip(max=len(self.runs) - 1)
        return np.asarray((self.runs[at] == runs) & (runs != 0))

    def known(self, text: U32, at: int) -> Bools:
        """(B,) which of B texts, hashes of words (L, B), hold a run of the songs with their word `at`."""
        out = np.zeros(text.shape[1], dtype=bool)
        for n, knows in self.tests:
            first, end = max(0, at - n + 1), min(at, len(text) - n) + 1
            found = knows([text[first + i : end + i].ravel() for i in range(n)], (end - first) * text.shape[1])
            out |= found.reshape(end - first, -1).any(axis=0)
        return out

    def after(self, left: U32, words: Ints) -> Bools:
        """(B,) whether a word (B,) completes a run with the words before it. left (B, context) hashes."""
        return self.known(np.vstack([left.T[-self.context :], self.hashes[words]]), self.context)

    def before(self, right: U32, words: Ints) -> Bools:
        """(B,) whether a word (B,) completes a run with the words after it. right (B, context) hashes."""
        return self.known(np.vstack([self.hashes[words], right.T[: self.context]]), 0)

    def across(self, left: U32, words: Ints, right: U32) -> Bools:
        """(B,) whether a run with a word (B,) in its middle occurs in the songs, between the words before and
        after."""
        text = np.vstack([left.T[-self.context :], self.hashes[words], right.T[: self.context - 1]])
        return self.known(text, self.context)

    def line(self, words: Sequence[int]) -> bool:
        """Whether these words are a whole line of the songs that the runs alone do not find."""
        if len(words) < LINE_WORDS or (len(words) > self.most and self.lines is None):
            return False
        found = run_hash(self.hashes[list(words)].tolist())
        return found in self.whole or (self.lines is not None and self.lines.has(found))

    def joined(self, left: Sequence[int], right: Sequence[int]) -> bool:
        """Whether a run crosses the seam between two texts."""
        for n, knows in self.tests if self.active else ():
            text = self.hashes[[*left[1 - n :], *right[: n - 1]]]
            size = max(0, len(text) - n + 1)
            if knows([text[i : i + size] for i in range(n)], size).any():
                return True
        return False


class SubjectBan:
    """Refuses a pronoun with a verb behind it, adverbs aside. Lines are drawn in either order."""

    def __init__(
        self, words: Sequence[str], pronouns: frozenset[str], is_verb: Callable[[str], bool], backward: bool
    ) -> None:
        self.backward = backward
        self.verb = np.array([is_verb(word) for word in words])
        self.pronoun = np.array([word in pronouns for word in words])
        self.adverb = np.array([word in ADVERBS for word in words])

    def refuses(self, drawn: Sequence[int], word: int) -> bool:
        """Whether `word` after the words `drawn` of its line, in the order of drawing, makes such a pair."""
        here, there = (self.pronoun, self.verb) if self.backward else (self.verb, self.pronoun)
        if not here[word]:
            return False
        beside = next((w for w in reversed(drawn) if not self.adverb[w]), None)
        return beside is not None and bool(there[beside])


def subject_bans(spec: SongSpec, words: Sequence[str], backward: bool) -> tuple[SubjectBan, ...]:
    """For a tense: no verb of the other one has a pronoun as its subject. For a speaker: nor has any verb *you*."""
    bans = []
    if spec.tense:
        other = other_tense(spec.tense)
        bans.append(SubjectBan(words, PRONOUNS, lambda word: shows(word, other), backward))
    if spec.person in ADDRESSED:
        bans.append(SubjectBan(words, frozenset({"you"}), is_verb_of_you, backward))
    return tuple(bans)


RETRIES = 40  # restarts of a line before a condition on whole lines is dropped


class Refusal:
    """Refuses words and finished lines of rows. `keep`: a condition on whole lines, without guarantee."""

    def __init__(
        self,
        song: ExactSongAutomaton,
        ban: CopyBan,
        repeats_barred: bool,
        keep: Callable[[Sequence[str]], bool] | None = None,
        stock: StockPhrases = NONE,
    ) -> None:
        """`stock`: phrases that only some seeds may have; a line that was restarted may have any."""
        self.song, self.ban, self.repeats_barred, self.keep, self.stock = song, ban, repeats_barred, keep, stock
        self.neighbours = find_neighbours(song)
        self.subjects = subject_bans(song.spec, song.table.words, song.backward)

    def without(self) -> Iterator[tuple[str, Refusal]]:
        """The same refusals without one of the bans each, and what to say if that ban is in the way."""
        if self.repeats_barred:
            other = copy(self)
            other.repeats_barred = False
            yield " but those of a line that the song has already: ask for fewer lines, or for --repetition 0", other
        if self.ban.active or self.ban.lines is not None:
            other = copy(self)
            other.ban = CopyBan(None, (), 0, hashes=self.ban.hashes)
            yield " that copy nothing from the training songs: raise --max-copy, or ask for less", other
        if self.subjects:
            other = copy(self)
            other.subjects = ()
            yield " in the tense and person asked for: leave out --tense or --person, or ask for less", other

    def words(self, rows: Rows, n: Ints, words: Ints) -> Bools:
        """(B,) which words (B,), one for each of the rows n (B,), would copy a run or a line of the songs, or repeat
        a line of this song."""
        ban = self.ban
        out = np.zeros(len(n), dtype=bool)
        says = words >= 0
        added = len(self.song.table.words) > self.song.table.known
        for j in (words >= self.song.table.known).nonzero()[0] if added else ():
            out[j] = words[j] in rows.drafts[n[j]].drawn  # it has no vector and occurs only once in a line
        for j in says.nonzero()[0] if self.subjects else ():
            out[j] |= any(ban.refuses(rows.drafts[n[j]].drawn, int(words[j])) for ban in self.subjects)
        says &= ~out
        if self.stock.any and self.song.backward:
            for j in (says & (rows.first[n] > 0)).nonzero()[0]:
                out[j] = self.ends_line(rows, n[j]) and self.rhymes_as_usual(rows, int(n[j]), int(words[j]))
            says &= ~out
        if ban.active and says.any():
            m, w = n[says], words[says]
            out[says] = ban.before(rows.right[m], w) if self.song.backward else ban.after(rows.left[m], w)
        closing = (says & ~out & (self.song.nodes.ending[rows.node[n]] | (rows.first[n] > 0))).nonzero()[0]
        if len(closing):
            ends = self.song.nodes.targets(rows, n[closing], words[closing]) == CLOSED
            closing = closing[ends & (rows.halves[n[closing]] == 0)]
        if len(closing) and ban.active and self.song.backward:
            m = n[closing]
            out[closing] = ban.across(rows.left[m], words[closing], rows.right[m])
        for j in closing:
            out[j] = out[j] or self.line(rows, int(n[j]), int(words[j]))
        opening = closing if self.song.backward else [j for j in says.nonzero()[0] if not rows.drafts[n[j]].drawn]
        for j in opening if self.repeats_barred else ():
            out[j] = out[j] or self.opens_thrice(rows, int(n[j]), int(words[j]))
        for j in (words == BREAK).nonzero()[0]:
            out[j] = self.line(rows, int(n[j]), None)
        if self.song.apart.on:
            self.refuse_ends(rows, n, words, closing, out)
        return out

    def ends_line(self, rows: Rows, n: int) -> bool:
        """Whether the next word of row n, which is drawn backward, is the one at its line's end that rhymes."""
        return len(rows.drafts[n].drawn) == (int(rows.line[n]) in self.song.two_words)

    def rhymes_as_usual(self, rows: Rows, n: int, word: int) -> bool:
        """Whether a word would end its line in a rhyme that this song may not have."""
        i, hashes = int(rows.line[n]), self.ban.hashes
        g = self.song.lines[i].group
        if g < 0 or rows.tries[n]:
            return False
        lines = rows.drafts[n].lines
        ends = {self.song.end_of(k, lines[k]) for k in self.song.members[g] if k in lines}
        seed, own = int(rows.seed[n]), int(hashes[word])
        return any(self.stock.refuses(seed, RHYME, sorted((own, int(hashes[end])))) for end in ends)

    def is_stock(self, rows: Rows, n: int, line: tuple[int, ...]) -> bool:
        """Whether this song may not have the line, or its first words as the first of the song."""
        if not self.stock.any or rows.tries[n]:
            return False
        hashes, seed = self.ban.hashes[list(line)].tolist(), int(rows.seed[n])
        first = rows.line[n] == 0 and self.stock.refuses(seed, OPENING, hashes[:OPENING_WORDS])
        return first or self.stock.refuses(seed, LINE, hashes)

    def refuse_ends(self, rows: Rows, n: Ints, words: Ints, closing: Ints, out: Bools) -> None:
        """Refuse also, in `out` (B,), last words of lines that `ExactSongAutomaton.alike` does not allow."""
        if self.song.backward:
            ends = [(j, int(words[j])) for j in range(len(n)) if words[j] >= 0 and self.ends_line(rows, n[j])]
        else:
            breaks = np.flatnonzero(words == BREAK)
            ends = [(int(j), int(words[j])) for j in closing]
            ends += [(int(j), rows.drafts[n[j]].drawn[-1]) for j in breaks if rows.drafts[n[j]].drawn]
        for j, word in ends:
            out[j] = out[j] or self.sounds_alike(rows, int(n[j]), word)

    def sounds_alike(self, rows: Rows, n: int, word: int) -> bool:
        """Whether the line of row n may not end on `word` because of the ends of other lines."""
        draft, i = rows.drafts[n], int(rows.line[n])
        return self.song.alike(i, word, draft.ends, draft.groups, draft.assignment, draft.lines, draft.ended)

    def opens_thrice(self, rows: Rows, n: int, word: int) -> bool:
        """Whether a word would begin the third line in succession. Restarted lines are not tested."""
        i = int(rows.line[n])
        spec = self.song.lines[i]
        if i < 2 or rows.tries[n] or spec.first or spec.initial:
            return False
        return all(rows.drafts[n].lines.get(k, (-1,))[0] == word for k in (i - 1, i - 2))

    def line(self, rows: Rows, n: int, word: int | None) -> bool:
        """Whether the line of row n, with `word`, occurs in the songs or in this song, or makes a run with
        neighbouring text."""
        drawn = [*rows.drafts[n].drawn, word] if word is not None else rows.drafts[n].drawn
        line = tuple(int(w) for w in (drawn[::-1] if self.song.backward else drawn))
        if self.ban.line(line) or self.is_stock(rows, n, line):
            return True
        if word is None and self.ban.active and self.song.backward:
            left = rows.left[[n]]
            if self.ban.across(left, np.array([line[0]]), rows.right[[n], 1:]).any():
                return True
        if self.repeats_barred and line in rows.drafts[n].lines.values():
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
        """Known words from line `at` of the song on, to the right (way 1) or to the left (-1)."""
        lines, source = rows.drafts[n].lines, self.song.source
        out: list[int] = []
        while 0 <= at < len(source) and len(out) < self.ban.context:
            words = line if source[at] == own else self.song.given.get(source[at], lines.get(source[at]))
            if words is None:
                break
            out = [*out, *words] if way > 0 else [*words, *out]
            at += way
        return out


def find_neighbours(song: ExactSongAutomaton) -> list[list[tuple[int, int]]]:
    """For every line the seams (line before, line after) to text that is known when it is written, except the seam to
    the line written just before it."""
    out: list[list[tuple[int, int]]] = [[] for _ in song.lines]
    last = len(song.lines) - 1
    for i in song.written:
        for p in (p for p, s in enumerate(song.source) if s == i):
            if p < last and (song.source[p + 1] <= i or song.source[p + 1] in song.given):
                out[i].append((p, p + 1))
            if p > 0 and p != i and (song.source[p - 1] <= i or song.source[p - 1] in song.given):
                out[i].append((p - 1, p))
    return out


class CopyGuard:
    """The copies that free songs may not have: words that continue `max_copy` words of the training songs as they do;
    line ends, where the line is a whole line of the songs or of the corpus of `line_filter`."""

    def __init__(
        self, index: CopyIndex | None, vocabulary: Vocabulary, max_copy: int, line_filter: LineFilter | None = None
    ) -> None:
        index = index or CopyIndex(np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=bool))
        self.line_filter = line_filter
        self.max_copy, self.lines = max_copy, index.whole_lines(LINE_WORDS, max(LINE_WORDS, max_copy))
        self.word_hashes = word_hashes(vocabulary.tokens)
        order = np.argsort(self.word_hashes, kind="stable")
        context = ngram_hashes(index.hashes, max_copy)[:-1]
        following = index.hashes[max_copy:]
        at = np.searchsorted(self.word_hashes[order], following).clip(max=len(order) - 1)
        valid = (context != 0) & (following != 0) & (self.word_hashes[order][at] == following)
        context, successor = context[valid], order[at][valid]
        by_context = np.argsort(context, kind="stable")
        self.contexts, self.successors = context[by_context], successor[by_context]

    def banned(self, words: Sequence[int]) -> Ints:
        """(N,) ids that would complete a forbidden run after `words` (the word ids of a song so far)."""
        if len(words) < self.max_copy:
            return np.zeros(0, dtype=np.int64)
        key = ngram_hashes(self.word_hashes[list(words[-self.max_copy :])], self.max_copy)[0]
        low, high = np.searchsorted(self.contexts, [key, key + np.uint64(1)])
        found: Ints = self.successors[low:high]
        return found

    def line_is_copied(self, line: Sequence[int]) -> bool:
        """Whether a finished line of LINE_WORDS words or more is a whole line of the songs, which the runs alone do
        not find."""
        if len(line) < LINE_WORDS or (len(line) > max(LINE_WORDS, self.max_copy) and self.line_filter is None):
            return False
        found = int(ngram_hashes(self.word_hashes[list(line)], len(line))[0])
        return found in self.lines or (self.line_filter is not None and self.line_filter.has(found))

    def clean(self, before: Sequence[int], after: Sequence[int]) -> bool:
        """Whether `after` may follow `before`: no forbidden run crosses the seam."""
        joined = [*before[-self.max_copy :], *after[: self.max_copy]]
        return not any(self.forbidden(joined, i) for i in range(len(joined) - self.max_copy))

    def forbidden(self, words: Sequence[int], i: int) -> bool:
        return words[i + self.max_copy] in self.banned(words[i : i + self.max_copy])


POSITION = ("node", "first", "last", "halves")  # of a row in its line
SEARCHED = 200_000  # words tested
LOOKED = 20_000  # and of each search for the cause, if that finds none


def search(rows: Rows, song: ExactSongAutomaton, refusal: Refusal, n: int) -> list[int]:
    """Words, in the order of drawing, that finish the line of row n, which has just begun. Raises `PlanError` if
    there are none."""
    budget = [SEARCHED]
    if rows.drafts[n].drawn:  # a word at the line's end that was chosen before
        rows.shift_context(np.array([n]), refusal.ban.hashes[rows.drafts[n].drawn], song.backward)
    found = extend(rows, song, refusal, n, budget)
    if found is None:
        what = "the search for its words reached its limit" if budget[0] <= 0 else "no words are left for it"
        raise PlanError(f"line {rows.line[n] + 1}: {what}{cause(rows, song, refusal, n)}")
    return found


def cause(rows: Rows, song: ExactSongAutomaton, refusal: Refusal, n: int) -> str:
    """Why words are lacking for the line of row n, and what to do: the one ban without which there are words."""
    for told, other in refusal.without():
        if extend(rows, song, other, n, [LOOKED]) is not None:  # row n is of no use from now on
            return told
    return " that break none of what is asked for: ask for fewer lines, or for less of each"


def extend(rows: Rows, song: ExactSongAutomaton, refusal: Refusal, n: int, budget: list[int]) -> list[int] | None:
    """Words that finish the line of row n from its present node; None if there are none or the budget is spent."""
    one = np.array([n])
    for w in possible_words(rows, song, n):
        budget[0] -= 1
        if budget[0] <= 0:
            return None
        word = np.array([w])
        if refusal.words(rows, one, word)[0]:
            continue
        kept = (*(getattr(rows, name)[n] for name in POSITION), rows.left[n].copy(), rows.right[n].copy())
        song.advance(rows, one, word)
        rows.shift_context(one, refusal.ban.hashes[word], song.backward)
        rows.drafts[n].drawn.append(int(w))
        done = rows.node[n] == CLOSED or (
            song.nodes.closable[rows.node[n]] and not refusal.words(rows, one, np.array([BREAK]))[0]
        )
        found = list(rows.drafts[n].drawn) if done else extend(rows, song, refusal, n, budget)
        if found is not None:
            return found
        rows.drafts[n].drawn.pop()
        for name, value in zip((*POSITION, "left", "right"), kept, strict=True):
            getattr(rows, name)[n] = value
    return None


def possible_words(rows: Rows, song: ExactSongAutomaton, n: int) -> Ints:
    """(N,) every word that may follow in row n."""
    listed = song.nodes.listed(int(rows.node[n]), int(rows.first[n]), int(rows.last[n])).words
    if rows.first[n]:
        return listed
    on = song.nodes.blocks[rows.node[n]][song.columns.block_of] > 0
    return np.concatenate([listed, np.flatnonzero(on & song.usable[: len(on)])])
