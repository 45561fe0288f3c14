"""The exact writer: plans fulfilled, draws from the right distribution, songs that do not depend on their batch, no copies."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.generate.exact_tools import WORDS, Bigram, Uniform, compiled, vocabulary

import lyricist
from lyricist.errors import InputError, PlanError
from lyricist.generate import steering
from lyricist.generate.engine import truncate
from lyricist.generate.exact_engine import ExactEngine
from lyricist.generate.explain import choice
from lyricist.generate.line_nodes import first_carries
from lyricist.generate.nocopy import CopyBan
from lyricist.generate.result import SongFailed, SongWritten
from lyricist.generate.song import ExactSongAutomaton, compile_song
from lyricist.generate.state import Rows
from lyricist.generate.steering import Steering, word_bias
from lyricist.model.copy_index import CopyIndex
from lyricist.model.runtime import HostBlocks
from lyricist.model.tokens import SPECIALS
from lyricist.plan.plan import Drawing, Plan
from lyricist.prosody.lexicon import default_lexicon
from lyricist.prosody.metre import FUNCTION_WORDS
from lyricist.prosody.rhyme import key, kind
from lyricist.prosody.scan import scan_line

PLAIN = Drawing(
    temperature=1, min_p=0, repetition=0, rhyme_temperature=1, archaic=0, long_words=0, particles=1, merit=0
)
ORDERS = ("forward", "backward")
MORE = (*WORDS, "sky", "high", "by", "now", "how", "gold", "cold", "told", "again", "rain", "a", "in", "to", "silver")


def engine(
    song: ExactSongAutomaton, drawing: Drawing = PLAIN, songs: Sequence[Any] = (), model: Any = None, **more: Any
) -> ExactEngine:
    index = CopyIndex.from_songs(songs) if songs else None
    model = model or Bigram(song.table.known)
    return ExactEngine(
        HostBlocks(model, song.columns), song, drawing, CopyBan(index, song.table.words, 5), Steering(**more)
    )


def songs_of(made: ExactEngine, seeds: Sequence[int]) -> dict[int, list[list[str]]]:
    """seed -> lines of words, from left to right."""
    return {e.seed: lines_of(made.song, e.ids) for e in made.write(seeds) if isinstance(e, SongWritten)}


def lines_of(song: ExactSongAutomaton, ids: Sequence[int]) -> list[list[str]]:
    lines: list[list[str]] = [[]]
    for word in (song.table.words[i] for i in ids[1:-1]):
        if word in SPECIALS:
            lines.append([])
        else:
            lines[-1].append(word)
    return [line[::-1] for line in lines] if song.backward else lines


PLANS = [
    {"form": "verse", "lines": 4, "syllables": "5,4", "rhyme": "ABAB"},
    {"form": "verse chorus verse chorus", "lines": 2, "syllables": "6", "rhyme": "AA"},
    {"form": "verse", "lines": 4, "metre": "iambic", "syllables": "4", "rhyme": "AABB"},
    {"form": "verse", "lines": 3, "syllables": "4,8,2", "rhyme": "AXA", "rhyme_kind": "near"},
    {"form": "verse", "lines": 4, "syllables": "5", "rhyme": "AAAA", "include": "river, gold"},
    {"form": "verse", "lines": 4, "syllables": "5", "acrostic": "SILT", "rhyme": "XAXA"},
    {"form": "verse", "lines": 2, "syllables": "6", "start": "fire", "rhyme": "AA", "rhyme_with": "bee"},
    {
        "syllables": "5",
        "sections": [
            {"name": "verse", "lines": 3, "rhyme": "ABA"},
            {"name": "verse", "lines": 2, "rhyme": "AA", "again": [0, 2]},
            {"name": "verse", "lines": 3, "rhyme": "XAX", "again": "1,5,1"},
        ],
    },
]


class Remembers(Bigram):
    """A bigram model that likes what its whole past makes of it, and counts the rows it was run on."""

    rows = 0

    def step(self, ids: np.ndarray, state: tuple[np.ndarray, ...]) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        self.rows += len(ids)
        past = (state[0] * 3 + ids[None, :, None] + 1) % self.vocab_size
        return self.table[ids] + self.table[past[0, :, 0].astype(int)], (past,)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("fields", PLANS)
def test_drafts_with_one_past_are_one_row_of_the_model(
    fields: dict[str, Any], order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = compiled(Plan(**fields), MORE, order, with_ends=True)
    shared, apart = (Remembers(song.table.known) for _ in range(2))
    drawing = Drawing(temperature=1, particles=4)
    found = songs_of(engine(song, drawing, model=shared), range(8))
    monkeypatch.setattr(Rows, "distinct", lambda self, rows: (rows, np.arange(len(rows))))
    assert songs_of(engine(song, drawing, model=apart), range(8)) == found
    assert shared.rows < 0.9 * apart.rows


@pytest.mark.parametrize("particles", [1, 3])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("fields", PLANS)
def test_plans_are_fulfilled(fields: dict[str, Any], order: str, particles: int) -> None:
    plan = Plan(**fields)
    song = compiled(plan, MORE, order, with_ends=particles > 1)
    found = songs_of(engine(song, Drawing(temperature=1, particles=particles)), range(20))
    assert sorted(found) == list(range(20))
    for lines in found.values():
        for line, spec in zip(lines, song.lines, strict=True):
            assert any(scan_line(line, default_lexicon(), t, len(t)).syllables == len(t) for t in spec.templates)
            assert line[0][0] == spec.initial or not spec.initial
            assert line[0] == spec.first or not spec.first
            assert spec.same_as < 0 or line == lines[spec.same_as]
        assert {w for line in lines for w in line} >= set(plan.include)
        for a, b in itertools.combinations(range(len(lines)), 2):
            if song.lines[a].group == song.lines[b].group >= 0 and song.source[a] != song.source[b]:
                sounds = itertools.product(*(default_lexicon().readings(lines[i][-1]) for i in (a, b)))
                near = plan.rhyme_kind == "near"
                assert any(kind(x, y) in (("perfect", "near") if near else ("perfect",)) for x, y in sounds)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("particles", [1, 4])
def test_a_song_does_not_depend_on_its_batch(order: str, particles: int) -> None:
    plan = Plan(form="verse", lines=4, syllables="5,4", rhyme="ABAB")
    drawing = Drawing(temperature=0.9, particles=particles)
    together = songs_of(engine(compiled(plan, MORE, order), drawing), range(12))
    for seed in (0, 7, 11):
        assert songs_of(engine(compiled(plan, MORE, order), drawing), [seed])[seed] == together[seed]


def weights_of(song: ExactSongAutomaton, model: Bigram, line: Sequence[str]) -> float:
    """Probability of `<verse>`, a line and its end under a bigram model, any break standing for any other."""
    table = np.exp(model.table.astype(float))
    table[:, 0] = 0  # <unk> is never written
    table[:, song.table.vocabulary.index["<song>"]] = 0
    table /= table.sum(axis=1, keepdims=True)
    p, before = float(table[song.prompt, song.breaks].sum()), song.tag("verse")
    for word in line[::-1] if song.backward else line:
        p, before = p * table[before, song.table.id_of(word)], song.table.id_of(word)
    return p * float(table[before, song.breaks].sum())


def lines_with(song: ExactSongAutomaton) -> list[tuple[str, ...]]:
    """All lines of three syllables, by the words' lengths."""
    counts = {w: {r.syllables for r in default_lexicon().readings(w)} for w in WORDS}
    length = {w: min(found) for w, found in counts.items() if len(found) == 1}
    found = [x for n in (1, 2, 3) for x in itertools.product(length, repeat=n)]
    return [x for x in found if sum(length[w] for w in x) == 3]


