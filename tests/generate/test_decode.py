from __future__ import annotations

import itertools
import zlib

import numpy as np
import pytest

from lyricist._numbers import fraction, key
from lyricist.errors import InputError
from lyricist.generate.engine import BATCH, truncate
from lyricist.generate.exact_writer import decode
from lyricist.generate.free import FREE_LINES, SECTION_LINES, FreeSongAutomaton
from lyricist.generate.nocopy import CopyGuard
from lyricist.generate.result import LineWritten, SongWritten
from lyricist.model.copy_index import CopyIndex
from lyricist.model.tokens import BREAKS, LINE, SPECIALS, Vocabulary
from lyricist.plan.parse import counts, section_names
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.song_spec import FreeSpec

WORDS = [f"w{i}" for i in range(60)]
VOCABULARY = Vocabulary([*sorted(SPECIALS), *WORDS])


class FakeModel:
    """Logits from a hash of the last word and its row's state: no training, no weights."""

    def __init__(self, scale: float = 1.0, vocabulary: Vocabulary = VOCABULARY) -> None:
        self.vocab_size, self.scale = len(vocabulary), scale

    def initial_state(self, batch: int):  # type: ignore[no-untyped-def]
        return (np.zeros((1, batch, 1), dtype=np.float32),)

    def step(self, ids, state):  # type: ignore[no-untyped-def]
        new = np.float32(31) * state[0][0, :, 0] % 1009 + ids.astype(np.float32)
        rows = [np.random.default_rng(zlib.crc32(np.float32(x).tobytes())).normal(size=self.vocab_size) for x in new]
        return (self.scale * np.array(rows)).astype(np.float32), (new[None, :, None],)


UNIFORM = FakeModel(scale=0.0)
PLANS = [
    Plan(),
    Plan(form=("verse", "chorus", "verse", "chorus"), lines=(4,)),
    Plan(form=("verse", "chorus", "bridge", "chorus", "outro"), lines=(2, 3)),
    Plan(form=("intro", "verse")),
    Plan(form=("chorus", "chorus", "chorus"), lines=(1,)),
    Plan(start="w7"),
    Plan(form=("verse", "chorus", "verse", "chorus"), keep_chorus=False),
]


def songs(plan: Plan, model: object = None, seeds: range = range(20), **kw: object) -> list[SongWritten]:
    made = decode(
        model or FakeModel(), FreeSongAutomaton(VOCABULARY, FreeSpec.of(plan)), Drawing(), seeds=seeds, **kw
    )  # type: ignore[arg-type]
    return sorted((e for e in made if isinstance(e, SongWritten)), key=lambda s: s.seed)


def sections(ids: tuple[int, ...]) -> list[tuple[str, list[list[str]]]]:
    out: list[tuple[str, list[list[str]]]] = []
    for token in (VOCABULARY.tokens[i] for i in ids[:-1]):
        if token in BREAKS and token != LINE:
            out.append((token[1:-1], [[]]))
        elif token == LINE:
            out[-1][1].append([])
        else:
            out[-1][1][-1].append(token)
    return out


@pytest.mark.parametrize(("clean", "said"), [(True, False), (False, True)])
def test_slurs_are_left_out_of_free_songs_unless_asked_for(clean: bool, said: bool) -> None:
    known = Vocabulary([*sorted(SPECIALS), "river", "shit", "stone"])
    automaton = FreeSongAutomaton(known, FreeSpec.of(Plan(form=("verse",), lines=(8,), clean=clean)))
    (song,) = [e for e in decode(FakeModel(0.0, known), automaton, seeds=[1]) if isinstance(e, SongWritten)]
    assert (known.index["shit"] in song.ids) == said


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("model", [FakeModel(), FakeModel(5.0), UNIFORM])
def test_every_song_has_the_form_and_lines_asked_for(plan: Plan, model: FakeModel) -> None:
    for song in songs(plan, model):
        made = sections(song.ids)
        assert VOCABULARY.tokens[song.ids[-1]] == "<end>"
        assert all(line for _, lines in made for line in lines)
        if plan.form:
            assert tuple(name for name, _ in made) == plan.form
        else:
            assert 4 <= sum(len(lines) for _, lines in made) <= FREE_LINES + SECTION_LINES[1]
        for i, (_, lines) in enumerate(made):
            low, high = SECTION_LINES
            if plan.lines:
                low = high = plan.lines[i % len(plan.lines)]
            assert low <= len(lines) <= high
        choruses = [lines for name, lines in made if name == "chorus"]
        if plan.keep_chorus:
            assert all(c == choruses[0] for c in choruses)
        if plan.start:
            assert made[0][1][0][0] == plan.start


