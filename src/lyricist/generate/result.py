"""The results of writing: lines and songs, their readings, their titles, and their JSON."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, TypeVar

from lyricist.corpus import CHORUSES, Section
from lyricist.corpus import Song as CorpusSong
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import UnfinishedSongs
from lyricist.generate.line_score import Score
from lyricist.model.tokens import capital
from lyricist.model.topics import is_plain
from lyricist.plan.song_spec import GroupSpec, LineSpec, SongSpec
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.metre import FUNCTION_TABLE, FUNCTION_WORDS, fits
from lyricist.prosody.phones import Reading
from lyricist.prosody.rhyme import key
from lyricist.prosody.scan import Scansion, scan_line

# --- What comes out of writing, as it is made


@dataclass(frozen=True)
class LineWritten:
    """A finished line of the song with this seed. `opens`: the name of the section that it begins, or ""."""

    seed: int
    text: str
    opens: str
    first: bool  # of the song


@dataclass(frozen=True)
class SongWritten:
    """A finished song: its token ids and the free model's surprise, in nats for each token drawn."""

    seed: int
    ids: tuple[int, ...]
    nll_per_word: float
    log_form: float = 0.0  # estimate by the song's particles of the model's log probability of the plan, in nats
    choices: tuple[Choice, ...] = ()  # word by word, if they were asked for
    unmet: int = 0  # lines that a condition on whole lines could not be met for
    scores: tuple[Score, ...] = ()  # of the lines that were written, where drafts were judged
    outline: Outline | None = None  # that the lines were written to


@dataclass(frozen=True)
class SongFailed:
    """No words can finish the song with this seed, and why."""

    seed: int
    reason: str


Event = TypeVar("Event")


def delivered(events: Iterable[Event | SongFailed]) -> Iterator[Event]:
    """The events of the songs that can be finished. Raises `UnfinishedSongs` after the last of them, if there are
    others."""
    reasons: dict[int, str] = {}
    for event in events:
        if isinstance(event, SongFailed):
            reasons[event.seed] = event.reason
        else:
            yield event
    if reasons:
        raise UnfinishedSongs(reasons)


@dataclass(frozen=True)
class Outline:
    """What a song says: `person` (i, you, he, she, we, they or nobody), `tense` (past or present), the words of its
    `theme`, and for every line its last word and up to three others, () where nothing is planned, and its `people`:
    who does what it says, and who else is in it, as far as that is planned."""

    person: str
    tense: str
    theme: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    people: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Candidate:
    """One of the model's likeliest words: its probability under the free model, its probability among the allowed
    words, and what forbids it ("" if nothing does)."""

    word: str
    p: float
    drawn_p: float
    forbidden: str = ""


@dataclass(frozen=True)
class Choice:
    """How one word was chosen. `line` counts from 1; `mass`: the share of the model's probability that was
    allowed."""

    line: int
    word: str
    mass: float
    candidates: tuple[Candidate, ...] = field(default=())


class Usual:
    """Lines read with the usual reading of every word; readings are cached."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.word = cache(self.read)

    def read(self, word: str) -> tuple[Reading, str, str]:
        """A word's usual reading, stress digits and rhyme."""
        reading = self.lexicon.readings(word)[0]
        return reading, reading.stress, reading.tail

    def line(self, words: Sequence[str]) -> Scansion:
        found = [self.word(w) for w in words]
        stress = "".join(s for _, s, _ in found)
        return Scansion(tuple(r for r, _, _ in found), len(stress), stress, found[-1][2])


def scan_song(lines: Sequence[Sequence[str]], spec: SongSpec, lexicon: Lexicon) -> list[Scansion]:
    """One scansion for each line of a song that was written to a spec."""
    out = [scan_to(words, spec, lexicon) for words, spec in zip(lines, spec.lines, strict=True)]
    for g, group in enumerate(spec.groups):
        members = [i for i, spec in enumerate(spec.lines) if spec.group == g]
        rhymed = scan_group([lines[i] for i in members], [spec.lines[i] for i in members], group, lexicon)
        for i, scansion in zip(members, rhymed, strict=False):
            out[i] = scansion
    return out


def scan_to(words: Sequence[str], spec: LineSpec, lexicon: Lexicon, level: str = "", cls: str = "") -> Scansion:
    """A line read so that one of its templates fits and, if a class is given, its end has that class."""

    def ends_so(reading: Reading) -> bool:
        return key(reading, level) == cls  # type: ignore[arg-type]

    first = None
    for template in spec.templates:
        made = scan_line(words, lexicon, template, len(template), ends_so if cls else None)
        first = first or made
        rhymes = not cls or ends_so(made.readings[-1])
        if rhymes and made.syllables == len(template) and lawful(words, made, template):
            return made
    assert first is not None
    return first