@pytest.mark.parametrize("with_ends", [False, True])
@pytest.mark.parametrize("order", ORDERS)
def test_particles_estimate_the_probability_of_the_form(order: str, with_ends: bool) -> None:
    """The mean weight is unbiased, whatever proposals lean on; 40 x 64 particles come within 10% (about five standard
    errors)."""
    song = compiled(Plan(form="verse", lines=1, syllables=3), order=order, with_ends=with_ends)
    model = Bigram(song.table.known)
    truth = sum(weights_of(song, model, line) for line in lines_with(song))
    made = engine(song, PLAIN.model_copy(update={"particles": 64}), model=model)
    found = [math.exp(e.log_form) for e in made.write(range(40)) if isinstance(e, SongWritten)]
    assert np.mean(found) == pytest.approx(truth, rel=0.1)


@pytest.mark.parametrize(("word", "eager"), [("river", steering.EAGER), ("sea", -2.0)])
@pytest.mark.parametrize("order", ORDERS)
def test_the_estimate_holds_for_included_words(
    order: str, word: str, eager: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An owed word is drawn earlier than the model would, and the weights take that back, however eager it is; the
    mean of 40 x 64 particles comes within 12%. (A word that may stand anywhere needs many more particles the more
    eager it is.)"""
    monkeypatch.setattr(steering, "EAGER", eager)
    song = compiled(Plan(form="verse", lines=1, syllables=3, include=word), order=order)
    model = Bigram(song.table.known)
    truth = sum(weights_of(song, model, line) for line in lines_with(song) if word in line)
    made = engine(song, PLAIN.model_copy(update={"particles": 64}), model=model)
    found = [math.exp(e.log_form) for e in made.write(range(40)) if isinstance(e, SongWritten)]
    assert np.mean(found) == pytest.approx(truth, rel=0.12)


class Shy(Uniform):
    """Likes all words alike but one, which it seldom writes."""

    def __init__(self, size: int, word: int) -> None:
        super().__init__(size)
        self.word = word

    def step(self, ids: np.ndarray, state: tuple[np.ndarray, ...]) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        logits, after = super().step(ids, state)
        logits[:, self.word] = -3
        return logits, after


@pytest.mark.parametrize("order", ORDERS)
def test_an_included_word_does_not_wait_for_the_last_place(order: str) -> None:
    """Truncation would refuse it everywhere else, so that it stood there in all songs; 4 of 20 are expected."""
    song = compiled(Plan(form="verse", lines=1, syllables=7, include="stone"), MORE, order)
    drawing = Drawing(temperature=1, min_p=0.2, particles=8, merit=0)
    model = Shy(song.table.known, song.table.id_of("stone"))
    found = songs_of(engine(song, drawing, model=model), range(20))
    last = 0 if song.backward else -1
    assert sum(lines[0][last] == "stone" for lines in found.values()) < 12


@pytest.mark.parametrize("with_ends", [False, True])
@pytest.mark.parametrize("order", ORDERS)
def test_the_estimate_holds_for_rhymes_too(order: str, with_ends: bool) -> None:
    """Two lines of one or two syllables that rhyme, enumerated; 60 x 64 particles come within 12%."""
    plan = Plan(form="verse", lines=2, syllables=2, rhyme="AA")
    song = compiled(plan, ("sea", "tree", "the", "below", "stone", "love"), order, with_ends=with_ends)
    model = Bigram(song.table.known)
    table = np.exp(model.table.astype(float))
    table[:, [0, song.table.vocabulary.index["<song>"]]] = 0
    table /= table.sum(axis=1, keepdims=True)
    lines = [(a, b) for a in ("sea", "tree", "the", "stone", "love") for b in ("sea", "tree")]
    total = 0.0
    for one, two in itertools.product(lines, repeat=2):
        if one[1] != two[1]:
            p, before = float(table[song.prompt, song.breaks].sum()), song.tag("verse")
            for line, after in ((one, song.line_end), (two, song.breaks[0])):
                for word in line[::-1] if song.backward else line:
                    p, before = p * table[before, song.table.id_of(word)], song.table.id_of(word)
                p, before = p * table[before, song.breaks].sum(), after
            total += p
    made = engine(song, PLAIN.model_copy(update={"particles": 64}), model=model)
    found = [math.exp(e.log_form) for e in made.write(range(60)) if isinstance(e, SongWritten)]
    assert np.mean(found) == pytest.approx(total, rel=0.12)


@pytest.mark.parametrize("with_ends", [False, True])
@pytest.mark.parametrize("order", ORDERS)
def test_many_particles_draw_lines_as_the_model_would_under_the_condition(order: str, with_ends: bool) -> None:
    """Total variation to the conditional distribution of the commonest lines, from 600 songs of 32 particles: below 0.12
    (sampling noise alone is about 0.07; one particle gives more than 0.2)."""
    song = compiled(Plan(form="verse", lines=1, syllables=3), order=order, with_ends=with_ends)
    model = Bigram(song.table.known)
    weights = {line: weights_of(song, model, line) for line in lines_with(song)}
    total = sum(weights.values())
    top = sorted(weights, key=lambda x: -weights[x])[:40]
    distance = {}
    for particles in (1, 32):
        made = engine(song, PLAIN.model_copy(update={"particles": particles}), model=model)
        counts = Counter(tuple(lines[0]) for lines in songs_of(made, range(600)).values())
        distance[particles] = sum(abs(counts[x] / 600 - weights[x] / total) for x in top) / 2
    assert distance[32] < 0.12 < distance[1]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("cut", [{"min_p": 0.3}, {"min_p": 0, "top_k": 2}, {"min_p": 0, "top_p": 0.7}])
def test_truncation_and_temperature_leave_the_renormalised_rest(cut: dict[str, float], order: str) -> None:
    """One-word lines, 4,000 songs: shares within 0.035 of the truncated distribution (over four standard errors)."""
    song = compiled(Plan(form="verse", lines=1, syllables=1), order=order)
    model = Bigram(song.table.known)
    drawing = Drawing(temperature=0.7, repetition=0, particles=1, **cut)  # type: ignore[arg-type]
    counts = Counter(lines[0][0] for lines in songs_of(engine(song, drawing, model=model), range(4000)).values())
    words = [w for w in WORDS if {r.syllables for r in default_lexicon().readings(w)} == {1}]
    p = np.exp([model.table[song.tag("verse"), song.table.id_of(w)] / 0.7 for w in words])
    p = truncate(p / p.sum(), drawing)
    p /= p.sum()
    assert 0 < np.count_nonzero(p) < len(p)
    for w, share in zip(words, p, strict=True):
        assert counts[w] / 4000 == pytest.approx(share, abs=0.035)
        assert counts[w] > 0 or share < 0.001


# --- copying

SONGS = [
    [["the", "river", "of", "my", "love"], ["below", "the", "tree", "the", "sea"]],
    [["my", "sea", "of", "stone"], ["the", "memory", "of", "the", "river"]],
]


def has_copy(lines: Sequence[Sequence[str]], songs: Sequence[Sequence[Sequence[str]]]) -> bool:
    """Whether six words running of one of the songs, or a whole line of five, stand in the lines."""
    text = [w for line in lines for w in line]
    runs = {tuple(text[i : i + 6]) for i in range(len(text) - 5)}
    whole = {tuple(x) for x in lines if len(x) >= 5}
    for song in songs:
        words = [w for line in song for w in line]
        if runs & {tuple(words[i : i + 6]) for i in range(len(words) - 5)} or whole & {tuple(x) for x in song}:
            return True
    return False


@pytest.mark.parametrize("order", ORDERS)
def test_a_model_that_knows_its_songs_by_heart_does_not_repeat_them(order: str) -> None:
    """Logits that all but force the songs' own successors; without the index the songs come back."""
    words = sorted({w for s in SONGS for line in s for w in line})
    plan = Plan(form="verse", lines=4, syllables="6,8", rhyme="X")
    song = compiled(plan, words, order)
    model = Bigram(song.table.known)
    model.table[:] = 0
    for s in SONGS:
        for line in s:
            line = line[::-1] if order == "backward" else line
            for a, b in itertools.pairwise(song.table.id_of(w) for w in line):
                model.table[a, b] = 9
    free = songs_of(engine(song, model=model), range(60)).values()
    assert any(has_copy(lines, SONGS) for lines in free)
    kept = songs_of(engine(song, songs=SONGS, model=model), range(60)).values()
    assert not any(has_copy(lines, SONGS) for lines in kept)


@pytest.mark.parametrize("order", ORDERS)
def test_runs_into_a_returning_chorus_count_too(order: str) -> None:
    """Every verse would end in the words that lead into the chorus in the songs."""
    songs = [[["a", "silver", "sky"], ["how", "cold", "now", "the", "rain"]]]
    plan = Plan(form="verse chorus verse chorus", lines=1, syllables="4", rhyme="X", acrostic="A")
    song = compiled(plan, ("a", "silver", "sky", "how", "cold", "now", "the", "rain", "again", "in"), order)
    found = songs_of(engine(song, songs=songs), range(300))
    assert not any(has_copy(lines, songs) for lines in found.values())


def test_given_lines_may_stand_in_the_songs() -> None:
    plan = Plan(
        sections=[
            {
                "name": "verse",
                "text": ["The river of my love", "...", "Below the tree, the sea"],
                "syllables": "7,4,7",
            }
        ],
        allow=True,
    )
    song = compiled(plan, MORE)
    for lines in songs_of(engine(song, songs=SONGS), range(20)).values():
        assert lines[0] == ["the", "river", "of", "my", "love"] and lines[2][-1] == "sea"
        assert not has_copy([lines[1]], SONGS)


def test_a_line_that_can_only_copy_is_refused() -> None:
    """Six times the only word there is: two lines of three make a run of six that stands in the songs."""
    song = compiled(Plan(form="verse", lines=2, syllables="6", same_sounds=True), ("silver",))
    assert songs_of(engine(song), [1])[1] == [["silver"] * 3] * 2
    made = list(engine(song, songs=[[["silver"] * 9]]).write([1]))
    why = "no words are left for it that copy nothing from the training songs: raise --max-copy, or ask for less"
    assert made[-1] == SongFailed(1, f"line 2: {why}")


def test_a_line_that_can_only_be_said_again_is_refused_for_that_reason() -> None:
    song = compiled(Plan(form="verse", lines=2, syllables="6", same_sounds=True), ("silver",))
    made = list(engine(song, PLAIN.model_copy(update={"repetition": 0.4})).write([1, 2]))
    assert {event.seed for event in made if isinstance(event, SongFailed)} == {1, 2}
    assert "those of a line that the song has already: ask for fewer lines" in made[-1].reason


# --- asked for in other ways


def test_words_the_model_does_not_know_are_written_where_they_are_asked_for() -> None:
    plan = Plan(form="verse", lines=2, syllables="6", include="zanzibar", rhyme="AA", rhyme_with="bee")
    for lines in songs_of(engine(compiled(plan, MORE)), range(5)).values():
        assert [w for line in lines for w in line].count("zanzibar") == 1


def test_a_condition_on_whole_lines_is_tried_for_and_reported() -> None:
    song = compiled(Plan(form="verse", lines=3, syllables="5"), MORE)
    made = list(engine(song, keep=lambda line: len(line) == 3).write([1]))
    assert [len(line) for line in lines_of(song, made[-1].ids)] == [3, 3, 3] and made[-1].unmet == 0
    made = list(engine(song, keep=lambda line: len(line) == 9).write([1]))
    assert made[-1].unmet == 3  # given up after so many tries, for a line that was drawn, not searched for
    assert made[-1].nll_per_word < math.log(song.table.known) + 1


def test_writing_stops_when_asked() -> None:
    song = compiled(Plan(form="verse", lines=8, syllables="5"), MORE)
    asked = iter([False] * 12 + [True] * 2)
    found = list(engine(song).write([1], should_stop=lambda: next(asked)))
    assert 0 < len(found) < 8 and not any(isinstance(e, SongWritten) for e in found)


def test_lines_come_out_as_they_are_certain_and_in_order() -> None:
    song = compiled(Plan(form="verse", lines=6, syllables="5"), MORE)
    made = list(engine(song, Drawing(temperature=1, particles=4)).write([5]))
    texts = [e.text for e in made if not isinstance(e, SongWritten)]
    assert texts == [song.table.vocabulary.write_line(line) for line in lines_of(song, made[-1].ids)]


def test_reasons_are_given_for_every_forbidden_candidate() -> None:
    song = compiled(Plan(form="verse", lines=2, syllables="4", rhyme="AA", avoid="stone"), MORE, "backward")
    (made,) = [e for e in engine(song, record=choice).write([2]) if isinstance(e, SongWritten)]
    words = [w for line in lines_of(song, made.ids) for w in line]
    assert sorted(c.word for c in made.choices) == sorted(words)
    seen = {x.forbidden for c in made.choices for x in c.candidates}
    assert {"", "does not rhyme"} <= seen
    for chosen in made.choices:
        for x in chosen.candidates:
            assert (x.drawn_p == 0) == bool(x.forbidden) or x.p == 0
        assert any(x.word == chosen.word and not x.forbidden for x in chosen.candidates)


class Twenty:
    """A foreign step model: it likes words of few letters, and has no state."""

    def __init__(self, words: Sequence[str]) -> None:
        self.logits = np.array([-len(w) for w in words], dtype=np.float32)
        self.vocab_size = len(words)

    def initial_state(self, batch: int) -> tuple[np.ndarray, ...]:
        return ()

    def step(self, ids: np.ndarray, state: tuple[np.ndarray, ...]) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        return np.tile(self.logits, (len(ids), 1)), state


def test_a_foreign_model_writes_to_a_plan() -> None:
    words = lyricist.Vocabulary(["<unk>", "<line>", *MORE])
    plan = lyricist.Plan(form="verse", lines=4, syllables="6", rhyme="ABAB")
    made = lyricist.automaton(plan, words)
    texts = [e.text for e in lyricist.decode(Twenty(words.tokens), made, seeds=[3]) if hasattr(e, "text")]
    assert len(texts) == 4
    assert all(scan_line(t.lower().split(), default_lexicon()).syllables == 6 for t in texts)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"syllables": 4, "acrostic": "Q"}, "none of this model's words begins with 'q'"),
        ({"syllables": 4, "rhyme": "A", "rhyme_with": "orange"}, "cannot rhyme with 'orange'"),
        ({"syllables": 2, "include": "memory"}, "'memory' fits into none|3 syllables"),
        ({"metre": "x/", "start": "river"}, "cannot begin with 'river'"),
        ({"metre": "/x/", "start": "below"}, "cannot begin with 'below'"),
    ],
)
@pytest.mark.parametrize("order", ORDERS)
def test_what_blocks_a_plan_is_named(fields: dict[str, Any], message: str, order: str) -> None:
    with pytest.raises(PlanError, match=message):
        compiled(Plan(form="verse", lines=1, **fields), order=order)


