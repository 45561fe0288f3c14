"""Where a text violates a plan. What the plan leaves open is not judged.

A text satisfies a plan if there is a reading for every word with which each line has its syllables and its metre, and
with the readings then left for the last words all lines of a rhyme can share a sound. Independent of how songs are
generated: it shares with the generator only what a plan is and how it is resolved into lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

from lyricist.corpus import RETURNING
from lyricist.corpus.grammar import person_drifts, tense_drifts
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.plan.fields import SectionPlan
from lyricist.plan.given_lines import numbers
from lyricist.plan.plan import Plan
from lyricist.plan.shape import ANY
from lyricist.plan.song_spec import GroupSpec, LineSpec, SongSpec, first_said, lay_out
from lyricist.prosody import Reading
from lyricist.prosody.metre import METRES, MIDDLE, fits, pattern_of, template
from lyricist.prosody.phones import bare
from lyricist.prosody.rhyme import WEAK_FORMS, KeyKind, key, phrase_readings, tail_key

# --- a text with its readings, and the result


class Option(NamedTuple):
    """A reading of a word, with its stress digits."""

    stress: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of the text: its number from 1, its words, and the options of each word (none: not readable)."""

    number: int
    words: tuple[str, ...]
    options: tuple[tuple[Option, ...], ...]


