"""Shared by the benchmarks that judge whole songs: human songs, verse by the line, inflections, word vectors.

Shares no code with the writer: words are cut by the judge's own splitter, vectors are made here, of other verse.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
import secrets
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from common import parser
from oracle.sound import tokens

Words = tuple[str, ...]
Floats = npt.NDArray[np.float32]

SOURCES = ("hymns", "carols", "songbook", "parlour", "nursery")  # in this order, as many as are asked for

# Personal endings, comparison and derivation alike: rather one word too many of a family than one too few.
ENDINGS = ("edst", "ings", "less", "ness", "eth", "est", "ing", "ers", "ful", "ed", "er", "es", "ly", "st", "s", "d")
STRONG = """
    sing sang sung; fly flew flown; fall fell fallen; die dead death dying; rise rose risen; ring rang rung;
    weep wept; sleep slept; dream dreamt; leave left; ride rode ridden; drink drank drunk; bring brought; fight
    fought; break broke broken; speak spoke spoken; steal stole stolen; freeze froze frozen; blow blew blown;
    grow grew grown; know knew known; throw threw thrown; shine shone; tear tore torn; wear wore worn; bear bore
    borne born; bind bound; find found; wind wound; swim swam swum; sink sank sunk; slay slew slain; strike
    struck; keep kept; lose lost; man men; woman women; child children; foot feet; tooth teeth; goose geese;
    mouse mice; ox oxen; brother brethren; wife wives; life lives live; knife knives; leaf leaves; thief
    thieves; wolf wolves; calf calves; half halves
"""
BASE = {word: family.split()[0] for family in STRONG.split(";") for word in family.split()}


# --- what people wrote


@dataclass(frozen=True)
class HumanSong:
    """`name`: its file and its number there, counted from 0. `lines` as they stand."""

    name: str
    lines: Words


def human_songs(folder: Path, sources: Sequence[str] = SOURCES, least: int = 8) -> list[HumanSong]:
    """Songs of `least` lines or more, a blank line between songs; of those that begin alike the first."""
    found: dict[Words, HumanSong] = {}
    for source in sources:
        blocks = re.split(r"\n\s*\n", (folder / f"{source}.txt").read_text(encoding="utf-8"))
        for number, block in enumerate(blocks):
            lines = tuple(line.strip() for line in block.splitlines() if tokens(line))
            if len(lines) >= least:
                found.setdefault(tuple(tokens(lines[0])), HumanSong(f"{source} {number}", lines))
    return list(found.values())


def cut_lines(lines: Iterable[str]) -> list[Words]:
    """The words of each line that has any."""
    return [words for words in (tuple(tokens(line)) for line in lines) if words]


def verse_lines(file: Path, first: int = 0, without: frozenset[Words] = frozenset()) -> list[Words]:
    """Lines of two words or more of a text file, from line `first` on, those of `without` left out."""
    with file.open(encoding="utf-8", errors="replace") as handle:
        lines = cut_lines(islice(handle, first, None))
        return [words for words in lines if len(words) > 1 and words not in without]


def corpus_lines(corpus: Path) -> Iterator[Words]:
    """Lines of the songs of a corpus directory or of a `songs.jsonl`."""
    file = corpus / "songs.jsonl" if corpus.is_dir() else corpus
    with file.open(encoding="utf-8") as handle:
        for song in map(json.loads, handle):
            for section in song["sections"]:
                yield from cut_lines(line if isinstance(line, str) else line["text"] for line in section["lines"])


# --- words that belong together


@cache
def stem(word: str) -> str:
    """What the inflections of a word have in common, roughly; strong verbs and plurals by a table.

    >>> [stem(w) for w in ("lover", "loving", "rivers", "sang", "cities", "city", "running", "sees")]
    ['lov', 'lov', 'riv', 'sing', 'cit', 'cit', 'run', 'see']
    """
    word = word.removesuffix("'s").replace("'", "")
    word = BASE.get(word, word)
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) > 2:
            word = word.removesuffix(ending)
            break
    word = BASE.get(word, word)
    if len(word) > 3 and word[-1] in "eiy":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls" else word


def related(a: str, b: str) -> bool:
    """Whether two words are of a family: one stem, or one (of 4 letters or more) the beginning of the other.

    >>> related("night", "nights"), related("light", "lighthouse"), related("sea", "season"), related("fly", "flew")
    (True, True, False, True)
    """
    a, b = sorted((stem(a), stem(b)), key=len)
    return a == b or (len(a) > 3 and b.startswith(a))


# --- archaic forms: a list of the benchmarks' own, as the writer has another

# What nobody has said for long, outside church and verse. Scots is not counted.
PRONOUNS = "thee thou thy thine thyself ye"
VERBS = (
    "hath hast doth dost didst hadst wert wast shalt wilt canst wouldst shouldst couldst mayst saith quoth methinks"
)
CUT_SHORT = "'tis 'twas 'twere 'twill 'twould o'er e'er ne'er e'en th'"
OTHERS = """
    ere oft nigh yon yonder hither thither whither whence thence hence wherefore unto lo alas nay yea morn eve betwixt
    whilst amidst thrice hark forsooth
