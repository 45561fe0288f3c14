"""Plans read off songs: one like a given song (`--like`), one that fills a draft's open lines (`--fill`)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

from lyricist._io import decode_text
from lyricist.corpus import Line, Section, Song, parse_song
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.plan.fields import SectionPlan
from lyricist.plan.given_lines import find_faults
from lyricist.plan.parse import MAX_LINES, MAX_SYLLABLES, OPEN_LINES, repeats, shown
from lyricist.plan.plan import Plan
from lyricist.plan.shape import RETURNING
from lyricist.plan.song_spec import LETTERS, lay_out, scheme_letters
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.metre import FUNCTION_WORDS, breaks
from lyricist.prosody.phones import Reading
from lyricist.prosody.rhyme import kind
from lyricist.prosody.scan import scan_line
from lyricist.prosody.scheme import REACH

# --- Single lines that a song says again, as a plan like it is to have them (`SectionPlan.again`)

Words = tuple[str, ...]


class LineRepeats:
    """Goes through a song's lines in order and knows which say an earlier one again. Lines count from 0.

    What rhymes with a line that comes back rhymes with it wherever it stands, so that rhymes of two sections become
    one: where that one would not be perfect, the line is taken for a new one.
    """

    def __init__(self) -> None:
        self.first: dict[Words, int] = {}  # where a line's words stand first
        self.words: list[Words] = []
        self.slots: list[str] = []
        self.ends: list[Reading | None] = []  # how the last words of rhyming lines are read
        self.rhymes: list[set[int]] = []  # for every line, those of its rhyme, each line that comes back once

    def section(
        self, plan: SectionPlan, lines: Sequence[Words], ends: Sequence[Reading | None], comes_back: bool
    ) -> SectionPlan:
        """The plan of the next section, with `again`; `comes_back`: all of it is there already."""
        start, letters = len(self.slots), plan.rhyme or ""
        self.words += lines
        self.slots += plan.metre
        self.ends += ends
        for letter in letters:
            alike = {start + j for j, other in enumerate(letters) if other == letter != "X"}
            self.rhymes.append(alike)
        again = [0 if comes_back else self.line(start + j, words) for j, words in enumerate(lines)]
        return plan.model_copy(update={"again": repeats(again, "again", MAX_LINES)})

    def line(self, here: int, words: Words) -> int:
        """The number, from 1, of the line that this one says again; 0 for none."""
        there = self.first.setdefault(words, here)
        if there == here or not words or not self.alike(here, there):
            return 0
        mine, theirs = self.rhymes[here] - {here}, self.rhymes[there] - {there}
        end = self.ends[here]
        if end and not self.perfect(mine, {there} | theirs, here, there):
            return 0
        self.ends[there] = self.ends[there] or end
        joined = mine | theirs | ({there} if mine or theirs else set())
        for line in joined | {here}:
            self.rhymes[line] = joined
        return there + 1

    def alike(self, a: int, b: int) -> bool:
        """Whether two lines are the same words, with the same slots and the same sound at the end."""
        one, other = self.ends[a], self.ends[b]
        same = self.words[a] == self.words[b] and self.slots[a] == self.slots[b]
        return same and not (one and other and one != other)

    def perfect(self, mine: Collection[int], theirs: Collection[int], here: int, there: int) -> bool:
        """Whether the lines of two rhymes make one, in which those that are alike will be the same; line `there` is
        read as line `here`."""
        for a, b in product(mine, theirs):
            one, other = self.ends[a], self.ends[here if b == there else b]
            if a != b and not self.alike(a, b) and not (one and other and kind(one, other) == "perfect"):
                return False
        return True


split = WordTokenizer().split
MAX_BYTES = 1_000_000
SCHEMES = ("ABAB", "AABB", "ABBA", "XAXA", "AXAX", "AAAA", "AA")  # tried on half a stanza, the commonest first
PERIODS = (1, 2, 4)  # lines after which lengths come again


def read_song(path: Path | str, option: str = "--like") -> Song:
    """One song of a text file; its labels are honoured. `InputError` if there is none in it.

    In a draft (`--fill`) lines of `...` alone are kept, as lines whose text is empty.
    """
    text = read_text(Path(path), option)
    song = parse_song(mark_open(text) if option == "--fill" else text, source=Path(path).name)
    song = replace(song, sections=tuple(replace(s, lines=tuple(map(unmark, s.lines))) for s in song.sections))
    if not any(line.text for line in song.lines()) and option == "--like":
        raise InputError(f"{option} {path} holds no lyrics")
    if not song.sections:
        raise InputError(f"{option} {path} holds no lines: write the lines to keep, and ... for those to be written")
    if sum(len(s.lines) for s in song.sections) > MAX_LINES:
        raise InputError(f"{option} {path} has more than {MAX_LINES} lines: is it one song?")
    return song


def read_text(path: Path, option: str) -> str:
    try:
        with path.open("rb") as handle:
            data = handle.read(MAX_BYTES + 1)
    except OSError as e:
        raise InputError(f"{option} {path} cannot be read ({e.strerror}): check the name") from e
    if len(data) > MAX_BYTES:
        raise InputError(f"{option} {path} is larger than {MAX_BYTES // 1_000_000} MB: is it one song?")
    return decode_text(data, f"{option} {path}")


def mark_open(text: str) -> str:
    """Open lines as words of their own, each different, so that the reader takes none for debris or a repeat."""
    lines = text.splitlines()
    return "\n".join(
        f"Openline{i}open" if line.strip() in OPEN_LINES - {""} else line for i, line in enumerate(lines)
    )


def unmark(line: Line) -> Line:
    return Line("") if re.fullmatch(r"Openline\d+open", line.text) else line


def plan_like(song: Song, lexicon: Lexicon) -> Plan:
    """Form, lines that return, syllables, stresses and perfect rhymes of a song, which itself satisfies the plan.

    `InputError` for a line that cannot be sung: without words that can be read aloud, or of too many syllables.
    """
    keep, sayings = returns_whole(song.sections), LineRepeats()
    made, seen = [], set()
    for section in song.sections:
        lines = [split(line.text) for line in section.lines]
        plan, ends = section_like(section.name, lines, lexicon)
        comes_back = keep and section.name in RETURNING and section.name in seen
        made.append(sayings.section(plan, list(map(tuple, lines)), ends, comes_back))
        seen.add(section.name)
    return Plan(sections=tuple(made), keep_chorus=keep)


def section_like(
    name: str, lines: Sequence[Sequence[str]], lexicon: Lexicon
) -> tuple[SectionPlan, list[Reading | None]]:
    """A section's plan, and how the last words of its rhyming lines are read."""
    scheme, ends = perfect_scheme(lines, lexicon)
    slots = tuple(map(lambda words, end: slots_of(words, end, lexicon), lines, ends))
    lengths = tuple(map(len, slots))
    return SectionPlan(name=name, lines=len(lines), syllables=lengths, metre=slots, rhyme=scheme), ends