@pytest.mark.parametrize("plan", PLANS)
def test_mask_agrees_with_step_and_the_song_always_ends(plan: Plan) -> None:
    """The law of every automaton: each allowed token leads to a state that allows some token or is final."""
    automaton = FreeSongAutomaton(VOCABULARY, FreeSpec.of(plan))
    rng = np.random.default_rng(1)
    for _ in range(30):
        state = automaton.start()
        for _ in range(3000):
            allowed = automaton.allowed(state)
            mask = allowed.mask.copy()
            mask[[t for t in allowed.pool if t != allowed.target]] = False
            assert mask.any()
            state = automaton.step(state, int(rng.choice(np.flatnonzero(mask))))
            if automaton.final(state):
                break
        assert automaton.final(state)


def test_unk_and_the_song_tag_are_never_written() -> None:
    for song in songs(Plan(), UNIFORM):
        assert not {VOCABULARY.index["<unk>"], VOCABULARY.index["<song>"]} & set(song.ids)


def test_same_seed_same_song_whatever_else_is_in_the_batch() -> None:
    many = {s.seed: s.ids for s in songs(PLANS[1], seeds=range(BATCH * 2 + 5))}
    for seed in (0, 3, BATCH + 1, 2 * BATCH + 4):
        assert songs(PLANS[1], seeds=range(seed, seed + 1))[0].ids == many[seed]
    assert len(set(many.values())) > BATCH


def test_lines_come_out_before_the_song_ends() -> None:
    made = list(decode(FakeModel(), FreeSongAutomaton(VOCABULARY, FreeSpec.of(PLANS[1])), Drawing(), seeds=[4]))
    assert [type(e) for e in made] == [LineWritten] * 16 + [SongWritten]
    assert [e.opens for e in made[:-1] if e.opens] == ["verse", "chorus", "verse", "chorus"]  # type: ignore[union-attr]
    assert [e.first for e in made[:-1]] == [True] + [False] * 15  # type: ignore[union-attr]


def test_stopping_ends_at_once() -> None:
    counter = itertools.count()
    made = decode(
        FakeModel(),
        FreeSongAutomaton(VOCABULARY, FreeSpec.of(Plan())),
        Drawing(),
        should_stop=lambda: next(counter) > 3,
    )
    assert not [e for e in made if isinstance(e, SongWritten)]


@pytest.mark.parametrize("plan", [PLANS[0], PLANS[1], PLANS[4], Plan(form=("chorus", "bridge", "chorus", "chorus"))])
def test_no_song_copies_more_than_allowed_even_into_a_returning_chorus(plan: Plan) -> None:
    """The songs know most pairs of words, so without the guard every song would copy."""
    rng = np.random.default_rng(3)
    known = [[[WORDS[i] for i in rng.integers(0, 12, 400)]]]
    index = CopyIndex.from_songs(known)
    few = Vocabulary([*sorted(SPECIALS), *WORDS[:12]])
    automaton = FreeSongAutomaton(few, FreeSpec.of(plan))
    lengths = {}
    for guard in (None, CopyGuard(index, few, 2)):
        made = decode(FakeModel(0, few), automaton, Drawing(min_p=0, temperature=0.75), seeds=range(40), guard=guard)
        runs = [
            index.longest_run([few.tokens[i] for i in e.ids if few.tokens[i] not in SPECIALS])[0]
            for e in made
            if isinstance(e, SongWritten)
        ]
        lengths[guard is not None] = max(runs)
    assert lengths[True] <= 2 < lengths[False]


def test_repetition_control_knows_a_refrain_from_a_stutter() -> None:
    class Stutterer(FakeModel):
        def step(self, ids, state):  # type: ignore[no-untyped-def]
            logits = np.full((len(ids), self.vocab_size), -4.0, dtype=np.float32)
            logits[:, VOCABULARY.index["w3"]] = 4.0
            return logits, state

    for song in songs(PLANS[1], Stutterer(), seeds=range(5)):
        made = sections(song.ids)
        for _, lines in made:
            for line in lines:
                assert ["w3"] * 3 not in [line[i : i + 3] for i in range(len(line))]
        own = [tuple(line) for name, lines in (made[0], made[1], made[2]) for line in lines]
        assert len(set(own)) == len(own)
        assert made[1] == made[3]


