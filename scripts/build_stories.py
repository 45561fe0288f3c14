"""Make the stories that songs tell, from songs that the network has not read.

    python scripts/build_stories.py RUN SONGS... -o STORIES [--share 0.5] [--index COPY_INDEX]

A story has what a song says, line by line: who does it, who else is in it, and key words in the order of the line,
its last word last; the person and the tense that most of its words have; and its form (`plan/premise.py`). SONGS are
files as `lyricist prepare` reads them. A song is left out if its form is none of STANZAS, if its rhymes are not
perfect, if its lines are not of its form's lengths, if words cannot end their lines by its plan, or if it holds an
unclean word. Of the others `--share` is kept: those whose lines the network RUN finds the likeliest, given what they
are to say, so that it can tell them. `--index`: a copy index of their songs, of which no more than five words in a
row are written.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from learn_marks import BATCH, Batches, Text, log_shares, opened, text_of
from lyricist import read
from lyricist._io import replace_file
from lyricist.corpus import CHORUSES, Song
from lyricist.corpus.grammar import is_subject_form, person_of, voice_of
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.corpus.word_lists import is_unclean
from lyricist.evaluation.check import EVERY_SONG, Checked, CheckedLine, check
from lyricist.generate.exact_writer import ExactWriter
from lyricist.generate.outline import Outliner
from lyricist.generate.song import ExactSongAutomaton
from lyricist.generate.writer import Model, load
from lyricist.model.checkpoint import Run
from lyricist.model.copy_index import CopyIndex
from lyricist.model.tokens import Vocabulary
from lyricist.model.topics import TOPICS, Topics
from lyricist.plan.plan import Plan
from lyricist.plan.premise import NOBODY, parse_story
from lyricist.plan.resolve import resolve
from lyricist.prosody.features import SAID
from lyricist.training.conditioning import tells

STANZAS = {  # syllables, and the schemes that a stanza of them may have
    (8, 6, 8, 6): "ABAB XAXA",
    (8, 8, 8, 8): "ABAB XAXA AABB ABBA AAXA",
    (6, 6, 6, 6): "ABAB XAXA AABB",
    (7, 6, 7, 6): "ABAB XAXA",
    (6, 6, 8, 6): "ABAB XAXA",
    (8, 7, 8, 7): "ABAB XAXA",
    (8, 8, 8, 6): "XAXA AAXA XXXX AAXX",
    (9, 9, 9, 9): "AABB",
    (10, 10, 10, 10): "ABAB AABB ABBA XAXA",
    (10, 8, 10, 8): "ABAB XAXA",
    (8, 8, 6, 8, 8, 6): "AABCCB",
    (8, 8): "AA",
    (10, 10): "AA",
    (8, 6): "XX",
}
THEME = 3  # words of a theme
LOST = 1  # last words of a story that its own plan may rule out
OFF = 1 / 6  # share of the lines of a song that may have a syllable more or less than its form
split = WordTokenizer().split


def beat(words: Sequence[str], vocabulary: Vocabulary) -> str:
    """A line's subject, another person, its rarest words in their order, and its last word."""
    key = [w for w in dict.fromkeys(words[:-1]) if tells(w) and w in vocabulary and w != words[-1]]
    kept = sorted(key, key=vocabulary.rarity)[-(SAID - 1) :]
    who = next((w for w in words if is_subject_form(w)), NOBODY)
    whom = [w for w in words if person_of(w) not in ("", person_of(who))][:1]
    return " ".join([who, *whom, *(w for w in key if w in kept), words[-1]])


def form(checked: Checked, names: Sequence[str]) -> str:
    """The form of a song as `parse_form` reads it; "" if it has none of STANZAS."""
    found: dict[str, list[tuple[tuple[int, ...], str]]] = {"v": [], "c": []}
    order, wrong, total = "", 0, 0
    for name, section in zip(names, checked.sections, strict=True):
        lines = checked.lines[section.first - 1 : section.first - 1 + section.lines]
        stanza = min(STANZAS, key=lambda one: distance(one, lines))
        if len(stanza) != len(lines):
            return ""
        if any(line.letter != "X" and line.rhymes not in ("perfect", "") for line in lines):
            return ""
        wrong, total = wrong + distance(stanza, lines), total + len(lines)
        order += name
        found[name].append((stanza, section.scheme))
    if wrong > OFF * total or not found["v"]:
        return ""
    parts = []
    for name in ("v", "c") if found["c"] else ("v",):
        stanzas = Counter(stanza for stanza, _ in found[name])
        schemes = Counter(scheme for _, scheme in found[name])
        (stanza, _), *others = stanzas.most_common()
        scheme = schemes.most_common(1)[0][0]
        if others or scheme not in STANZAS[stanza].split():
            return ""
        parts.append(f"{','.join(map(str, shortest(stanza)))} {scheme}")
    verses = [text(checked, s.first, s.lines) for n, s in zip(names, checked.sections, strict=True) if n == "v"]
    refrain = "last" if same(verses, -1) else "first" if same(verses, 0) else ""
    return "; ".join([*parts, order, refrain])


