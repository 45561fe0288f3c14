"""Songs with their tunes as arrays: the words of each song and the features of the music under each word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from lyricist._io import Arrays, fit, load_arrays, replace_file, tensor_bytes
from lyricist.corpus import Corpus, Song, match_tunes
from lyricist.corpus.store import SPLITS
from lyricist.corpus.tune_match import TuneJoin, name_of, shown, tune_files
from lyricist.errors import InputError, RunError
from lyricist.melody.read import read_score
from lyricist.melody.tune import Score
from lyricist.model.classic.note_features import WIDTH, Floats, Ints, melody_features
from lyricist.model.tokens import BREAKS, SONG, Vocabulary

DATA = "songs.safetensors"  # in a run: the songs that it was trained and validated on, and those to test it with


@dataclass(frozen=True)
class SungWords:
    """A song as the recipe reads it: word ids (N,), `<unk>` for a word without a vector, and features (N, 18)."""

    ids: Ints
    features: Floats

    def known(self, unk: int) -> SungWords:
        """The song without the words that have no vector; the others keep their share of the music."""
        kept = self.ids != unk
        return SungWords(self.ids[kept], self.features[kept])

    def music(self, words: int) -> Floats:
        """(N, 18) the features for another number N of words: each takes those at its middle."""
        middles = (np.arange(words) + 0.5) * len(self.features) / words
        return self.features[middles.astype(np.int64)]


@dataclass
class Heard:
    """Sung songs by split, and the songs left out with the reason."""

    songs: dict[str, list[SungWords]] = field(default_factory=lambda: {name: [] for name in SPLITS})
    left_out: list[tuple[str, str]] = field(default_factory=list)


def hear(corpus: Corpus, folder: Path | str, vocabulary: Vocabulary) -> Heard:
    """The songs of a corpus that have a tune in `folder`, as `prepare` joined them or else by name.

    Raises `InputError` if the folder has no tunes, none matches a song, or none that does can be read.
    """
    folder = Path(folder)
    tune_files(folder)  # raises an error of its own for a folder that is not there
    names = [(number, name_of(song)) for number, song in enumerate(corpus.songs())]
    tunes, why = tunes_of(corpus, names, folder)
    heard = Heard()
    for number, (split, song) in enumerate(corpus.split_songs()):
        found: SungWords | str = why.get(number, "no tune is joined to it by name")
        if number in tunes:
            found = sung(song, folder / tunes[number], vocabulary)
        if isinstance(found, str):
            heard.left_out.append((shown(name_of(song)), found))
        else:
            heard.songs[split].append(found)
    if not any(heard.songs.values()):
        first = "; ".join(f"{name}: {why}" for name, why in heard.left_out[:3])
        raise InputError(f"--midi {folder}: no song has a tune that can be read ({first}); name the folder that has")
    return heard


def tunes_of(
    corpus: Corpus, names: Sequence[tuple[int, tuple[str, str]]], folder: Path
) -> tuple[Mapping[int, str], Mapping[int, str]]:
    """The tune of each song that has one, by the song's number, and for others what is wrong with theirs.

    The tunes are those that `prepare` joined (`meta["tune"]`), or if it joined none, those with a song's name.
    """
    told = {i: song.meta["tune"] for i, song in enumerate(corpus.songs()) if "tune" in song.meta}
    if not told:
        return TuneJoin.of(names, folder).tunes, {}
    broken = [(tune, why) for tune, why in corpus.info.get("tunes", {}).get("unreadable", [])]
    rest = [(number, name) for number, name in names if number not in told]
    found = match_tunes([name for _, name in rest], [tune for tune, _ in broken]).tune_of
    return told, {rest[song][0]: broken[tune][1] for song, tune in found.items()}


def sung(song: Song, tune: Path, vocabulary: Vocabulary) -> SungWords | str:
    """A song's words with their features, or the reason why there are none."""
    ids = word_ids(song, vocabulary)
    if not len(ids):
        return "it has no words"
    try:
        return SungWords(ids, melody_features(heard_score(tune), len(ids)))
    except InputError as error:
        return str(error)


def heard_score(path: Path) -> Score:
    """The score of a tune. Raises `InputError` for a file that is not a tune or has no notes."""
    score = read_score(path)
    if not any(part.notes for part in score.parts):
        raise InputError(f"{path}: there are no notes in it: give one with a tune")
    return score


def word_ids(song: Song, vocabulary: Vocabulary) -> Ints:
    """(N,) ids of the words of a song, without breaks."""
    breaks = [vocabulary.index[t] for t in (*BREAKS, SONG) if t in vocabulary]
    ids = np.array(vocabulary.encode(song), dtype=np.int64)
    return ids[~np.isin(ids, breaks)]


def save_songs(heard: Heard, path: Path) -> None:
    """Write all arrays into one file, so that a run can be resumed and evaluated without its songs and tunes."""
    arrays: Arrays = {}
    none = SungWords(np.zeros(0, dtype=np.int64), np.zeros((0, WIDTH), dtype=np.float32))
    for split, songs in heard.songs.items():
        arrays[f"{split}.ids"] = np.concatenate([s.ids for s in [none, *songs]]).astype(np.int32)
        arrays[f"{split}.features"] = np.concatenate([s.features for s in [none, *songs]])
        arrays[f"{split}.starts"] = np.cumsum([0, *(len(s.ids) for s in songs)]).astype(np.int64)
    replace_file(path, [tensor_bytes(arrays)])


def load_songs(path: Path, words: int) -> dict[str, list[SungWords]]:
    """What `save_songs` wrote, by split, for a vocabulary of so many `words`. Raises `RunError` if it is damaged."""
    arrays = load_arrays(path)
    songs: dict[str, list[SungWords]] = {}
    for split in SPLITS:
        size = len(arrays.get(f"{split}.ids", ()))
        fit(path, arrays, {f"{split}.ids": ("i4", (size,)), f"{split}.features": ("f4", (size, WIDTH))})
        fit(path, arrays, {f"{split}.starts": ("i8", (None,))})
        ids, features, starts = (arrays[f"{split}.{name}"] for name in ("ids", "features", "starts"))
        bounds = [0, *starts.tolist(), size]
        if not len(starts) or bounds != sorted(bounds) or not ((ids >= 0) & (ids < words)).all():
            raise RunError(f"{path} is damaged ({split}): restore it or train again")
        songs[split] = [SungWords(ids[a:b].astype(np.int64), features[a:b]) for a, b in pairwise(starts)]
    return songs