def test_a_word_to_rhyme_with_sounds_as_the_dictionary_has_it() -> None:
    """CMUdict says "tire" in two syllables only; that songs say it in one does not make it a rhyme of "squire"."""
    words = ("the", "fire", "desire", "squire", "esquire")
    plan = Plan(form="verse", lines=2, syllables="3", rhyme="AA", rhyme_with="tire")
    song = compiled(plan, (*words, "of", "my"), strict=False)
    assert song.initial_groups[0].chosen == "AY ER"


def test_too_many_lines_for_the_rhymes_there_are() -> None:
    with pytest.raises(PlanError, match="no 5 words"):
        compiled(Plan(form="verse", lines=5, syllables=3, rhyme="AAAAA"))


def test_a_vocabulary_without_line_ends_is_refused() -> None:
    with pytest.raises(InputError, match="no token for the end of a line"):
        lyricist.decode(
            Uniform(3),
            lyricist.automaton(Plan(form="verse", lines=1, syllables=1), lyricist.Vocabulary(["<unk>", "a", "i"])),
        ).__next__()


def test_the_vocabulary_helper_is_structured() -> None:
    assert {"<line>", "<end>", "<verse>"} <= set(vocabulary().tokens)


@pytest.mark.parametrize(
    ("word", "nats"), [("gold", 0.0), ("silver", 0.5), ("everything", 1.0), ("thou", -4.0), ("heav'n", -4.0)]
)
def test_long_words_are_favoured_and_archaic_ones_are_not(word: str, nats: float) -> None:
    song = compiled(Plan(form="verse", lines=1, syllables="5"), (*MORE, "everything", "thou", "heav'n"))
    drawing = Drawing(archaic=4, long_words=0.5)
    assert word_bias(song, song.columns, drawing)[song.table.id_of(word)] == pytest.approx(nats)
    asked = compiled(
        Plan(form="verse", lines=1, syllables="5", include=(word,)), (*MORE, "everything", "thou", "heav'n")
    )
    bias = engine(asked, Drawing(archaic=4, long_words=0.5)).biases[0]
    assert bias[asked.columns.column_of[asked.table.id_of(word)]] == 0


