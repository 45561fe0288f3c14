"""The exact engine: songs of one compiled plan, many at once, each a system of particles.

Every step runs the model once for all active rows. A row's line ends when its break has been drawn. When all
particles of a song have ended the line, they are resampled by their weights, so lines that the constraints made
improbable are dropped.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lyricist._numbers import key, uniform
from lyricist.errors import PlanError
from lyricist.generate.engine import Engine, Event
from lyricist.generate.line_nodes import CLOSED
from lyricist.generate.nocopy import RETRIES, CopyBan, Refusal, search
from lyricist.generate.punctuation import Printer
from lyricist.generate.result import LineWritten, Outline, SongWritten
from lyricist.generate.sampler import BREAK, NOTHING, Drawer, Refuse, Request
from lyricist.generate.selection import LineJudge, draw, hear, judge, log_mean, resample, settle
from lyricist.generate.song import ExactSongAutomaton, Opening
from lyricist.generate.state import Rows
from lyricist.generate.steering import Candidates, Steering, Telling, logit_bias
from lyricist.model.runtime import BlockModel, BlockRows
from lyricist.model.runtime import State as ModelState
from lyricist.plan.plan import Drawing
from lyricist.prosody.features import SAID, TOLD

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

ROWS = 96  # rows decoded together: with fewer Python costs more, with more the softmax does not fit the cache


class Part(NamedTuple):
    """Rows with the same bias. Drafts with the same prefix are one row for the model."""

    rows: Ints  # (B,)
    level: int  # of the theme
    some: Ints  # the rows that the model is run on
    at: Ints  # (B,) the index in `some` of each row


class Asking(NamedTuple):
    """The arguments of `BlockModel.blocks`: (B,) ids, state, (C,) bias, and plan features (B, F) if there are any."""

    ids: Ints
    state: ModelState
    bias: Floats
    conditioning: tuple[Floats, ...]


class Wish(NamedTuple):
    """What rows (B,) of the engine may draw, from the model's output; `totals`: logs of their free sums."""

    rows: Ints
    made: BlockRows
    ask: Request
    totals: npt.NDArray[np.float64]  # (B,)
    refuse: Refuse


