"""Held-out songs that a corpus does not hold: its own test split, hymns and carols.

A song that shares RUN words in a row with a training song, whatever its line ends, case and punctuation, is excluded.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common import SONGS
from lyricist.corpus import Song, parse_song
from lyricist.corpus.store import Corpus
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.evaluation.copies import Copies

RUN = 8
FILES = ("hymns", "carols")

split = WordTokenizer().split


@dataclass(frozen=True)
class HeldOut:
    """Songs of one source that share no run of words with the training songs; `seen`: how many did."""

    name: str
    songs: list[Song]
    seen: int


def held_out(corpus: Corpus, words: int = 60_000, seed: int = 0) -> list[HeldOut]:
    """The corpus's test split and the song files that exist, each up to about so many words, at random."""
    sources = {"test split": list(corpus.songs("test"))}
    sources |= {name: songs_of(name) for name in FILES if (SONGS / f"{name}.txt").exists()}
    index = Copies.of(corpus.songs("train"))
    return [sifted(name, songs, index, words, seed) for name, songs in sources.items()]


def songs_of(name: str) -> list[Song]:
    """The songs of a file of the folder of songs, a blank line between two."""
    text = (SONGS / f"{name}.txt").read_text(encoding="utf-8")
    found = (parse_song(part, source=name) for part in text.split("\n\n"))
    return [song for song in found if song.sections]


def sifted(name: str, songs: Sequence[Song], index: Copies, words: int, seed: int) -> HeldOut:
    clean = [s for s in songs if not index.runs([w for line in s.lines() for w in split(line.text)], RUN)[0]]
    random.Random(seed).shuffle(clean)
    return HeldOut(name, list(up_to(clean, words)), len(songs) - len(clean))


def up_to(songs: Sequence[Song], words: int) -> Iterator[Song]:
    for song in songs:
        if words <= 0:
            return
        words -= song.word_count()
        yield song
