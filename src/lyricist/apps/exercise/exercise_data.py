"""The exercise's options and its files: two tables of songs and a folder of tunes, to train on and to test with.

Songs without a readable tune are left out of both tables, so that every variant is trained and tested on the same
songs; the report lists them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lyricist._io import file_hash
from lyricist.corpus import Corpus, PrepareOptions, Song, prepare
from lyricist.corpus.store import SPLITS, Split, write_corpus
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.corpus.tune_match import name_of, shown, tune_files
from lyricist.errors import InputError
from lyricist.evaluation.copies import Copies
from lyricist.melody.read import read_tune
from lyricist.melody.tune import Tune
from lyricist.training.config import PRESETS

FIRST_WORDS = 3  # drawn where none are given
MOST_FIRST_WORDS = 10
QUICK_BUDGET = 3.0  # seconds
VALID = 0.1  # share of the training songs that are held out for early stopping
KNOWN = 0.5  # share of a test song's words in one run of a training song, from which it counts as known
# Every song of the test table counts, however short or alike.
WHOLE = PrepareOptions(
    valid_share=0, test_share=0, near_duplicate=None, related=None, min_words=1, keep_duplicates=True
)

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """Options of an exercise. `budget`: seconds of training for each variant; `quick`: small networks, as a test that
    everything works. Raises `InputError` for values out of range."""

    first: tuple[str, ...] = ()
    budget: float = 60.0
    seed: int = 0
    preset: str = "small"  # of the project's own model
    variants: tuple[str, ...] = ()  # keys; empty: all
    melodies: int = 0  # at most so many test songs are written for; 0: all
    quick: bool = False
    keep_runs: bool = False

    def __post_init__(self) -> None:
        if len(self.first) > MOST_FIRST_WORDS:
            raise InputError(
                f"--first is given {len(self.first)} times: at most {MOST_FIRST_WORDS} words are compared"
            )
        if self.preset not in PRESETS:
            raise InputError(f"--preset {self.preset!r} is unknown: use one of {', '.join(PRESETS)}")
        if not self.budget > 0:
            raise InputError(f"--budget {self.budget} is not above 0 seconds")
        if self.melodies < 0:
            raise InputError(f"--melodies {self.melodies} is below 0")


@dataclass(frozen=True)
class Sung:
    """A song with its tune."""

    song: Song
    path: Path  # of the tune
    tune: Tune

    @classmethod
    def of(cls, song: Song, midi: Path) -> Sung:
        path = midi / song.meta["tune"]
        return cls(song, path, read_tune(path))

    @property
    def name(self) -> str:
        return shown(name_of(self.song))


@dataclass(frozen=True)
class Material:
    """`train`: songs with tunes, split into train and valid; `test`: in the order of the table.

    `missed`: songs and tunes left out, by reason; `facts`: files, hashes and counts.
    """

    train: Corpus
    test: tuple[Sung, ...]
    midi: Path
    missed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


def read_material(train: Path, test: Path, midi: Path, place: Path) -> Material:
    """Read both tables and find their tunes; the training songs go to `place`, a new corpus directory.

    Raises `InputError` where a file is missing, and where no song of a table has a tune that can be read.
    """
    for table in (train, test):
        if not table.is_file():
            raise InputError(f"{table}: no such file: name a table of songs (artist, title, lyrics)")
    try:
        tunes = tune_files(midi)
    except InputError as error:
        raise InputError(str(error).removeprefix("--midi ")) from None
    learnt = joined(train, midi, PrepareOptions(valid_share=VALID, test_share=0.0))
    judged = joined(test, midi, WHOLE)
    songs: dict[Split, list[Song]] = {split: with_tune(learnt.songs(split)) for split in SPLITS}
    split_again(songs, train)
    unseen = tuple(Sung.of(song, midi) for song in with_tune(judged.songs()))
    if not unseen:
        raise InputError(f"{test}: none of its songs has a tune that can be read: {first_reasons(judged)}")
    corpus = write_corpus(place, songs)
    missed = {**missing(learnt, judged), "test songs that stand in the training songs": already_known(corpus, unseen)}
    facts = {
        "train": table_facts(train, learnt, [s for split in SPLITS for s in songs[split]]),
        "test": table_facts(test, judged, [s.song for s in unseen]),
        "tunes": {"folder": midi.name, "files": len(tunes), "used_sha256": digest_of(songs, unseen)},
        "validation_songs": len(songs["valid"]),
    }
    return Material(corpus, unseen, midi, {what: names for what, names in missed.items() if names}, facts)


def joined(table: Path, midi: Path, options: PrepareOptions) -> Corpus:
    """A table's songs, joined to their tunes. Raises `InputError` that names the table."""
    try:
        return prepare([table], midi=midi, options=options)
    except InputError as error:
        said = str(error)
        raise InputError(f"{table}: {said.removeprefix('--midi ')}" if said.startswith("--midi ") else said) from None