class ExactEngine(Engine):
    """Writes songs of one compiled plan. Between calls of `write` it holds only caches."""

    def __init__(
        self,
        model: BlockModel,
        song: ExactSongAutomaton,
        drawing: Drawing,
        ban: CopyBan,
        steering: Steering | None = None,
    ) -> None:
        steering = steering or Steering()
        self.model, self.song, self.drawing, self.ban = model, song, drawing, ban
        self.columns, self.table = model.columns, song.table
        self.drawer = Drawer(self.columns, drawing, len(self.table.words), self.table.vocabulary.unk)
        self.drawer.closed, self.drawer.closed_share = song.vowels.closed, song.vowels.share
        self.theme, self.record, self.conditioning = steering.theme, steering.record, steering.conditioning
        self.outliner = steering.outliner
        levels = self.theme.levels() if self.theme else [None]
        self.biases = [logit_bias(song, self.columns, drawing, nats, steering.stock) for nats in levels]
        self.telling = song.kept_for(
            (Telling, id(self.columns), drawing.temperature), lambda: Telling(song, self.columns, drawing.temperature)
        )
        self.refusal = Refusal(song, ban, bool(drawing.repetition), steering.keep, steering.stock)
        self.breaks = self.columns.column_of[song.breaks]
        self.is_break = np.zeros(len(self.table.words), dtype=bool)
        self.is_break[song.breaks] = True
        self.window = max(1, ban.context)
        scorer = steering.scorer
        self.scorer = scorer if drawing.merit else None
        if scorer is not None:
            self.drawer.content[: len(scorer.content)] = scorer.content
        self.judge = steering.judge if self.scorer is not None and drawing.judged else None
        self.sung = Counter(song.source)  # how often each line occurs in the song
        self.candidates = Candidates(song, drawing, scorer)
        self.drawer.owed[list(song.keywords)] = True
        self.printer = steering.printer or Printer(self.table.vocabulary, None)
        self.failed: dict[int, PlanError] = {}  # by place

    # --- songs

    @property
    def most(self) -> int:
        """The number of songs that are best written together."""
        return max(1, ROWS // self.drawing.particles)

    def open(self, places: int) -> None:
        """Make room for this number of songs, none of which is begun."""
        particles = self.drawing.particles
        self.rows = Rows(places, particles, self.window, self.model.initial_state(places * particles))
        if self.judge is not None:
            self.rows.read = tuple(np.repeat(part, places * particles, axis=0) for part in self.judge.start)
        self.shown = [0] * places
        self.outlines: list[Outline | None] = [None] * places
        if self.outliner is not None:
            self.outlined = np.zeros((places, len(self.song.lines) + 1, TOLD), dtype=np.float32)

    def idle_places(self) -> npt.NDArray[np.bool_]:
        """(N,) which of the N places are empty."""
        return self.rows.idle[:: self.rows.particles]

    def leave(self, s: int) -> None:
        """Abandon the song of place s."""
        self.rows.idle[self.rows.song_rows(s)] = True

    def turn(self) -> Iterator[tuple[int, Event]]:
        for wish in self.requests():
            self.take(wish, *self.drawer.draw(wish.made, wish.ask, wish.refuse))
        yield from self.end_turn()

    def active(self) -> Ints:
        """(B,) the rows that need the model."""
        return (~(self.rows.idle | self.rows.waiting)).nonzero()[0]

    def end_turn(self) -> Iterator[tuple[int, Event]]:
        """Lines that are final, finished songs, and `PlanError`s of songs that cannot be finished, by place."""
        yield from self.end_lines()
        for s in self.finished_songs():
            for event in self.give(s):
                yield s, event
        while self.failed:
            yield self.failed.popitem()

    def begin(self, s: int, seed: int) -> None:
        """Begin a new song in place s."""
        rows, song = self.rows, self.song
        self.shown[s] = 0
        if self.outliner is not None:
            self.outlines[s] = outline = self.outliner.draw(seed, self.drawing.story)
            self.outlined[s, :-1] = self.outliner.rows(outline)
        for n in rows.song_rows(s):
            rows.clear(n, seed)
            for part, start in zip(rows.read, self.judge.start if self.judge else (), strict=True):
                part[n] = start[0]
            rows.prev[n] = song.prompt
            rows.drafts[n].groups = song.initial_groups
            rows.drafts[n].assignment = dict(song.assignment(seed * 1009 + int(rows.particle[n])))
            self.force(n, [song.tag(song.lines[0].name)])
            rows.drafts[n].choices, rows.unmet[n] = (), 0
        rows.share_prefix(rows.song_rows(s))

    def finished_songs(self) -> list[int]:
        rows = self.rows
        done = rows.waiting & (rows.line >= len(self.song.lines)) & ~rows.idle
        return np.flatnonzero(done.reshape(rows.songs, rows.particles).all(axis=1)).tolist() if done.any() else []

    def give(self, s: int) -> Iterator[LineWritten | SongWritten]:
        """The finished song of place s: one of its particles, drawn by their weights."""
        rows = self.rows
        mine = np.array(rows.song_rows(s))
        n = int(mine[draw(rows.weight[mine], uniform(key(int(rows.seed[mine[0]]), len(self.song.lines)), 0))])
        yield from self.show(s, n, len(self.song.lines))
        rows.idle[mine] = True
        nats = float(rows.nats[n] / rows.tokens[n])
        owed = self.candidates.owed
        form = log_mean(rows.weight[mine] - rows.line_score[mine]) - (0.0 if owed is None else owed.credit)
        yield SongWritten(
            int(rows.seed[n]),
            tuple(rows.drafts[n].ids),
            nats,
            form,
            rows.drafts[n].choices,
            int(rows.unmet[n]),
            rows.drafts[n].scores,
            self.outlines[s],
        )

    def show(self, s: int, n: int, end: int) -> Iterator[LineWritten]:
        """Lines of row n up to `end` that have not been shown and can be printed: the marks of a line depend on the
        next line of its section."""
        while (i := self.shown[s]) < end and (self.ends_section(i) or i + 1 < end or not self.printer.looks_ahead):
            opens = self.song.lines[i].name if i == 0 or self.ends_section(i - 1) else ""
            yield LineWritten(int(self.rows.seed[n]), self.text(n, i, end), opens, i == 0)
            self.shown[s] = i + 1

    def ends_section(self, i: int) -> bool:
        """Whether line i is the last of its section."""
        return i + 1 == len(self.song.lines) or self.section_over(i + 1)

    def text(self, n: int, i: int, end: int) -> str:
        """Line i of row n as it is printed, with the lines before `end`."""
        mine = [j for j in range(min(end, i + 2)) if self.song.lines[j].section == self.song.lines[i].section]
        words = [[self.table.words[w] for w in self.rows.drafts[n].lines[j]] for j in mine]
        given = [self.song.spec.given[j] for j in mine] if self.song.spec.given else ()
        return self.printer.line(words, mine.index(i), self.ends_section(mine[-1]), given)

    # --- one step

    def requests(self) -> list[Wish]:
        """Run the model for the active rows; the requests of those that have a choice."""
        parts = self.parts(self.active())
        asked = [self.asking(part) for part in parts]
        made = [self.model.blocks(a.ids, a.state, a.bias, self.drawing.temperature, *a.conditioning) for a in asked]
        return [wish for part, each in zip(parts, made, strict=True) for wish in self.read(part, *each)]

    def tell(self, some: Ints, output: BlockRows) -> None:
        """Steer the model's output for rows (B,) by the outlines of their songs. In place."""
        if self.outliner is None:
            return
        at = list(zip((some // self.rows.particles).tolist(), self.rows.line[some].tolist(), strict=True))
        self.telling.voiced(output, [self.voice(s, i) for s, i in at])
        said = [self.rows.drafts[n].drawn for n in some.tolist()]
        numbers = self.outlined[tuple(zip(*at, strict=True))][:, :SAID].astype(np.int64) - 1
        owed = [[w for w in row if w >= 0 and w not in has] for row, has in zip(numbers.tolist(), said, strict=True)]
        self.telling.owed(output, owed)

    def voice(self, s: int, i: int) -> tuple[str, ...]:
        """What steers line i of place s: the song's person and tense, or its tense and the line's persons."""
        outline = self.outlines[s]
        if outline is None:
            return ("", "")
        people = outline.people[i] if 0 <= i < len(outline.people) else ()
        return (outline.tense, *people) if any(people) else (outline.person, outline.tense)

    def parts(self, active: Ints) -> list[Part]:
        """The active rows (B,) by the level of their theme."""
        if self.theme is None:
            return [Part(active, 0, *self.rows.distinct(active))]
        level = self.theme.level(self.rows.line[active], self.rows.themed[active])
        if len(level) and (level == level[0]).all():
            return [Part(active, int(level[0]), *self.rows.distinct(active))]
        each = [(active[level == value], int(value)) for value in np.unique(level)]
        return [Part(rows, which, *self.rows.distinct(rows)) for rows, which in each]

    def asking(self, part: Part) -> Asking:
        """What the model is run on for a part."""
        rows, active = self.rows, part.some
        ids = np.minimum(rows.prev[active], self.table.known)
        ids = np.where(ids == self.table.known, self.table.vocabulary.unk, ids)
        seen = () if self.conditioning is None else (self.conditioning_of(active),)
        return Asking(ids, rows.take_state(active), self.biases[part.level], seen)

    def conditioning_of(self, active: Ints) -> Floats:
        """(B, F) the plan features of rows (B,)."""
        rows = self.rows
        assert self.conditioning is not None
        made = self.conditioning.at(rows.line[active], rows.place[active])
        if self.outliner is None:
            return made
        return self.conditioning.outlined(made, self.outlined[active // rows.particles, rows.line[active]])

    def read(self, part: Part, made: BlockRows, state: ModelState) -> Iterator[Wish]:
        """Store the model's output for a part's rows; the request of those that have a choice, if there are any."""
        self.tell(part.some, made)
        rows, active, at = self.rows, part.rows, part.at
        rows.put_state(active, state if len(part.some) == len(active) else tuple(s[:, at] for s in state))
        totals = np.log(made.free)
        forced = rows.forced[active] > 0
        if forced.any():
            self.take_forced(active[forced], at[forced], made, totals[at[forced]])
        if not forced.all():
            yield self.drawing_rows(active[~forced], at[~forced], made, totals[at[~forced]])

    def account(self, n: Ints, e: npt.NDArray[Any], totals: npt.NDArray[np.float64]) -> None:
        """Add the free model's surprise at a token to the nats of rows n (B,); `e` (B,) its values, `totals` (B,)
        logs of the rows' free sums."""
        logs = np.log(np.maximum(e, 1e-38)) * self.drawing.temperature
        self.rows.nats[n] -= logs - totals
        self.rows.tokens[n] += 1

    def take_forced(self, n: Ints, which: Ints, made: BlockRows, totals: npt.NDArray[np.float64]) -> None:
        """Let rows n (B,) take their queued tokens: given words, and breaks, whose probability is that of all line
        ends. `which` (B,): the rows of the model's output for n; `totals` (B,) logs of their free sums."""
        rows = self.rows
        tokens = np.array([rows.drafts[i].queue.pop(0) for i in n], dtype=np.int64)
        rows.forced[n] -= 1
        e = made.e[which, self.drawer.columns_for(tokens)].astype(np.float64)
        ends = self.is_break[tokens]
        e[ends] = made.e[which[ends, None], self.breaks].sum(axis=1)
        self.account(n, e, totals)
        rows.weight[n] += np.log(np.maximum(e, 1e-38) / made.total[which]) - rows.proposal_log_ratio[n]
        rows.proposal_log_ratio[n] = 0
        self.append(n, tokens)
        if not ends.all():
            rows.shift_context(n[~ends], self.ban.hashes[tokens[~ends]], self.song.backward)
        if self.conditioning is not None:
            for i in n[~ends]:
                rows.place[i] = rows.drafts[i].steps.pop(0)
        for i in n[ends]:
            self.line_ended(int(i))

    def drawing_rows(self, n: Ints, which: Ints, made: BlockRows, totals: npt.NDArray[np.float64]) -> Wish:
        """What the rows n (B,) may draw; `which` (B,): the rows of the model's output for n; `totals` (B,) logs of
        their free sums."""
        rows = self.rows
        nodes, opening = rows.node[n], rows.first[n] > 0
        blocks = self.song.nodes.blocks[nodes]
        blocks[opening] = 0
        breaks = np.zeros(len(n))
        closable = self.song.nodes.closable[nodes].nonzero()[0]
        breaks[closable] = made.e[which[closable, None], self.breaks].sum(axis=1)
        lists = self.candidates.lists(rows, n, opening | self.song.nodes.has_list[nodes])
        held = self.song.vowels.rows(self.song.nodes, rows.line[n], nodes) if self.song.vowels.any else None
        rhymed = opening.nonzero()[0].tolist() if self.song.backward else ()
        ended = {k: rows.drafts[n[k]].ended for k in rhymed if self.refusal.ends_line(rows, n[k])}
        ask = Request(which, blocks, lists, opening, breaks, rows.key[n], rows.count[n], rows.recent[n], ended, held)
        return Wish(n, made, ask, totals, lambda r, w: self.refusal.words(rows, n[r], w))

    def take(self, wish: Wish, words: Ints, share: npt.NDArray[np.float64]) -> None:
        """Append the drawn words (B,) to their rows; `share` (B,) as from `Drawer.draw`."""
        rows, n, made, ask, which = self.rows, wish.rows, wish.made, wish.ask, wish.ask.at
        rows.count[n] = ask.count
        if self.record is not None:
            for k, i in enumerate(n):
                if words[k] != NOTHING:
                    rows.drafts[i].choices += (
                        self.record(self, int(i), k, made, ask, float(share[k]), int(words[k])),
                    )
        good = words != NOTHING
        rows.weight[n[good]] += np.log(np.maximum(share[good], 1e-38)) - rows.proposal_log_ratio[n[good]]
        ends, says = words == BREAK, words >= 0
        e = np.where(ends, ask.breaks, 0.0)
        e[says] = made.e[which[says], self.drawer.columns_for(words[says])]
        self.account(n[good], e[good], wish.totals[good])
        rows.new_prefixes(n)
        self.take_words(n[says], words[says])
        for i in n[ends]:
            rows.proposal_log_ratio[i] = 0
            self.append(np.array([i]), np.array([self.song.break_after[rows.line[i]]]))
            self.line_ended(int(i))
        for i in n[~good]:
            if not rows.idle[i]:
                self.restart_line(int(i))

    def take_words(self, n: Ints, words: Ints) -> None:
        """Move rows n (B,) to the nodes after the drawn words (B,), and append these."""
        rows = self.rows
        owed = self.candidates.owed
        ratio = 0.0 if owed is None else owed.log_ratios(rows.node[n], words, rows.first[n] > 0)
        after = self.song.advance(rows, n, words)
        for i, w in zip(n.tolist(), words.tolist(), strict=True):
            reward = rows.drafts[i].rewards
            if reward is not None:
                g = self.song.lines[rows.line[i]].group
                rows.drafts[i].pending = {**rows.drafts[i].pending, g: math.log(reward[w])}
                rows.drafts[i].rewards = None
        if self.conditioning is not None:
            rows.place[n] = self.conditioning.places(rows.node[n])
        rows.proposal_log_ratio[n] = np.log(self.song.nodes.values(after, words)) + ratio
        self.append(n, words)
        rows.say(n, words)
        if self.theme is not None:
            rows.themed[n] += self.theme.holds(rows.line[n], words)
        rows.shift_context(n, self.ban.hashes[words], self.song.backward)
        for i, w in zip(n, words, strict=True):
            rows.drafts[i].drawn.append(int(w))
        for i in n[rows.node[n] == CLOSED]:
            self.force(int(i), [self.song.break_after[rows.line[i]]])

    def append(self, n: Ints, tokens: Ints) -> None:
        """Append tokens (B,) to the rows n (B,)."""
        self.rows.prev[n] = tokens
        for i, t in zip(n, tokens, strict=True):
            self.rows.drafts[i].ids.append(int(t))

    def force(self, n: int, tokens: Sequence[int]) -> None:
        """Queue tokens of row n: words of its line, and the break that ends it."""
        self.rows.drafts[n].queue = list(tokens)
        self.rows.forced[n] = len(tokens)
        if self.conditioning is not None and len(tokens) > 1:
            self.rows.drafts[n].steps = list(self.conditioning.counts(int(self.rows.line[n]), tuple(tokens[:-1])))

    # --- ends of lines

    def line_ended(self, n: int) -> None:
        rows, song = self.rows, self.song
        i = int(rows.line[n])
        if i >= 0 and i in song.beginnings:
            line = tuple(rows.drafts[n].drawn[::-1] if song.backward else rows.drafts[n].drawn)
            end = song.end_of(i, line)
            rows.drafts[n].groups = song.close(i, rows.drafts[n].groups, rows.drafts[n].ends, end)
            rows.drafts[n].lines[i] = line
            rows.drafts[n].ended |= {end}
            if self.scorer is not None:
                share = self.drawing.merit * self.sung[i]
                judge(rows, n, self.scorer, share, i, line, self.drawing.stock, self.told(n, i, line))
        elif i >= 0:
            rows.drafts[n].lines[i] = song.given[i] if i in song.given else rows.drafts[n].lines[song.source[i]]
        if i >= 0 and song.backward and self.ban.active:
            hashes = self.ban.hashes[list(rows.drafts[n].lines[i])]
            rows.left[n] = np.concatenate([rows.left[n], hashes])[-self.window :]
        rows.line[n] = i + 1
        rows.waiting[n] = True

    def told(self, n: int, i: int, line: Sequence[int]) -> float:
        """What line i of row n says of its outline, in nats."""
        return 0.0 if self.outliner is None else self.outliner.told(self.outlined[n // self.rows.particles, i], line)

    def end_lines(self) -> Iterator[tuple[int, LineWritten]]:
        """Resample the songs all of whose particles have ended their line, and begin their next line."""
        rows = self.rows
        if not rows.waiting.any():
            return
        songs = rows.waiting.reshape(rows.songs, rows.particles).all(axis=1) & ~rows.idle[:: rows.particles]
        if self.judge is not None:
            self.hear((np.repeat(songs, rows.particles) & (rows.line > 0)).nonzero()[0], self.judge)
        for s in songs.nonzero()[0]:
            mine = np.array(rows.song_rows(int(s)))
            if len(mine) > 1:
                resample(rows, mine, always=self.drop_lost(mine))
                if self.scorer is not None and self.section_over(int(rows.line[mine[0]])):
                    settle(rows, mine)
            for event in self.show_certain(int(s), mine):
                yield int(s), event
            for n in mine:
                if rows.line[n] < len(self.song.lines):
                    rows.waiting[n] = False
                    rows.tries[n] = 0
                    self.begin_line(int(n))

    def hear(self, mine: Ints, judge: LineJudge) -> None:
        """Let the judge read the lines that the rows `mine` (N,) have ended."""
        if not len(mine):
            return
        song, ended = self.song, (self.rows.line[mine] - 1).tolist()
        shares = [self.sung[i] if i in song.beginnings else 0 for i in ended]
        breaks = np.array([judge.opening if i == 0 or self.section_over(i) else judge.within for i in ended])
        hear(self.rows, mine, judge, self.drawing.judge, shares, breaks, self.table.vocabulary.unk)

    def section_over(self, i: int) -> bool:
        """Whether line i begins a section other than the first."""
        return 0 < i < len(self.song.lines) and self.song.lines[i].section != self.song.lines[i - 1].section

    def show_certain(self, s: int, mine: Ints) -> Iterator[LineWritten]:
        """Lines on which all particles of a song, its rows `mine` (P,), agree: they will not change any more."""
        rows, i = self.rows, self.shown[s]
        while i < rows.line[mine[0]] and len({rows.drafts[n].lines[i] for n in mine}) == 1:
            i += 1
        yield from self.show(s, int(mine[0]), i)

    def begin_line(self, n: int) -> None:
        rows, song = self.rows, self.song
        i = int(rows.line[n])
        rows.drafts[n].drawn = []
        rows.proposal_log_ratio[n] = rows.place[n] = rows.themed[n] = 0
        rows.mark(n)
        if i not in song.beginnings:
            words = song.given[i] if i in song.given else rows.drafts[n].lines[song.source[i]]
            order = words[::-1] if song.backward else words
            self.force(n, [*order, song.break_after[i]])
            return
        rows.key[n] = key(int(rows.seed[n]), int(rows.particle[n]) + int(rows.tries[n]) * 257, i)
        found = self.openings(n)
        if not found:
            self.fail(n, PlanError(f"line {i + 1}: each weak word for its end copies a song: raise --max-copy"))
            return
        opening = found[int(rows.key[n]) % len(found)]
        rows.node[n], rows.first[n], rows.last[n] = opening.node, opening.first, opening.last
        rows.drafts[n].ends, rows.halves[n] = opening.ends, song.lines[i].internal
        if opening.weak >= 0:
            self.force(n, [opening.weak])
            rows.new_prefixes(np.array([n]))
            rows.drafts[n].drawn, rows.drafts[n].steps = [opening.weak], [1]
        self.candidates.open_group(rows, n, i)

    def openings(self, n: int) -> list[Opening]:
        """The beginnings of the line of row n, without those whose weak word copies a song with the text after it."""
        rows, song, draft, i = self.rows, self.song, self.rows.drafts[n], int(self.rows.line[n])
        g, held = song.lines[i].group, self.ban.active and song.backward
        ahead = self.refusal.text(rows, n, i + 1, 1, -1, ())[: self.window] if held else []
        rows.right[n] = 0
        rows.right[n, : len(ahead)] = self.ban.hashes[ahead]
        found = song.openings(i, tuple(draft.assignment.items()), draft.groups[g] if g >= 0 else None)
        if not held or i not in song.two_words:
            return found
        copied = self.ban.before(rows.right[[n] * len(found)], np.array([opening.weak for opening in found]))
        return [opening for opening, out in zip(found, copied, strict=True) if not out]

    def drop_lost(self, mine: Ints) -> bool:
        """Take the weight from those of the rows `mine` (P,) that cannot begin their line, if others can. Returns
        whether there are any."""
        if int(self.rows.line[mine[0]]) not in self.song.two_words:
            return False
        lost = np.array([not self.openings(n) for n in mine.tolist()])
        if not lost.all():
            self.rows.weight[mine[lost]] = -np.inf
        return bool(lost.any() and not lost.all())

    # --- dead ends

    def restart_line(self, n: int) -> None:
        """Begin the line of row n again, because every continuation is forbidden. After RETRIES restarts its words
        are searched for."""
        rows = self.rows
        rows.rewind(n)
        rows.tries[n] += 1
        self.begin_line(n)
        gives_in = self.refusal.keep is not None and rows.tries[n] == RETRIES  # from now on any line is accepted
        if rows.tries[n] % RETRIES == 0 and not gives_in:
            try:
                self.search_line(n)
            except PlanError as error:
                self.fail(n, error)

    def fail(self, n: int, error: PlanError) -> None:
        """Abandon the song of row n."""
        self.failed[n // self.rows.particles] = error
        self.leave(n // self.rows.particles)

    def search_line(self, n: int) -> None:
        """Let row n, whose line has just begun, take words found by search. Raises `PlanError` if there are none."""
        found = search(self.rows, self.song, self.refusal, n)
        self.rows.rewind(n)
        self.begin_line(n)
        self.force(n, [*found, self.song.break_after[self.rows.line[n]]])
        self.rows.drafts[n].drawn = found