"""
ARCHAIC = frozenset(f"{PRONOUNS} {VERBS} {CUT_SHORT} {OTHERS}".split())
ENDING = re.compile(r".(?:[^e]eth|'st)$")  # goeth, know'st; not teeth
NAMES = frozenset({"elizabeth", "nazareth", "macbeth"})


def is_archaic(word: str) -> bool:
    """
    >>> [is_archaic(w) for w in ("thou", "goeth", "know'st", "tis", "teeth", "best")]
    [True, True, True, True, False, False]
    """
    return word in ARCHAIC or f"'{word}" in ARCHAIC or (ENDING.search(word) is not None and word not in NAMES)


# --- vectors


@dataclass(frozen=True)
class Vectors:
    """`table` (N, D), unit rows; `idf` (N,): log of windows / windows with the word, in their verse.
    `windows` (SAMPLE, D): `text` of windows of that verse, for what is usual."""

    index: dict[str, int]
    table: Floats
    idf: Floats
    windows: Floats

    def text(self, words: Iterable[str]) -> Floats:
        """(D,) mean of the known words' vectors by idf, of length 1; zeros if there are none. Each word once."""
        known = [self.index[w] for w in dict.fromkeys(words) if w in self.index]
        total = self.idf[known] @ self.table[known]
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), dtype=np.float32)

    def save(self, file: Path) -> None:
        with file.open("wb") as handle:
            parts = {"table": self.table.astype(np.float16), "idf": self.idf, "windows": self.windows}
            np.savez(handle, words=np.array(list(self.index)), **parts)

    @classmethod
    def load(cls, file: Path) -> Vectors:
        with np.load(file) as kept:
            words = kept["words"].tolist()
            table = kept["table"].astype(np.float32)
            return cls({w: i for i, w in enumerate(words)}, table, kept["idf"], kept["windows"])


WINDOW = 16  # lines that count as one text
SAMPLE = 400  # windows to tell what is usual
REACH = 24  # words of the table to either side that count as context
COMMONEST = 150  # words that say nothing of a theme


def make_vectors(lines: Sequence[Words], size: int = 8000, contexts: int = 4000, dimensions: int = 150) -> Vectors:
    """Positive pointwise mutual information of words near each other, and its singular vectors (Levy et al. 2015):
    context counts to the power 0.75, vectors by the root of the singular values."""
    counts = Counter(word for line in lines for word in line)
    words = [w for w, n in counts.most_common(COMMONEST + size)[COMMONEST:] if n > 4 and len(w) > 2]
    index = {w: i for i, w in enumerate(words)}
    stream = np.array([index[w] for line in lines for w in line if w in index], dtype=np.int64)
    contexts = min(contexts, len(words))
    pairs = near_pairs(stream, len(words), contexts)
    spread = pairs.sum(axis=0) ** 0.75
    with np.errstate(divide="ignore", invalid="ignore"):
        ppmi = np.log(pairs * spread.sum() / (pairs.sum(axis=1, keepdims=True) * spread))
    table = singular(np.maximum(np.nan_to_num(ppmi, neginf=0), 0, dtype=np.float32), dimensions)
    made = Vectors(index, table, rarity(lines, index), np.zeros((0, table.shape[1]), dtype=np.float32))
    starts = np.random.default_rng(0).integers(0, max(1, len(lines) - WINDOW), SAMPLE)
    windows = [made.text(word for line in lines[at : at + WINDOW] for word in line) for at in starts]
    return replace(made, windows=np.stack(windows))


def near_pairs(stream: npt.NDArray[np.int64], size: int, contexts: int) -> npt.NDArray[np.float64]:
    """(size, contexts) how often the second stands within REACH words of the first."""
    pairs = np.zeros(size * contexts)
    for distance in range(1, REACH + 1):
        for a, b in ((stream[:-distance], stream[distance:]), (stream[distance:], stream[:-distance])):
            inside = b < contexts
            pairs += np.bincount(a[inside] * contexts + b[inside], minlength=size * contexts)
    return pairs.reshape(size, contexts)


