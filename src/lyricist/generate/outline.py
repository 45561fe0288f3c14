"""What a song will say, chosen before its lines: for every line its last word and up to two content words.

An LSTM that has read the outlines of songs draws them (Yao et al. 2019, *Plan-and-Write*): first the person, the
tense and the theme, then line by line in the order of the song. Last words come from those that the rhyme groups
allow, so that rhymes are chosen for what they mean; of several drafts the one is kept whose rhymes the network found
likeliest. The network that writes the lines reads the outline (`prosody.features.OUTLINE`). It is no constraint: a
word that a line cannot take is left out. By default a song has only its person and tense, which need no planner.
K drafts, V words of the planner's vocabulary.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._numbers import key, uniform
from lyricist.corpus import CHORUSES
from lyricist.corpus.grammar import voice_of
from lyricist.generate.line import WordSet
from lyricist.generate.result import Outline
from lyricist.generate.rhyme_groups import GroupState, LineKind
from lyricist.generate.song import Assignment, ExactSongAutomaton
from lyricist.model.runtime import STORIES, EightBitModel, State, StepModel
from lyricist.model.tokens import BREAKS, END, LINE, SONG, SPECIALS, TAGS, Vocabulary
from lyricist.prosody.features import NEXT, SAID, Floats

Reals = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Nearest = Callable[[Sequence[str], Sequence["Story"]], Sequence["Story"]]  # stories, the nearest to a theme first

PERSONS = ("i", "you", "he", "she", "we", "they", "nobody")
TENSES = ("past", "present")
# Of the songs written for the starter; each adds up to a little more than 1, so that every draw finds one.
PERSON_SHARES = (("i", 0.37), ("you", 0.205), ("he", 0.175), ("she", 0.125), ("we", 0.085), ("they", 0.05))
TENSE_SHARES = (("present", 0.503), ("past", 0.5))
OPENING = TAGS["intro"]  # the section of an outline that holds person, tense and theme
DRAFTS = 8  # outlines drawn side by side
TEMPERATURE = 0.9  # of their words
COMMON = 1.1  # share of what a word's rank explains of its probability that is taken off a draft's weight
STEP = 0.7  # of a draft's weight that counts when drafts are resampled after a line
MOST_THEME = 4  # words of a theme
AGAIN = 2.0  # nats off a word for every line that holds it already
SALT = 7_001  # of the keys of random numbers
KEYED = 0.6  # share of a line's syllables that its outline may take
TRIES = 8  # last words drawn for a line before it goes without
TOLD = 4.0  # nats for the last word that a story has for a line
WORDED = (0.85, 0.7)  # probability that a line without a beat has a first content word, and a second
STRIDE = 2_654_435_761  # a prime
CHOICE = 4  # stories of a seed, of which the one is told whose last words rhyme best by the plan
NEAREST = 40  # stories from which one on the theme is drawn


@dataclass
class Draft:
    """One outline being drawn."""

    number: int
    groups: tuple[GroupState, ...]
    words: list[str] = field(default_factory=list)  # person, tense, theme
    lines: list[tuple[str, ...]] = field(default_factory=list)
    said: dict[int, int] = field(default_factory=dict)  # by id, the lines that hold a word
    ended: set[int] = field(default_factory=set)  # last words, as ids of the run
    written: dict[int, tuple[int, ...]] = field(default_factory=dict)  # the same by line
    weight: float = 0.0  # nats of its words, see `Outliner.worth`
    drawn: int = 0  # random numbers used

    def copy(self, number: int) -> Draft:
        made = replace(self, number=number, words=list(self.words), lines=list(self.lines))
        made.said, made.ended, made.written = dict(self.said), set(self.ended), dict(self.written)
        return made


@dataclass(frozen=True)
class Story:
    """What happens in a song: key words for every line of its verses and its chorus, in the order of the line."""

    person: str
    tense: str
    theme: tuple[str, ...]
    verses: tuple[tuple[str, ...], ...]
    chorus: tuple[tuple[str, ...], ...]


@cache
def read_stories(path: Path) -> tuple[Story, ...]:
    """The stories of a file: "she past: bread, morning", lines "1:", "2:", "3:" and "C:" with beats between slashes,
    and a blank line after each."""
    return tuple(parse_story(block) for block in path.read_text(encoding="utf-8").strip().split("\n\n"))


def parse_story(block: str) -> Story:
    """
    >>> parse_story("i past: key, pot\\n1: hid key me / broken pot\\nC: key waits").verses
    (('hid', 'key', 'me'), ('broken', 'pot'))
    """
    head, *rows = block.split("\n")
    voice, _, theme = head.partition(":")
    beats = {
        name: [tuple(beat.split()) for beat in text.split("/")] for name, _, text in (r.partition(":") for r in rows)
    }
    verses = tuple(beat for name in sorted(beats.keys() - {"C"}) for beat in beats[name])
    person, tense = voice.split()
    return Story(person, tense, tuple(w.strip() for w in theme.split(",")), verses, tuple(beats.get("C", ())))


class Planner:
    """Draws outlines with a step model over a vocabulary of its own."""

    def __init__(self, model: StepModel, vocabulary: Vocabulary, stories: Path | None = None) -> None:
        """`stories`: a file of them; None: the planner draws all words by itself."""
        self.model, self.vocabulary = model, vocabulary
        self.stories = read_stories(stories) if stories is not None and stories.exists() else ()
        self.size = len(vocabulary)

    @classmethod
    def load(cls, path: Path) -> Planner:
        """From a planner.onnx, which holds its vocabulary; its stories lie beside it. Raises `RunError`."""
        model = EightBitModel(path, 1)
        facts = model.session.get_modelmeta().custom_metadata_map
        vocabulary = Vocabulary.from_json(facts.get("vocabulary", ""), str(path))
        return cls(model, vocabulary, path.with_name(STORIES))

    def ids(self, words: Sequence[str]) -> list[int]:
        index = self.vocabulary.index
        return [index[w] for w in words if w in index]

    def mask(self, words: Sequence[str]) -> Bools:
        """(V,) true at these words."""
        out = np.zeros(self.size, dtype=bool)
        out[self.ids(words)] = True
        return out

    @cached_property
    def words(self) -> Bools:
        """(V,) true at words, false at special tokens and at numbers and marks."""
        return np.array([t not in SPECIALS and t[0].isalpha() for t in self.vocabulary.tokens])


class Outliner:
    """Outlines for the songs of one compiled plan."""

    def __init__(
        self, opened: Callable[[], Planner], song: ExactSongAutomaton, tells: Bools, about: Sequence[str] = (),
        person: str = "", tense: str = "", topics: Nearest | None = None,
    ) -> None:  # fmt: skip
        """`opened`: the planner, which is opened when words are drawn; `tells` (W,): words of the run that can tell a
        theme. `person`, `tense`: "" for those of the given lines, else those that the seed draws."""
        self.opened, self.song, self.tells, self.about = opened, song, tells, tuple(about)
        given = voice_of(song.table.words[w] for words in song.given.values() for w in words)
        self.person, self.tense, self.topics = person or given[0], tense or given[1], topics
        self.endings: dict[int, Bools] = {}

    @cached_property
    def planner(self) -> Planner:
        return self.opened()

    @cached_property
    def here(self) -> Ints:
        """(V,) ids of the run for the planner's words; -1: none."""
        index = self.song.table.index
        return np.array([index.get(t, -1) for t in self.planner.vocabulary.tokens])

    @cached_property
    def there(self) -> Ints:
        """(W,) ids of the planner for the run's words; -1: none."""
        out = np.full(len(self.song.table.words), -1, dtype=np.int64)
        known = np.flatnonzero((self.here >= 0) & self.planner.words)
        out[self.here[known]] = known
        return out

    @cached_property
    def usable(self) -> Bools:
        """(V,) words that the song may have."""
        out = np.zeros(self.planner.size, dtype=bool)
        known = self.there[self.there >= 0]
        out[known] = self.song.usable[self.here[known]]
        return out

    @cached_property
    def content(self) -> Bools:
        """(V,) words among these that can tell a theme."""
        tells = np.zeros(len(self.song.table.words), dtype=bool)
        tells[: len(self.tells)] = self.tells
        return np.asarray(self.usable & tells[np.maximum(self.here, 0)])

    @cached_property
    def syllables(self) -> Ints:
        """(V,) the fewest syllables of each word."""
        return np.array([self.count(w) for w in self.here.tolist()])

    def count(self, word: int) -> int:
        """The fewest syllables of a word of the run."""
        return min(self.song.table.signature(word).syllables, default=1) if word >= 0 else 1

    # --- the features that the writing network reads

    def rows(self, outline: Outline) -> Floats:
        """(lines, 6) the outline as features of the network that writes: 1 + id, 0 for none."""
        table = self.song.table
        out = np.zeros((len(outline.lines) + NEXT, SAID + NEXT), dtype=np.float32)
        for i, words in enumerate(outline.lines):
            for k, word in enumerate(words[:SAID]):
                w = table.index.get(word, -1)
                out[i, k] = w + 1 if w < table.known else 0
        for k in range(1, NEXT + 1):
            out[:-NEXT, SAID + k - 1] = out[k : len(out) - NEXT + k, 0]
        return out[:-NEXT]

    # --- drawing

    def draw(self, seed: int, tell: bool = True, drafts: int = DRAFTS) -> Outline:
        """The outline of the song of a seed. Without `tell` it has person, tense and theme, and words only for the
        lines of sections that are about something of their own."""
        if not tell and not any(line.about for line in self.song.lines):
            return self.voice(seed)
        story = self.story(seed) if tell else None
        beats = self.beats_of(story)
        words = tell or any(beats)
        mine = [Draft(k, self.song.initial_groups) for k in range(drafts if words else 1)]
        assigned = [self.song.assignment(seed * 1009 + draft.number) for draft in mine]
        state = self.planner.model.initial_state(len(mine))
        logits, state = self.step([self.id(SONG)] * len(mine), state)
        logits, state = self.step([self.id(OPENING)] * len(mine), state)
        state = self.premise(mine, seed, logits, state, story, words)
        for i, line in enumerate(self.song.lines if words else ()):
            new = i == 0 or line.section != self.song.lines[i - 1].section
            token = self.id(TAGS.get(line.name, TAGS["verse"])) if new else self.id(LINE)
            logits, state = self.step([token] * len(mine), state)
            state = self.line(i, mine, seed, logits, state, assigned, beats[i])
            mine, assigned, state = self.resampled(i, mine, assigned, seed, state)
        best = max(mine, key=lambda draft: draft.weight)
        lines = [line if tell or beats[i] else () for i, line in enumerate(best.lines)]
        lines += [()] * (len(self.song.lines) - len(lines))
        return Outline(best.words[0], best.words[1], tuple(best.words[2:]) or self.about, tuple(lines))

    def voice(self, seed: int) -> Outline:
        """An outline of person and tense alone, which needs no planner: as often as songs have them."""
        drawn = [
            wanted or shares[bisect(list(accumulate(share for _, share in shares)), uniform(key(seed, SALT), k))][0]
            for k, (wanted, shares) in enumerate(((self.person, PERSON_SHARES), (self.tense, TENSE_SHARES)))
        ]
        return Outline(drawn[0], drawn[1], self.about, ((),) * len(self.song.lines))

    def id(self, token: str) -> int:
        return self.planner.vocabulary.index.get(token, self.planner.vocabulary.unk)

    def step(self, ids: Sequence[int], state: State) -> tuple[Reals, State]:
        """Logits (K, V) of what follows the words `ids` (K,), and the new state."""
        return self.planner.model.step(np.array(ids, dtype=np.int64), state)

    def story(self, seed: int) -> Story | None:
        """The story of a seed: one on the theme, in the person and tense that are asked for; None: there is none."""
        found: Sequence[Story] = [
            s for s in self.planner.stories if self.person in ("", s.person) and self.tense in ("", s.tense)
        ]
        if not found:
            return None
        if self.about and self.topics:
            found = self.topics(self.about, found)[:NEAREST]
        few = [found[(CHOICE * seed + k) * STRIDE % len(found)] for k in range(min(CHOICE, len(found)))]
        return max(few, key=self.fit)  # seeds one after the other choose among different stories

    def fit(self, story: Story) -> int:
        """How many pairs of neighbours in the plan's rhyme groups the story's last words rhyme in."""
        beats, found = self.beats_of(story), 0
        for members in self.song.members:
            for i, j in pairwise(members):
                a, b = (self.tails(beats[k][-1]) if beats[k] else frozenset() for k in (i, j))
                found += not a.isdisjoint(b) and beats[i][-1] != beats[j][-1]
        return found

    def tails(self, word: int) -> frozenset[str]:
        """The rhyme sounds of a word of the planner."""
        return frozenset(sound.tail for _, sound in self.song.table.sounds(int(self.here[word])))

    def beats_of(self, story: Story | None) -> list[tuple[int, ...]]:
        """The words that a story has for every line, as ids of the planner; () where it has none."""
        out: list[tuple[int, ...]] = [()] * len(self.song.lines)
        verse = chorus = 0
        for i, line in enumerate(self.song.lines):
            if i not in self.song.beginnings:
                continue
            words: tuple[str, ...] = ()
            if line.about:  # one of the words that the section is said to be about
                words = (line.about[line.number % len(line.about)],)
            elif story is None:
                continue
            elif line.name in CHORUSES and story.chorus:
                words, chorus = story.chorus[chorus % len(story.chorus)], chorus + 1
            elif verse < len(story.verses):
                words, verse = story.verses[verse], verse + 1
            out[i] = tuple(w for w in self.planner.ids(words) if self.usable[w])
        return out

    def premise(
        self, mine: list[Draft], seed: int, logits: Reals, state: State, story: Story | None, themed: bool
    ) -> State:
        """Draw or give person, tense and, with `themed`, the theme."""
        p = self.planner
        person, tense = (story.person, story.tense) if story else (self.person, self.tense)
        persons, tenses = p.mask([person] if person else PERSONS), p.mask([tense] if tense else TENSES)
        for allowed in (persons, tenses):
            logits, state = self.all_take(mine, seed, logits, state, [allowed] * len(mine))
        if not themed:
            return state
        about = [w for w in self.about or (story.theme if story else ()) if w in p.vocabulary.index][:MOST_THEME]
        if about:
            for word in about:
                logits, state = self.all_take(mine, seed, logits, state, [p.mask([word])] * len(mine))
            return state
        breaks = p.mask(list(BREAKS - {END}))
        going = list(range(len(mine))) if self.content.any() else []
        for k in range(MOST_THEME):
            allowed = self.content | (breaks if k else False)
            picks = {n: self.pick(mine[n], seed, logits[n], allowed) for n in going}
            going = [n for n in going if not breaks[picks[n]]]
            for n in going:
                mine[n].words.append(p.vocabulary.tokens[picks[n]])
            logits, state = self.some_step(going, picks, logits, state)
        return state

    def all_take(
        self, mine: list[Draft], seed: int, logits: Reals, state: State, allowed: Sequence[Bools]
    ) -> tuple[Reals, State]:
        """Let every draft take a word of person, tense or theme from those allowed (V,); see `step`."""
        ids = [self.pick(d, seed, row, a) for d, row, a in zip(mine, logits, allowed, strict=True)]
        for draft, w in zip(mine, ids, strict=True):
            draft.words.append(self.planner.vocabulary.tokens[w])
        return self.step(ids, state)

    def some_step(
        self, going: Sequence[int], picks: dict[int, int], logits: Reals, state: State
    ) -> tuple[Reals, State]:
        """One step of the drafts `going`; the others stay as they are."""
        if not going:
            return logits, state
        at = np.array(going)
        new, after = self.step([picks[n] for n in going], tuple(s[:, at] for s in state))
        logits = logits.copy()
        logits[at] = new
        state = tuple(s.copy() for s in state)
        for s, a in zip(state, after, strict=True):
            s[:, at] = a
        return logits, state

    def line(
        self, i: int, mine: list[Draft], seed: int, logits: Reals, state: State, assigned: Sequence[Assignment],
        beat: Sequence[int],
    ) -> State:  # fmt: skip
        """The words of line i in every draft: its content words in the order of the line, then its last word."""
        if i not in self.song.beginnings:
            return self.known_line(i, mine, state)
        tokens = self.planner.vocabulary.tokens
        room = math.ceil(KEYED * max(map(len, self.song.lines[i].templates)))
        allowed = [self.allowed_ends(i, d, assigned[n]) for n, d in enumerate(mine)]
        ends = [self.beat_end(beat, able, logits[n]) for n, (able, _, _) in enumerate(allowed)]
        words = [self.content_of(i, beat, ends[n], assigned[n]) for n in range(len(mine))]
        said: list[list[int]] = [[] for _ in mine]
        for k in range(SAID - 1):
            picks: dict[int, int] = {}
            for n, draft in enumerate(mine):
                left = room - sum(self.syllables[w] for w in said[n])
                if beat or words[n]:
                    if k < len(words[n]) and self.syllables[words[n][k]] < left:
                        picks[n] = words[n][k]
                elif uniform(key(seed, SALT, draft.number, i), k) < WORDED[k]:
                    fitting = self.content & (self.syllables < left)
                    if fitting.any():
                        picks[n] = self.pick(draft, seed, logits[n], fitting)
                        draft.weight += self.worth(logits[n], picks[n])
            for n, w in picks.items():
                said[n].append(w)
                self.note(mine[n], w)
            logits, state = self.some_step(list(picks), picks, logits, state)
        picks = {}
        for n, draft in enumerate(mine):
            able, weights, opening = allowed[n]
            end = self.end(i, draft, seed, logits[n] + self.likely(ends[n]), able, weights, opening, assigned[n])
            if end >= 0:
                picks[n] = end
            rest = sorted((w for w in said[n] if w != end), reverse=True)
            draft.lines.append(tuple(tokens[w] for w in (end, *rest)) if end >= 0 else ())
        return self.some_step(list(picks), picks, logits, state)[1]

    def end(
        self, i: int, draft: Draft, seed: int, logits: Reals, able: Bools, weights: Reals | None,
        ends: WordSet | None, assignment: Assignment,
    ) -> int:  # fmt: skip
        """The last word of line i, drawn from those able to (V,) that no other line's end excludes; -1: none is
        found."""
        song = self.song
        for _ in range(TRIES):
            if not able.any():
                break
            w = self.pick(draft, seed, logits, able, weights)
            here = int(self.here[w])
            if not song.alike(i, here, ends, draft.groups, assignment, draft.written, frozenset(draft.ended)):
                draft.weight += self.worth(logits, w)
                draft.groups = song.close(i, draft.groups, ends, here)
                draft.written[i] = (here,)
                draft.ended.add(here)
                self.note(draft, w)
                return w
            able = able.copy()
            able[w] = False
        return -1

    def worth(self, logits: Reals, word: int) -> float:
        """What a word adds to the weight of a draft, from logits (V,)."""
        total = float(np.log(np.exp(logits - logits.max()).sum())) + float(logits.max())
        return float(logits[word]) - total + COMMON * math.log(word + 2.7)

    def likely(self, end: int) -> Reals:
        """(V,) nats for the last word that the story has for a line; -1: none."""
        out = np.zeros(self.planner.size)
        if end >= 0:
            out[end] = TOLD
        return out

    def beat_end(self, beat: Sequence[int], able: Bools, logits: Reals) -> int:
        """The word of a beat that is to end its line: its last word, or the likeliest that may; -1: none may."""
        fitting = [w for w in beat if able[w]]
        if beat and able[beat[-1]]:
            return beat[-1]
        return max(fitting, key=lambda w: logits[w], default=-1)

    def content_of(self, i: int, beat: Sequence[int], end: int, assignment: Assignment) -> list[int]:
        """The content words that line i is to hold besides its last word: its keywords, then its beat's rarest."""
        wanted = [int(self.there[w]) for w in assignment.get(i, ()) if self.there[w] >= 0]
        rest = sorted((w for w in beat if w != end and self.content[w]), reverse=True)
        kept = (wanted + rest)[: SAID - 1]
        order = {w: k for k, w in enumerate(beat)}
        return sorted(kept, key=lambda w: order.get(w, 0))

    def resampled(
        self, i: int, mine: list[Draft], assigned: list[Assignment], seed: int, state: State
    ) -> tuple[list[Draft], list[Assignment], State]:
        """The drafts after line i, drawn by their weights (systematic resampling); each keeps its number."""
        weights = np.array([draft.weight for draft in mine])
        share = np.exp(STEP * (weights - weights.max()))
        points = (uniform(key(seed, SALT, len(mine)), i) + np.arange(len(mine))) / len(mine)
        at = np.minimum(np.searchsorted(np.cumsum(share) / share.sum(), points, side="right"), len(mine) - 1)
        made = [mine[n].copy(k) for k, n in enumerate(at.tolist())]
        for draft in made:
            draft.weight *= 1 - STEP
        return made, [assigned[n] for n in at.tolist()], tuple(s[:, at] for s in state)

    def known_line(self, i: int, mine: list[Draft], state: State) -> State:
        """A given line, or one that repeats another."""
        song = self.song
        for n, draft in enumerate(mine):
            words = self.words_of(song.given[i]) if i in song.given else draft.lines[song.source[i]]
            draft.lines.append(words)
            for w in self.planner.ids((*words[:0:-1], *words[:1])):
                _, state = self.some_step([n], {n: w}, np.zeros((len(mine), self.planner.size)), state)
        return state

    def words_of(self, given: Sequence[int]) -> tuple[str, ...]:
        """The outline of a given line: its last word and its rarest content words."""
        words = self.song.table.words
        rest = sorted({int(self.there[w]) for w in given[:-1]} - {-1, int(self.there[given[-1]])}, reverse=True)
        kept = [w for w in rest if self.content[w]][: SAID - 1]
        return (words[given[-1]], *(self.planner.vocabulary.tokens[w] for w in kept))

    def note(self, draft: Draft, word: int) -> None:
        draft.said[word] = draft.said.get(word, 0) + 1

    def allowed_ends(
        self, i: int, draft: Draft, assignment: Assignment
    ) -> tuple[Bools, Reals | None, WordSet | None]:
        """(V,) the words that may end line i in a draft, weights (V,) for those that open a rhyme group, and the set
        of words that may rhyme there (None: any)."""
        out, weights = np.zeros(self.planner.size, dtype=bool), None
        ends = self.song.open(i, assignment, draft.groups).ends
        if ends is None:
            out |= self.can_end(self.song.kind(i, assignment))
        else:
            at = self.there[ends.words]
            out[at[at >= 0]] = True
            g = self.song.lines[i].group
            if not draft.groups[g].chosen and self.song.rhymes.finals is not None:
                reward = self.song.rewards(i, tuple(assignment.items()), draft.groups[g], ends)
                weights = np.ones(self.planner.size)
                weights[at[at >= 0]] = np.sqrt(reward[ends.words[at >= 0]])
        out &= self.usable
        at = self.there[list(draft.ended)]
        out[at[at >= 0]] = False
        return out, weights, ends

    def can_end(self, kind: LineKind) -> Bools:
        """(V,) words that may end a line of this kind."""
        if kind.number not in self.endings:
            table = self.song.table
            able = np.array([kind.can_end(-1, c) for c in table.word_classes], dtype=bool)
            out = np.zeros(self.planner.size, dtype=bool)
            known = np.flatnonzero(self.usable)
            out[known] = able[table.sig[self.here[known]]]
            self.endings[kind.number] = out
        return self.endings[kind.number]

    def pick(self, draft: Draft, seed: int, logits: Reals, allowed: Bools, weights: Reals | None = None) -> int:
        """A word of the allowed (V,), drawn by logits (V,)."""
        at = np.flatnonzero(allowed)
        x = logits[at]
        for w, times in draft.said.items():
            k = int(np.searchsorted(at, w))
            if k < len(at) and at[k] == w:
                x[k] -= AGAIN * times
        e = np.exp((x - x.max()) / TEMPERATURE)
        if weights is not None:
            e = e * weights[at]
        point = uniform(key(seed, SALT, draft.number), draft.drawn) * e.sum()
        draft.drawn += 1
        k = min(int(np.searchsorted(np.cumsum(e), point, side="right")), len(at) - 1)
        return int(at[k])
