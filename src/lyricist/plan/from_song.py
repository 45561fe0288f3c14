"""Plans read off songs: one like a given song (`--like`), one that fills a draft's open lines (`--fill`)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, combinations, product
from pathlib import Path
from typing import Any

from lyricist._io import decode_text
from lyricist.corpus import RETURNING, Line, Section, Song, parse_song
from lyricist.errors import InputError
from lyricist.plan.fields import SectionPlan
from lyricist.plan.forms import Form, named
from lyricist.plan.given_lines import find_faults
from lyricist.plan.parse import MAX_LINES, MAX_SYLLABLES, OPEN_LINES, read_small, repeats, shown
from lyricist.plan.plan import Plan, with_defaults
from lyricist.plan.shape import split
from lyricist.plan.song_spec import LETTERS, SongSpec, first_said, lay_out, scheme_letters
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.metre import FUNCTION_WORDS, breaks
from lyricist.prosody.phones import Reading
from lyricist.prosody.rhyme import key, kind
from lyricist.prosody.scan import scan_line
from lyricist.prosody.scheme import REACH

# --- Repeats of single lines in a song, as `SectionPlan.again` of a plan like it

Words = tuple[str, ...]


class LineRepeats:
    """Finds the lines of a song, read in order, that repeat an earlier line. Lines count from 0.

    A repeat joins the rhymes of two sections: lines that rhyme with it rhyme with its source too. If the joined rhyme
    would not be perfect, the line counts as a new line.
    """

    def __init__(self) -> None:
        self.first: dict[Words, int] = {}  # first line with these words
        self.words: list[Words] = []
        self.slots: list[str] = []
        self.ends: list[Reading | None] = []  # how the last words of rhyming lines are read
        self.rhymes: list[set[int]] = []  # for every line those of its rhyme, with each repeated line once

    def section(
        self, plan: SectionPlan, lines: Sequence[Words], ends: Sequence[Reading | None], comes_back: bool
    ) -> SectionPlan:
        """The plan of the next section, with `again`; `comes_back`: the whole section repeats an earlier one."""
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
        """The number, from 1, of the line that this one repeats; 0 for none."""
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
        """Whether the lines of two rhymes form one perfect rhyme; lines that are `alike` count as one. Line `there`
        is read as line `here`."""
        for a, b in product(mine, theirs):
            one, other = self.ends[a], self.ends[here if b == there else b]
            if a != b and not self.alike(a, b) and not (one and other and kind(one, other) == "perfect"):
                return False
        return True


SCHEMES = ("ABAB", "AABB", "ABBA", "XAXA", "AXAX", "AAAA", "AA")  # tried on half a stanza, the commonest first
PERIODS = (1, 2, 4)  # lines after which the pattern of lengths repeats


def read_song(path: Path | str, option: str = "--like") -> Song:
    """One song of a text file; its labels are honoured. `InputError` if there is none in it.

    In a draft (`--fill`) lines of `...` alone are kept, as lines whose text is empty.
    """
    name = f"{option} {path}"
    text = decode_text(read_small(Path(path), name, "is it one song?"), name)
    song = parse_song(mark_open(text) if option == "--fill" else text, source=Path(path).name)
    song = replace(song, sections=tuple(replace(s, lines=tuple(map(unmark, s.lines))) for s in song.sections))
    if not any(line.text for line in song.lines()) and option == "--like":
        raise InputError(f"{option} {path} holds no lyrics")
    if not song.sections:
        raise InputError(f"{option} {path} holds no lines: write the lines to keep, and ... for those to be written")
    if sum(len(s.lines) for s in song.sections) > MAX_LINES:
        raise InputError(f"{option} {path} has more than {MAX_LINES} lines: is it one song?")
    return song


def mark_open(text: str) -> str:
    """The text with every open line replaced by a different word, so that the reader keeps it and sees no repeat."""
    lines = text.splitlines()
    return "\n".join(
        f"Openline{i}open" if line.strip() in OPEN_LINES - {""} else line for i, line in enumerate(lines)
    )


def unmark(line: Line) -> Line:
    return Line("") if re.fullmatch(r"Openline\d+open", line.text) else line


def plan_like(song: Song, lexicon: Lexicon) -> Plan:
    """The plan of a song's form, repeated lines, syllables, stresses and perfect rhymes. The song satisfies it.

    Raises `InputError` for a line without syllables or with too many.
    """
    keep, sayings = returns_whole(song.sections), LineRepeats()
    made, seen = [], set()
    for section in song.sections:
        lines = [split(line.text) for line in section.lines]
        plan, ends = section_like(section.name, lines, lexicon)
        comes_back = keep and section.name in RETURNING and section.name in seen
        made.append(sayings.section(plan, list(map(tuple, lines)), ends, comes_back))
        seen.add(section.name)
    whole = Plan(sections=tuple(made), keep_chorus=keep)
    spec = lay_out(with_defaults(whole))
    return whole.model_copy(update={"same_sounds": sounds_meet(spec, sayings.words, sayings.ends)})


def sounds_meet(spec: SongSpec, lines: Sequence[Words], ends: Sequence[Reading | None]) -> bool:
    """Whether lines of different letters sound alike, or lines that do not repeat each other end on one word. `ends`:
    the readings of the last words of rhyming lines."""
    vowels = ["" if end is None else key(end, "assonance") for end in ends]
    if any(vowels[i] and vowels[i] == vowels[j] for i, own in enumerate(spec.rivals()) for j in own):
        return True
    last = {(words[-1], first_said(spec.lines, i)) for i, words in enumerate(lines) if words}
    return len({word for word, _ in last}) < len(last)


def section_like(
    name: str, lines: Sequence[Sequence[str]], lexicon: Lexicon
) -> tuple[SectionPlan, list[Reading | None]]:
    """A section's plan, and how the last words of its rhyming lines are read."""
    scheme, ends = perfect_scheme(lines, lexicon)
    slots = tuple(map(lambda words, end: slots_of(words, end, lexicon), lines, ends))
    lengths = tuple(map(len, slots))
    return SectionPlan(name=name, lines=len(lines), syllables=lengths, metre=slots, rhyme=scheme), ends


