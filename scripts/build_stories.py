"""Make the stories that a planner tells, from songs that neither network has read: RUN/stories.txt.

    python scripts/build_stories.py RUN SONGS... -o STORIES

A story has the key words of every line of a song, in the order of the line, its last word last, and the person and
the tense that most of its words have (see `lyricist.generate.outline`). SONGS are files as `lyricist prepare` reads
them. Songs of fewer than FEWEST lines are left out.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from lyricist import read
from lyricist._io import replace_file
from lyricist.corpus import CHORUSES, Song
from lyricist.corpus.grammar import voice_of
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.corpus.word_lists import is_unclean
from lyricist.evaluation.check import EVERY_SONG
from lyricist.model.checkpoint import Run
from lyricist.model.tokens import Vocabulary
from lyricist.model.topics import TOPICS, Topics, is_plain

FEWEST = 6  # lines of a song
KEYS = 3  # key words of a line besides its last word
THEME = 3  # words of a theme
split = WordTokenizer().split


def beat(words: Sequence[str], vocabulary: Vocabulary) -> list[str]:
    """The rarest content words of a line in their order, and its last word."""
    known = [w for w in words[:-1] if w in vocabulary and not is_plain(w) and w != words[-1]]
    kept = sorted(dict.fromkeys(known), key=vocabulary.rarity)[-KEYS:]
    return [w for w in dict.fromkeys(known) if w in kept] + [words[-1]]


def story(song: Song, vocabulary: Vocabulary, topics: Topics) -> str:
    """The story of a song as a block of the file; "" for a song that is too short or has a word that is not known."""
    parts: dict[str, list[list[str]]] = {"1": [], "C": []}
    for section in song.sections:
        lines = [split(line.text) for line in section.lines]
        name = "C" if section.name in CHORUSES else "1"
        if name == "1" or not parts["C"]:
            parts[name] += [beat(words, vocabulary) for words in lines if words]
    words = [w for section in song.sections for line in section.lines for w in split(line.text)]
    if len(parts["1"]) < FEWEST or any(is_unclean(w) for w in words):
        return ""
    counts = Counter(w for w in words if w in vocabulary and topics.has[vocabulary.index[w]])
    theme = sorted(counts, key=lambda w: (-counts[w], -vocabulary.rarity(w)))[:THEME]
    rows = [f"{name}: {' / '.join(map(' '.join, beats))}" for name, beats in parts.items() if beats]
    person, tense = voice_of(words)
    return "\n".join([f"{person or 'nobody'} {tense or 'present'}: {', '.join(theme)}", *rows])


def stories(files: Sequence[Path], run: Run) -> Iterator[str]:
    vocabulary = run.vocabulary
    topics = Topics.load(run.path / TOPICS, vocabulary)
    for song in read(files, options=EVERY_SONG).songs():
        if made := story(song, vocabulary, topics):
            yield made


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the stories that a planner tells.")
    parser.add_argument("run", type=Path)
    parser.add_argument("songs", type=Path, nargs="+")
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    made = list(stories(options.songs, Run.open(options.run)))
    replace_file(options.out, [("\n\n".join(made) + "\n").encode()])
    print(f"{len(made)} stories, {options.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
