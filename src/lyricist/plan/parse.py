"""Values of a plan as people type them -> clean tuples; each error names its option.

A list may be text ("8, 6"), one value (8) or a sequence ([8, 6], as in TOML and Python).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from lyricist.corpus import SECTION_NAMES
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.prosody.features import Note
from lyricist.prosody.metre import METRES, slots_of

ALIASES = {"pre-chorus": "prechorus", "v": "verse", "c": "chorus", "b": "bridge"}
MAX_BYTES = 1_000_000  # of a file of a plan or a song
MAX_LINES = 400  # lines of a song that may be asked for
MAX_SYLLABLES = 40  # of a line
MAX_WORDS = 1000  # of one list of words
MAX_TEXT = 400  # characters of a given line, a title or a word
RANGE = re.compile(r"\s*(\d+)\s*[-\u2013]\s*(\d+)\s*")  # of syllables: 6-10
PATTERN = re.compile(r"[x/?]+(\|[x/?]+)*")
DIGITS = str.maketrans("01", "x/")  # stresses as `check` prints them
OTHER_NAMES = {  # what people call an option or a field -> its name here
    "meter": "metre", "theme": "about", "topic": "about", "subject": "about", "rhymes": "rhyme", "scheme": "rhyme",
    "rhyme_scheme": "rhyme", "structure": "form", "words": "include", "exclude": "avoid",
    "number": "count", "output": "out", "license": "licence", "tune": "melody", "midi": "melody", "stress": "metre",
    "drafts": "particles", "best": "best_of", "random_seed": "seed",
}  # fmt: skip
OPEN_LINES = frozenset({"", "...", "\N{HORIZONTAL ELLIPSIS}"})  # how a kept text says "write this line"


def read_small(path: Path, name: str, advice: str) -> bytes:
    """A file of at most `MAX_BYTES`. Raises `InputError`, with `name`, for one that is larger (with `advice`) or
    cannot be read."""
    try:
        with path.open("rb") as handle:
            data = handle.read(MAX_BYTES + 1)
    except OSError as e:
        raise InputError(f"{name} cannot be read ({e.strerror}): check the name") from e
    if len(data) > MAX_BYTES:
        raise InputError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB: {advice}")
    return data


def option(field: str) -> str:
    """
    >>> option("rhyme_with")
    '--rhyme-with'
    """
    return "--" + field.replace("_", "-")


def nearest(word: str, known: Iterable[str]) -> str:
    """
    >>> nearest("iambik", ["iambic", "trochaic"])
    '; did you mean iambic?'
    """
    here = list(known)
    other = OTHER_NAMES.get(word.replace("-", "_"), "")
    found = [name for name in here if name.replace("-", "_") == other] or get_close_matches(word, here, n=1)
    return f"; did you mean {found[0]}?" if found else ""


def shown(value: Any) -> str:
    """A value in an error message: quoted, cut when long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:56] + "...'"


def listed(value: Any, name: str, example: str, separators: str = r"[,\s]+") -> list[Any]:
    """Items of a list given as text, as one value or as a sequence; text must have some. Raises `InputError` for a
    text without items."""
    if isinstance(value, str):
        items = [part.strip() for part in re.split(separators, value) if part.strip()]
        if not items:
            raise InputError(f"{name} is empty: give {example}")
        return items
    return list(value) if isinstance(value, Sequence | set | frozenset) else [value]


def section_names(value: Any, name: str = "--form") -> tuple[str, ...]:
    """Names of sections, as the plan writes them. Raises `InputError` for an unknown one, and beyond MAX_LINES.

    >>> section_names("Verse, pre-chorus c")
    ('verse', 'prechorus', 'chorus')
    """
    items = listed(value, name, "sections, such as 'verse chorus verse chorus'")
    names = tuple(ALIASES.get(n, n) for n in (str(item).lower() for item in items))
    for n in names:
        if n not in SECTION_NAMES:
            known = ", ".join(SECTION_NAMES)
            raise InputError(f"{name} names {shown(n)}, which is no section: use {known}{nearest(n, SECTION_NAMES)}")
    if len(names) > MAX_LINES:
        raise InputError(f"{name} names {len(names)} sections: a song has at most {MAX_LINES} lines")
    return names


