from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lyricist.corpus import Corpus, PrepareOptions, prepare
from lyricist.model.tokens import SPECIALS
from lyricist.training.token_arrays import SPLITS, token_set

PLAIN = PrepareOptions(near_duplicate=None, related=None)


@pytest.mark.parametrize("tokenizer", ["word", "char", "whitespace"])
def test_arrays_hold_every_song_of_every_split(corpus: Corpus, tokenizer: str) -> None:
    tokens = token_set(corpus, tokenizer)
    v = tokens.vocabulary(100_000)
    remap = tokens.remap(v)
    for split in SPLITS:
        arrays = tokens.split(split)
        songs = [v.encode(s) for s in corpus.songs(split)]
        assert len(arrays.starts) == len(songs) + 1
        for i, song in enumerate(songs):
            assert remap[arrays.ids[arrays.starts[i] : arrays.starts[i + 1]]].tolist() == song


def test_ids_fall_in_frequency(corpus: Corpus) -> None:
    tokens = token_set(corpus, "word")
    assert tokens.counts == sorted(tokens.counts, reverse=True)
    counted = np.bincount(tokens.split("train").ids, minlength=len(tokens.tokens))
    assert counted.tolist() == tokens.counts


def test_vocabulary_is_made_of_training_songs_only(tmp_path: Path) -> None:
    corpus = prepare(texts=[f"word{i} " * 8 for i in range(40)], out=tmp_path / "c", options=PLAIN)
    words = {t for t in token_set(corpus).tokens if t not in SPECIALS}
    train = {s.sections[0].lines[0].text.split()[0] for s in corpus.songs("train")}
    assert words == train


def test_rare_words_go_to_unk_which_ranks_by_what_it_replaces(tmp_path: Path) -> None:
    texts = [f"rain rain rain rare{i} odd{i} strange{i} queer{i} lone{i}\nrain again" for i in range(30)]
    tokens = token_set(prepare(texts=texts, out=tmp_path / "c", options=PLAIN))
    v = tokens.vocabulary(1000, min_count=2)
    assert v.index["<unk>"] == 0  # five a song, more than any word
    assert "rare1" not in v
    assert len(tokens.vocabulary(18)) == 18


def test_made_once_and_made_again_for_another_corpus(tmp_path: Path) -> None:
    songs = [f"{w} " * 9 for w in ("la", "na", "oh", "hey")]
    corpus = prepare(texts=songs, out=tmp_path / "c", options=PLAIN)
    file = token_set(corpus).path / "tokens.json"
    before = file.stat().st_mtime_ns
    assert token_set(corpus).path / "tokens.json" == file
    assert file.stat().st_mtime_ns == before
    data = json.loads(file.read_text())
    file.write_text(json.dumps({**data, "corpus": "another"}))
    assert len(token_set(corpus).split("train")) > 9
    assert json.loads(file.read_text())["corpus"] == corpus.fingerprint


def test_damaged_arrays_are_made_again(tmp_path: Path) -> None:
    corpus = prepare(texts=[f"{w} " * 9 for w in ("la", "na", "oh", "hey")], out=tmp_path / "c", options=PLAIN)
    file = token_set(corpus).path / "tokens.json"
    file.write_text("{")
    assert token_set(corpus).tokens
