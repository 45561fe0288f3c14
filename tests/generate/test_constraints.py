"""Laws of line constraints: the compiled line automaton accepts what the plainly written constraints accept, every state
it comes to can be finished, and what it allows is what leads on."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.generate.exact_tools import WORDS, compiled
from tests.generate.plain_constraints import Begins, Ends, Holds, Syllables, accepts, language

import lyricist
from lyricist.errors import InputError
from lyricist.generate.constraint import Both, Table
from lyricist.generate.line_nodes import CLOSED, NOWHERE
from lyricist.generate.song import ExactSongAutomaton
from lyricist.generate.vocab import WordTable
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.model.word_facts import SILENT
from lyricist.plan.plan import Plan
from lyricist.prosody.lexicon import default_lexicon

LONGEST = 4  # words


class NoWordTwiceRunning:
    """No word follows itself: a constraint a user might write."""

    def start(self) -> str:
        return ""

    def step(self, state: str, word: str) -> str | None:
        return None if word == state else word

    def final(self, state: str) -> bool:
        return True


class EvenWords:
    """The line has an even number of words."""

    def start(self) -> bool:
        return True

    def step(self, state: bool, word: str) -> bool:
        return not state

    def final(self, state: bool) -> bool:
        return state


def slots(*templates: str, strict: bool = True) -> Syllables:
    return Syllables(templates, default_lexicon(), strict)


def is_letter(letter: str) -> Any:
    return lambda word: word[0] == letter


# plan fields, the same said plainly, further constraints
CASES = [
    pytest.param({"syllables": 4}, slots("????"), (), id="syllables"),
    pytest.param({"syllables": "4-5"}, slots("????", "?????"), (), id="a range"),
    pytest.param({"syllables": "4-5", "metre": "iambic"}, slots("x/x/", "x/x/x"), (), id="a range in metre"),
    pytest.param({"metre": "x/x/"}, slots("x/x/"), (), id="iambic"),
    pytest.param({"metre": "/xx/"}, slots("/xx/"), (), id="pattern"),
    pytest.param({"metre": "??/x"}, slots("??/x"), (), id="half-open"),
    pytest.param({"syllables": 4, "acrostic": "m"}, Both(slots("????"), Begins(is_letter("m"))), (), id="letter"),
    pytest.param({"syllables": 4, "start": "below"}, Both(slots("????"), Begins("below".__eq__)), (), id="first"),
    pytest.param(
        {"syllables": 4, "include": "sea"}, Both(slots("????"), Holds(frozenset({"sea"}))), (), id="keyword"
    ),
    pytest.param(
        {"syllables": 5, "include": "sea, love"},
        Both(slots("?????"), Holds(frozenset({"sea", "love"}))),
        (),
        id="keywords",
    ),
    pytest.param(
        {"syllables": 4, "rhyme": "A", "rhyme_with": "bee"},
        Both(slots("????"), Ends(frozenset({"sea", "tree"}))),
        (),
        id="rhyme",
    ),
    pytest.param(
        {"syllables": 4}, Both(slots("????"), NoWordTwiceRunning()), (NoWordTwiceRunning(),), id="user's own"
    ),
    pytest.param(
        {"metre": "x/x/", "rhyme": "A", "rhyme_with": "bee"},
        Both(Both(slots("x/x/"), Ends(frozenset({"sea", "tree"}))), Both(EvenWords(), NoWordTwiceRunning())),
        (EvenWords(), NoWordTwiceRunning()),
        id="all at once",
    ),
]
ORDERS = ("forward", "backward")


def song_of(fields: dict[str, Any], order: str, further: tuple[Any, ...], strict: bool = True) -> ExactSongAutomaton:
    return compiled(Plan(form="verse", lines=1, **fields), order=order, constraints=further, strict=strict)


def walk(song: ExactSongAutomaton, line: tuple[str, ...]) -> bool:
    """Whether the compiled automaton lets a line be drawn, word by word."""
    opening = song.open(0, song.assignment(0), song.initial_groups)
    node, first = opening.node, opening.first
    drawn = line[::-1] if song.backward else line
    for i, word in enumerate(drawn):
        w = song.table.id_of(word)
        if w not in allowed(song, node, first, opening.last):
            return False
        node, first = song.nodes.move_word(node, first, opening.last, w), 0
        if node == CLOSED:
            return i == len(drawn) - 1
    return node not in (CLOSED, NOWHERE) and bool(song.nodes.closable[node])


def allowed(song: ExactSongAutomaton, node: int, first: int, last: int) -> set[int]:
    """What the masks say: the words of the blocks that are on, and those listed beside them."""
    nodes = song.nodes
    if first:
        return set(nodes.listed(node, first, last).words.tolist())
    on = nodes.blocks[node][song.columns.block_of] > 0
    blocks = [w for w in np.flatnonzero(on).tolist() if song.usable[w]]
    return {*blocks, *nodes.listed(node, 0, last).words.tolist()}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("fields", "plainly", "further"), CASES)
def test_the_compiled_automaton_accepts_the_same_lines(
    fields: dict[str, Any], plainly: Any, further: tuple[Any, ...], order: str
) -> None:
    song = song_of(fields, order, further)
    asked = language(plainly, WORDS, LONGEST)
    assert asked
    assert {
        line for line in language(slots("????", "?????", strict=False), WORDS, LONGEST) if walk(song, line)
    } == asked


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("fields", "plainly", "further"), CASES)
def test_no_state_is_a_dead_end(fields: dict[str, Any], plainly: Any, further: tuple[Any, ...], order: str) -> None:
    song = song_of(fields, order, further)
    opening = song.open(0, song.assignment(0), song.initial_groups)
    seen, left = set(), [(opening.node, opening.first)]
    while left:
        node, first = left.pop()
        words = allowed(song, node, first, opening.last)
        assert words or song.nodes.closable[node]
        after = {(song.nodes.move_word(node, first, opening.last, w), 0) for w in words}
        assert (NOWHERE, 0) not in after
        left += [x for x in after - seen if x[0] != CLOSED]
        seen |= after


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("fields", "plainly", "further"), CASES)
def test_a_word_is_allowed_if_and_only_if_it_leads_on(
    fields: dict[str, Any], plainly: Any, further: tuple[Any, ...], order: str
) -> None:
    song = song_of(fields, order, further)
    opening = song.open(0, song.assignment(0), song.initial_groups)
    node, first = opening.node, opening.first
    for _ in range(3):
        words = allowed(song, node, first, opening.last)
        candidates = [w for w in range(song.table.known) if song.usable[w] or w in song.keywords]
        lead_on = {w for w in candidates if song.nodes.move_word(node, first, opening.last, w) != NOWHERE}
        assert words == lead_on
        node, first = song.nodes.move_word(node, first, opening.last, min(words)), 0
        if node == CLOSED:
            return


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("order", ORDERS)
def test_readings_that_differ_count_only_where_a_plan_needs_them(order: str, strict: bool) -> None:
    """Fire has one syllable or two: where all readings must agree it is not chosen, elsewhere either will do."""
    song = song_of({"syllables": 3}, order, (), strict)
    asked = language(slots("???", strict=strict), WORDS, 3)
    assert (("the", "fire") in asked, ("my", "my", "fire") in asked) == (not strict, not strict)
    assert {line for line in language(slots("???", strict=False), WORDS, 3) if walk(song, line)} == asked


@pytest.mark.parametrize("pair", [(EvenWords(), NoWordTwiceRunning()), (Holds(frozenset({"sea"})), slots("????"))])
def test_both_is_the_intersection(pair: tuple[Any, Any]) -> None:
    words = WORDS[:6]
    a, b = (language(c, words, 3) for c in pair)
    assert language(Both(*pair), words, 3) == a & b


@pytest.mark.parametrize("constraint", [EvenWords(), NoWordTwiceRunning(), Holds(frozenset({"sea", "love"}))])
@pytest.mark.parametrize("backward", [False, True])
def test_tables_accept_what_the_constraint_accepts_read_from_either_end(constraint: Any, backward: bool) -> None:
    words = WORDS[:5]
    table = Table.of([constraint], words, backward)
    for line in language(slots(*("?" * n for n in range(1, 9)), strict=False), words, 3):
        state = 0
        for word in line[::-1] if backward else line:
            state = int(table.moves[words.index(word), state]) if state >= 0 else state
        assert (state >= 0 and table.finals[state]) == accepts(constraint, line)


class Everything:
    """Remembers the whole line: not finite."""

    def start(self) -> tuple[str, ...]:
        return ()

    def step(self, state: tuple[str, ...], word: str) -> tuple[str, ...]:
        return (*state, word)

    def final(self, state: tuple[str, ...]) -> bool:
        return True


def test_a_constraint_with_too_many_states_is_refused() -> None:
    with pytest.raises(InputError, match="more than 64 states"):
        Table.of([Everything()], WORDS, False)


@dataclass(frozen=True)
class EveryUnheardWordApart:
    """A state for each word that the lexicon cannot read, more than there may be."""

    def start(self) -> str:
        return ""

    def step(self, state: str, word: str) -> str:
        return word if word[0] == "é" else state

    def final(self, state: str) -> bool:
        return True


def test_words_that_stand_in_no_line_lead_to_no_state() -> None:
    table = WordTable(
        Vocabulary([*SPECIALS, "river", *(f"éla{a}o{b}a" for a in "bdfgklmnpr" for b in "bdfgklmnpr")]),
        default_lexicon(),
    )
    refined = table.extended((), [EveryUnheardWordApart()])
    assert refined.further.finals == (True,)
    assert refined.sig[refined.index["élabola"]] == SILENT != refined.sig[refined.index["river"]]


HASHED = """
import songcases as s, lyricist
known = lyricist.Vocabulary(s.KNOWN, order="backward")
automaton = lyricist.automaton(lyricist.Plan(form="verse", syllables=6, rhyme="AABB"), known)
for e in lyricist.decode(s.Hashed(len(known)), automaton, seeds=range(2)):
    if hasattr(e, "ids"):
        print(e.seed, repr(e.log_form), repr(e.nll_per_word), e.ids)
"""


def test_songs_do_not_depend_on_the_hashes_of_this_process() -> None:
    folder = str(Path(__file__).parents[1])
    source = str(Path(lyricist.__file__).parents[1])
    made = []
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join((source, folder))}
        done = subprocess.run([sys.executable, "-c", HASHED], env=env, capture_output=True, text=True, check=True)
        made.append(done.stdout)
    assert made[0] == made[1] != ""