def counts(value: Any, name: str, most: int) -> tuple[int, ...]:
    """Whole numbers from 1 to `most`. Raises `InputError` for anything else.

    >>> counts("8, 6", "--syllables", 40), counts(8, "--syllables", 40)
    ((8, 6), (8,))
    """
    found = []
    for item in listed(value, name, "numbers, such as 4 or 4,6"):
        text = item if isinstance(item, str) else str(item) if type(item) is int else ""
        if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= most:
            raise InputError(f"{name} {shown(item)} is not a whole number from 1 to {most}")
        found.append(int(text))
    return tuple(found)


def lengths(value: Any, name: str) -> tuple[int | str, ...]:
    """Syllables of lines: whole numbers from 1 to MAX_SYLLABLES, or ranges of them as text. Raises `InputError` for
    anything else.

    >>> lengths("8, 6-7", "--syllables"), lengths([8, "6 - 10"], "--syllables"), lengths("8-8", "--syllables")
    ((8, '6-7'), (8, '6-10'), (8,))
    """
    found: list[int | str] = []
    value = re.sub(r"\s*[-\u2013]\s*", "-", value) if isinstance(value, str) else value
    for item in listed(value, name, "numbers, such as 8, 8,6 or 6-10"):
        ends = RANGE.fullmatch(item) if isinstance(item, str) else None
        if ends is None:
            found += counts([item], name, MAX_SYLLABLES)
            continue
        least, most = (counts([end], name, MAX_SYLLABLES)[0] for end in ends.groups())
        if least > most:
            raise InputError(f"{name} {shown(item)} begins with the larger number: write {most}-{least}")
        found.append(least if least == most else f"{least}-{most}")
    return tuple(found)


def numbers_of(length: int | str) -> range:
    """The numbers of syllables that an entry of `lengths` permits.

    >>> list(numbers_of(8)), list(numbers_of("6-8"))
    ([8], [6, 7, 8])
    """
    least, _, most = str(length).partition("-")
    return range(int(least), int(most or least) + 1)


def repeats(value: Any, name: str, most: int) -> tuple[int, ...]:
    """Numbers of lines to be repeated, 0 for none.

    >>> repeats("0, 2, 0", "again", 400)
    (0, 2)
    """
    items = listed(value, name, "numbers of lines, such as 0,0,0,4")
    found = [0 if str(item).strip() == "0" else counts([item], name, most)[0] for item in items]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def tune(value: Any, name: str) -> tuple[tuple[Note, ...], ...]:
    """The notes of lines, each as [quarters, MIDI pitch, strength 0 to 4, quarters of rest after it]. Raises
    `InputError` for anything else.

    >>> tune([[[1, 67, 4, 0.5]]], "tune")
    ((Note(duration=1.0, pitch=67, strength=4, rest=0.5),),)
    """
    try:
        return tuple(tuple(note(*each) for each in line) for line in value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            f"{name} is not a list of lines of notes: write each note as [quarters, MIDI pitch, strength 0 to 4, "
            "quarters of rest]"
        ) from None


def note(duration: float, pitch: int, strength: int, rest: float) -> Note:
    """A note. Raises `ValueError` for one that is out of range."""
    made = Note(float(duration), int(pitch), int(strength), float(rest))
    if not (0 < made.duration < 1000 and 0 <= made.pitch <= 127 and 0 <= made.strength <= 4 and 0 <= made.rest < 1e6):
        raise ValueError
    return made


def metres(value: Any, name: str = "--metre") -> tuple[str, ...]:
    """Names of metres, or patterns of one `x` or `0` (weak), `/` or `1` (strong) or `?` (any) per syllable; `|`
    divides words. Raises `InputError` for anything else, and beyond MAX_SYLLABLES.

    >>> metres("Iambic, x/x/x/, 0101")
    ('iambic', 'x/x/x/', 'x/x/')
    """
    found = tuple(
        str(item).lower().translate(DIGITS) for item in listed(value, name, "a metre, such as iambic or x/x/x/x/")
    )
    for metre in found:
        if metre in METRES:
            continue
        if not PATTERN.fullmatch(metre):
            raise InputError(
                f"{name} {shown(metre)} is no metre: use {', '.join(METRES)}, or a pattern of x (weak), / (strong) "
                f"and ? (any), such as x/x/x/x/{nearest(metre, METRES)}"
            )
        if len(slots_of(metre)) > MAX_SYLLABLES:
            raise InputError(
                f"{name} {shown(metre)} has {len(slots_of(metre))} syllables: a line has at most {MAX_SYLLABLES}"
            )
    return found


