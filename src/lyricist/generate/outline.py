"""What a song will say, decided before its lines: for every line its last word, other key words, and its persons.

With `Drawing.story` a seed takes one of the stories that lie beside a network that reads outlines
(`plan/premise.py`): the one of a few that fits the plan best, or, on a theme, one of those nearest to it. What the
plan does not allow is left out: a last word that does not rhyme as asked, words that a line has no room for. The
network that writes the lines reads the outline (`prosody.features.OUTLINE`) and is steered towards it; it is no
constraint.
Without a story a song has only its person and tense. W words of the model and the plan.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np

from lyricist._numbers import key, uniform
from lyricist.corpus import CHORUSES
from lyricist.corpus.grammar import is_subject_form, person_of, voice_of
from lyricist.generate.result import Outline
from lyricist.generate.rhyme_groups import GroupState
from lyricist.generate.song import Assignment, ExactSongAutomaton
from lyricist.model.habits import NONE, Habits, Shares
from lyricist.plan.premise import Beat, Nearest, Story, stories_of
from lyricist.prosody.features import NEXT, PEOPLE, SAID, TOLD, Floats

# Of the songs written for the starter.
PERSON_SHARES = (("i", 0.37), ("you", 0.205), ("he", 0.175), ("she", 0.125), ("we", 0.085), ("they", 0.05))
TENSE_SHARES = (("present", 0.503), ("past", 0.5))
SALT = 7_001  # of the keys of random numbers
KEYED = 0.6  # share of a line's syllables that its key words may take, beside its last word
HELD = 1.0  # nats for each word of its outline that a line holds
WHO = 1.0  # nats for a line whose subject is the outline's, and off another


@dataclass
class Ends:
    """The last words chosen so far: the rhyme groups' states, by line the ids, all ids, and groups that the network
    decides."""

    groups: tuple[GroupState, ...]
    written: dict[int, tuple[int, ...]] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    open: set[int] = field(default_factory=set)


class Outliner:
    """Outlines for the songs of one compiled plan."""

    def __init__(
        self, song: ExactSongAutomaton, stories: Sequence[str] = (), about: Sequence[str] = (), person: str = "",
        tense: str = "", nearest: Nearest | None = None, habits: Habits = NONE,
    ) -> None:  # fmt: skip
        """`stories`: as in `stories_of`; `habits`: how the songs go that the run was fine-tuned on. `person`,
        `tense`: "" for those of the given lines, else those that the seed draws."""
        self.song, self.stories, self.about, self.nearest = song, stories, tuple(about), nearest
        self.habits = habits
        given = voice_of(song.table.words[w] for words in song.given.values() for w in words)
        self.person, self.tense = person or given[0], tense or given[1]

    # --- what the network that writes reads, and what its lines say of it

    def rows(self, outline: Outline) -> Floats:
        """(lines, TOLD) the outline as features of the network that writes: 1 + id, 0 for none."""
        out = np.zeros((len(outline.lines) + NEXT, TOLD), dtype=np.float32)
        for i, words in enumerate(outline.lines):
            out[i, : len(words)] = [self.number(word) for word in words]
        for i, people in enumerate(outline.people):
            out[i, SAID : SAID + len(people)] = [self.number(person) for person in people]
        for k in range(1, NEXT + 1):
            out[:-NEXT, SAID + PEOPLE + k - 1] = out[k : len(out) - NEXT + k, 0]
        return out[:-NEXT]

    def number(self, word: str) -> int:
        """1 + the id of a word that the network knows; 0 for others."""
        w = self.song.table.index.get(word, -1)
        return w + 1 if w < self.song.table.known else 0

    def told(self, row: Floats, line: Sequence[int]) -> float:
        """Nats for what a line says of its outline, `row` (TOLD,): its words, and who does it."""
        ids = (row[: SAID + PEOPLE].astype(np.int64) - 1).tolist()
        held = set(line)
        value = HELD * sum(w in held for w in ids[:SAID] if w >= 0)
        if (who := ids[SAID]) >= 0:
            person, subject = self.persons
            found = next((person[w] for w in line if subject[w]), "")
            value += WHO if found == person[who] else -WHO
        return value

    @cached_property
    def persons(self) -> tuple[list[str], list[bool]]:
        """(W,) the person that each word is a form of, and (W,) which words are subjects."""
        words = self.song.table.words
        return [person_of(w) for w in words], [is_subject_form(w) for w in words]

    # --- the outline of a seed

    def tells(self, asked: bool) -> bool:
        """Whether songs of the plan tell stories, if that is `asked`: there are some, and no given line, which would
        be about something else."""
        return asked and bool(self.stories) and not self.song.given

    def draw(self, seed: int, tell: bool = True) -> Outline:
        """The outline of the song of a seed. Without `tell` it has person and tense, and words only for the lines of
        sections that are about something of their own."""
        story = self.story(seed) if self.tells(tell) else None
        beats = self.beats_of(story)
        person, tense = (story.person, story.tense) if story else self.voice(seed)
        if not any(beats):
            return Outline(person, tense, self.about, ((),) * len(beats))
        ends, assigned = Ends(self.song.initial_groups), dict(self.song.assignment(seed * 1009))
        lines: list[tuple[str, ...]] = []
        for i, beat in enumerate(beats):
            if i in self.song.beginnings:
                lines.append(self.line(i, beat, ends, assigned) if beat else self.unplanned(i, ends))
            else:
                given = self.song.given.get(i)
                lines.append((self.song.table.words[given[-1]],) if given else lines[self.song.source[i]])
        people = tuple((beat.who, beat.whom) if beat else ("", "") for beat in beats)
        theme = self.about or (story.theme if story else ())
        return Outline(person, tense, theme, tuple(lines), people)

    def voice(self, seed: int) -> tuple[str, str]:
        """Person and tense, drawn as often as songs have them where they are not asked for."""
        person = self.person or drawn(self.habits.persons or PERSON_SHARES, seed, 0)
        tense = self.tense or drawn(self.habits.tenses or TENSE_SHARES, seed, 1)
        return person, tense

    def story(self, seed: int) -> Story | None:
        """The story of a seed; None: there is none in the person and tense that are asked for."""
        few = stories_of(self.stories, seed, self.person, self.tense, self.about, self.nearest)
        return max(few, key=self.fit, default=None)

    def fit(self, story: Story) -> int:
        """How well a story fits the plan: lines of the length that they were made for, and pairs of neighbours in the
        plan's rhyme groups in which its last words rhyme."""
        beats, found = self.beats_of(story), 0
        for i, beat in enumerate(beats):
            found += beat is not None and beat.syllables in map(len, self.song.lines[i].templates)
        for members in self.song.members:
            for one, other in pairwise([beats[i] for i in members]):
                if one and other and one.words[-1] != other.words[-1]:
                    found += not self.tails(one.words[-1]).isdisjoint(self.tails(other.words[-1]))
        return found

    def tails(self, word: str) -> frozenset[str]:
        """The rhyme sounds of a word."""
        return frozenset(sound.tail for _, sound in self.song.table.sounds(self.song.table.index[word]))

    def beats_of(self, story: Story | None) -> list[Beat | None]:
        """What a story has for every line, in words that the song may have; None where it has nothing."""
        out: list[Beat | None] = [None] * len(self.song.lines)
        verse = chorus = 0
        for i, line in enumerate(self.song.lines):
            if i not in self.song.beginnings:
                verse += line.name not in CHORUSES  # a story has verses line by line, with those that come back
                continue
            beat: Beat | None = None
            if line.about:  # one of the words that the section is said to be about
                beat = Beat((line.about[line.number % len(line.about)],))
            elif story is None:
                continue
            elif line.name in CHORUSES and story.chorus:
                beat, chorus = story.chorus[chorus % len(story.chorus)], chorus + 1
            elif verse < len(story.verses):
                beat, verse = story.verses[verse], verse + 1
            kept = tuple(word for word in beat.words if self.usable(word)) if beat else ()
            out[i] = beat._replace(words=kept) if beat and kept else None
        return out

    def usable(self, word: str) -> bool:
        w = self.song.table.index.get(word, -1)
        return w >= 0 and bool(self.song.usable[w])

    def unplanned(self, i: int, ends: Ends) -> tuple[str, ...]:
        """Nothing for line i; its rhyme group is left to the network."""
        ends.open.add(self.song.lines[i].group)
        return ()

    def line(self, i: int, beat: Beat, ends: Ends, assigned: Assignment) -> tuple[str, ...]:
        """The last word of line i, "" if the network chooses it, and the key words that it has room for."""
        table = self.song.table
        end = self.end(i, table.index[beat.words[-1]], ends, assigned)
        room = math.ceil(KEYED * max(map(len, self.song.lines[i].templates)))
        kept: list[str] = []
        for word in (*(table.words[w] for w in assigned.get(i, ())), *(beat.words[:-1] if end else beat.words)):
            size = min(table.signature(table.index[word]).syllables, default=1)
            if len(kept) < SAID - 1 and size < room and word != end:
                kept.append(word)
                room -= size
        return (end, *kept)

    def end(self, i: int, word: int, ends: Ends, assigned: Assignment) -> str:
        """The word, if line i may end on it; else "", and the rhymes of its group are left to the network."""
        song, group = self.song, self.song.lines[i].group
        able = song.open(i, assigned, ends.groups).ends
        if able is None:
            fine = song.kind(i, assigned).can_end(-1, song.table.word_classes[song.table.sig[word]])
        else:
            fine = group not in ends.open and word in set(able.words.tolist())
        if not fine or word in ends.used:
            ends.open.add(group)
            return ""
        if song.alike(i, word, able, ends.groups, assigned, ends.written, frozenset(ends.used)):
            ends.open.add(group)
            return ""
        ends.groups = song.close(i, ends.groups, able, word)
        ends.written[i] = (word,)
        ends.used.add(word)
        return song.table.words[word]


def drawn(shares: Shares, seed: int, number: int) -> str:
    """A name with the probability of its share; "" if there are none."""
    if not shares:
        return ""
    ends = list(accumulate(share for _, share in shares))
    return shares[bisect(ends[:-1], uniform(key(seed, SALT), number))][0]
