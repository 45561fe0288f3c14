"""New words to every tune: are there any, have they a syllable for each slot, do stresses fall on strong slots?

    python benchmarks/tune_words.py RUN [--data FOLDER] [--every 1] [--seed 1]

For each tune a song is written and saved as MusicXML; other code reads that file and counts the syllables under its
notes. Stresses are those of CMUdict itself: at least one reading of a polysyllable must fill its slots and keep the
main stress off weak slots. Which slots are weak is taken from the tune reader.

- relaxed: tunes for which a default was relaxed, by which.
- closed: share of long notes on a vowel that does not carry.
- little: share of strong slots on a function word of one syllable. "theirs": the same of the tune's own words.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import lyricist
from common import parser, report, tune_files
from lyricist.errors import InputError, PlanError
from lyricist.evaluation.tune_fit import sung
from lyricist.melody.export import Sung, own_words, write_score
from lyricist.melody.read import read_tune
from lyricist.melody.tune import Tune
from lyricist.plan.from_tune import plan_to, relaxed
from lyricist.plan.plan import QUICK
from lyricist.prosody.metre import FUNCTION_WORDS
from oracle.sound import Dictionary, load_cmudict, stress_of

UNSTRESSED = frozenset({"IH0", "AH0", "UH0", "ER0"})  # vowels that do not carry
SIGNS = '.,;:!?"()[]-'


def little(song: Sung) -> tuple[int, int]:
    """Strong slots with a function word of one syllable, and strong slots with a word, in the first verse."""
    found = total = 0
    if not song.verses:
        return 0, 0
    for line, phrase in zip(song.verses[0], song.tune.phrases, strict=True):
        for word, at in zip(line.words, line.starts, strict=True):
            for i in range(len(word.parts)):
                if at + i < len(phrase.slots) and phrase.slots[at + i].strong:
                    total += 1
                    found += len(word.parts) == 1 and word.text.lower().strip(SIGNS) in FUNCTION_WORDS
    return found, total


def closed(song: Sung, dictionary: Dictionary) -> tuple[int, int]:
    """Syllables on long notes (twice the tune's median or more) whose vowel does not carry, and all with a vowel
    that CMUdict tells, in the first verse."""
    found = total = 0
    usual = statistics.median(slot.duration for phrase in song.tune.phrases for slot in phrase.slots)
    for line, phrase in zip(song.verses[0] if song.verses else (), song.tune.phrases, strict=False):
        for word, at in zip(line.words, line.starts, strict=True):
            readings = dictionary.get(word.text.lower().strip(SIGNS), ())
            vowels = next((v for v in map(vowels_of, readings) if len(v) == len(word.parts)), None)
            slots = phrase.slots[at : at + len(word.parts)]
            for vowel, slot in zip(vowels or (), slots, strict=False):
                if slot.duration >= 2 * usual:
                    total += 1
                    found += vowel in UNSTRESSED
    return found, total


def vowels_of(reading: Sequence[str]) -> list[str]:
    return [phone for phone in reading if phone[-1].isdigit()]


def stress_breaks(song: Sung, dictionary: Dictionary) -> tuple[int, int, int]:
    """Polysyllables in CMUdict; of them those with no reading of as many syllables that keeps off weak slots; words
    across a rest."""
    words = broken = across = 0
    for line, phrase in zip(song.verses[0], song.tune.phrases, strict=True):
        for word, at in zip(line.words, line.starts, strict=True):
            slots = phrase.slots[at : at + len(word.parts)]
            across += any(slot.rest > 0 for slot in slots[:-1])
            readings = [stress_of(r) for r in dictionary.get(word.text.lower().strip(SIGNS), ())]
            readings = [r for r in readings if len(r) == len(slots)]
            if len(slots) > 1 and readings:
                words += 1
                broken += all(any(d == "1" and not s.strong for d, s in zip(r, slots, strict=True)) for r in readings)
    return words, broken, across


def syllables_in(path: Path) -> int:
    """Notes of a MusicXML file with a syllable of the first verse."""
    root = ElementTree.fromstring(path.read_bytes())
    lyrics = (note.find("lyric") for note in root.iter("note"))
    return sum(lyric is not None and bool(lyric.findtext("text")) for lyric in lyrics)


class Tunes:
    """What was found so far."""

    def __init__(self, run: Path, seed: int) -> None:
        self.model, self.dictionary, self.seed = lyricist.load(run), load_cmudict(None), seed
        self.counts: Counter[str] = Counter()
        self.relaxed: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.shares: dict[str, list[int]] = {}  # found, total

    def one(self, path: Path) -> None:
        self.counts["tunes"] += 1
        start = time.perf_counter()
        try:
            tune = read_tune(path)
            plan, told = relaxed(plan_to(tune), self.model.feasible)
            song = sung(self.model.write(plan, QUICK, seed=self.seed, as_it_is=True)[0], tune)
        except (InputError, PlanError) as error:
            self.counts["refused"] += 1
            print(f"{path.name}: {error}", file=sys.stderr)
            return
        faults = self.judge(tune, song)
        if any(faults.values()):
            print(f"{path.name}: {faults}", file=sys.stderr)
        self.seconds.append(time.perf_counter() - start)
        if told:
            self.relaxed[told[-2]] += 1
            print(f"{path.name}: {'; '.join(told)}", file=sys.stderr)

    def judge(self, tune: Tune, song: Sung) -> dict[str, int]:
        """Counts what is to be counted, and gives the faults."""
        slots = sum(len(phrase.slots) for phrase in tune.phrases)
        with tempfile.TemporaryDirectory() as folder:
            written = write_score(Path(folder) / "song.musicxml", song)[0]
            wrong = int(syllables_in(written) != slots)
        words, broken, across = stress_breaks(song, self.dictionary)
        faults = {"syllables wrong": wrong, "on weak slots": broken, "across rests": across}
        self.counts.update({"polysyllables": words, **faults})
        own = own_words(tune)
        measured = {"little": little(song), "theirs": little(own)}
        measured |= {"closed": closed(song, self.dictionary), "closed, theirs": closed(own, self.dictionary)}
        for name, pair in measured.items():
            self.shares[name] = [a + b for a, b in zip(self.shares.get(name, (0, 0)), pair, strict=True)]
        return faults

    def figures(self) -> dict[str, Any]:
        return {
            **self.counts,
            "relaxed": dict(self.relaxed),
            "seconds": round(sum(self.seconds), 1),
            "median": round(statistics.median(self.seconds), 2),
            "most": round(max(self.seconds), 2),
            **{name: round(a / max(b, 1), 4) for name, (a, b) in self.shares.items()},
        }


def main() -> None:
    made = parser(__doc__, tunes=True)
    made.add_argument("run", type=Path)
    made.add_argument("--seed", type=int, default=1)
    options = made.parse_args()
    for folder in ("hymns-midi", "lieder-musicxml"):
        tunes = Tunes(options.run, options.seed)
        for path in tune_files(options.data / folder, options.every):
            tunes.one(path)
        report(f"tune_words {folder}", tunes.figures())


if __name__ == "__main__":
    main()