def test_words_said_too_often_are_held_back_by_the_balance_asked_for() -> None:
    asked = compiled(Plan(form="verse", lines=1, syllables="5"), MORE)
    gold, silver = asked.table.id_of("gold"), asked.table.id_of("silver")
    overused = np.zeros(asked.table.known, dtype=np.float32)
    overused[[gold, silver]] = 0.8, -0.4
    columns = replace(asked.columns, overused=overused)
    for balance in (0.0, 1.0, 0.5):
        nats = word_bias(asked, columns, PLAIN.model_copy(update={"balance": balance}))
        assert nats[[gold, silver]] == pytest.approx([-0.8 * balance, 0.4 * balance])


def test_archaic_words_are_unlikely_where_anything_goes() -> None:
    words = (*MORE, "thou", "hath", "o'er")
    plan = Plan(form="verse", lines=4, syllables="6", rhyme="X")
    song = compiled(plan, words)
    counts = []
    for archaic in (0, 4):
        drawing = Drawing(temperature=1, min_p=0, archaic=archaic, long_words=0)
        found = songs_of(engine(song, drawing, model=Uniform(song.table.known)), range(60))
        counts.append(sum(w in ("thou", "hath", "o'er") for lines in found.values() for line in lines for w in line))
    # of some 1,300 words a tenth, and then a five-hundredth: 40 or fewer of the first has a chance below 1e-9
    assert counts[0] > 40
    assert counts[1] < counts[0] / 5