def slots_of(words: Sequence[str], end: Reading | None, lexicon: Lexicon) -> str:
    """The slots a line's words ask for, its last word read as `end`.

    Main stresses and lexical words of one syllable are strong, unstressed syllables beside them weak; function words
    and syllables that metre may bend either way are open.

    >>> from lyricist.prosody.lexicon import default_lexicon
    >>> slots_of("the memory of love".split(), None, default_lexicon())
    '?/x??/'
    """
    read = scan_line(words, lexicon, end=None if end is None else end.__eq__)
    slots = "".join(word_slots(word, r.stress) for word, r in zip(words, read.readings, strict=True))
    if not 1 <= len(slots) <= MAX_SYLLABLES:
        raise InputError(
            f"line {shown(' '.join(words))} has {len(slots)} syllables and a sung line 1 to {MAX_SYLLABLES}"
        )
    return slots


def word_slots(word: str, stress: str) -> str:
    """
    >>> word_slots("the", "0"), word_slots("love", "1"), word_slots("memory", "100"), word_slots("river", "10")
    ('?', '/', '/x?', '/x')
    """
    if len(stress) == 1:
        return "?" if word in FUNCTION_WORDS else "/"
    strong = {"1": "/", "2": "?"}
    return "".join(strong.get(d) or ("x" if breaks(stress, i, "/") else "?") for i, d in enumerate(stress))