def schemes(value: Any, name: str = "--rhyme") -> tuple[str, ...]:
    """Rhyme schemes, one per section: letters, X for a line that is free. Raises `InputError` for anything else, and
    beyond MAX_LINES.

    >>> schemes("abab, AABB")
    ('ABAB', 'AABB')
    """
    found = tuple(str(item).upper() for item in listed(value, name, "a scheme, such as ABAB"))
    for scheme in found:
        if not scheme.isascii() or not scheme.isalpha():
            raise InputError(f"{name} {shown(scheme)} is no rhyme scheme: write letters, such as ABAB; X is free")
        if len(scheme) > MAX_LINES:
            raise InputError(f"{name} {shown(scheme)} is {len(scheme)} letters long: a song has at most {MAX_LINES}")
    return found


def word_list(value: Any, name: str) -> tuple[str, ...]:
    """Words separated by commas, or a sequence of words; in small letters, each once. Raises `InputError` beyond
    MAX_WORDS, and as `one_word` does.

    >>> word_list("River, night,river", "--about")
    ('river', 'night')
    """
    items = listed(value, name, "words, such as 'river, night'", separators=",")
    if len(items) > MAX_WORDS:
        raise InputError(f"{name} lists {len(items)} words: at most {MAX_WORDS}")
    return tuple(dict.fromkeys(one_word(item, name, ": separate several by commas") for item in items))


def one_word(value: Any, name: str, advice: str = "") -> str:
    """A single word, in small letters. Raises `InputError` for anything else.

    >>> one_word("Don't", "--start")
    "don't"
    """
    words = WordTokenizer().split(value) if isinstance(value, str) and len(value) <= MAX_TEXT else []
    if len(words) != 1 or len(value.split()) != 1:
        raise InputError(f"{name} {shown(value)} is not one word{advice}")
    return words[0]


def one_of(value: Any, name: str, known: Sequence[str]) -> str:
    """One of these words, however it is capitalised. Raises `InputError` for anything else.

    >>> one_of("i", "--person", ["I", "he"])
    'I'
    """
    by_small = {word.lower(): word for word in known}
    found = by_small.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        near = nearest(value.strip(), known) if isinstance(value, str) else ""
        raise InputError(f"{name} {shown(value)} is not one of {', '.join(known)}{near}")
    return found


def start_word(value: Any, name: str = "--start") -> str:
    """The first word as it was given, since models of other tokenisers do not change it; one word only. Raises
    `InputError` for anything else."""
    if not isinstance(value, str) or len(value.split()) != 1 or len(WordTokenizer().split(value)) > 1:
        raise InputError(f"{name} {shown(value)} is not one word")
    return plain_line(value, name)


def letters(value: Any, name: str = "--acrostic") -> str:
    """The letters a to z of an acrostic. Raises `InputError` for anything else.

    >>> letters("River")
    'RIVER'
    """
    if not isinstance(value, str) or not value.isascii() or not value.isalpha():
        raise InputError(f"{name} {shown(value)} is not a run of letters from A to Z, such as RIVER")
    return value.upper()


def plain_line(value: Any, name: str) -> str:
    """A line of text as it was given, with single spaces; no control characters. Raises `InputError` for anything
    else, and beyond MAX_TEXT.

    >>> plain_line("  Carry me,  river ", "--refrain")
    'Carry me, river'
    """
    if not isinstance(value, str):
        raise InputError(f"{name} {shown(value)} is not text")
    if len(value.strip().splitlines()) > 1:
        raise InputError(f"{name} {shown(value)} is more than one line")
    text = " ".join(value.split())
    if not text.isprintable():
        raise InputError(f"{name} {shown(text)} holds characters that cannot be printed")
    if len(text) > MAX_TEXT:
        raise InputError(f"{name} {shown(text)} is {len(text)} characters long: at most {MAX_TEXT}")
    return text


def refrain_line(value: Any, name: str = "--refrain") -> str:
    """A line to be kept. Raises `InputError` if it has no words."""
    text = given_line(value, name)
    if not text:
        raise InputError(f"{name} {shown(value)} has no words: give the line that comes back")
    return text


def given_line(value: Any, name: str) -> str:
    """A line to be kept, "" if it is to be written. Raises `InputError` for a line without words.

    >>> given_line("...", "text"), given_line("Oh, river", "text")
    ('', 'Oh, river')
    """
    text = plain_line(value, name)
    if text in OPEN_LINES:
        return ""
    if not WordTokenizer().split(text):
        raise InputError(f"{name} {shown(text)} has no words")
    return text
