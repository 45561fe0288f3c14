from __future__ import annotations

import numpy as np
import pytest

from lyricist.training.token_arrays import PAD, SplitTokens, Streams, song_blocks


def split(lengths: list[int]) -> SplitTokens:
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return SplitTokens(np.arange(starts[-1], dtype=np.uint16), starts.astype(np.int64))


IDENTITY = np.arange(10_000, dtype=np.int32)


@pytest.mark.parametrize(("lengths", "batch", "steps"), [([7, 3, 12, 5, 9], 2, 4), ([40], 4, 3), ([1] * 30, 5, 35)])
def test_an_epoch_holds_every_token_once_but_a_remainder(lengths: list[int], batch: int, steps: int) -> None:
    streams = Streams(split(lengths), IDENTITY, batch, seed=3)
    epoch, t, seen = streams.epoch(0), 0, []
    windows = 0
    while t < streams.length - 1:
        w = epoch.window(t, steps)
        seen.append(w[:-1])
        t += len(w) - 1
        windows += 1
    last = epoch.window(streams.length - 2, 1)[1:] if streams.length > 1 else []
    flat = np.concatenate([*seen, last]).ravel()
    assert len(set(flat.tolist())) == len(flat) == streams.length * batch
    assert windows == epoch.windows(steps)


def test_songs_stay_whole_and_in_contiguous_order() -> None:
    epoch = Streams(split([5, 5, 5, 5]), IDENTITY, 1, seed=1).epoch(0)
    text = epoch.window(0, 100)[:, 0]
    songs = [text[i : i + 5] for i in range(0, 20, 5)]
    assert all((np.diff(s) == 1).all() for s in songs)
    assert sorted(s[0] for s in songs) == [0, 5, 10, 15]


def test_epochs_differ_and_are_a_function_of_the_seed() -> None:
    def first(seed: int, epoch: int) -> list[int]:
        return Streams(split([2] * 50), IDENTITY, 1, seed).epoch(epoch).window(0, 99)[:, 0].tolist()

    assert first(1, 0) == first(1, 0)
    assert first(1, 0) != first(1, 1)
    assert first(1, 0) != first(2, 0)


def test_targets_follow_inputs_across_windows() -> None:
    epoch = Streams(split([30, 30]), IDENTITY, 2, seed=5).epoch(2)
    a, b = epoch.window(0, 8), epoch.window(8, 8)
    assert (a[-1] == b[0]).all()


def test_validation_blocks_hold_whole_songs_and_nothing_else() -> None:
    lengths = [5, 1, 9, 2500, 3]
    blocks = song_blocks(split(lengths), IDENTITY, 10**9)
    songs = [block[:, i][block[:, i] != PAD] for block in blocks for i in range(block.shape[1])]
    found = sorted((int(s[0]), len(s)) for s in songs)
    assert found == [(0, 5), (6, 9), (15, 2000), (2015, 500), (2515, 3)]  # the song of one token predicts nothing
    assert all((np.diff(s) == 1).all() for s in songs)


def test_validation_stops_after_about_so_many_tokens() -> None:
    blocks = song_blocks(split([10] * 100), IDENTITY, 95)
    assert sum(int((b != PAD).sum()) for b in blocks) == 100