def singular(matrix: Floats, dimensions: int) -> Floats:
    """(N, D) rows of U S^(1/2), of length 1, by a randomised range finder (Halko et al. 2011)."""
    dimensions = min(dimensions, *matrix.shape)
    wide = min(dimensions + 20, *matrix.shape)
    basis = matrix @ np.random.default_rng(0).standard_normal((matrix.shape[1], wide)).astype(np.float32)
    for _ in range(3):
        basis = matrix @ (matrix.T @ np.linalg.qr(basis)[0])
    basis = np.linalg.qr(basis)[0]
    u, s, _ = np.linalg.svd(basis.T @ matrix, full_matrices=False)
    table = (basis @ u[:, :dimensions]) * np.sqrt(s[:dimensions])
    return np.asarray(table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def rarity(lines: Sequence[Words], index: dict[str, int]) -> Floats:
    """(N,) idf over windows of WINDOW lines."""
    seen: Counter[str] = Counter()
    windows = range(0, len(lines), WINDOW)
    for at in windows:
        seen.update({w for line in lines[at : at + WINDOW] for w in line})
    return np.array([math.log(len(windows) / max(seen[w], 1)) for w in index], dtype=np.float32)


# --- blind readings


def write_sheet(
    folder: Path, key_file: Path, key: dict[str, Any], head: str, items: Sequence[str], columns: Sequence[str]
) -> None:
    """Write sheet.md and an empty answers.csv to `folder`, and the key with a salt to `key_file`.

    The sheet carries the key's SHA-256, so that nobody can change the key afterwards. `head` has the fields `count`
    and `sealed`. Raises SystemExit where one of the places exists already.
    """
    for place in (key_file, folder):
        if place.exists():
            raise SystemExit(f"{place} is there already: choose another name")
    text = json.dumps({"salt": secrets.token_hex(16), **key}, indent=1)
    folder.mkdir(parents=True)
    head = head.format(count=len(items), sealed=hashlib.sha256(text.encode()).hexdigest())
    (folder / "sheet.md").write_text(head + "".join(items), encoding="utf-8")
    rows = (f"{i}{',' * (len(columns) - 1)}\n" for i in range(1, len(items) + 1))
    (folder / "answers.csv").write_text(",".join(columns) + "\n" + "".join(rows), encoding="utf-8")
    key_file.write_text(text, encoding="utf-8")


def read_key(folder: Path, key_file: Path) -> dict[str, Any]:
    """The key. SystemExit if it is not the one that the sheet was sealed with."""
    text = key_file.read_text(encoding="utf-8")
    if hashlib.sha256(text.encode()).hexdigest() not in (folder / "sheet.md").read_text(encoding="utf-8"):
        raise SystemExit(f"{key_file} is not the key that {folder / 'sheet.md'} was sealed with")
    key: dict[str, Any] = json.loads(text)
    return key


def read_rows(file: Path, columns: Sequence[str]) -> dict[int, dict[str, str]]:
    """Filled-in answers: the number in the first column -> the others, without space around them."""
    with file.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return {int(row[columns[0]]): {name: (row[name] or "").strip() for name in columns[1:]} for row in rows}


def reading_parsers(about: str | None) -> tuple[ArgumentParser, ArgumentParser, ArgumentParser]:
    """The parser of a blind reading and those of its commands `make` and `score`, with the options all have."""
    made = parser(about)
    commands = made.add_subparsers(required=True, dest="command")
    make, score = commands.add_parser("make"), commands.add_parser("score")
    make.add_argument("-o", "--output", type=Path, required=True, help="a folder that does not exist yet")
    make.add_argument("--seed", type=int, default=1)
    score.add_argument("folder", type=Path)
    score.add_argument("answers", type=Path, nargs="+")
    for command in (make, score):
        command.add_argument("--key", type=Path, required=True, help="the key, kept from the readers")
    return made, make, score


# --- intervals


def wilson(wins: float, of: float, z: float = 1.96) -> tuple[float, float]:
    """95% interval of a share (Wilson 1927).

    >>> [round(x, 3) for x in wilson(60, 100)]
    [0.502, 0.691]
    """
    if of == 0:
        return 0.0, 1.0
    share, more = wins / of, z * z / of
    middle = (share + more / 2) / (1 + more)
    half = z / (1 + more) * math.sqrt(share * (1 - share) / of + more / of / 4)
    return middle - half, middle + half


def share_line(name: str, wins: float, of: float) -> str:
    low, high = wilson(wins, of)
    return f"{name:34} {wins / max(of, 1):6.1%}  [{low:.1%}, {high:.1%}] of {of:g}"