@pytest.mark.parametrize("order", ORDERS)
def test_no_word_crosses_a_divide(order: str) -> None:
    """silver and everything fit only where no `|` is."""
    words = (*MORE, "everything", "away", "along")
    song = compiled(Plan(form="verse", lines=2, metre="?|?|??|?,??|????", rhyme="X"), words, order)
    found = songs_of(engine(song), range(40))
    for lines in found.values():
        for line, divides in zip(lines, ((1, 2, 4), (2,)), strict=True):
            ends = list(itertools.accumulate(scan_line([w], default_lexicon()).syllables for w in line))
            assert set(divides) <= set(ends)


def little_on_strong(fields: dict[str, Any], order: str, with_ends: bool) -> tuple[int, int]:
    """Function words of one syllable on strong and on weak slots of a hundred songs under a model that likes all words
    alike."""
    song = compiled(Plan(**fields), MORE, order, with_ends=with_ends)
    strong = weak = 0
    for lines in songs_of(engine(song, model=Uniform(song.table.known)), range(100)).values():
        for line, spec in zip(lines, song.lines, strict=True):
            at = 0
            for word, reading in zip(
                line, scan_line(line, default_lexicon(), spec.templates[0], 4).readings, strict=True
            ):
                if word in FUNCTION_WORDS:
                    strong += spec.templates[0][at] == "/"
                    weak += spec.templates[0][at] == "x"
                at += reading.syllables
    return strong, weak


