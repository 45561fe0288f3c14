"""How well tunes are divided: slots against the syllables of the files, phrases against lines, beats against stress.

    python benchmarks/phrases.py [--data FOLDER] [--every 1]

Over hymns (karaoke MIDI, with their ABC sources) and art songs (MXL) that have words. "bare" is the same file with
its words removed, like a tune without words.

- part: bare files in which the same part is chosen as the sung one.
- slots: notes that begin a slot if, and only if, the file has a syllable under them.
- boundaries, words and bare: beginnings of phrases against beginnings of lines. In hymns the lines are known from
  the metrical name ("8 6 8 6"), if it has as many syllables as the tune. In art songs a line is taken to begin with
  a capital, as names and sentences do too, so that only comparisons of these figures mean something.
- boundaries, page: against the line marks of the karaoke files, which are those of the printed page.
- stress: main stresses of English words of two and more syllables on weak slots; the share of weak slots.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import mido

from common import parser, tune_files
from lyricist.errors import LyricistError
from lyricist.melody.phrases import is_capital, lines_have_capitals
from lyricist.melody.read import kind_of, reader, tune_of
from lyricist.melody.tune import Score, Slot, Tune
from lyricist.prosody.lexicon import default_lexicon

FUNCTION = frozenset({"the", "and", "of", "to", "in", "my", "a", "is", "that", "with", "thy", "i", "you", "for"})
ENGLISH = 0.12  # share of the words that are in FUNCTION, at least, in English songs
METRICAL = re.compile(r"^%OHMETRICAL ([\d ]+?)\s*$", re.MULTILINE)
LYRIC = re.compile(rb"<lyric[ >].*?</lyric>", re.DOTALL)
LINES = ("words", "bare", "page", "page bare")


@dataclass
class Match:
    """Predicted boundaries against true ones."""

    both: int = 0
    found: int = 0
    there: int = 0

    def add(self, found: set[Fraction], there: set[Fraction]) -> None:
        self.both += len(found & there)
        self.found += len(found)
        self.there += len(there)

    def __str__(self) -> str:
        if not self.both:
            return "-"
        precision, recall = self.both / self.found, self.both / self.there
        return f"P {precision:.3f}  R {recall:.3f}  F1 {2 * precision * recall / (precision + recall):.3f}"


@dataclass
class Figures:
    count: Counter[str] = field(default_factory=Counter)
    lines: dict[str, Match] = field(default_factory=lambda: {kind: Match() for kind in LINES})
    refused: list[str] = field(default_factory=list)

    def share(self, part: str, whole: str) -> str:
        return f"{self.count[part] / max(1, self.count[whole]):.2%} of {self.count[whole]}"


def bare(data: bytes, kind: str) -> bytes:
    """The file without its words."""
    if kind == "midi":
        return bare_midi(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = next(n for n in archive.namelist() if n.endswith(("xml", "musicxml")) and not n.startswith("META-INF"))
        return LYRIC.sub(b"", archive.read(name))


def bare_midi(data: bytes) -> bytes:
    file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    for track in file.tracks:
        kept, waiting = [], 0
        for message in track:
            waiting += message.time
            if message.type not in ("text", "lyrics"):
                kept.append(message.copy(time=waiting))
                waiting = 0
        track[:] = kept
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def measure(path: Path, figures: Figures) -> None:
    data = path.read_bytes()
    kind = kind_of(path.name, data)
    try:
        score = reader(kind)(data, path.name)
        tune = tune_of(score)
    except LyricistError as error:
        figures.refused.append(f"{path.name}: {error}")
        return
    figures.count["read"] += 1
    figures.count["phrases"] += len(tune.phrases) >= 2
    if not tune.part.words:
        figures.refused.append(f"{path.name}: has no words")
        return
    without = reader(kind)(bare(data, kind), path.name if kind == "midi" else "bare.musicxml")
    chosen = tune_of(without)
    figures.count["worded"] += 1
    figures.count["part"] += chosen.part.number == tune.part.number
    stripped = tune_of(without, track=tune.part.number)
    compare_slots(score, tune, stripped, figures)
    compare_lines(path, tune, stripped, figures)
    compare_stresses(tune, figures)


def compare_slots(score: Score, tune: Tune, stripped: Tune, figures: Figures) -> None:
    part = next(part for part in score.parts if part.number == tune.part.number)
    syllables = {note.onset for note in part.notes if note.lyrics}
    onsets = {note.onset for note in tune.part.notes} | syllables
    for name, each in (("words", tune), ("bare", stripped)):
        begun = {slot.onset for slot in slots(each)}
        figures.count[f"slots {name}"] += sum((onset in begun) == (onset in syllables) for onset in onsets)
    figures.count["notes"] += len(onsets)


def slots(tune: Tune) -> list[Slot]:
    return [slot for phrase in tune.phrases for slot in phrase.slots]


def starts(tune: Tune) -> set[Fraction]:
    """Onsets of the phrases but the first."""
    return {phrase.slots[0].onset for phrase in tune.phrases[1:]}


def compare_lines(path: Path, tune: Tune, stripped: Tune, figures: Figures) -> None:
    all_slots = slots(tune)
    there = lines_of(path, all_slots)
    if there:
        figures.count["with lines"] += 1
        figures.lines["words"].add(starts(tune), there)
        figures.lines["bare"].add(starts(stripped), there)
    page = {s.onset for s in all_slots[1:] if s.lyrics and s.lyrics[0].line_start}
    if page:
        figures.lines["page"].add(starts(tune), page)
        figures.lines["page bare"].add(starts(stripped), page)


def lines_of(path: Path, all_slots: Sequence[Slot]) -> set[Fraction]:
    """Onsets of the lines but the first, where they are known."""
    source = path.parent.parent / "hymns-abc" / f"{path.stem}.abc"
    if path.suffix == ".mid":
        found = METRICAL.search(source.read_text("latin-1")) if source.is_file() else None
        ends = list(accumulate(map(int, found[1].split()))) if found else [0]
        return {all_slots[end].onset for end in ends[:-1]} if ends[-1] == len(all_slots) else set()
    lyrics = [slot.lyrics[0] if slot.lyrics else None for slot in all_slots]
    if not lines_have_capitals(lyrics) or not is_english(all_slots):
        return set()
    return {
        slot.onset
        for slot, lyric in list(zip(all_slots, lyrics, strict=True))[1:]
        if lyric and lyric.syllabic in ("single", "begin") and is_capital(lyric)
    }


def words_of(all_slots: Sequence[Slot]) -> Iterator[tuple[str, list[Slot]]]:
    """Each word in lower case, with its slots."""
    word: list[Slot] = []
    for slot in all_slots:
        if slot.lyrics and slot.lyrics[0].syllabic in ("single", "begin") and word:
            yield spelled(word), word
            word = []
        word.append(slot)
    if word:
        yield spelled(word), word


def spelled(word: Sequence[Slot]) -> str:
    text = "".join(slot.lyrics[0].text for slot in word if slot.lyrics).lower().replace("’", "'")
    return re.sub(r"^[^\w']+|[^\w']+$", "", text)


def is_english(all_slots: Sequence[Slot]) -> bool:
    words = [word for word, _ in words_of(all_slots)]
    return sum(word in FUNCTION for word in words) >= ENGLISH * len(words)


def compare_stresses(tune: Tune, figures: Figures) -> None:
    all_slots = slots(tune)
    if not is_english(all_slots):
        return
    figures.count["slots"] += len(all_slots)
    figures.count["weak"] += sum(not slot.strong for slot in all_slots)
    for word, places in words_of(all_slots):
        stresses = {r.stress.index("1") for r in default_lexicon().sung(word) if fits(r.stress, places)}
        if stresses:
            figures.count["polysyllables"] += 1
            figures.count["stress"] += not any(places[i].strong for i in stresses)
            figures.count["across"] += any(slot.rest > 0 for slot in places[:-1])


def fits(stress: str, places: Sequence[Slot]) -> bool:
    return len(stress) == len(places) > 1 and "1" in stress


ROWS = {  # text -> part and whole of `Figures.count`, or a key of `Figures.lines`
    "two phrases or more": ("phrases", "read"),
    "same part, bare": ("part", "worded"),
    "slots, with words": ("slots words", "notes"),
    "slots, bare": ("slots bare", "notes"),
    "stress on a weak slot": ("stress", "polysyllables"),
    "weak slots": ("weak", "slots"),
    "words across rests": ("across", "polysyllables"),
}


def report(name: str, figures: Figures) -> None:
    print(f"\n{name}: {figures.count['read']} files read, {figures.count['with lines']} of them with known lines")
    for text, (part, whole) in ROWS.items():
        print(f"  {text:24}{figures.share(part, whole)} {whole}")
    for kind, match in figures.lines.items():
        print(f"  boundaries, {kind:12}{match}")
    print(*(f"  refused: {each}" for each in figures.refused), sep="\n")


def main() -> None:
    options = parser(__doc__, tunes=True).parse_args()
    for folder in ("hymns-midi", "lieder-musicxml"):
        figures = Figures()
        for path in tune_files(options.data / folder, options.every):
            measure(path, figures)
        report(folder, figures)


if __name__ == "__main__":
    main()