def scan_group(
    lines: Sequence[Sequence[str]], specs: Sequence[LineSpec], group: GroupSpec, lexicon: Lexicon
) -> list[Scansion]:
    """The lines of a group read so that they rhyme; [] if no class holds for all (given lines may break a plan)."""
    if group.kind == "mosaic":  # words of one reading, or of readings that all rhyme so
        return []
    ends = [words[-1] for words in lines] + [group.with_word] * bool(group.with_word)
    for level in ("perfect", "family", "assonance") if group.kind == "near" else (group.kind,):
        for cls in shared_classes(ends, level, lexicon):
            made = [scan_to(words, spec, lexicon, level, cls) for words, spec in zip(lines, specs, strict=True)]
            if all(key(m.readings[-1], level) == cls for m in made):
                return made
    return []


def shared_classes(ends: Sequence[str], level: str, lexicon: Lexicon) -> list[str]:
    """Classes that every last word has in some reading; those of the first word's usual reading come first."""
    keys = [[key(r, level) for r in lexicon.readings(word) if r.syllables] for word in ends]  # type: ignore[arg-type]
    return [k for k in dict.fromkeys(keys[0]) if all(k in other for other in keys[1:])] if keys else []


def lawful(words: Sequence[str], made: Scansion, template: str) -> bool:
    """Whether a scansion keeps the rules of metre."""
    at = 0
    for _, reading in zip(words, made.readings, strict=True):
        if not fits(reading.stress, template[at : at + reading.syllables], free=True):
            return False
        at += reading.syllables
    return True


# --- A written song, as text and as the JSON of the contract

TITLE_WORDS = 6
LITTLE = frozenset({"upon", "into", "over", "under", "every", "any", "until", "a", "an"})


@dataclass(frozen=True)
class WrittenSong:
    """One finished song. `nll_per_word`: nats for each token under the free model. `copied`: words in the longest run
    that occurs in the training songs, None if unknown."""

    title: str
    seed: int
    sections: tuple[Section, ...]
    nll_per_word: float
    copied: int | None = None
    scansions: tuple[Scansion, ...] = ()  # one a line, for songs written to a plan
    choices: tuple[Choice, ...] = ()  # how each word was chosen, where that was asked for
    unmet: int = 0  # lines that a condition on whole lines could not be met for
    score: Score | None = None  # of the lines that were written, the mean, where drafts were judged
    outline: Outline | None = None  # that the lines were written to

    @property
    def text(self) -> str:
        """Lines, with a blank line between sections."""
        return CorpusSong("", "", self.sections, "").text()

    @property
    def form(self) -> str:
        """Such as "verse 4, chorus 4"."""
        return ", ".join(f"{s.name} {len(s.lines)}" for s in self.sections)

    def to_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "seed": self.seed,
            "nll_per_word": round(self.nll_per_word, 4),
            "copied": self.copied,
            **({} if self.score is None else {"score": self.score.to_json()}),
            **({} if self.outline is None else {"outline": asdict(self.outline)}),
            "sections": list(self.section_jsons()),
        }

    def section_jsons(self) -> Iterator[dict[str, Any]]:
        scans: Iterator[Scansion | None] = iter(self.scansions)
        for section in self.sections:
            lines = [line_json(line.text, next(scans, None)) for line in section.lines]
            yield {"name": section.name, "lines": lines}


def line_json(text: str, scan: Scansion | None) -> dict[str, Any]:
    """The JSON of one line; the fields of sound are null for a song that was written freely."""
    words = [written for _, written in WordTokenizer().split_surface(text)]
    if scan is None:
        sound: dict[str, Any] = {"reading": None, "syllables": None, "stress": None, "rhyme": None}
        return {"text": text, "words": words, **sound}
    return {
        "text": text,
        "words": words,
        "reading": [r.text for r in scan.readings],
        "syllables": scan.syllables,
        "stress": scan.stress,
        "rhyme": scan.rhyme,
    }


def first_words(sections: Sequence[Section]) -> str:
    """The chorus's first line, else the song's, cut to a few words of which the last is no function word.

    >>> from lyricist.corpus import Line
    >>> first_words([Section("verse", (Line("We came at dawn"),)), Section("chorus", (Line("Slide, slide"),))])
    'Slide, slide'
    >>> first_words([Section("verse", (Line("And in the land upon the shore"),))])
    'And in the land'
    """
    chosen = next((s for s in sections if s.name in CHORUSES), sections[0])
    whole = chosen.lines[0].text.split()
    words = whole[:TITLE_WORDS]
    while len(whole) > len(words) > 2 and (words[-1].lower() in LITTLE or words[-1].lower() in FUNCTION_WORDS):
        words.pop()
    return " ".join(words).rstrip(",;:.?!")


# --- A title from the song itself: a phrase that comes back, is the song's own and ends on a word of weight

