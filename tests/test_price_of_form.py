"""The price of form on models small enough to add up by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from lyricist.corpus import Line, Section, Song
from lyricist.generate.steering import PlanRows
from lyricist.generate.writer import Model
from lyricist.model.runtime import State
from lyricist.model.tokens import Order, Vocabulary
from lyricist.plan.plan import Plan
from lyricist.prosody.features import width
from price_of_form import FullSoftmax, log_mean, ratio, run_systems, score, stanza_ids, word_entropy
from stanzas import FORMS, compiled, equal_samples, form_test, stanzas_of, ways
from verse import is_archaic

TOKENS = ["<unk>", "<song>", "<end>", "<line>", "<verse>", "night", "light", "river"]
COUPLET = Plan(form=("verse",), lines=(2,), syllables=(2,), rhyme=("AA",), max_copy=0, clean=False)


class Unigrams:
    """Every token with a probability of its own, whatever went before."""

    def __init__(self, p: dict[str, float]) -> None:
        self.logits = np.log([p[token] for token in TOKENS]).astype(np.float32)
        self.vocab_size = len(TOKENS)

    def initial_state(self, batch: int) -> State:
        return (np.zeros((1, batch, 1), dtype=np.float32),)

    def step(self, ids: npt.NDArray[np.int64], state: State) -> tuple[npt.NDArray[np.float32], State]:
        return np.tile(self.logits, (len(ids), 1)), state


EVEN = dict.fromkeys(TOKENS, 1 / 8)
UNEVEN = dict(zip(TOKENS, [0.10, 0.01, 0.04, 0.20, 0.05, 0.30, 0.10, 0.20], strict=True))


def model_of(p: dict[str, float], order: Order = "forward") -> Model:
    return Model(Unigrams(p), Vocabulary(TOKENS, order=order))


@pytest.mark.parametrize("order", ["forward", "backward"])
@pytest.mark.parametrize(("p", "particles"), [(EVEN, 1), (UNEVEN, 512)])
def test_floor_is_the_probability_of_the_form(p: dict[str, float], particles: int, order: Order) -> None:
    model = model_of(p, order)
    song, units = compiled(model, COUPLET)
    found = run_systems(song, FullSoftmax(units), particles, range(4))
    # A break, "? night", a break, "? light", a break, or the other way round; ? is night or light.
    any_break = p["<end>"] + p["<line>"] + p["<verse>"]
    before = p["night"] + p["light"]
    expected = np.log(any_break**3 * before**2 * 2 * p["night"] * p["light"])
    assert log_mean(found.log_form)[0] == pytest.approx(expected, abs=0.02 if particles > 1 else 1e-5)
    assert found.words == pytest.approx([6] * 4)  # four words and two breaks
    assert {line[-1] for line in found.songs[0]} == {"night", "light"}


class Obedient(Unigrams):
    """Told the syllables left it writes words while there are any, and then a break."""

    features = width(("slots",))

    def step(
        self, ids: npt.NDArray[np.int64], state: State, told: npt.NDArray[np.float32] | None = None
    ) -> tuple[npt.NDArray[np.float32], State]:
        logits, state = super().step(ids, state)
        if told is not None:
            wanted = np.isin(TOKENS, ["<line>", "<end>", "<verse>"]) == (told[:, 1:2] > 0)
            logits = np.where((told[:, :1] > 0) & ~wanted, np.float32(-50), logits)
        return logits, state


def test_a_model_that_is_told_the_plan_pays_for_rhymes_only() -> None:
    model = Model(Obedient(UNEVEN), Vocabulary(TOKENS))
    found = {}
    for way, each in ways(model).items():
        song, units = compiled(each, COUPLET)
        told = PlanRows(song, each.groups) if each.groups else None
        found[way] = log_mean(run_systems(song, FullSoftmax(units), 512, range(4), told).log_form)[0]
    rhymes = 0.4**2 * 2 * 0.3 * 0.1
    assert found[", not told"] == pytest.approx(np.log(0.29**3 * rhymes), abs=0.02)
    assert found[", told"] == pytest.approx(np.log(0.29 * rhymes / 0.71**4), abs=0.02)
    # The words alone make 0.71; before the first break there is no line to be told of.
    assert list(ways(model_of(EVEN))) == [""]


def test_without_the_full_softmax_barred_words_cost_nothing() -> None:
    song, units = compiled(model_of(EVEN), COUPLET)
    found = run_systems(song, units, 1, range(2))
    # <unk> and <song> are never drawn: six tokens of the eight are left.
    assert found.log_form[0] == pytest.approx(np.log((3 / 6) ** 3 * (2 / 6) ** 2 * 2 * (1 / 6) ** 2), abs=1e-5)


def test_gap_falls_with_particles_and_is_a_bound() -> None:
    song, units = compiled(model_of(UNEVEN), COUPLET)
    logs = [run_systems(song, FullSoftmax(units), p, range(400)).log_form.mean() for p in (1, 16)]
    exact = np.log(0.29**3 * 0.4**2 * 2 * 0.3 * 0.1)
    # Of one particle the first end word decides the second: log(0.1 / 0.4) or log(0.3 / 0.4). 400 songs: 5 deviations.
    one = np.log(0.29**3 * 0.4**3) + 0.75 * np.log(0.1) + 0.25 * np.log(0.3)
    assert logs[0] == pytest.approx(one, abs=5 * np.log(3) * np.sqrt(0.75 * 0.25 / 400))
    assert logs[0] < logs[1] < exact + 0.02


def test_score_counts_any_break_where_it_is_told_to() -> None:
    model = model_of(UNEVEN)
    ids = stanza_ids((("night", "owl"), ("light",)), model.vocabulary)
    assert ids.tolist() == [1, 4, 5, 0, 3, 6, 2]
    plain = score(model.step_model, [ids], 0)
    assert plain.nats[0] == pytest.approx(-np.log(0.05 * 0.3 * 0.1 * 0.2 * 0.1 * 0.04), abs=1e-5)
    assert (plain.tokens[0], plain.unknown[0]) == (6, 1)
    pooled = score(model.step_model, [ids, ids[:4]], 0, breaks=[2, 3, 4], first=2)
    assert pooled.nats == pytest.approx(-np.log([0.3 * 0.1 * 0.29 * 0.1 * 0.29, 0.3 * 0.1]), abs=1e-5)
    assert pooled.unknown_nats == pytest.approx(-np.log([0.1, 0.1]), abs=1e-5)


def test_stanzas_of_a_form() -> None:
    text = """We walked along the river's side
And watched the fading light
The water in the morning tide
Was shining in the night
And then we went away"""
    song = Song("", "", (Section("verse", tuple(map(Line, text.splitlines()))),), "")
    has = form_test(FORMS["common metre ABAB"])
    assert [" ".join(s[0]) for s in stanzas_of([song], has)] == ["we walked along the river's side"]
    assert not stanzas_of([song], form_test(FORMS["pentameter AABB"]))


def test_equal_samples_and_figures() -> None:
    low, high = [(("la", "la"),)] * 30, [(("river", "thou"),)] * 10
    assert [len(s) for s in equal_samples([low, high], len, 1)[0]] == [10]
    assert (word_entropy(low), word_entropy(high)) == pytest.approx((0, np.log(2)))
    assert is_archaic("thou") and not is_archaic("beneath")
    assert ratio(np.array([1.0, 3.0]), np.array([2.0, 2.0]))[0] == 1
