"""Person and tense while words are drawn: what is excluded never stands in a song, in either order of drawing."""

from __future__ import annotations

import numpy as np
import pytest
from exact_tools import Bigram, compiled, vocabulary

from lyricist.corpus.grammar import PERSONS, TENSES, Person, Tense, person_drifts, tense_drifts
from lyricist.errors import PlanError
from lyricist.generate.exact_engine import ExactEngine
from lyricist.generate.nocopy import CopyBan, subject_bans
from lyricist.generate.result import SongWritten
from lyricist.generate.steering import FOREIGN, HINTED, OWN, grammar_bias
from lyricist.model.runtime import HostBlocks
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.song_spec import lay_out

WORDS = (
    "the", "and", "i", "you", "he", "she", "we", "they", "i'm", "you're", "is", "was", "goes", "went", "walk", "walked",
    "never", "to", "home", "stone", "alone", "me", "him", "sea",
)  # fmt: skip


def songs(order: str, plan: Plan, count: int = 12) -> list[list[list[str]]]:
    """Songs as lists of lines of words, from a model with known logits."""
    song = compiled(plan, WORDS, order)
    blocks = HostBlocks(Bigram(song.table.known, 3), song.columns)
    engine = ExactEngine(blocks, song, Drawing(particles=2, repetition=0), CopyBan(None, song.table.words, 0))
    found = []
    for event in engine.write(range(count)):
        if isinstance(event, SongWritten):
            lines: list[list[str]] = []
            for word in (song.table.words[i] for i in event.ids[:-1]):
                lines.append([]) if word.startswith("<") else lines[-1].append(word)
            found.append([line[::-1] if order == "backward" else line for line in lines])
    assert len(found) == count
    return found


@pytest.mark.parametrize("order", ["forward", "backward"])
@pytest.mark.parametrize("tense", TENSES)
def test_no_verb_of_the_other_tense_is_drawn(order: str, tense: Tense) -> None:
    written = songs(order, Plan(form="verse", lines=3, syllables="6-8", tense=tense))  # type: ignore[arg-type]
    assert not [line for song in written for line in song if list(tense_drifts(line, tense))]
    free = songs(order, Plan(form="verse", lines=3, syllables="6-8"))  # type: ignore[arg-type]
    assert any(list(tense_drifts(line, tense)) for song in free for line in song)


@pytest.mark.parametrize("person", PERSONS)
def test_no_subject_of_another_person_is_drawn(person: Person) -> None:
    written = songs("backward", Plan(form="verse", lines=3, syllables=7, person=person))  # type: ignore[arg-type]
    assert not [line for song in written for line in song if list(person_drifts(line, person))]


def test_a_plan_that_needs_what_is_excluded_is_refused() -> None:
    with pytest.raises(PlanError, match="begins with 'i'|cannot begin|none of this model's words"):
        compiled(Plan(form="verse", lines=1, syllables=4, acrostic="I", person="he", tense="past"), WORDS)  # type: ignore[arg-type]


def test_a_verb_is_refused_behind_a_pronoun_and_its_adverbs() -> None:
    known = vocabulary(WORDS)
    at = known.index
    spec = lay_out(Plan(form="verse", lines=1, syllables=4, tense="past", person="we"))  # type: ignore[arg-type]
    ban, addressed = subject_bans(spec, known.tokens, backward=True)
    assert ban.refuses([at["home"], at["walk"]], at["we"])
    assert ban.refuses([at["walk"], at["never"]], at["we"])
    assert not ban.refuses([at["walk"], at["to"]], at["we"])
    assert not ban.refuses([at["walked"]], at["we"]) and not ban.refuses([], at["we"])
    assert addressed.refuses([at["walked"], at["never"]], at["you"]) and not addressed.refuses(
        [at["home"]], at["you"]
    )
    assert not addressed.refuses([at["walked"]], at["we"])
    assert subject_bans(spec, known.tokens, backward=False)[0].refuses([at["we"], at["never"]], at["walk"])


def test_hints_steer_and_exclude_nothing() -> None:
    plan = Plan(form="verse", lines=1, syllables=4, about="sea", person_hint="he", tense_hint="past")  # type: ignore[arg-type]
    nats = dict(zip(WORDS, grammar_bias(lay_out(plan), WORDS).tolist(), strict=True))
    assert (nats["i"], nats["is"], nats["he"], nats["him"]) == (-HINTED, -HINTED, OWN, OWN / 2)
    assert nats["me"] == -FOREIGN and nats["was"] == nats["sea"] == 0 > nats["walk"]
    assert compiled(plan, WORDS).usable[vocabulary(WORDS).index["i"]]
    bare = lay_out(Plan(form="verse", lines=1, syllables=4))  # type: ignore[arg-type]
    assert not np.any(grammar_bias(bare, WORDS))
