"""What witness texts are made from: a vocabulary, songs, lines with a reading for each word.

Uses the judge's phonology and nothing of the package, but for one thing told from outside: `lexicon`, the readings
the writer may commit to. A witness may only rest on readings that are in both, the dictionary and the lexicon.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oracle.judge import Copies, homophones
from oracle.sound import Dictionary, Phones, may_stand, rhyme_key, stress_of, tail_of, tokens

PLAIN = re.compile(r"[a-z]+(?:['-][a-z]+)*")
# Words that any list of function words holds: a witness that keeps to these keeps the writer's stricter metre too.
FUNCTION_WORDS = """
    a an the and but or of to in on at by for from with as if than that is are was were be been am i you he she it
    we they me him us them his her my your our their do does did have has had can could will would shall should
    may might must
"""
KINDS = ("perfect", "near", "light")
FUNCTION = frozenset(FUNCTION_WORDS.split())


@dataclass(frozen=True)
class Said:
    """A witness line: its text, its words and the reading meant for each."""

    text: str
    words: tuple[str, ...]
    reading: tuple[Phones, ...]

    @property
    def stress(self) -> str:
        return "".join(map(stress_of, self.reading))

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "words": list(self.words),
            "reading": [" ".join(r) for r in self.reading],
            "syllables": len(self.stress),
            "stress": self.stress,
            "rhyme": tail_of(self.reading[-1]),
        }


class World:
    """What witnesses are made from: a dictionary, a vocabulary in falling frequency, songs, copies."""

    def __init__(
        self,
        dictionary: Dictionary,
        vocabulary: Iterable[str],
        trained: Sequence[Sequence[str]],
        others: Sequence[Sequence[str]],
        lexicon: Callable[[str], Sequence[Phones]],
    ) -> None:
        self.dictionary, self.lexicon = dictionary, lexicon
        own = {w: lexicon(w) for w in dictionary if PLAIN.fullmatch(w)}
        both = ((w, [r for r in dictionary[w] if r in readings]) for w, readings in own.items())
        self.spoken = {w: readings for w, readings in both if readings}
        self.all_words = [w for w in vocabulary if not w.startswith("<")]
        self.heard = {w: {*lexicon(w), *dictionary.get(w, ())} for w in self.all_words}  # all it may sound like
        self.vocabulary = [w for w in self.all_words if w in self.spoken]
        self.known = set(self.vocabulary)
        self.copies = Copies(trained)
        self.runs: dict[bool, list[list[tuple[str, bool]]]] = {
            True: list(self.runs_of(trained)),
            False: list(self.runs_of(others)),
        }
        self.lines = {t: [line for run in runs for line in run] for t, runs in self.runs.items()}
        self.by_key = {kind: self.index(kind) for kind in KINDS}
        self.weights = [1 / (rank + 30) + 1e-3 for rank in range(len(self.vocabulary))]
        self.rhymes: dict[str, list[str]] = {}

    def runs_of(self, songs: Sequence[Sequence[str]]) -> Iterable[list[tuple[str, bool]]]:
        """Stretches of lines (text, whether all words are in the vocabulary) of words that are in the dictionary."""
        for song in songs:
            run: list[tuple[str, bool]] = []
            for text in (*song, ""):
                words = text_words(text)
                if words and all(w in self.spoken for w in words):
                    run.append((text.strip(), all(w in self.known for w in words)))
                elif run:
                    yield run
                    run = []

    def index(self, kind: str) -> dict[str, list[tuple[str, Phones]]]:
        """Rhyme key -> (word, reading) of the vocabulary."""
        found: dict[str, list[tuple[str, Phones]]] = defaultdict(list)
        for word in self.vocabulary:
            for reading in self.spoken[word]:
                found[rhyme_key(reading, kind)].append((word, reading))
        return {key: words for key, words in found.items() if key}

    def alike(self, a: str, b: str) -> bool:
        return homophones((a, ()), (b, ()), self.dictionary)

    def rhyming(self, key: str, kind: str) -> list[str]:
        """Words of the whole dictionary with that key."""
        if not self.rhymes:
            for word, readings in self.spoken.items():
                for reading in readings:
                    for kind in KINDS:
                        self.rhymes.setdefault(f"{kind} {rhyme_key(reading, kind)}", []).append(word)
        return self.rhymes.get(f"{kind} {key}", [])

    def say(self, text: str, rng: random.Random) -> Said:
        """A line with a reading for each word: mostly the usual one."""
        words = text_words(text)
        readings = [self.spoken[w] for w in words]
        return Said(text, tuple(words), tuple(r[0] if rng.random() < 0.9 else rng.choice(r) for r in readings))


def text_words(text: str) -> list[str]:
    """Words of a line that every splitter splits alike; [] if outer apostrophes or digits make that doubtful."""
    clear = not re.search(
        r"(?:^|[^\w])['\N{RIGHT SINGLE QUOTATION MARK}]|['\N{RIGHT SINGLE QUOTATION MARK}](?!\w)", text
    )
    words = tokens(text) if clear else []
    return words if all(PLAIN.fullmatch(w) for w in words) else []


def keeps(said: Said, slots: str, law: bool) -> bool:
    """Whether the line's own reading fills the slots."""
    at = 0
    for word, reading in zip(said.words, said.reading, strict=True):
        stress = stress_of(reading)
        mine = slots[at : at + len(stress)]
        if not may_stand(stress, mine) or (mine == "x" and not law and word not in FUNCTION):
            return False
        at += len(stress)
    return True


# Where words and songs come from


def vocabulary_of(run: Path) -> list[str]:
    found: list[str] = json.loads((run / "vocab.json").read_text(encoding="utf-8"))["tokens"]
    return found


def run_songs(run: Path) -> tuple[list[list[str]], list[list[str]]]:
    """(training songs, held-out songs) of a run, as lists of lines."""
    sides: tuple[list[list[str]], list[list[str]]] = ([], [])
    with (run / "corpus" / "songs.jsonl").open(encoding="utf-8") as handle:
        for record in map(json.loads, handle):
            lines = [line for section in record["sections"] for line in section["lines"]]
            sides[record["split"] != "train"].append([x if isinstance(x, str) else x["text"] for x in lines])
    return sides


def folder_songs(folder: Path) -> list[list[str]]:
    """Songs of text files, a blank line between them; headings and titles left out."""
    songs = []
    for path in sorted(folder.glob("*.txt")):
        for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
            lines = [line for line in block.splitlines() if not re.match(r"\[|[A-Z]\w+: ", line)]
            songs.append(lines)
    return songs
