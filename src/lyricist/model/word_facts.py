"""What the lexicon says of a vocabulary, as arrays: computed once and kept beside the run.

`words.safetensors` in a run directory holds them, with the SHA-256 of everything they depend on (`digest_of`); if
that has changed, they are computed again. Texts are UTF-8, one a line: `texts`, for each word its readings separated
by spaces, each the digit of its source and its phones in the lexicon's codes; `signatures`, each its stresses and,
for words that may stand on any slot, "free"; `tails`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._io import fit, load_arrays, replace_file, tensor_bytes
from lyricist.corpus import word_lists as archaic
from lyricist.corpus.word_lists import LIST, is_archaic, is_unclean
from lyricist.errors import RunError
from lyricist.model.copy_index import word_hashes
from lyricist.model.tokens import SPECIALS
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.metre import FUNCTION_WORDS
from lyricist.prosody.phones import PHONE_OF, Reading, decode, encode

WORDS = "words.safetensors"  # in a run directory
FORMAT = 2  # 2: tails from the main stress, light tails
SOURCES = ("lexicon", "rule", "user", "model", "licence")
ARRAYS = ("sig", "choosable", "unclean", "archaic", "hashes", "ender", "tail", "onset", "light", "light_onset")
OF_WORDS = {"sig": "i4", "choosable": "b1", "unclean": "b1", "archaic": "b1", "hashes": "u4"}
READING = f"[0-{len(SOURCES) - 1}][{re.escape(''.join(PHONE_OF))}]*"
READINGS = re.compile(f"(?:{READING}(?: {READING})*)?(?:\\n(?:{READING}(?: {READING})*)?)*")  # of words, one a line
OF_ENDS = ("ender", "tail", "onset", "light", "light_onset")
MOST = 1 << 26  # bytes of saved facts
SILENT = 0  # the signature of words that are never drawn inside a planned line

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Spoken = tuple[Reading, ...]


@dataclass(frozen=True)
class Signature:
    """The stress patterns of a word's readings, one digit a syllable; `free`: a monosyllable that may stand on any
    slot (a function word)."""

    stresses: frozenset[str]
    free: bool

    @cached_property
    def syllables(self) -> frozenset[int]:
        return frozenset(len(s) for s in self.stresses)

    @property
    def agrees(self) -> bool:
        """Whether every reading has the same number of syllables."""
        return len(self.syllables) == 1


def signature_of(word: str, readings: Sequence[Reading]) -> Signature:
    """A word's signature. The stress of a monosyllable is always 1: whether it is weak follows from `free`.

    >>> signature_of("river", [Reading(("R", "IH1", "V", "ER0"))])
    Signature(stresses=frozenset({'10'}), free=False)
    >>> signature_of("the", [Reading(("DH", "AH0")), Reading(("DH", "IY0"))])
    Signature(stresses=frozenset({'1'}), free=True)
    """
    stresses = frozenset("1" if len(s) == 1 else s for s in (r.stress for r in readings) if s)
    return Signature(stresses, word in FUNCTION_WORDS and "1" in stresses)


@dataclass(frozen=True)
class WordFacts:
    """The facts of V words: `sig` (V,) indexes of `signatures`; `choosable` (V,) may be chosen freely (in the
    lexicon, no digits, not an abbreviation); `unclean`, `archaic` (V,); `hashes` (V,) for copy checks, 0 for special
    tokens. For the P different ends (tail and light tail) of each word's readings: `ender` (P,) the word, rising,
    `tail` and `light` (P,) the indices in `tails`, `onset` and `light_onset` (P,) numbers for the onsets before them
    in the first such reading."""

    texts: Sequence[str]
    sig: Ints
    signatures: Sequence[Signature]
    choosable: Bools
    unclean: Bools
    archaic: Bools
    hashes: npt.NDArray[np.uint32]
    ender: Ints
    tail: Ints
    onset: Ints
    light: Ints
    light_onset: Ints
    tails: Sequence[str]

    @classmethod
    def of(cls, words: Sequence[str], lexicon: Lexicon) -> WordFacts:
        """The facts of these words, computed now."""
        spoken = [w for w in words if w not in SPECIALS]
        found = dict(zip(spoken, lexicon.many(spoken, guessing=False), strict=True))
        readings = [found.get(w, ()) for w in words]
        numbers = {Signature(frozenset(), False): SILENT}
        signatures = [signature_of(w, r) if r else None for w, r in zip(words, readings, strict=True)]
        sig = [SILENT if s is None else numbers.setdefault(s, len(numbers)) for s in signatures]
        choosable = [may_be_chosen(w, r) for w, r in zip(words, readings, strict=True)]
        return cls(
            [" ".join(map(text_of, r)) for r in readings],
            np.array(sig, dtype=np.int32),
            list(numbers),
            np.array(choosable, dtype=bool),
            np.array([is_unclean(w) for w in words], dtype=bool),
            np.array([is_archaic(w) for w in words], dtype=bool),
            word_hashes(words),
            *endings(readings),
        )

    def readings(self, word: int) -> Spoken:
        """The readings of a word, by its id."""
        return read_text(self.texts[word])

    def save(self, path: Path, digest: bytes) -> None:
        """Write the facts with the `digest_of` their sources."""
        arrays: dict[str, npt.NDArray[Any]] = {"digest": np.frombuffer(digest, dtype=np.uint8)}
        for field in fields(self):
            value = getattr(self, field.name)
            arrays[field.name] = value if isinstance(value, np.ndarray) else blob(list(map(str_of, value)))
        replace_file(path, [tensor_bytes(arrays)])

    @classmethod
    def load(cls, path: Path, digest: bytes) -> WordFacts | None:
        """Saved facts; None if they are missing, damaged or have another digest."""
        if not path.exists():
            return None
        try:
            arrays = load_arrays(path, MOST)
            if arrays["digest"].tobytes() != digest:
                return None
            texts, signatures, tails = (unblob(arrays[name]) for name in ("texts", "signatures", "tails"))
            fit(path, arrays, {name: (kind, (len(texts),)) for name, kind in OF_WORDS.items()})
            fit(path, arrays, {name: ("i4", (len(arrays["ender"]),)) for name in OF_ENDS})
            rest = {name: arrays[name] for name in ARRAYS}
            made = cls(texts=texts, signatures=list(map(read_signature, signatures)), tails=tails, **rest)
        except (RunError, KeyError, TypeError, ValueError):
            return None
        return made if made.fits() else None

    def fits(self) -> bool:
        """Whether all numbers are indexes of what they number, and all texts are of readings."""
        words, ends = len(self.texts), len(self.ender)
        tops = [(self.sig, len(self.signatures)), (self.ender, words), (self.tail, len(self.tails))]
        tops += [(self.light, len(self.tails)), (self.onset, ends), (self.light_onset, ends)]
        within = all(((array >= 0) & (array < top)).all() for array, top in tops) and (np.diff(self.ender) >= 0).all()
        return bool(within) and READINGS.fullmatch("\n".join(self.texts)) is not None


def facts_of(words: Sequence[str], lexicon: Lexicon, kept: Path | None = None) -> WordFacts:
    """The facts of these words: those in the file `kept` if they are of this lexicon, else computed now."""
    known = WordFacts.load(kept, digest_of(words, lexicon)) if kept is not None and kept.exists() else None
    return known or WordFacts.of(words, lexicon)


def digest_of(words: Sequence[str], lexicon: Lexicon) -> bytes:
    """SHA-256 of everything the facts depend on."""
    parts = (f"{FORMAT} {lexicon.digest}", LIST.read_text(encoding="utf-8"), archaic.ARCHAIC_RULES, "\n".join(words))
    return hashlib.sha256("\0".join(parts).encode()).digest()


def may_be_chosen(word: str, readings: Spoken) -> bool:
    """Whether a word is in the lexicon and spelled out; "etc" and "w" are not."""
    known = all(r.source != "model" for r in readings) and not any(c.isdigit() for c in word)
    return bool(readings) and known and all(r.syllables <= len(word) for r in readings)


def endings(readings: Sequence[Spoken]) -> tuple[Ints, Ints, Ints, Ints, Ints, list[str]]:
    """`ender`, `tail`, `onset`, `light` and `light_onset` (P,), and `tails`, from the readings of the words."""
    tails: dict[str, int] = {}
    onsets: dict[str, int] = {}
    found: list[tuple[int, ...]] = []
    for w, spoken in enumerate(readings):
        own: dict[tuple[str, str], tuple[str, str]] = {}
        for r in spoken:
            if r.syllables:
                own.setdefault((r.tail, r.light_tail), (r.onset, r.light_onset))
        for ends, before in own.items():
            tail, light = (tails.setdefault(t, len(tails)) for t in ends)
            onset, light_onset = (onsets.setdefault(o, len(onsets)) for o in before)
            found.append((w, tail, onset, light, light_onset))
    ender, tail_of, onset_of, light_of, light_onset_of = np.array(found, dtype=np.int32).reshape(-1, 5).T
    return ender, tail_of, onset_of, light_of, light_onset_of, list(tails)


def text_of(reading: Reading) -> str:
    return f"{SOURCES.index(reading.source)}{encode(reading.phones)}"


def read_text(text: str) -> Spoken:
    """Readings from their text.

    >>> read_text(text_of(Reading.of("L AH1 V")))[0].text
    'L AH1 V'
    """
    return tuple(Reading(decode(part[1:]), SOURCES[int(part[0])]) for part in text.split(" ") if part)


def str_of(value: str | Signature) -> str:
    if isinstance(value, str):
        return value
    return " ".join([*sorted(value.stresses), *(["free"] if value.free else [])])


def read_signature(text: str) -> Signature:
    """The inverse of `str_of`.

    >>> sorted(read_signature("01 10").stresses), read_signature("1 free").free
    (['01', '10'], True)
    """
    parts = frozenset(text.split())
    return Signature(parts - {"free"}, "free" in parts)


def blob(lines: Sequence[str]) -> npt.NDArray[np.uint8]:
    """(N,) the bytes of lines in UTF-8."""
    return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)


def unblob(data: npt.NDArray[np.uint8]) -> list[str]:
    """The lines of which `blob` made these bytes (N,)."""
    return data.tobytes().decode().split("\n")