@pytest.mark.parametrize(
    ("drawing", "kept"),
    [
        (Drawing(min_p=0), [0.4, 0.3, 0.2, 0.1]),
        (Drawing(min_p=0, top_k=2), [0.4, 0.3, 0, 0]),
        (Drawing(min_p=0, top_k=9), [0.4, 0.3, 0.2, 0.1]),
        (Drawing(min_p=0, top_p=0.5), [0.4, 0.3, 0, 0]),
        (Drawing(min_p=0, top_p=0.01), [0.4, 0, 0, 0]),
        (Drawing(min_p=0.6), [0.4, 0.3, 0, 0]),
    ],
)
def test_truncation_keeps(drawing: Drawing, kept: list[float]) -> None:
    assert truncate(np.array([0.4, 0.3, 0.2, 0.1]), drawing).tolist() == kept


def test_draws_follow_the_distribution() -> None:
    """4,000 first words of a uniform model over 60 words: chi-square with 59 degrees, 1 in 10^6 above 128."""
    automaton = FreeSongAutomaton(VOCABULARY, FreeSpec.of(Plan(form=("verse",), lines=(1,))))
    drawing = Drawing(temperature=1, min_p=0, repetition=0)
    first = [e.ids[1] for e in decode(UNIFORM, automaton, drawing, seeds=range(4000)) if isinstance(e, SongWritten)]
    counts = np.bincount(first, minlength=len(VOCABULARY))[[VOCABULARY.index[w] for w in WORDS]]
    assert counts.sum() == 4000
    assert ((counts - 4000 / 60) ** 2 / (4000 / 60)).sum() < 128


def test_uniform_numbers_are_fixed_for_good_and_spread() -> None:
    assert fraction(key(0, 0)) == pytest.approx(0.6524484863740322)
    grid = np.array([[fraction(key(s, t)) for t in range(50)] for s in range(50)])
    assert abs(grid.mean() - 0.5) < 0.03
    assert len(np.unique(grid)) == 2500


@pytest.mark.parametrize("form", ["verse solo", "", "  ", "verse <chorus>"])
def test_forms_that_are_none(form: str) -> None:
    with pytest.raises(InputError, match="--form"):
        section_names(form)


@pytest.mark.parametrize("given", ["0", "-3", "4,x", "1e3", "401", "", "99999999999999999999", "٤"])
def test_counts_that_are_none(given: str) -> None:
    with pytest.raises(InputError, match="--lines"):
        counts(given, "--lines", 400)


@pytest.mark.parametrize("start", ["zebra", "<unk>", "<line>", "", "w1 w2", "🎵"])
def test_a_start_word_outside_the_vocabulary(start: str) -> None:
    with pytest.raises(InputError, match="--start"):
        FreeSongAutomaton(VOCABULARY, FreeSpec.of(Plan(start=start)))


def test_a_returning_chorus_has_one_number_of_lines() -> None:
    form = ("verse", "chorus", "verse", "chorus")
    with pytest.raises(InputError, match="chorus 4 lines and later 6"):
        FreeSongAutomaton(VOCABULARY, FreeSpec.of(Plan(form=form, lines=(2, 4, 2, 6))))
    FreeSongAutomaton(VOCABULARY, FreeSpec.of(Plan(form=form, lines=(2, 4, 2, 6), keep_chorus=False)))


def test_form_needs_a_model_with_structure() -> None:
    plain = Vocabulary(["<unk>", "<eos>", "a"], "whitespace")
    with pytest.raises(InputError, match="whitespace run.*--form"):
        FreeSongAutomaton(plain, FreeSpec.of(Plan(form=("verse",))))


def test_archaic_words_are_unlikely_in_free_songs_too() -> None:
    few = Vocabulary([*sorted(SPECIALS), "thou", "you", "we"])
    counts = []
    for archaic in (0, 4):
        drawing = Drawing(temperature=1, min_p=0, repetition=0, archaic=archaic)
        made = decode(FakeModel(0, few), FreeSongAutomaton(few, FreeSpec.of(Plan())), drawing, seeds=range(20))
        words = [few.tokens[i] for s in made if isinstance(s, SongWritten) for i in s.ids]
        counts.append(words.count("thou") / (words.count("thou") + words.count("you") + words.count("we")))
    assert counts[0] > 0.2  # a third of some 1,500 words; then under a hundredth
    assert counts[1] < 0.05