def slots_of(words: Sequence[str], end: Reading | None, lexicon: Lexicon) -> str:
    """The slots of a line's words, the last word read as `end`.

    Main stresses and content words of one syllable are strong, unstressed syllables beside them weak; function words
    and syllables that may be either in verse are open. Raises `InputError` for no syllables, or more than
    MAX_SYLLABLES.

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

    A line joins the first rhyme all of whose lines it rhymes with, so a repeated word stays free (X).

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
    """Whether a line's end rhymes with all lines of a group, the last of which is at most REACH lines away."""
    return line - max(group) <= REACH and all(kind(other, reading) == "perfect" for other in group.values())


def returns_whole(sections: Sequence[Section]) -> bool:
    """Whether returning sections return word for word; open lines agree with any line."""
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


def fill(song: Song, asked: Mapping[str, Any], lexicon: Lexicon) -> Plan:
    """The plan of a draft with further wishes (fields of a plan).

    Without syllables and metre in `asked`, line lengths are those of the kept lines if these follow a pattern, else
    free; the same holds for the scheme without rhyme in `asked`. Raises `InputError` if `asked` has sections.
    """
    form = named(asked.get("form"))
    if form is not None:
        return fill_form(song, form, asked)
    for name in ("form", "lines", "sections"):
        if asked.get(name):
            where = "[[section]] tables" if name == "sections" else f"--{name}"
            raise InputError(f"--fill and {where} clash: the draft says what sections there are; leave one out")
    keep = asked.get("keep_chorus", True) and returns_whole(song.sections)
    names, texts = [s.name for s in song.sections], texts_of(song.sections, keep)
    fixed = {**asked, "keep_chorus": keep}
    guessed = Plan(**fixed, sections=draft_sections(names, texts, asked, lexicon))
    if not any(find_faults(lay_out(guessed), lexicon)):
        return guessed
    plain = [SectionPlan(name=name, text=tuple(lines)) for name, lines in zip(names, texts, strict=True)]
    return Plan(**fixed, sections=tuple(plain))


def fill_form(song: Song, form: Form, asked: Mapping[str, Any]) -> Plan:
    """The plan of a draft in a named form, wherever its blank lines stand. Raises `InputError` for a draft of another
    number of lines."""
    texts, size = [line.text for line in song.lines()], sum(form.lengths)
    if len(texts) != size:
        raise InputError(
            f"--form {form.name} has {size} lines and the draft {len(texts)}: write ... for every line that is open"
        )
    starts = accumulate(form.lengths, initial=0)
    sections = [
        SectionPlan(name=table["name"], text=tuple(texts[i : i + table["lines"]]))
        for table, i in zip(form.sections, starts, strict=False)
    ]
    return Plan(**{**asked, "sections": tuple(sections)})


def draft_sections(
    names: Sequence[str], texts: Sequence[Sequence[str]], asked: Mapping[str, Any], lexicon: Lexicon
) -> tuple[SectionPlan, ...]:
    """Sections with their kept lines, and lengths and rhymes guessed from these where nothing is asked for."""
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
    """The lines of each section; with `keep` returning sections share their kept lines."""
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
    """Line lengths of each section: those of all kept lines, else those of the sections with its name."""
    whole = guess_syllables(kept, lexicon)
    if whole:
        return [whole] * len(names)
    by_name = {
        name: guess_syllables([k for n, k in zip(names, kept, strict=True) if n == name], lexicon, least=2)
        for name in names
    }
    return [by_name[name] for name in names]


def guess_syllables(sections: Sequence[Sequence[Sequence[str]]], lexicon: Lexicon, least: int = 1) -> tuple[int, ...]:
    """Line lengths that all kept lines follow, with a period of 1, 2 or 4 lines; () if there are none.

    A period of 2 or 4 needs one kept line more than that. `least`: kept lines needed.

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
    """A section's scheme: its own if all lines are kept, else that of a complete section with its name, else that of
    its kept lines."""
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
    """For every pair of kept lines whether some readings of their last words rhyme."""
    ends = {i: lexicon.readings(words[-1]) for i, words in enumerate(lines) if words}
    return {(i, j): any(kind(a, b) == "perfect" for a in ends[i] for b in ends[j]) for i, j in combinations(ends, 2)}


def agrees(scheme: str, known: dict[tuple[int, int], bool]) -> int | None:
    """How many pairs of kept lines rhyme as a scheme asks; None if a pair does not.

    >>> agrees("ABAB", {(0, 2): True}), agrees("AABB", {(0, 1): False})
    (1, None)
    """
    paired = [rhymed for (i, j), rhymed in known.items() if scheme[i] == scheme[j] != "X"]
    return len(paired) if all(paired) else None


def repeated(scheme: str, lines: int) -> str:
    """A scheme repeated in new letters; "" if the number of lines is no multiple of its length.

    >>> repeated("ABAB", 8), repeated("ABAB", 6)
    ('ABABCDCD', '')
    """
    return "".join(scheme_letters(scheme, lines)) if lines % len(scheme) == 0 and lines <= 2 * len(LETTERS) else ""
