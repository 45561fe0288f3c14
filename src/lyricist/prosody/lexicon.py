"""The lexicon: word -> readings, the usual one first.

The first of four sources that has a word gives its readings: a user's own lexicon; the hand-written `sung.txt`
(how singers pronounce common words, and old and Scots words); the table `cmudict.txt`, made from the CMU Pronouncing
Dictionary by `scripts/build_lexicon.py`; and the spelling rules. Other words are guessed by the model of `g2p.py`.

The table is a sorted text file that is mapped into memory and searched by bisection over byte positions: opening it
takes no time, finding a word some 10 microseconds.
"""

from __future__ import annotations

import hashlib
import mmap
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from lyricist.errors import InputError
from lyricist.prosody.licence import licences
from lyricist.prosody.phones import CODES, PHONE_OF, Reading, is_vowel, plural
from lyricist.prosody.spelling import RULES_VERSION, derive, guessable, plain

HERE = Path(__file__).parent
CACHE_SIZE = 200_000  # words; a cache that grows beyond that is emptied
BULK = 500  # new words; for so many it is faster to read the whole table once

Find = Callable[[str], tuple[Reading, ...]]
Entries = Mapping[str, tuple[Reading, ...]]


class Table:
    """The words of a table file; see `scripts/build_lexicon.py` for the form."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def word_at(self, position: int) -> bytes:
        """The word of the line that holds a byte position."""
        start = self.data.rfind(b"\n", 0, position) + 1
        return self.data[start : self.data.find(b"\t", start)]

    def find(self, word: str) -> tuple[Reading, ...]:
        """The readings of a word; () if the table lacks it."""
        if not word.isascii():
            return ()
        key, end = word.encode("ascii"), len(self.data)
        # At the line's newline the word is still this line's, so the first hit is the line's first byte.
        start = bisect_left(range(end), key, key=self.word_at)
        if start == end or self.word_at(start) != key:
            return ()
        tab = start + len(key)
        return read_codes(self.data[tab + 1 : self.data.find(b"\n", tab)])

    def finder(self, words: int) -> Find:
        """`find` for that many words; for many it reads the whole table first."""
        if words < BULK:
            return self.find
        table = self.all()
        return lambda word: read_codes(codes) if (codes := table.get(word.encode("utf-8", "replace"))) else ()

    def all(self) -> dict[bytes, bytes]:
        """Every word with its codes: faster than many searches, but 25 MB of memory."""
        fields = iter(self.data[:-1].replace(b"\n", b"\t").split(b"\t"))
        return dict(zip(fields, fields, strict=True))


def read_codes(codes: bytes, source: str = "lexicon") -> tuple[Reading, ...]:
    """The readings of one line of the table."""
    return tuple(Reading(tuple(map(PHONE_OF.__getitem__, code)), source) for code in codes.decode("ascii").split(" "))


class Lexicon:
    """Readings of words, which are cached. No word raises an error.

    `entries` (word -> readings) go before the table. `digest` names the table, the entries and the rules: equal
    digests give equal readings, those of the fallback model aside.
    """

    def __init__(self, table: Table, entries: Entries) -> None:
        self.table = table
        self.entries = dict(entries)
        self._found: dict[str, tuple[Reading, ...]] = {}
        self._sung: dict[str, tuple[Reading, ...]] = {}

    def readings(self, word: str) -> tuple[Reading, ...]:
        """The readings of a word, the usual one first; () for what cannot be read aloud.

        >>> [reading.text for reading in default_lexicon().readings("love")]
        ['L AH1 V']
        >>> default_lexicon().readings("lovin'")[0].text, default_lexicon().readings("\\N{SNOWMAN}")
        ('L AH1 V IH0 N', ())
        """
        found = self._found.get(word)
        return self._read([word], self.table.find)[0] if found is None else found

    def sung(self, word: str) -> tuple[Reading, ...]:
        """`readings`, followed by the licences of verse (`source` "licence"): for given lines.

        Words of a user's own lexicon have no licences.

        >>> [reading.text for reading in default_lexicon().sung("heavenly")]
        ['HH EH1 V AH0 N L IY0', 'HH EH1 V N L IY0']
        """
        found = self._sung.get(word)
        if found is None:
            found = self.readings(word)
            if found and found[0].source != "user":
                found = (*found, *licences(plain(word), found))
            if len(self._sung) >= CACHE_SIZE:
                self._sung.clear()
            self._sung[word] = found
        return found

    def many(self, words: Sequence[str], guessing: bool = True) -> list[tuple[Reading, ...]]:
        """`readings` of many words; many new ones are read in one pass over the table. Without `guessing` words that
        only the fallback model could read have none."""
        new = [word for word in dict.fromkeys(words) if word not in self._found]
        fresh = dict(zip(new, self._read(new, self.table.finder(len(new)), guessing), strict=True))
        found = [fresh[word] if word in fresh else self._found[word] for word in words]
        return found if guessing else [() if r and r[0].source == "model" else r for r in found]

    def known(self, word: str) -> bool:
        """Whether the word has readings without the fallback model."""
        found = self.readings(word)
        return bool(found) and found[0].source != "model"

    @cached_property
    def digest(self) -> str:
        """SHA-256 in hexadecimal over the table, the entries and the version of the rules."""
        made = hashlib.sha256(self.table.data)
        for word, found in sorted(self.entries.items()):
            made.update(f"\n{word}\t{'|'.join(f'{r.text} {r.source}' for r in found)}".encode())
        made.update(f"\nrules {RULES_VERSION}".encode())
        return made.hexdigest()

    def extended(self, path: str | Path) -> Lexicon:
        """A lexicon in which the words of a file have the readings it gives, and no others.

        One reading a line, a word and its phones: `lyricist  L IH1 R AH0 S IH0 S T`; several lines give several
        readings, the usual one first; `#` begins a comment. Raises `InputError` with file and line for a line
        that is none of these.
        """
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except OSError as e:
            raise InputError(f"lexicon {path} cannot be read ({e.strerror}): check the name") from e
        except UnicodeDecodeError as e:
            raise InputError(f"lexicon {path} is not UTF-8 (byte {e.start}): save it as UTF-8") from e
        return Lexicon(self.table, {**self.entries, **parse_entries(text, str(path), "user")})

    def _read(self, words: Sequence[str], find: Find, guessing: bool = True) -> list[tuple[Reading, ...]]:
        """The readings of words; `find` searches the table. All but guesses that are not allowed are cached."""

        def listed(word: str) -> tuple[Reading, ...]:
            return self.entries.get(word) or find(word)

        looked_up = [plain(word) for word in words]
        found = [(listed(w) or derive(w, listed)) if w else () for w in looked_up]
        unknown = [i for i, w in enumerate(looked_up) if not found[i] and guessable(w)]
        if guessing:
            for i, guessed in zip(unknown, guess([looked_up[i] for i in unknown]), strict=True):
                found[i] = guessed
        left = set() if guessing else set(unknown)
        kept = {w: r for i, (w, r) in enumerate(zip(words, found, strict=True)) if i not in left}
        if len(self._found) + len(kept) > CACHE_SIZE:
            self._found.clear()
        self._found.update(kept)
        return found


def guess(words: Sequence[str]) -> list[tuple[Reading, ...]]:
    """Readings of unknown words by the fallback model, which reads the stem of a possessive without its ending."""
    if not words:
        return []
    from lyricist.prosody.g2p import pronounce_many  # loads a model: only where a word needs it

    stems = pronounce_many([word.removesuffix("'s") for word in words])
    return [
        tuple(Reading((*r.phones, *plural(r.phones)), r.source) for r in found) if word.endswith("'s") else found
        for word, found in zip(words, stems, strict=True)
    ]


def parse_entries(text: str, name: str, source: str) -> dict[str, tuple[Reading, ...]]:
    """Entries of a lexicon file; `InputError` names the file and the line at fault.

    >>> parse_entries("love  L AH1 V  # a comment", "file", "user")["love"][0].text
    'L AH1 V'
    """
    entries: dict[str, tuple[Reading, ...]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        head, *phones = line.partition("#")[0].split() or [""]
        if not head:
            continue
        word, phones = plain(head), [phone.upper() for phone in phones]
        fault = fault_of(word, phones)
        if fault:
            raise InputError(f"{name}, line {number}: {head!r} {fault}")
        reading = Reading(tuple(phones), source)
        if reading not in entries.get(word, ()):
            entries[word] = (*entries.get(word, ()), reading)
    return entries


def fault_of(word: str, phones: Sequence[str]) -> str:
    """What is wrong with an entry and how to correct it; "" if it is valid."""
    wrong = next((phone for phone in phones if phone not in CODES), None)
    if not re.search(r"[^\W_]", word):
        return "is not a word: begin each line with the word"
    if not phones:
        return "has no phones: write them after the word, like: love  L AH1 V"
    if wrong is not None:
        return f"has an unknown phone {wrong!r}: use ARPAbet, with a digit on each vowel, like: love  L AH1 V"
    if not any(map(is_vowel, phones)):
        return "has no vowel, so it cannot be sung: give it one, like: mm  AH0 M"
    return ""


@lru_cache(maxsize=1)
def default_lexicon() -> Lexicon:
    """The lexicon of the package, the same object at every call."""
    text = (HERE / "sung.txt").read_text(encoding="utf-8")
    return Lexicon(Table(HERE / "cmudict.txt"), parse_entries(text, "sung.txt", "lexicon"))


def readings(word: str) -> tuple[Reading, ...]:
    """The readings of a word in the package's lexicon, the usual one first.

    >>> [reading.text for reading in readings("hour")]
    ['AW1 R', 'AW1 ER0']
    """
    return default_lexicon().readings(word)
