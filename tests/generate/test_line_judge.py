"""The judge of lines: what it computes, that a line's value does not depend on its batch, what it does among drafts."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests.generate.exact_tools import Bigram, compiled, vocabulary
from tests.generate.test_line_score import MORE, PLAN, topics

from lyricist.errors import RunError
from lyricist.generate.exact_engine import ExactEngine
from lyricist.generate.line_score import LineScorer
from lyricist.generate.nocopy import CopyBan
from lyricist.generate.result import SongWritten
from lyricist.generate.selection import JUDGE, MOST, LineJudge, judge_of
from lyricist.generate.steering import Steering
from lyricist.generate.writer import load
from lyricist.model.checkpoint import Run, seal
from lyricist.model.convert import pack
from lyricist.model.onnx_graph import cell_model
from lyricist.model.runtime import HostBlocks
from lyricist.model.tokens import SONG, Vocabulary
from lyricist.plan.plan import Drawing, Plan

EMBEDDING, HIDDEN, INNER = 12, 16, 5
HEADS = {"inner": (INNER, 3 * HIDDEN), "outer": (1, INNER)}


def heads() -> dict[str, np.ndarray]:
    chance, out = np.random.default_rng(1), {}
    for name, shape in HEADS.items():
        out[name] = chance.integers(-63, 64, shape).astype(np.int8)
        out[f"{name}.scale"] = chance.uniform(0.005, 0.02, shape[0]).astype(np.float32)
        out[f"{name}.bias"] = chance.normal(0, 0.3, shape[0]).astype(np.float32)
    return out


def layer(embedding: int = EMBEDDING) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(4)
    shapes = {
        "weight_ih": (4 * HIDDEN, embedding),
        "weight_hh": (4 * HIDDEN, HIDDEN),
        "bias_ih": (4 * HIDDEN,),
        "bias_hh": (4 * HIDDEN,),
    }
    return {f"layers.0.{name}": chance.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}


@cache
def graph(embedding: int = EMBEDDING) -> bytes:
    return cell_model(layer(embedding), heads())


def judge(words: Vocabulary) -> LineJudge:
    chance, size = np.random.default_rng(2), len(words)
    vectors = chance.integers(-63, 64, (size, EMBEDDING)).astype(np.int8)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / JUDGE
        file.write_bytes(graph())
        return LineJudge(file, vectors, np.full(size, 0.01, dtype=np.float32), np.arange(size), words)


def lines(words: Vocabulary, number: int) -> list[list[int]]:
    chance = np.random.default_rng(3)
    return [chance.integers(len(words) - 12, len(words), chance.integers(1, 9)).tolist() for _ in range(number)]


def start(made: LineJudge, number: int) -> tuple[np.ndarray, ...]:
    return tuple(np.repeat(part, number, axis=0) for part in made.start)


def plainly(made: LineJudge, read: Sequence[Sequence[int]], line: Sequence[int]) -> float:
    """The value of a line after others, word by word in 64 bits and without rounding states."""
    w = {n: v.astype(float) for n, v in (heads() | layer()).items()}
    w |= {n: w[n] * w[f"{n}.scale"][:, None] for n in HEADS}
    cell = {name: w[f"layers.0.{name}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    bias = cell["bias_ih"] + cell["bias_hh"]
    h, c = np.zeros(HIDDEN), np.zeros(HIDDEN)
    states = []
    known = vocabulary()
    tokens = [known.index[SONG]]
    for i, words in enumerate([*read, line]):
        tokens += [made.opening if i == 0 else made.within, *words]
    for token in tokens:
        x = made.vectors[token] * 0.01
        i, f, g, o = np.split(cell["weight_ih"] @ x + cell["weight_hh"] @ h + bias, 4)
        c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
        states.append(h)
    own = states[-len(line) :]
    seen = np.concatenate([own[-1], np.mean(own, axis=0), states[-len(line) - 1]])
    value = w["outer"] @ np.tanh(w["inner"] @ seen + w["inner.bias"]) + w["outer.bias"]
    return float(np.clip(value[0], -MOST, MOST))


def test_a_line_is_worth_what_the_network_says() -> None:
    made = judge(vocabulary())
    first, second = lines(vocabulary(), 2)
    value, state = made.read([first], np.array([made.opening]), start(made, 1))
    after, _ = made.read([second], np.array([made.within]), state)
    assert value[0] == pytest.approx(plainly(made, [], first), abs=0.05)
    assert after[0] == pytest.approx(plainly(made, [first], second), abs=0.05)


@pytest.mark.parametrize("number", [2, 3, 17, 128])
def test_a_line_is_worth_the_same_in_any_batch(number: int) -> None:
    made = judge(vocabulary())
    some = lines(vocabulary(), number)
    breaks = np.full(number, made.within)
    together, state = made.read(some, breaks, start(made, number))
    for k in {0, number // 2, number - 1}:
        alone, its = made.read([some[k]], breaks[:1], start(made, 1))
        assert alone[0] == together[k]
        assert all((one[0] == all_[k]).all() for one, all_ in zip(its, state, strict=True))


# --- among drafts


class Likes(LineJudge):
    """Wants the sea in every line."""

    def read(self, lines, breaks, state):  # type: ignore[no-untyped-def]
        _, state = super().read(lines, breaks, state)
        sea = vocabulary(MORE, "backward").index["sea"]
        return np.array([3.0 if sea in line else -3.0 for line in lines], dtype=np.float32), state


def engine(drawing: Drawing, kind: type[LineJudge] = LineJudge, plan: Plan = PLAN) -> ExactEngine:
    song = compiled(plan, MORE, "backward", with_ends=True)
    known = topics("backward", MORE)
    made = judge(known.vocabulary)
    made.__class__ = kind
    merit = LineScorer(known, None, song.columns.finals, len(song.table.words))
    blocks = HostBlocks(Bigram(song.table.known), song.columns)
    return ExactEngine(blocks, song, drawing, CopyBan(None, song.table.words, 0), Steering(scorer=merit, judge=made))


def written(made: ExactEngine, seeds: Sequence[int]) -> dict[int, SongWritten]:
    return {e.seed: e for e in made.write(seeds) if isinstance(e, SongWritten)}


def seas(songs: Sequence[SongWritten]) -> int:
    return sum(song.ids.count(vocabulary(MORE, "backward").index["sea"]) for song in songs)


def test_drafts_that_the_judge_likes_go_on() -> None:
    liked = written(engine(Drawing(particles=8, temperature=0.75), Likes), range(8)).values()
    plain = written(engine(Drawing(particles=8, temperature=0.75, judge=0), Likes), range(8)).values()
    assert seas(list(liked)) > 1.5 * seas(list(plain))


def test_what_it_says_of_each_written_line_is_in_the_score() -> None:
    (song,) = written(engine(Drawing(particles=4, judge=2), Likes), [1]).values()
    assert len(song.scores) == 12 and {s.judged for s in song.scores} <= {-6.0, 6.0}
    (song,) = written(engine(Drawing(particles=4, judge=0), Likes), [1]).values()
    assert {s.judged for s in song.scores} == {0.0}


def test_a_judged_song_does_not_depend_on_its_batch() -> None:
    together = written(engine(Drawing(particles=4)), range(40))
    for seed in (0, 5, 39):
        assert written(engine(Drawing(particles=4)), [seed])[seed] == together[seed]


@pytest.mark.parametrize(("particles", "judged"), [(1, False), (3, False), (4, True)])
def test_a_few_drafts_are_not_judged(particles: int, judged: bool) -> None:
    assert (engine(Drawing(particles=particles)).judge is not None) == judged


# --- beside the starter


@pytest.fixture
def starter(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tests' run, packed, as the package's starter with a judge."""
    home = pack(run, tmp_path / "starter").path
    monkeypatch.setattr("lyricist.model.starter.HERE", home)
    (home / JUDGE).write_bytes(graph(run.config["model"]["embedding"]))
    seal(home)
    return home


def test_the_starter_and_what_went_on_from_it_are_judged(run: Run, starter: Path) -> None:
    model = load(starter)
    assert model.line_judge is not None and model.line_judge.words == len(model.vocabulary)
    assert model.write(Plan(form="verse", rhyme="XX", syllables=6), seed=1)[0].score is not None
    assert judge_of(run, run.vocabulary) is None
    heir = Run(run.path, {**run.config, "base": "starter"}, run.vocabulary)
    more = Vocabulary([*run.vocabulary.tokens, "newword"])
    made = judge_of(heir, more)
    assert made is not None and made.place[-1] == made.place[run.vocabulary.unk]


def test_a_starter_without_one_is_not(run: Run, starter: Path) -> None:
    (starter / JUDGE).unlink()
    seal(starter)
    assert load(starter).line_judge is None


@pytest.mark.parametrize("content", [b"", b"no judge", cell_model(layer(), {})])
def test_a_damaged_judge_is_named(starter: Path, content: bytes) -> None:
    (starter / JUDGE).write_bytes(content)
    seal(starter)
    with pytest.raises(RunError, match="judge.onnx"):
        load(starter).line_judge  # noqa: B018