def shortest(stanza: tuple[int, ...]) -> tuple[int, ...]:
    """The period of a stanza's lengths."""
    for size in (1, 2, 3):
        if len(stanza) % size == 0 and stanza == stanza[:size] * (len(stanza) // size):
            return stanza[:size]
    return stanza


def distance(stanza: Sequence[int], lines: Sequence[CheckedLine]) -> int:
    """Syllables too many or too few; a large number for another count of lines."""
    if len(stanza) != len(lines):
        return 1_000
    return sum(abs(n - line.syllables) for n, line in zip(stanza, lines, strict=True))


def text(checked: Checked, first: int, lines: int) -> list[tuple[str, ...]]:
    return [line.words for line in checked.lines[first - 1 : first - 1 + lines]]


def same(verses: Sequence[Sequence[tuple[str, ...]]], at: int) -> bool:
    return len(verses) > 1 and len({verse[at] for verse in verses}) == 1


def story(song: Song, vocabulary: Vocabulary, topics: Topics) -> str:
    """The story of a song as a block of the file; "" for a song that is left out."""
    checked = check(song)
    names = ["c" if section.name in CHORUSES else "v" for section in song.sections]
    if len(names) != len(checked.sections) or len(set(names)) < (2 if "c" in names else 1):
        return ""
    shape = form(checked, names)
    words = [w for section in song.sections for line in section.lines for w in split(line.text)]
    if not shape or any(is_unclean(w) for w in words):
        return ""
    parts: dict[str, list[str]] = {"1": [], "C": []}
    for name, section in zip(names, song.sections, strict=True):
        if name == "v" or not parts["C"]:
            parts["1" if name == "v" else "C"] += [beat(split(line.text), vocabulary) for line in section.lines]
    counts = Counter(w for w in words if w in vocabulary and topics.has[vocabulary.index[w]])
    theme = sorted(counts, key=lambda w: (-counts[w], -vocabulary.rarity(w)))[:THEME]
    rows = [f"{name}: {' / '.join(beats)}" for name, beats in parts.items() if beats]
    person, tense = voice_of(words)
    return "\n".join([f"{person or 'nobody'} {tense or 'present'}: {', '.join(theme)}", f"form: {shape}", *rows])


def stories(files: Sequence[Path], run: Run) -> Iterator[tuple[str, Text]]:
    """The stories as blocks of the file, and their songs."""
    vocabulary = run.vocabulary
    topics = Topics.load(run.path / TOPICS, vocabulary)
    for song in read(files, options=EVERY_SONG).songs():
        if all(section.lines for section in song.sections) and (made := story(song, vocabulary, topics)):
            lines = [[(line.text, True) for line in section.lines] for section in song.sections]
            yield made, text_of(lines, vocabulary)


class Endings:
    """Whether songs to a story's own plan may end their lines as it says."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.compiled: dict[Plan, ExactSongAutomaton] = {}

    def lost(self, block: str) -> int:
        """The last words that its plan does not allow."""
        plan = Plan(sections=parse_story(block).sections)
        if plan not in self.compiled:
            self.compiled[plan] = ExactWriter(self.model, resolve(plan, self.model.lexicon)).song
        made = Outliner(self.compiled[plan], (block,)).draw(0)
        return sum(not line[0] for line in made.lines if line)


def nats(run: Run, texts: Sequence[Text]) -> list[float]:
    """Nats a word of each song, given its outlines."""
    model, batches = opened(run)[1], Batches(run, 0)
    out: list[float] = []
    with torch.no_grad():
        for start in range(0, len(texts), BATCH):
            ids, targets, plan, marks = batches.of(texts[start : start + BATCH], hide=False)
            inside = marks != 0
            logs = log_shares(model, ids, targets, plan) * inside
            out += (-logs.sum(0) / inside.sum(0)).tolist()
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the stories that songs tell.")
    parser.add_argument("run", type=Path)
    parser.add_argument("songs", type=Path, nargs="+")
    parser.add_argument("--share", type=float, default=0.5, help="of the stories that are kept, 0 to 1")
    parser.add_argument("--index", type=Path, help="where to write a copy index of their songs")
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    run = Run.open(options.run)
    endings = Endings(load(options.run))
    fine = ((block, text) for block, text in stories(options.songs, run) if endings.lost(block) <= LOST)
    blocks, texts = zip(*fine, strict=True)
    found = nats(run, texts)
    most = sorted(found)[max(0, math.ceil(options.share * len(found)) - 1)]
    kept = [(block, text) for block, text, value in zip(blocks, texts, found, strict=True) if value <= most]
    made = [block for block, _ in kept]
    if options.index:
        CopyIndex.from_ids(np.concatenate([text.ids for _, text in kept]), run.vocabulary).save(options.index)
    replace_file(options.out, [("\n\n".join(made) + "\n").encode()])
    size = options.out.stat().st_size / 1e6
    print(f"{len(made)} stories of {len(blocks)}, at most {most:.2f} nats a word, {size:.2f} MB")


if __name__ == "__main__":
    main()
