"""Contradictions within a plan, found before anything is written. Each error names both options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lyricist.corpus.grammar import SUBJECTS, person_drifts, tense_drifts
from lyricist.corpus.word_lists import is_unclean
from lyricist.errors import InputError
from lyricist.plan.fields import PlanFields
from lyricist.plan.forms import named
from lyricist.plan.parse import MAX_LINES
from lyricist.plan.shape import LINES, Shape, cycle, shapes, split


def refuse_clashes(plan: PlanFields) -> None:
    """Raise `InputError` for the first contradiction in a plan."""
    if plan.form and plan.sections and not named(plan.form):
        raise InputError("--form and a list of sections clash: leave one out")
    too_long(sum(n or 0 for n in free_lines(plan)))
    for word in unclean_wishes(plan):
        raise InputError(f"{word} is among the words that are left out of songs: choose another or add --no-clean")
    if not plan.exact:
        return
    made = shapes(plan)
    too_long(sum(s.lines for s in made))
    for i, shape in enumerate(made):
        fitting(shape, i)
    check_internal(plan, made)
    lettered = any(set(shape.rhyme) - {"X"} for shape in made) or any(section.rhyme for section in plan.sections)
    if plan.rhyme_kind == "mosaic" and not lettered:
        raise InputError("--rhyme-kind mosaic needs --rhyme, such as AABB: no line of this plan rhymes")
    if plan.hook and plan.acrostic:
        raise InputError(
            "--hook and --acrostic clash: a repeated line begins with the same letter each time; leave one out"
        )
    lines = [(i, shape, j) for i, shape in enumerate(made) for j in range(shape.lines)]
    texts = [split(shape.text[j]) for _, shape, j in lines]
    sources = repeated(made)
    check_acrostic(plan, texts, sources)
    check_start(plan, texts)
    check_avoided(plan, texts)
    check_person_and_tense(plan, texts)
    if plan.rhyme_with and not any("A" in shape.rhyme for shape in made):
        raise InputError(f"--rhyme-with {plan.rhyme_with} is for lines of letter A, and --rhyme has no A: use one")


def free_lines(plan: PlanFields) -> Iterator[int]:
    """The number of lines that the plan gives each section, the usual one where it gives none."""
    if plan.sections:
        return (s.lines or len(s.text) or cycle(plan.lines, i) or LINES for i, s in enumerate(plan.sections))
    return (cycle(plan.lines, i) or LINES for i in range(len(plan.form)))


def too_long(lines: int) -> None:
    """Raise `InputError` for more than MAX_LINES lines."""
    if lines > MAX_LINES:
        raise InputError(f"--form and --lines ask for {lines} lines: a song has at most {MAX_LINES}")


def unclean_wishes(plan: PlanFields) -> Iterator[str]:
    """Requested words that a clean song leaves out, with their option."""
    if plan.clean:
        start = split(plan.start or "")
        wished = [("--start", w) for w in start] + [("--include", w) for w in plan.include]
        yield from (f"{name} {word!r}" for name, word in wished if is_unclean(word))


def fitting(shape: Shape, i: int) -> None:
    """Raise `InputError` if a section's scheme has more letters than lines, or its metre and syllables disagree."""
    if len(shape.rhyme) > shape.lines:
        raise InputError(
            f"--rhyme {shape.rhyme} names {len(shape.rhyme)} lines, but section {i + 1}, {shape.name}, "
            f"has {shape.lines}: shorten the scheme or add --lines {len(shape.rhyme)}"
        )
    for j in range(shape.lines):
        shape.slots(j)


def check_internal(plan: PlanFields, made: Sequence[Shape]) -> None:
    """Raise `InputError` if a line that is to rhyme within itself is in no section, or if ends of lines are two
    words."""
    if not plan.internal:
        return
    if plan.rhyme_kind == "mosaic":
        raise InputError("--internal and --rhyme-kind mosaic clash: leave one out")
    most = max(shape.lines for shape in made)
    if max(plan.internal) > most:
        raise InputError(f"--internal {max(plan.internal)}: the longest section has {most} lines; name one of these")


def repeated(made: Sequence[Shape]) -> list[int]:
    """For every line of the song the earlier line that it repeats, in a returning section or by `again`; -1: none."""
    starts: list[int] = []
    found: list[int] = []
    for shape in made:
        starts.append(len(found))
        own = [n - 1 for n in shape.again] + [-1] * (shape.lines - len(shape.again))
        found += [starts[shape.returns] + j for j in range(shape.lines)] if shape.returns >= 0 else own
    return found