@pytest.mark.parametrize("with_ends", [False, True])
@pytest.mark.parametrize("order", ORDERS)
def test_emphasis_keeps_little_words_off_strong_slots(order: str, with_ends: bool) -> None:
    fields = {"form": "verse", "lines": 2, "metre": "x/x/", "rhyme": "X"}
    before, as_ever = little_on_strong(fields, order, with_ends)
    after, weak = little_on_strong({**fields, "emphasis": 10.0}, order, with_ends)
    assert before > 20 and as_ever > 100
    assert after == 0 and weak > 100


@pytest.mark.parametrize("order", ORDERS)
def test_emphasis_weighs_words_and_bars_none(order: str) -> None:
    fields = {"form": "verse", "lines": 1, "metre": "//", "rhyme": "X"}
    plain, tilted = (compiled(Plan(**fields, emphasis=e), MORE, order) for e in (0.0, 1.5))
    for song in (plain, tilted):
        song.nodes.start(song.kind(0, {}).automaton, None)
    one, other = plain.nodes.blocks[1], tilted.nodes.blocks[1]
    little = [plain.table.index[w] for w in MORE if w in FUNCTION_WORDS]
    blocks = np.unique(plain.columns.block_of[little])
    assert one[blocks].min() == 1 and other[blocks] == pytest.approx(math.exp(-1.5))
    rest = np.setdiff1d(np.flatnonzero(one), blocks)
    assert len(rest) and (other[rest] == one[rest]).all()