def perfect_scheme(lines: Sequence[Sequence[str]], lexicon: Lexicon) -> tuple[str, list[Reading | None]]:
    """A section's scheme by perfect rhyme, and the reading of each line's last word that makes it.

    A line joins the first rhyme whose every line it rhymes with, so that a word that comes again stays free (X).

    >>> from lyricist.prosody.lexicon import default_lexicon
    >>> lines = [["my", "love"], ["the", "sea"], ["above"], ["me"], ["sea"], []]
    >>> perfect_scheme(lines, default_lexicon())[0]
    'ABABXX'
    """
    rhymes: list[dict[int, Reading]] = []  # line -> its reading
    by_tail: dict[str, list[dict[int, Reading]]] = defaultdict(list)
    for i, words in enumerate(lines):
        options = lexicon.readings(words[-1]) if words else ()
        homes = ((group, r) for r in options for group in by_tail[r.tail] if joins(r, i, group))
        home, reading = next(homes, (None, options[0] if options else None))
        if home is not None and reading is not None:
            home[i] = reading
        elif reading is not None:
            rhymes.append({i: reading})
            by_tail[reading.tail].append(rhymes[-1])
    shared = [g for g in rhymes if len(g) > 1]
    letters = {i: LETTERS[n] for n, group in enumerate(shared[: len(LETTERS)]) for i in group}
    ends = {i: reading for group in shared for i, reading in group.items()}
    return "".join(letters.get(i, "X") for i in range(len(lines))), [ends.get(i) for i in range(len(lines))]


def joins(reading: Reading, line: int, group: Mapping[int, Reading]) -> bool:
    """Whether a line's end rhymes with all of a group, the last of which is near enough to be heard."""
    return line - max(group) <= REACH and all(kind(other, reading) == "perfect" for other in group.values())


def returns_whole(sections: Sequence[Section]) -> bool:
    """Whether sections that come back do so word for word; open lines agree with everything."""
    first: dict[str, Section] = {}
    for section in sections:
        if section.name in RETURNING:
            before = first.setdefault(section.name, section)
            if len(before.lines) != len(section.lines):
                return False
            pairs = zip(before.lines, section.lines, strict=True)
            if any(a.text and b.text and split(a.text) != split(b.text) for a, b in pairs):
                return False
    return True


def plan_fill(song: Song, base: Plan, lexicon: Lexicon) -> Plan:
    """A draft's sections with its lines to keep, inside what else is asked for; see `fill`."""
    return fill(song, {name: getattr(base, name) for name in base.model_fields_set}, lexicon)


def fill(song: Song, asked: Mapping[str, Any], lexicon: Lexicon) -> Plan:
    """The plan of a draft and of what is asked for besides (fields of a plan).

    Where neither syllables nor metre are asked for, line lengths are those of the kept lines if these follow a
    pattern; where no rhyme is asked for, so does the scheme. Else they are free. `InputError` where the draft and
    what is asked for both say what sections there are.
    """
    for name in ("form", "lines", "sections"):
        if asked.get(name):
            named = "[[section]] tables" if name == "sections" else f"--{name}"
            raise InputError(f"--fill and {named} clash: the draft says what sections there are; leave one out")
    keep = asked.get("keep_chorus", True) and returns_whole(song.sections)
    names, texts = [s.name for s in song.sections], texts_of(song.sections, keep)
    fixed = {**asked, "keep_chorus": keep}
    guessed = Plan(**fixed, sections=draft_sections(names, texts, asked, lexicon))
    if not any(find_faults(lay_out(guessed), lexicon)):
        return guessed
    plain = [SectionPlan(name=name, text=tuple(lines)) for name, lines in zip(names, texts, strict=True)]
    return Plan(**fixed, sections=tuple(plain))


def draft_sections(
    names: Sequence[str], texts: Sequence[Sequence[str]], asked: Mapping[str, Any], lexicon: Lexicon
) -> tuple[SectionPlan, ...]:
    """Sections with their lines to keep, and what these say of lengths and rhymes where nothing is asked for."""
    kept = [[split(text) for text in lines] for lines in texts]
    counted = bool(asked.get("syllables") or asked.get("metre"))
    lengths = [()] * len(names) if counted else guess_lengths(names, kept, lexicon)
    return tuple(
        SectionPlan(
            name=name,
            text=tuple(texts[i]),
            syllables=lengths[i],
            rhyme=None if asked.get("rhyme") else guess_scheme(i, names, kept, lexicon),
        )
        for i, name in enumerate(names)
    )


def texts_of(sections: Sequence[Section], keep: bool) -> list[list[str]]:
    """The lines of each section; those that come back (`keep`) with what any of them says."""
    texts = [[line.text for line in section.lines] for section in sections]
    for name in RETURNING if keep else ():
        same = [i for i, section in enumerate(sections) if section.name == name]
        merged = [next(filter(None, lines), "") for lines in zip(*(texts[i] for i in same), strict=True)]
        for i in same:
            texts[i] = merged
    return texts


