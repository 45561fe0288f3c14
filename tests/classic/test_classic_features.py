"""The 18 features of the melody, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from classicsongs import midi, tune

from lyricist.melody.read import read_score
from lyricist.melody.read.midi_file import read_midi
from lyricist.melody.tune import Clock
from lyricist.model.classic.note_features import SCALE, melody_features

HYMNS = Path(__file__).parents[3] / "shared" / "data" / "melodies" / "hymns-midi"

# Two quarters at 120 a minute and two at 60: one second of C, then two of E, under the last of which a drum sounds.
TWO_TEMPI = midi(
    (0, [(0, 2, 60, 100), (2, 2, 64, 50)]),
    (9, [(3, 1, 38, 80)]),
    tempi=[(0, 120), (2, 60)],
)


def features(data: bytes, words: int) -> np.ndarray:  # type: ignore[type-arg]
    """As they are before they are divided by their scales."""
    return melody_features(read_midi(data, "t.mid"), words) * SCALE


def chroma(**shares: float) -> list[float]:
    names = ["C", "Cs", "D", "Ds", "E", "F", "Fs", "G", "Gs", "A", "As", "B"]
    return [shares.get(name, 0.0) for name in names]


def test_three_words_to_three_seconds() -> None:
    found = features(TWO_TEMPI, 3)
    assert found.shape == (3, 18)
    expected = [
        # velocity, pitch, sounding, all, seconds a beat, drums
        [100, 60, 1, 2, 0.5, 0, *chroma(C=1)],
        [50, 64, 1, 2, 1.0, 0, *chroma(E=1)],
        [(50 + 80) / 2, 64, 2, 2, 1.0, 1, *chroma(E=1)],
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_word_over_both_tempi_hears_both() -> None:
    (only,) = features(TWO_TEMPI, 1)
    # three notes; three seconds over four quarters; C sounds one second at 100, E two at 50
    np.testing.assert_allclose(only, [230 / 3, 62, 2, 2, 0.75, 1, *chroma(C=0.5, E=0.5)], rtol=1e-5)


def test_a_chord_shares_its_chroma_by_velocity_and_octaves_are_one() -> None:
    (only,) = features(midi((0, [(0, 1, 60, 90), (0, 1, 72, 30), (0, 1, 67, 40)])), 1)
    np.testing.assert_allclose(only[6:], chroma(C=0.75, G=0.25), rtol=1e-5)


def test_silence_is_zero_but_for_the_beat_and_the_instruments_of_the_file() -> None:
    found = features(midi((0, [(0, 1, 60, 100), (2, 1, 60, 100)])), 3)
    np.testing.assert_allclose(found[1], [0, 0, 0, 1, 0.5, 0, *chroma()], rtol=1e-5)


@pytest.mark.parametrize("words", [1, 2, 7, 48, 500])
def test_chroma_is_whole_wherever_a_pitch_sounds(words: int) -> None:
    found = features(tune(3), words)
    assert found.shape == (words, 18)
    sounds = found[:, 1] > 0
    np.testing.assert_allclose(found[:, 6:].sum(1), sounds, rtol=1e-5)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[:, 4], 0.5, rtol=1e-5)


def test_halving_the_words_merges_their_shares() -> None:
    """What sounds under either of two words sounds under the one that takes their place."""
    fine, coarse = features(tune(5), 96), features(tune(5), 48)
    np.testing.assert_array_equal(np.maximum(fine[::2, 5], fine[1::2, 5]), coarse[:, 5])
    np.testing.assert_allclose((fine[::2, 0] + fine[1::2, 0] > 0), coarse[:, 0] > 0)


@pytest.mark.skipif(not HYMNS.is_dir(), reason="the hymns are not in ../shared/data/melodies")
@pytest.mark.parametrize("number", [0, 60, 120, 180, 240])
def test_real_tunes_second_by_second(number: int) -> None:
    """Every share's notes found by looking at each note of the score in turn."""
    score, words = read_score(sorted(HYMNS.glob("*.mid"))[number]), 150
    found, clock = melody_features(score, words) * SCALE, Clock(score.tempi)
    notes = [(clock.at(n.onset), clock.at(n.end), n, p) for p in score.parts for n in p.notes]
    width = max(end for _, end, _, _ in notes) / words
    for i in range(0, words, 7):
        here = [(n, p) for a, b, n, p in notes if a < (i + 1) * width - 1e-9 and b > i * width + 1e-9]
        velocity = np.mean([n.velocity for n, _ in here]) if here else 0
        np.testing.assert_allclose(found[i, 0], velocity, rtol=1e-4)
        assert round(found[i, 2]) == len({id(p) for _, p in here})
        pitches = {n.pitch % 12 for n, p in here if not p.drums}
        assert set(np.flatnonzero(found[i, 6:]).tolist()) == pitches