@pytest.mark.parametrize("order", ORDERS)
def test_long_notes_prefer_vowels_that_carry(order: str) -> None:
    notes = [[1.0, 60, 4, 0.0]] * 5 + [[4.0, 60, 1, 0.0] if order == "backward" else [1.0, 60, 1, 0.0]]
    if order == "forward":
        notes[0] = [4.0, 60, 4, 0.0]
    words = (*MORE, "under", "until")  # begin or end on vowels that do not carry: until, under and again
    section = {"name": "verse", "lines": 1, "syllables": [6], "rhyme": "X", "tune": [notes]}
    shares = []
    for nats in (0.0, 10.0):
        song = compiled(Plan(sections=[section], open_vowels=nats), words, order)
        closed = {w for w in words if not first_carries(song.table, song.table.index[w], order == "backward")}
        found = songs_of(engine(song, model=Uniform(song.table.known)), range(150)).values()
        shares.append(sum(lines[0][-1 if order == "backward" else 0] in closed for lines in found))
    assert closed and shares[0] > 10 and shares[1] == 0


def test_long_words_are_asked_for_by_plan_or_drawing() -> None:
    fields = {"form": "verse", "lines": 3, "syllables": "6", "rhyme": "X"}
    by_plan, by_drawing = (
        songs_of(
            engine(compiled(Plan(**fields, long_words=a), MORE), PLAIN.model_copy(update={"long_words": b})), range(9)
        )
        for a, b in ((0.75, 0.25), (0.0, 1.0))
    )
    assert by_plan == by_drawing