def with_tune(songs: Any) -> list[Song]:
    return [song for song in songs if "tune" in song.meta]


def split_again(songs: dict[Split, list[Song]], table: Path) -> None:
    """Move a song where training or validation has none. Raises `InputError` if there are fewer than two."""
    if not songs["valid"] and len(songs["train"]) > 1:
        songs["valid"] = [songs["train"].pop()]
    if not songs["train"] and len(songs["valid"]) > 1:
        songs["train"] = [songs["valid"].pop()]
    if not songs["train"] or not songs["valid"]:
        raise InputError(f"{table}: fewer than two of its songs have a tune that can be read: add songs or tunes")


def first_reasons(corpus: Corpus) -> str:
    tunes = corpus.info["tunes"]
    reasons = [reason for _, reason in tunes["unreadable"]] + [f"{name} has none" for name in tunes["songs_without"]]
    return "; ".join(reasons[:3])


def missing(learnt: Corpus, judged: Corpus) -> dict[str, list[str]]:
    """Songs and tunes of either table that were not joined, by reason."""
    one, two = learnt.info["tunes"], judged.info["tunes"]
    doubtful = [f"{', '.join(p['songs'])}: {', '.join(p['tunes'])}" for p in one["ambiguous"] + two["ambiguous"]]
    return {
        "training songs without a tune": list(one["songs_without"]),
        "test songs without a tune": list(two["songs_without"]),
        "ambiguous names": doubtful,
        "tunes that cannot be read": sorted({reason for _, reason in one["unreadable"] + two["unreadable"]}),
        "tunes without a song": sorted({*one["tunes_without"]} & {*two["tunes_without"]}),
        "songs dropped": [said for said in (learnt.report.summary(), judged.report.summary()) if said],
    }


def already_known(train: Corpus, unseen: Sequence[Sung]) -> list[str]:
    """Test songs of which half or more of the words are one run of words of a training song."""
    index, tokenizer = Copies.of(train.songs()), WordTokenizer()
    names = []
    for sung in unseen:
        words = [word for line in sung.song.lines() for word in tokenizer.split(line.text)]
        if index.runs(words, 1)[1] >= KNOWN * max(1, len(words)):
            names.append(sung.name)
    return names


def table_facts(table: Path, corpus: Corpus, songs: Sequence[Song]) -> dict[str, Any]:
    return {
        "file": table.name,
        "sha256": file_hash(table),
        "songs": len(corpus),
        "with_tune": len(songs),
        "lines": sum(1 for song in songs for _ in song.lines()),
        "lines_with_notes": sum(bool(line.slots) for song in songs for line in song.lines()),
        "words": sum(song.word_count() for song in songs),
    }


def digest_of(songs: Mapping[Split, Sequence[Song]], unseen: Sequence[Sung]) -> str:
    """SHA-256 over the hashes of all tunes used, in the order of their names."""
    every = [*(song for split in songs.values() for song in split), *(sung.song for sung in unseen)]
    hashes = {song.meta["tune"]: song.meta["tune_sha256"] for song in every}
    return hashlib.sha256("".join(hashes[name] for name in sorted(hashes)).encode()).hexdigest()