def guess_lengths(
    names: Sequence[str], kept: Sequence[Sequence[Sequence[str]]], lexicon: Lexicon
) -> list[tuple[int, ...]]:
    """Line lengths of each section: those of all kept lines of the draft, else of all sections of its name."""
    whole = guess_syllables(kept, lexicon)
    if whole:
        return [whole] * len(names)
    by_name = {
        name: guess_syllables([k for n, k in zip(names, kept, strict=True) if n == name], lexicon, least=2)
        for name in names
    }
    return [by_name[name] for name in names]


def guess_syllables(sections: Sequence[Sequence[Sequence[str]]], lexicon: Lexicon, least: int = 1) -> tuple[int, ...]:
    """Line lengths that all kept lines follow, repeating after 1, 2 or 4 lines of each section; () if there are none.

    A pattern must be seen to repeat: of 2 or 4 lines it needs one kept line more. `least`: kept lines needed.

    >>> from lyricist.prosody.lexicon import default_lexicon
    >>> lines = ["the river ran below the town", "", "and all the lights were coming down", ""]
    >>> guess_syllables([[line.split() for line in lines]], default_lexicon())
    (8,)
    """
    lengths = [(i, possible(words, lexicon)) for lines in sections for i, words in enumerate(lines) if words]
    for period in PERIODS:
        shared = [common([n for i, n in lengths if i % period == k]) for k in range(period)]
        if all(shared) and len(lengths) >= max(least, period + (period > 1)):
            return tuple(min(numbers) for numbers in shared)
    return ()


def common(sets: Sequence[set[int]]) -> set[int]:
    return set.intersection(*sets) if sets else set()


def possible(words: Sequence[str], lexicon: Lexicon) -> set[int]:
    """Numbers of syllables that a line can be read with."""
    sums = {0}
    for word in words:
        sums = {n + k for n in sums for k in {r.syllables for r in lexicon.readings(word)} or {0}}
    return {n for n in sums if 1 <= n <= MAX_SYLLABLES}


def guess_scheme(at: int, names: Sequence[str], kept: Sequence[Sequence[Sequence[str]]], lexicon: Lexicon) -> str:
    """A section's scheme: its own if it is whole, else a whole section's of its name, else its kept lines'."""
    own = kept[at]
    if all(own):
        return perfect_scheme(own, lexicon)[0]
    known = known_rhymes(own, lexicon)
    whole = (k for n, k in zip(names, kept, strict=True) if n == names[at] and len(k) == len(own) and all(k))
    models = [perfect_scheme(lines, lexicon)[0] for lines in whole]
    for scheme in models:
        if agrees(scheme, known) is not None:
            return scheme
    found = [(agrees(full, known) or 0, -i, full) for i, s in enumerate(SCHEMES) if (full := repeated(s, len(own)))]
    best = max(found, default=(0, 0, ""))
    return best[2] if best[0] else perfect_scheme(own, lexicon)[0]


def known_rhymes(lines: Sequence[Sequence[str]], lexicon: Lexicon) -> dict[tuple[int, int], bool]:
    """For every two kept lines, whether some readings of their last words rhyme."""
    ends = {i: lexicon.readings(words[-1]) for i, words in enumerate(lines) if words}
    return {(i, j): any(kind(a, b) == "perfect" for a in ends[i] for b in ends[j]) for i, j in combinations(ends, 2)}


def agrees(scheme: str, known: dict[tuple[int, int], bool]) -> int | None:
    """How many pairs of kept lines rhyme as a scheme says; None if a pair does not.

    >>> agrees("ABAB", {(0, 2): True}), agrees("AABB", {(0, 1): False})
    (1, None)
    """
    paired = [rhymed for (i, j), rhymed in known.items() if scheme[i] == scheme[j] != "X"]
    return len(paired) if all(paired) else None


def repeated(scheme: str, lines: int) -> str:
    """A scheme over whole groups of lines in fresh letters; "" if it does not come out even.

    >>> repeated("ABAB", 8), repeated("ABAB", 6)
    ('ABABCDCD', '')
    """
    return "".join(scheme_letters(scheme, lines)) if lines % len(scheme) == 0 and lines <= 2 * len(LETTERS) else ""
