"""Numbers in digits, single letters and initials: 1999, 42nd, 3, b, tv, iii."""

from __future__ import annotations

import re
from itertools import groupby

from lyricist.prosody.phones import Known, Phones, Readings, joined, plural

UNITS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen
"""
ONES = UNITS.split()
TENS = ["", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SCALES = ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred"))
ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
LONGEST = 12  # digits; a longer number is not read
YEARS = (range(1100, 2000), range(2010, 2100))  # read in pairs of digits: nineteen ninety-nine

# The names of the letters.
LETTER_ROWS = """
    a EY1|b B IY1|c S IY1|d D IY1|e IY1|f EH1 F|g JH IY1|h EY1 CH|i AY1|j JH EY1|k K EY1|l EH1 L|m EH1 M|n EH1 N
    |o OW1|p P IY1|q K Y UW1|r AA1 R|s EH1 S|t T IY1|u Y UW1|v V IY1|w D AH1 B AH0 L Y UW0|x EH1 K S|y W AY1|z Z IY1
"""
LETTERS: dict[str, Phones] = {row.split()[0]: tuple(row.split()[1:]) for row in LETTER_ROWS.split("|")}
ROMAN = re.compile(r"(?=[ivxl])(xl|l?x{0,3})(ix|iv|v?i{0,3})")
ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50}

NUMBER = re.compile(r"'?(\d+)('?s|st|nd|rd|th|d)?")


def by_number(word: str, known: Known) -> Readings:
    """Words with digits: numbers, years, ordinals (42nd), decades ('90s), groups (24/7, 1,000, 3.5), mixed (u2)."""
    if word.isalpha() or not re.search(r"\d", word):
        return ()
    match = NUMBER.fullmatch(word)
    if match:
        return spoken(match[1], match[2], known)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+", word):
        return spoken(word.replace(",", ""), None, known)
    if re.fullmatch(r"\d{1,9}\.\d+", word):
        whole, part = word.split(".")
        return said([*cardinal(int(whole)), "point", *(ONES[int(d)] for d in part)], known)
    parts = ["".join(group) for _, group in groupby(word, key=kind_of)]
    return said([part for part in parts if kind_of(part[0]) != "mark"], known) if 1 < len(parts) < 8 else ()


def kind_of(character: str) -> str:
    return "digit" if character.isdigit() else "letter" if character.isalpha() else "mark"


def spoken(digits: str, ending: str | None, known: Known) -> Readings:
    """A number in digits, with the ending of an ordinal or a plural."""
    if len(digits) > LONGEST:
        return ()
    words = spelled(digits)
    if ending in {"st", "nd", "rd", "th", "d"}:
        return said([*words[:-1], ordinal(words[-1])], known)
    made = said(words, known)
    return tuple(joined(r.phones, plural(r.phones)) for r in made) if ending else made


def spelled(digits: str) -> list[str]:
    """The words of a number.

    >>> spelled("1999"), spelled("1905"), spelled("2001"), spelled("007")
    (['nineteen', 'ninety', 'nine'], ['nineteen', 'oh', 'five'], ['two', 'thousand', 'one'], ['oh', 'oh', 'seven'])
    """
    value = int(digits)
    if (len(digits) > 1 and digits[0] == "0") or value >= 1_000_000_000:
        return ["oh" if digit == "0" else ONES[int(digit)] for digit in digits]
    if len(digits) != 4 or not any(value in years for years in YEARS):
        return cardinal(value)
    century, rest = divmod(value, 100)
    low = ["hundred"] if not rest else ["oh", ONES[rest]] if rest < 10 else cardinal(rest)
    return [*cardinal(century), *low]


def cardinal(value: int) -> list[str]:
    """The words of a number below a thousand million.

    >>> cardinal(0), cardinal(42), cardinal(1300)
    (['zero'], ['forty', 'two'], ['one', 'thousand', 'three', 'hundred'])
    """
    for scale, name in SCALES:
        if value >= scale:
            count, rest = divmod(value, scale)
            return [*cardinal(count), name, *(cardinal(rest) if rest else [])]
    if value < 20:
        return [ONES[value]]
    tens, ones = divmod(value, 10)
    return [TENS[tens], *([ONES[ones]] if ones else [])]


def ordinal(word: str) -> str:
    """The ordinal of a number's last word.

    >>> ordinal("two"), ordinal("forty"), ordinal("seven")
    ('second', 'fortieth', 'seventh')
    """
    return ORDINALS.get(word) or (word[:-1] + "ieth" if word.endswith("y") else word + "th")


def said(words: list[str], known: Known) -> Readings:
    """Words one after another, each with its usual reading; letters that stand alone by their names."""
    parts = [(joined(LETTERS[word]),) if word in LETTERS else known(word) for word in words]
    return (joined(*(part[0].phones for part in parts)),) if all(parts) else ()


def by_letters(word: str, known: Known) -> Readings:
    """Letters alone and strings without a vowel (tv, mtv) by their names."""
    if word.isalpha() and (len(word) == 1 or (len(word) < 6 and not set(word) & set("aeiouy"))):
        return said(list(word), known)
    return ()


def by_roman(word: str, known: Known) -> Readings:
    """Roman numerals as numbers: iii, xiv. What is a word too (mix, dim) never comes here."""
    return said(cardinal(roman_value(word)), known) if len(word) > 1 and ROMAN.fullmatch(word) else ()


def roman_value(word: str) -> int:
    """The value of a Roman numeral.

    >>> roman_value("xiv")
    14
    """
    values = [ROMAN_VALUES[letter] for letter in word]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))