def initial(words: Sequence[str]) -> str:
    """The first letter of these words, "" if they have none.

    >>> initial(["'cause", "i"])
    'c'
    """
    return next((ch for word in words for ch in word if ch.isalpha()), "")


def check_acrostic(plan: PlanFields, texts: Sequence[Sequence[str]], sources: Sequence[int]) -> None:
    """Raise `InputError` if the acrostic clashes with the length, the first word or a given or repeated line."""
    letters = (plan.acrostic or "").lower()
    if len(letters) > len(texts):
        raise InputError(f"--acrostic {plan.acrostic} has {len(letters)} letters and the song {len(texts)} lines")
    if letters and plan.start and initial(split(plan.start)) != letters[0]:
        raise InputError(f"--start {plan.start} does not begin with {letters[0].upper()}, as --acrostic asks")
    for i, (letter, words, source) in enumerate(zip(letters, texts, sources, strict=False)):
        if words and initial(words) != letter:
            raise InputError(
                f"--acrostic {plan.acrostic} wants line {i + 1} to begin with {letter.upper()}, "
                f"but that line is given: {' '.join(words)!r}"
            )
        if 0 <= source < i and letters[source] != letter:
            raise InputError(
                f"--acrostic {plan.acrostic} wants line {i + 1} to begin with {letter.upper()}, but it repeats line "
                f"{source + 1}, which begins with {letters[source].upper()}: add --no-keep-chorus, change --form or "
                "leave `again` out"
            )


def check_start(plan: PlanFields, texts: Sequence[Sequence[str]]) -> None:
    """Raise `InputError` if the first word is none, or clashes with a given first line."""
    if plan.start is None:
        return
    words = split(plan.start)
    if not words:
        raise InputError(f"--start {plan.start!r} is not a word")
    if texts[0] and texts[0][0] != words[0]:
        raise InputError(f"--start {plan.start} and the given first line {' '.join(texts[0])!r} clash: leave one out")


def check_avoided(plan: PlanFields, texts: Iterable[Sequence[str]]) -> None:
    """Raise `InputError` if a word to be avoided is asked for elsewhere."""
    avoided = frozenset(plan.avoid)
    both = [word for word in plan.include if word in avoided]
    if both:
        raise InputError(f"--avoid and --include both name {both[0]!r}: leave it out of one")
    if plan.start and split(plan.start)[0] in avoided:
        raise InputError(f"--start {plan.start} is a word that --avoid names: leave it out of one")
    refrain = split(plan.refrain or "")
    for words in texts:
        for word in words:
            if word in avoided:
                where = "--refrain" if words == refrain else "the kept line"
                raise InputError(f"--avoid names {word!r}, which stands in {where} {' '.join(words)!r}")


def check_person_and_tense(plan: PlanFields, texts: Iterable[Sequence[str]]) -> None:
    """Raise `InputError` if a word or line that is asked for is in another person or tense than `person` and
    `tense` say. Given lines may be where `allow` is set."""
    if plan.person and SUBJECTS[plan.person][0] in plan.avoid:
        raise InputError(f"--person {plan.person} and --avoid {SUBJECTS[plan.person][0]!r} clash: leave one out")
    wished: list[tuple[str, Sequence[str]]] = [("--start", [split(plan.start)[0]])] if plan.start else []
    wished += [("--include", [word]) for word in plan.include]
    if not plan.allow:
        wished += [("--refrain" if words == split(plan.refrain or "") else "the kept line", words) for words in texts]
    for where, words in wished:
        for option, word, what in drifts(plan, words):
            said = f"{where} {' '.join(words)!r}"
            of = "" if words == [word] else f", with {word!r},"
            remedy = "; or add --allow" if len(words) > 1 else ""
            raise InputError(f"{option} and {said}{of} clash: {word!r} is {what}; leave one out{remedy}")


def drifts(plan: PlanFields, words: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Words of another person or tense than a plan asks for: the option, the word, and what it is."""
    if plan.person:
        for drift in person_drifts(words, plan.person):
            yield f"--person {plan.person}", words[drift.at], f"of person {drift.what}"
    if plan.tense:
        for drift in tense_drifts(words, plan.tense):
            yield f"--tense {plan.tense}", words[drift.at], drift.what