LONGEST = 5  # words
LENGTHS = {1: -0.5, 2: 0.3, 3: 0.8, 4: 0.8, 5: 0.6}  # points by the number of words
RETURNS = 1.0  # point for each doubling of the times a phrase is sung
CHORUS = 2.0  # points for standing in one
OPENS, ENDS = 0.8, 0.5  # points for standing at the beginning of a line (after a conjunction, if any) and at its end
WHOLE, FRAGMENT = 0.5, -0.8  # points for a whole line, and for a part of one with pronouns or auxiliary verbs
WEIGHT, ENOUGH = 0.35, 7.5  # points for each e-fold of rarity of its rarest word, and the largest rarity that counts
PRONOUN, PREPOSITION = -0.6, -0.6  # points for "he became" and for "of a vest"
PRONOUNS = frozenset(FUNCTION_TABLE["pronouns"].split()) - {"my", "your", "his", "her", "its", "our", "their", "thy"}
PREPOSITIONS = frozenset(FUNCTION_TABLE["prepositions"].split()) | {"upon", "into", "within", "above", "between"}
VERBS = frozenset(f"{FUNCTION_TABLE['auxiliaries']} {FUNCTION_TABLE['contractions']}".split())
CLAUSE = VERBS | PRONOUNS
LITTLE_WORDS = FUNCTION_WORDS | LITTLE
# Function words that begin no title, and those after which a title may begin with a content word.
JOINING = frozenset(f"{FUNCTION_TABLE['conjunctions']} who whom which that not to there".split()) | VERBS
LEADING = frozenset(f"{FUNCTION_TABLE['prepositions']} {FUNCTION_TABLE['conjunctions']} so".split())


def title_of(sections: Sequence[Section], rarity: Callable[[str], float]) -> str:
    """The best phrase of a song; `rarity`: how rare a word in small letters is, in nats.

    Phrases have 1 to 5 words, end on a content word before a function word or a line's end, and do not begin with a
    conjunction or an auxiliary verb. If there is none, the title is the song's first words.

    >>> from lyricist.corpus import Line
    >>> lines = Line("And in the lonely harbour"), Line("I saw the harbour light")
    >>> title_of([Section("verse", lines)], lambda word: 5)
    'In the lonely harbour'
    """
    heard: Counter[tuple[str, ...]] = Counter()
    best: dict[tuple[str, ...], float] = {}  # points for their positions
    shown: dict[tuple[str, ...], tuple[str, ...]] = {}
    for section in sections:
        for line in section.lines:
            pairs = WordTokenizer().split_surface(line.text)
            words = [word for word, _ in pairs]
            for start, end in phrases(words):
                phrase = tuple(words[start:end])
                standing = CHORUS * (section.name in CHORUSES) + place(words, start, end)
                heard[phrase] += 1
                if standing > best.get(phrase, -math.inf):
                    best[phrase], shown[phrase] = standing, tuple(written for _, written in pairs[start:end])
    if not heard:
        return first_words(sections)
    rare = {w: min(rarity(w), ENOUGH) for phrase in best for w in phrase if not is_plain(w)}

    def points(phrase: tuple[str, ...]) -> tuple[float, tuple[str, ...]]:
        return worth(phrase, heard[phrase], rare) + best[phrase], phrase

    return capital(" ".join(shown[max(best, key=points)]))


def phrases(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(start, end) of the phrases of a line that may be a title."""
    ends = [
        e for e in range(1, len(words) + 1) if (e == len(words) or is_little(words[e])) and not is_plain(words[e - 1])
    ]
    for start in range(len(words)):
        if may_begin(words, start):
            yield from ((start, end) for end in ends if start < end <= start + LONGEST)


def may_begin(words: Sequence[str], start: int) -> bool:
    """Whether a title may begin here: on a function word of some kinds, or on a content word that begins the line or
    follows a preposition or conjunction."""
    if is_little(words[start]):
        return words[start] not in JOINING
    return start == 0 or words[start - 1] in LEADING


def is_little(word: str) -> bool:
    return word in LITTLE_WORDS


def place(words: Sequence[str], start: int, end: int) -> float:
    """Points for a phrase's position in its line."""
    opens = start == 0 or (start == 1 and words[0] in JOINING)
    ends = end == len(words)
    clause = not opens and not CLAUSE.isdisjoint(words[start:end])
    return OPENS * opens + ENDS * ends + WHOLE * (opens and ends) + FRAGMENT * clause


def worth(phrase: Sequence[str], times: int, rare: Mapping[str, float]) -> float:
    """Points for a phrase: its length, the number of its repeats, the rarity of its rarest word. `rare`: the rarity
    of content words."""
    rarest = max(rare[w] for w in phrase if w in rare)
    stub = PRONOUN if phrase[0] in PRONOUNS else PREPOSITION if phrase[0] in PREPOSITIONS else 0
    return stub + LENGTHS[len(phrase)] + RETURNS * math.log2(times) + WEIGHT * rarest
