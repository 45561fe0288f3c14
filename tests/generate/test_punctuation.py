"""Punctuation: what is read of a line, what is printed, and that the words stay as they are."""

from __future__ import annotations

import re

import numpy as np
import pytest

from lyricist import Drawing, Model, Plan
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.generate.punctuation import (
    AFTER,
    BEFORE,
    END,
    FULL,
    HEAD,
    LINE,
    MARKS,
    NOTHING,
    WINDOW,
    Printer,
    around,
    default_punctuation,
    windows_of,
)
from lyricist.generate.result import LineWritten, WrittenSong
from lyricist.generate.writer import load
from lyricist.model.checkpoint import Run
from lyricist.model.tokens import SPECIALS, Vocabulary

TEXT = """
john told me that he had to go
and i believed him then
he said don't wait for me i know
i won't be back again
"""
SONG = [line.split() for line in TEXT.strip().splitlines()]
WORDS = Vocabulary(sorted({*SPECIALS, *(w for line in SONG for w in line)}), display={"john": "John"})
FULL_STOP = re.compile(r"[.?!]$")
split = WordTokenizer().split


@pytest.fixture(scope="module")
def printer() -> Printer:
    return Printer(WORDS, default_punctuation())


def test_window_ends_with_the_line_after_the_next() -> None:
    ids = [[20, 21], [30], [40, 41], [50]]
    assert around(ids, 1, last=True) == ((20, 21, LINE), (LINE, 40, 41, LINE))
    assert around(ids, 2, last=True) == ((20, 21, LINE, 30, LINE), (LINE, 50, END))
    assert around(ids, 3, last=False)[1] == (LINE,)
    windows = windows_of(*around(ids, 1, last=True)[:1], ids[1], around(ids, 1, last=True)[1])
    assert windows.shape == (1, WINDOW) == (1, BEFORE + 1 + AFTER + 2 * HEAD)
    assert windows[0, -2 * HEAD :].tolist() == [30, NOTHING, NOTHING, 20, 21, NOTHING]  # the lines' first words
    assert windows[0, BEFORE] == 30 and windows[0, 0] == NOTHING


def test_a_section_is_printed_as_in_print(printer: Printer) -> None:
    lines = printer.section(SONG)
    assert [split(line) for line in lines] == SONG
    assert lines[0].startswith("John told me")
    assert " I " in lines[2] and lines[1][0] == "a"
    assert FULL_STOP.search(lines[-1])
    after = [line for line, before in zip(lines[1:], lines, strict=False) if FULL_STOP.search(before)]
    assert all(line[0].isupper() for line in after)


@pytest.mark.parametrize("i", range(4))
def test_a_line_is_printed_the_same_before_the_song_is_finished(printer: Printer, i: int) -> None:
    known = SONG[: i + 2]
    assert printer.line(known, i, len(known) == len(SONG)) == printer.section(SONG)[i]


def test_given_lines_stay_and_their_marks_count(printer: Printer) -> None:
    given = ("", "", "He said: don't wait - I know!", "")
    lines = printer.section(SONG, given)
    assert lines[2] == given[2] and lines[3].startswith("I won't")
    open_ended = printer.section(SONG, ("John told me that,", "", "", ""))
    assert open_ended[0] == "John told me that," and open_ended[1].startswith("and I")


def test_without_the_network_every_line_has_a_capital() -> None:
    bare = Printer(WORDS, None)
    assert not bare.looks_ahead
    assert bare.section(SONG)[1:3] == ["And I believed him then", "He said don't wait for me I know"]


def test_unknown_words_have_the_capitals_of_the_vocabulary() -> None:
    words = ["zanzibarrow", "and", "zabulon", "sang"]
    vocabulary = Vocabulary([*sorted(SPECIALS), *words], display={"zabulon": "Zabulon"})
    line = Printer(vocabulary, default_punctuation()).section([words])[0]
    assert [re.sub(r"\W", "", word) for word in line.split()] == ["Zanzibarrow", "and", "Zabulon", "sang"]


def test_the_network_is_for_english_words_only() -> None:
    network = default_punctuation()
    assert network.suits(WORDS)
    assert not network.suits(Vocabulary([*sorted(SPECIALS), "und", "ich", "nicht", "wir"]))
    assert not network.suits(Vocabulary([*sorted(SPECIALS), "a", "b"], "char"))


QUESTIONS = {
    "how do you know the rain is here / you cannot see it from the stair": "?.",
    "the bus is late the shop is shut / what are you waiting for": ".?",
    "we sat outside and watched the road / the car came back at ten": "..",
}


@pytest.mark.parametrize("text", QUESTIONS)
def test_first_words_of_a_line_tell_a_question(printer: Printer, text: str) -> None:
    lines = [line.split() for line in text.split(" / ")]
    ends = [line[-1] for line in printer.section(lines)]
    wanted = QUESTIONS[text]
    assert ends[wanted.find("?")] == "?" or ("?" not in wanted and "?" not in ends)


def test_scores_do_not_depend_on_the_other_words() -> None:
    network = default_punctuation()
    windows = np.arange(3 * WINDOW).reshape(3, WINDOW)
    assert np.allclose(network.scores(windows)[1], network.scores(windows[1:2])[0], atol=1e-4)
    assert network.scores(windows).shape == (3, len(MARKS) + 1) and {MARKS[m] for m in FULL} == {".", "?", "!"}


PLANS = {
    "exact": Plan(form="verse chorus verse chorus", lines=3, syllables="7"),
    "one line": Plan(form="verse verse", lines=1, syllables="6"),
    "given": Plan(sections=[{"name": "verse", "text": ["Oh, my river,", "...", "..."]}]),
    "free": Plan(form="verse chorus verse chorus", lines=4),
}


@pytest.fixture(scope="module")
def model(run: Run) -> Model:
    return load(run)


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("particles", [1, 4])
def test_songs_are_shown_as_they_are_kept(model: Model, name: str, particles: int) -> None:
    drawing = Drawing(particles=particles)
    events = list(model.events(PLANS[name], drawing, [5]))
    shown = [e.text for e in events if isinstance(e, LineWritten)]
    (song,) = [e for e in events if isinstance(e, WrittenSong)]
    assert shown == [line.text for section in song.sections for line in section.lines]
    written = [section for section in song.sections if name != "given"]
    assert all(FULL_STOP.search(section.lines[-1].text) for section in written)
    bare = model.write(PLANS[name].model_copy(update={"bare": True}), drawing, seed=5, as_it_is=True)[0]
    lines = [line.text for section in bare.sections for line in section.lines]
    assert list(map(split, lines)) == list(map(split, shown))
    assert name == "given" or not set(",.?!;:") & set("".join(lines))
    assert all(line[0].isupper() for line in lines)