def test_abbreviations_are_not_drawn() -> None:
    song = compiled(Plan(form="verse", lines=1, syllables="4", rhyme="X"), (*MORE, "etc", "w"))
    assert not song.usable[[song.table.index["etc"], song.table.index["w"]]].any()


# --- different letters, different sounds

PAIRS = ("the", "of", "my", "sea", "tree", "sky", "high", "gold", "cold", "rain", "pain")
ONE_VOWEL = ("the", "of", "my", "night", "light", "white", "ride", "side", "wide")


def vowels_at_end(line: Sequence[str]) -> str:
    return key(default_lexicon().readings(line[-1])[0], "assonance")


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("scheme", ["ABABCC", "AABBCCDD", "XAXABXB", "ABCB", "ABCD", "AXABXB"])
def test_letters_differ_in_sound_and_lines_in_their_last_words(scheme: str, order: str) -> None:
    """Each sound has but two words, and lines without a letter may not take the last that a letter needs."""
    song = compiled(Plan(form="verse", lines=len(scheme), syllables="3", rhyme=scheme), PAIRS, order)
    for lines in songs_of(engine(song), range(25)).values():
        ends = [line[-1] for line in lines]
        assert len(set(ends)) == len(ends)
        sounds = {letter: vowels_at_end(line) for letter, line in zip(scheme, lines, strict=True) if letter != "X"}
        assert len(set(sounds.values())) == len(sounds)


@pytest.mark.parametrize("kind", ["perfect", "near"])
def test_letters_that_cannot_differ_are_refused_by_name_unless_they_may_meet(kind: str) -> None:
    asked: dict[str, Any] = {"form": "verse", "lines": 4, "syllables": "3", "rhyme": "ABAB", "rhyme_kind": kind}
    with pytest.raises(PlanError, match=r"letters A, B\) cannot all differ in sound .* add --same-sounds"):
        compiled(Plan(**asked), ONE_VOWEL)
    assert songs_of(engine(compiled(Plan(**asked, same_sounds=True), ONE_VOWEL)), [1])


def test_a_default_scheme_gives_way() -> None:
    song = compiled(Plan(form="verse", lines=4, same_sounds=True), ONE_VOWEL)
    spec = replace(song.spec, same_sounds=False, default_scheme=True)
    assert not compile_song(song.table, spec, song.columns).apart.on
    with pytest.raises(PlanError, match="--same-sounds"):
        compile_song(song.table, replace(spec, default_scheme=False), song.columns)


def test_given_lines_may_sound_alike_but_not_the_written_ones_beside_them() -> None:
    section = {"name": "verse", "rhyme": "AABB", "syllables": "3", "text": ["of my ride", "", "of my light", ""]}
    made = songs_of(engine(compiled(Plan(sections=[section]), ONE_VOWEL)), range(5))
    assert all(len({line[-1] for line in lines}) == 4 for lines in made.values())
    section = {"name": "verse", "rhyme": "AABB", "syllables": "3", "text": ["of my ride", "", "", ""]}
    with pytest.raises(PlanError, match="--same-sounds"):
        compiled(Plan(sections=[section]), ONE_VOWEL)


@pytest.mark.parametrize("order", ORDERS)
def test_light_rhymes_are_written(order: str) -> None:
    words = ("the", "of", "in", "free", "eternity", "butterfly", "sky")
    song = compiled(Plan(form="verse", lines=4, syllables="4", rhyme="AABB", rhyme_kind="light"), words, order)
    for lines in songs_of(engine(song), range(10)).values():
        assert {frozenset((lines[i][-1], lines[i + 1][-1])) for i in (0, 2)} == {
            frozenset(("free", "eternity")), frozenset(("sky", "butterfly"))
        }  # fmt: skip
