"""Duplicates and the split: MinHash estimates, what is dropped, what stays together."""

import random

import numpy as np
import pytest

from lyricist.corpus import dedupe
from lyricist.corpus.pipeline import TEST, TRAIN, VALID, split_songs

VOCABULARY = [f"w{n}" for n in range(3000)]


def words(seed, count=200):
    return random.Random(seed).choices(VOCABULARY, k=count)


def changed(song, share, seed=0):
    """The song with this share of its words replaced, in one run, so that trigrams outside it stay."""
    count = int(len(song) * share)
    return song[:-count] + words(seed + 999, count) if count else list(song)


def signatures(tmp_path, songs):
    path = tmp_path / "signatures"
    with path.open("wb") as file:
        signer = dedupe.Signer(file)
        for song in songs:
            signer.add(song)
        signer.flush()
    return dedupe.read_signatures(path, len(songs))


def trigram_jaccard(a, b):
    one, two = (set(zip(song, song[1:], song[2:], strict=False)) for song in (a, b))
    return len(one & two) / len(one | two)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.5, 0.9])
def test_estimates_agree_with_the_jaccard_index(tmp_path, share):
    """Standard error at most 0.044; 0.18 is four of them (seeds are fixed: the outcome is, too)."""
    base = words(1)
    other = changed(base, share)
    signed = signatures(tmp_path, [base, other])
    assert dedupe.similarity(signed, np.array([[0, 1]]))[0] == pytest.approx(trigram_jaccard(base, other), abs=0.18)


def test_batches_do_not_change_signatures(tmp_path, monkeypatch):
    songs = [words(n, 3 + n) for n in range(40)] + [["one"], ["one", "two"], []]
    whole = np.array(signatures(tmp_path, songs))
    monkeypatch.setattr(dedupe, "BATCH", 17)
    assert np.array_equal(whole, signatures(tmp_path, songs))


def test_pairs_are_those_of_brute_force(tmp_path):
    songs = [changed(words(n // 4), (n % 4) / 8, n) for n in range(120)]
    signed = signatures(tmp_path, songs)
    pairs, index = dedupe.similar_pairs(signed, 0.5)
    every = np.array([(a, b) for a in range(120) for b in range(a + 1, 120)])
    true = {tuple(pair) for pair in every[dedupe.similarity(signed, every) >= 0.5].tolist()}
    found = {tuple(pair) for pair in pairs.tolist()}
    assert found <= true
    assert len(found) >= 0.99 * len(true)
    assert (index >= 0.5).all()


def test_many_copies_are_compared_in_linear_time(tmp_path):
    signed = signatures(tmp_path, [words(1)] * 3000)
    pairs, _ = dedupe.similar_pairs(signed, 0.5)
    assert len(pairs) < 3000 * (dedupe.NEIGHBOURS + 1)
    assert len(set(dedupe.clusters(3000, pairs).tolist())) == 1


def test_the_longer_stays_ties_the_first(tmp_path):
    base = words(1)
    songs = [base[:-4], base, list(base), words(2)]
    signed = signatures(tmp_path, songs)
    pairs, index = dedupe.similar_pairs(signed, 0.5)
    lengths = np.array([len(song) for song in songs], dtype=np.uint32)
    assert dedupe.near_duplicates(signed, pairs, index, 0.8, lengths) == {0: 1, 2: 1}


def test_a_chain_does_not_drop_its_far_end():
    """B repeats A, C repeats B, but C is no repeat of A: C stays although B goes."""
    signed = np.zeros((3, 128), dtype=np.uint16)
    signed[1, :20] = 1
    signed[2, :40] = 1
    pairs = np.array([[0, 1], [1, 2]])
    kept = dedupe.near_duplicates(
        signed, pairs, dedupe.similarity(signed, pairs), 0.8, np.array([9, 8, 7], np.uint32)
    )
    assert kept == {1: 0}


def hashes(count):
    return np.random.default_rng(0).integers(0, 2**63, count, dtype=np.uint64)


def test_shares_are_kept_and_order_does_not_matter():
    """5,000 songs at 0.05: standard deviation 15; 80 is five of them."""
    content = hashes(5000)
    clusters = np.arange(5000)
    sides = split_songs(clusters, content, valid=0.05, test=0.05, seed=0)
    assert abs((sides == VALID).sum() - 250) < 80
    assert abs((sides == TEST).sum() - 250) < 80
    shuffled = np.random.default_rng(1).permutation(5000)
    assert np.array_equal(sides[shuffled], split_songs(clusters, content[shuffled], valid=0.05, test=0.05, seed=0))
    assert not np.array_equal(sides, split_songs(clusters, content, valid=0.05, test=0.05, seed=1))


def test_songs_added_later_move_none():
    content = hashes(2000)
    before = split_songs(np.arange(1000), content[:1000], valid=0.05, test=0.05, seed=0)
    after = split_songs(np.arange(2000), content, valid=0.05, test=0.05, seed=0)
    assert np.array_equal(before, after[:1000])


@pytest.mark.parametrize("count", range(3, 12))
@pytest.mark.parametrize("share", [0.001, 0.05, 0.45])
def test_no_side_is_empty(count, share):
    for seed in range(20):
        sides = split_songs(np.arange(count), hashes(count), valid=share, test=share, seed=seed)
        assert set(sides.tolist()) == {TRAIN, VALID, TEST}


def test_a_share_of_zero_leaves_the_side_empty():
    sides = split_songs(np.arange(50), hashes(50), valid=0, test=0.1, seed=0)
    assert VALID not in sides
    assert TEST in sides


def test_clusters_stay_together_and_big_ones_in_train():
    clusters = np.repeat(np.arange(100), 5)
    clusters[:200] = 0
    for seed in range(10):
        sides = split_songs(clusters, hashes(500), valid=0.05, test=0.05, seed=seed)
        assert all(len(set(sides[clusters == cluster].tolist())) == 1 for cluster in set(clusters.tolist()))
        assert (sides[:200] == TRAIN).all()