@dataclass(frozen=True, slots=True)
class TextSection:
    """A section of the text; `labelled`: the text gives its name."""

    name: str
    labelled: bool
    lines: tuple[TextLine, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """One violation. `line` counts from 1; None: the whole song."""

    line: int | None
    kind: str
    expected: str
    found: str

    to_json = asdict


@dataclass
class Verdict:
    """The violations, and per line number the slots and the last reading that its readings were chosen for."""

    violations: list[Violation] = field(default_factory=list)
    slots: dict[int, str] = field(default_factory=dict)
    ends: dict[int, Reading] = field(default_factory=dict)
    given: set[int] = field(default_factory=set)  # lines that are as the plan gives them

    def add(self, line: int | None, kind: str, expected: object, found: object) -> None:
        self.violations.append(Violation(line, kind, str(expected), str(found)))


class Pair(NamedTuple):
    """A line of the text and its specification."""

    at: int  # of the line in the `SongSpec`
    spec: LineSpec
    line: TextLine
    slots: tuple[str, ...]  # slot patterns it may have; () if the plan leaves its syllables open


def judge(
    plan: Plan,
    sections: Sequence[TextSection],
    unclean: Callable[[str], bool],
    options: Callable[[str], Sequence[Option]],
    licensed: Callable[[str], tuple[Option, ...]],
) -> Verdict:
    """Compare a text with a plan. `unclean`: whether a clean song avoids a word; `options`: the readings of a word;
    `licensed`: its readings with poetic licences, tried on lines that do not fit their slots otherwise.

    Raises InputError if the plan contradicts itself.
    """
    verdict = Verdict()
    asked = fitted(plan, sections)
    made = lay_out(asked)
    pairs = paired(asked, made, sections)
    forms(plan, made, sections, verdict)
    endings = {pair.at: read_in_slots(pair, verdict, licensed) for pair in pairs}
    for pair in pairs:
        inner_rhyme(pair, endings[pair.at], made.rhyme_kind, verdict)
    by_group = defaultdict(list)
    for pair in pairs:
        by_group[pair.spec.group].append(pair)
    heard = [
        rhymes(group, members(group, by_group[number], made, endings, options), verdict)
        for number, group in enumerate(made.groups)
    ]
    if not plan.same_sounds and any(spec.group >= 0 or spec.single for spec in made.lines):
        letters_apart(plan, made, pairs, endings, heard, verdict)
        ends_apart(made, pairs, verdict)
    by_index = {pair.at: pair for pair in pairs}
    for pair in pairs:
        given_words(pair, by_index, tuple(WordTokenizer().split(plan.refrain or "")), verdict)
        forbidden_words(pair, made, unclean, verdict)
        drifts(pair, made, verdict)
    beginnings(plan, sections, verdict)
    wanted_words(made.include, sections, verdict)
    verdict.violations.sort(key=lambda v: v.line or 0)
    return verdict


def cycle(values: Sequence[Any], i: int) -> Any:
    return values[i % len(values)] if values else None


def fitted(plan: Plan, sections: Sequence[TextSection]) -> Plan:
    """The plan section by section, with the form and lengths of the text and rhyme X where it leaves them open."""
    named = bool(plan.sections or plan.form)
    names = plan.form or [s.name for s in sections]
    bases = plan.sections or tuple(SectionPlan.model_construct(name=name) for name in names)
    made = []
    for i, base in enumerate(bases):
        lines, rhyme = base.lines or len(base.text) or None, base.rhyme
        if not (named and first_of(plan, bases, i) < i):
            lines = lines or cycle(plan.lines, i) or (len(sections[i].lines) if i < len(sections) else 1)
            rhyme = rhyme or cycle(plan.rhyme, i) or (None if plan.rhyme_with else "X")
        made.append(base.model_copy(update={"lines": lines, "rhyme": rhyme and rhyme[:lines]}))
    nothing = {"form": (), "lines": (), "rhyme": (), "start": None, "acrostic": None, "hook": False}
    sections_now = {"sections": tuple(made), "keep_chorus": plan.keep_chorus and named}
    return plan.model_copy(update={**nothing, **sections_now})


def first_of(plan: Plan, sections: Sequence[SectionPlan], i: int) -> int:
    """The section that section `i` repeats word for word; `i` itself if none."""
    name = sections[i].name
    if not plan.keep_chorus or name not in RETURNING:
        return i
    return next(j for j, section in enumerate(sections) if section.name == name)


def paired(asked: Plan, made: SongSpec, sections: Sequence[TextSection]) -> list[Pair]:
    """Each line of the text with its specification; lines that only one side has are left out."""
    pairs = []
    for index, spec in enumerate(made.lines):
        root = rooted(made, index)
        base = asked.sections[first_of(asked, asked.sections, root.section)]
        there = sections[spec.section].lines if spec.section < len(sections) else ()
        if spec.number < len(there):
            line = there[spec.number]
            pairs.append(Pair(index, spec, line, asked_slots(root, line, base, asked)))
    return pairs


def rooted(made: SongSpec, index: int) -> LineSpec:
    """The line that this one repeats, if it has the same slots; else the line itself."""
    spec, root = made.lines[index], made.lines[first_said(made.lines, index)]
    return root if root.templates == spec.templates else spec


def asked_slots(spec: LineSpec, line: TextLine, base: SectionPlan, asked: Plan) -> tuple[str, ...]:
    syllables, metre = base.syllables or asked.syllables, cycle(base.metre or asked.metre, spec.number)
    if not (syllables or metre) or spec.templates == ANY:  # free, or a given line that may be of any length
        return ()
    if metre in METRES and not syllables:
        return tuple(template(metre, n) for n in sorted(totals(line)) if n)
    return spec.templates


def totals(line: TextLine) -> set[int]:
    """The numbers of syllables a line may have; empty if one of its words cannot be read."""
    sums = {0}
    for options in line.options:
        sums = {n + len(option.stress) for n in sums for option in options}
    return sums


def read_in_slots(
    pair: Pair, verdict: Verdict, licensed: Callable[[str], tuple[Option, ...]]
) -> list[tuple[str, Reading]]:
    """The ways to read a line as specified: pairs of slots ("": any) and a reading of the last word."""
    line = pair.line
    last = [option.reading for option in line.options[-1]] if line.options else []
    if not pair.slots:
        return [("", reading) for reading in last]
    ways = [(slots, reading) for slots in pair.slots for reading in last_readings(line, slots)]
    if not ways:
        free = replace(line, options=tuple(map(licensed, line.words)))
        ways = [(slots, reading) for slots in pair.slots for reading in last_readings(free, slots)]
        verdict.ends.update({line.number: ways[0][1]} if ways else {})
    if ways:
        verdict.slots[line.number] = ways[0][0]
        return ways
    possible, usual = totals(line), "".join(options[0].stress for options in line.options if options)
    lengths = [len(slots) for slots in pair.slots]
    if possible.isdisjoint(lengths):
        silent = [word for word, options in zip(line.words, line.options, strict=True) if not options]
        found = f"{len(usual)}" + (f", and {', '.join(silent)} cannot be read" if silent else "")
        verdict.add(line.number, "syllables", numbers(sorted(set(lengths))), found)
    else:
        verdict.slots[line.number] = "?" * next(n for n in lengths if n in possible)
        verdict.add(line.number, "metre", " or ".join(pattern_of(s) for s in pair.slots if len(s) in possible), usual)
    return [("", reading) for reading in last]


def last_readings(line: TextLine, slots: str) -> list[Reading]:
    """The readings of the last word with which the line fits the slots."""
    places = {0}
    for options in line.options[:-1]:
        places = {p + len(o.stress) for p in places for o in options if stands(o, slots, p)}
    if not line.options:
        return []
    ends = [(p, option) for option in line.options[-1] for p in places]
    return list(dict.fromkeys(o.reading for p, o in ends if p + len(o.stress) == len(slots) and stands(o, slots, p)))


def stands(option: Option, slots: str, place: int) -> bool:
    return fits(option.stress, slots[place : place + len(option.stress)], free=True)


def inner_rhyme(pair: Pair, ways: Sequence[tuple[str, Reading]], kind: str, verdict: Verdict) -> None:
    """Report a line that is to rhyme within itself if no other word that ends at its middle rhymes with its last."""
    line = pair.line
    if not pair.spec.internal or not line.words:
        return
    for slots, end in ways:
        lengths = [len(slots)] if slots else sorted(totals(line))
        for j, options in enumerate(line.options[:-1]):
            rest = replace(line, words=line.words[j + 1 :], options=line.options[j + 1 :])
            for option in options:
                start = replace(line, options=(*line.options[:j], (option,)))
                if sound_of(option.reading, kind) != sound_of(end, kind) or alike(option.reading, end):
                    continue
                places = (m for n in lengths for m in range(1, n) if abs(2 * m - n) <= MIDDLE)
                if any(ends_at(start, slots, m) and end in ends_from(rest, slots, m) for m in places):
                    return
    last = line.words[-1]
    verdict.add(line.number, "internal-rhyme", f"a {kind} rhyme with {last!r} in the middle", " ".join(line.words))


def alike(a: Reading, b: Reading) -> bool:
    return bare(a.phones) == bare(b.phones)


def ends_at(line: TextLine, slots: str, place: int) -> bool:
    """Whether these words can fill so many slots."""
    return bool(last_readings(line, slots[:place] or "?" * place))


def ends_from(line: TextLine, slots: str, place: int) -> Sequence[Reading]:
    """The readings of the last word with which these words fill the slots from a place on."""
    open_slots = [slots[place:]] if slots else ["?" * n for n in totals(line)]
    return [reading for each in open_slots for reading in last_readings(line, each)]


@dataclass(frozen=True, slots=True)
class Member:
    """A line of a rhyme (line 0: the given word to rhyme with) and the readings of its end.

    Lines that repeat each other word for word have the same `voice`: they need not differ.
    """

    line: int
    word: str  # two words, where these rhyme against one
    voice: int
    ways: tuple[tuple[str, Reading], ...]
    sounds: frozenset[tuple[str, ...]]  # all the word's pronunciations, stress aside

    def with_rhyme(self, group: GroupSpec, rhyme: str) -> tuple[str, Reading] | None:
        return next((way for way in self.ways if rhyme_of(group, way[1]) == rhyme), None)


def rhyme_of(group: GroupSpec, reading: Reading) -> str:
    return sound_of(reading, group.kind)


def sound_of(reading: Reading, kind: str) -> str:
    """What all words of a rhyme share: the tail (in a mosaic rhyme with IH and AH alike), its vowels in a near rhyme,
    the light tail in a light one."""
    return key(reading, "assonance" if kind == "near" else kind)  # type: ignore[arg-type]


def members(
    group: GroupSpec,
    pairs: Sequence[Pair],
    made: SongSpec,
    endings: Mapping[int, list[tuple[str, Reading]]],
    options: Callable[[str], Sequence[Option]],
) -> list[Member]:
    """The lines of a rhyme, those of `pairs`, after the given word to rhyme with, if there is one."""

    def sounds(word: str) -> frozenset[tuple[str, ...]]:
        return frozenset(tuple(bare(option.reading.phones)) for option in options(word))

    found = []
    if group.with_word:
        ways = tuple(("", option.reading) for option in options(group.with_word))
        found.append(Member(0, group.with_word, -1, ways, sounds(group.with_word)))
    for pair in pairs:
        root = first_said(made.lines, pair.at)
        last = pair.line.words[-1] if pair.line.words else ""
        member = Member(pair.line.number, last, root, tuple(endings[pair.at]), sounds(last))
        found.append(two_words(pair, member) if group.kind == "mosaic" else member)
    return found


def two_words(pair: Pair, member: Member) -> Member:
    """The line by its last two words, if the last is weak; else as it is."""
    line = pair.line
    first = [option.reading for option in line.options[-2]] if len(line.words) > 1 else []
    made = phrase_readings(first, member.word)
    ways = tuple((slots, reading) for slots, _ in member.ways for reading in made if weak_end(slots))
    if not ways:
        return member
    text = " ".join(line.words[-2:])
    return replace(member, word=text, ways=ways, sounds=frozenset(tuple(bare(r.phones)) for r in made))


def weak_end(slots: str) -> bool:
    return not slots or pattern_of(slots)[-1] != "/"


def rhymes(group: GroupSpec, lines: Sequence[Member], verdict: Verdict) -> frozenset[str]:
    """Find the sounds that most lines can share; report lines without the first of them, and words that sound the
    same."""
    if not lines:
        return frozenset()
    counts: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for member in lines:
        for rank, rhyme in enumerate(dict.fromkeys(rhyme_of(group, reading) for _, reading in member.ways)):
            lines_with, ranks = counts[rhyme]
            counts[rhyme] = lines_with + 1 + (member.line == 0) * len(lines), ranks - rank
    best = max(counts, key=counts.__getitem__, default="")
    ways = {member.line: member.with_rhyme(group, best) for member in lines} if best else {}
    anchor = next((member for member in lines if ways.get(member.line)), lines[0])
    for member, alike in zip(lines, first_alike(lines), strict=True):
        way = ways.get(member.line)
        if way and member.line:
            verdict.ends.update({member.line: way[1]} if " " not in member.word else {})
            verdict.slots.update({member.line: way[0]} if way[0] else {})
        elif member is not anchor and not way:
            verdict.add(member.line, "rhyme", f"a {group.kind} rhyme with {named(anchor)}", heard(member))
        if alike:
            verdict.add(member.line, "identical-rhyme", f"another sound than {named(alike)}", heard(member))
    if group.kind == "mosaic" and all(ways.get(member.line) for member in lines):
        one_against_two(lines, verdict)
    return frozenset(rhyme for rhyme, (shared, _) in counts.items() if shared == counts[best][0])


def one_against_two(lines: Sequence[Member], verdict: Verdict) -> None:
    """Report a mosaic rhyme whose different lines all end on one word, or all on two."""
    sizes = {" " in member.word for member in lines}
    if len({member.voice for member in lines}) > 1 and len(sizes) == 1:
        what = "one word" if sizes == {True} else "two words, the second weak"
        verdict.add(lines[-1].line, "rhyme", f"{what}, against {named(lines[0])}", repr(lines[-1].word))


def first_alike(lines: Sequence[Member]) -> Iterator[Member | None]:
    """For each line the first before it, of another voice, that ends on the same word or has a pronunciation in
    common; of each word and pronunciation the first two lines of different voices are kept."""
    seen: dict[object, list[tuple[int, Member]]] = defaultdict(list)
    for i, member in enumerate(lines):
        ends = (member.word, *member.sounds) if member.word else ()
        before = [(j, m) for end in ends for j, m in seen[end] if m.voice != member.voice]
        yield min(before, key=lambda each: each[0])[1] if before else None
        for end in ends:
            if len(seen[end]) < 2 and all(m.voice != member.voice for _, m in seen[end]):
                seen[end].append((i, member))


def letters_apart(
    plan: Plan,
    made: SongSpec,
    pairs: Sequence[Pair],
    endings: Mapping[int, list[tuple[str, Reading]]],
    heard: Sequence[frozenset[str]],
    verdict: Verdict,
) -> None:
    """Report lines whose letter has no sound but that of an earlier line of another letter. `heard`: by group, the
    sounds that its lines can share. Given lines, and lines that rhyme with them, may be alike."""
    rivals, by_index = made.rivals(), {pair.at: pair for pair in pairs}
    fixed = {spec.group for spec in made.lines if spec.text is not None} - {-1}
    fixed |= {g for g, group in enumerate(made.groups) if group.with_word}
    how: KeyKind = plan.rhyme_kind if plan.rhyme_kind != "near" else "perfect"

    def vowels(i: int) -> frozenset[str]:
        group = made.lines[i].group
        tails = heard[group] if group >= 0 else {key(reading, how) for _, reading in endings[i]}
        return frozenset(tail_key(tail, "assonance") for tail in tails)

    def bound(i: int) -> bool:
        spec = made.lines[i]
        return spec.text is not None or spec.group in fixed

    told: set[frozenset[int]] = set()
    for pair in pairs:
        i = pair.at
        for j in sorted(j for j in rivals[i] if j < i and j in by_index and not (bound(i) and bound(j))):
            letters = frozenset(g if (g := made.lines[x].group) >= 0 else -1 - x for x in (i, j))
            if letters not in told and vowels(i) == vowels(j) and len(vowels(i)) == 1:
                told.add(letters)
                earlier = by_index[j].line
                expected = f"another sound than {earlier.words[-1]!r} in line {earlier.number}, of another letter"
                verdict.add(pair.line.number, "same-sound", expected, repr(pair.line.words[-1]))
                break


def ends_apart(made: SongSpec, pairs: Sequence[Pair], verdict: Verdict) -> None:
    """Report lines that end on the last word of an earlier line and do not repeat that line; two given lines may."""
    first: dict[str, Pair] = {}
    for pair in pairs:
        if not pair.line.words:
            continue
        group = pair.spec.group
        mosaic = group >= 0 and made.groups[group].kind == "mosaic" and pair.line.words[-1] in WEAK_FORMS
        earlier = first.setdefault(" ".join(pair.line.words[-2 if mosaic else -1 :]), pair)
        again = earlier.line.words == pair.line.words
        given = made.lines[earlier.at].text is not None and made.lines[pair.at].text is not None
        rhymes_so = earlier.spec.group == pair.spec.group >= 0  # told as identical-rhyme
        if earlier is not pair and not (again or given or rhymes_so):
            found = f"{pair.line.words[-1]!r} again"
            verdict.add(pair.line.number, "same-end", f"another last word than line {earlier.line.number}", found)


def named(member: Member) -> str:
    return f"{member.word!r} in line {member.line}" if member.line else repr(member.word)


def heard(member: Member) -> str:
    if not member.ways:
        return f"{member.word!r}, which cannot be read" if member.word else "no words"
    return f"{member.word!r} ({member.ways[0][1].tail})"


def forms(plan: Plan, made: SongSpec, sections: Sequence[TextSection], verdict: Verdict) -> None:
    """Compare the number, names and lengths of the sections with the plan."""
    names = tuple(s.name for s in plan.sections) or plan.form
    if names and len(names) != len(sections):
        verdict.add(None, "section", f"{len(names)} sections: {' '.join(names)}", f"{len(sections)} sections")
    for i, section in enumerate(sections):
        first = section.lines[0].number
        if i < len(names) and section.labelled and section.name != names[i]:
            verdict.add(first, "form", names[i], section.name)
        asked = sum(spec.section == i for spec in made.lines)
        if asked and asked != len(section.lines):
            verdict.add(first, "lines", f"{asked} lines in section {i + 1}", len(section.lines))


def given_words(pair: Pair, by_index: Mapping[int, Pair], refrain: tuple[str, ...], verdict: Verdict) -> None:
    """Report given and repeated lines that differ."""
    spec, line = pair.spec, pair.line
    if spec.text is not None:
        if line.words == spec.text:
            verdict.given.add(line.number)
        else:
            kind = "refrain" if spec.text == refrain else "text"
            verdict.add(line.number, kind, " ".join(spec.text), " ".join(line.words))
    elif spec.same_as in by_index:
        earlier = by_index[spec.same_as].line
        if earlier.words != line.words:
            expected = f"line {earlier.number} again: {' '.join(earlier.words)}"
            verdict.add(line.number, "chorus", expected, " ".join(line.words))


def forbidden_words(pair: Pair, made: SongSpec, unclean: Callable[[str], bool], verdict: Verdict) -> None:
    given = pair.spec.text or ()
    for word in dict.fromkeys(pair.line.words):
        if word in made.avoid:
            verdict.add(pair.line.number, "avoid", f"no {word!r}", word)
        elif made.clean and word not in given and word not in made.include and unclean(word):
            verdict.add(pair.line.number, "unclean", "no slurs or obscenities", word)


def drifts(pair: Pair, made: SongSpec, verdict: Verdict) -> None:
    """Report subject pronouns of another person and verbs of the other tense, except in given lines."""
    words = pair.line.words
    if pair.line.number in verdict.given:
        return
    for drift in person_drifts(words, made.person) if made.person else ():
        verdict.add(pair.line.number, "person", made.person, f"{words[drift.at]!r} ({drift.what})")
    for drift in tense_drifts(words, made.tense) if made.tense else ():
        verdict.add(pair.line.number, "tense", f"the {made.tense}", f"{drift.what} {words[drift.at]!r}")


def wanted_words(include: Sequence[str], sections: Sequence[TextSection], verdict: Verdict) -> None:
    there = {word for section in sections for line in section.lines for word in line.words}
    for word in include:
        if word not in there:
            verdict.add(None, "include", word, "not in the text")


def beginnings(plan: Plan, sections: Sequence[TextSection], verdict: Verdict) -> None:
    """Report a wrong first word and wrong first letters of lines."""
    lines = [line for section in sections for line in section.lines]
    start = WordTokenizer().split(plan.start or "")
    if start and lines[0].words[:1] != tuple(start[:1]):
        verdict.add(lines[0].number, "start", start[0], lines[0].words[0] if lines[0].words else "no words")
    letters = (plan.acrostic or "").lower()
    for letter, line in zip(letters, lines, strict=False):
        initial = next((ch for word in line.words for ch in word if ch.isalpha()), "")
        if initial != letter:
            verdict.add(line.number, "acrostic", letter.upper(), initial.upper() or "no letter")
    if len(letters) > len(lines):
        verdict.add(None, "acrostic", f"{len(letters)} lines for {plan.acrostic}", f"{len(lines)} lines")
