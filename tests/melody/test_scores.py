"""Syllables on slots, note values, names, voices and bars."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tunes import FIRST, SECOND, tune, word

from lyricist.errors import InputError
from lyricist.melody.export import own_words, sing
from lyricist.melody.export.musicxml_writer import musicxml
from lyricist.melody.export.score_layout import MAX_VOICES, neat, tuplet_marks, written
from lyricist.melody.notation import harmony, in_key, spell
from lyricist.melody.read.musicxml_file import read_musicxml
from lyricist.melody.tune import Metre, Note, Part, Score

# Syllables on slots


def test_every_slot_gets_its_syllable_with_its_place_in_the_word() -> None:
    sung = sing(tune(), [FIRST])
    found = [(lyric.text, lyric.syllabic, lyric.extend) for line in sung.lyrics[0] for lyric in line if lyric]
    assert found == [
        ("Oh", "single", False),
        ("riv", "begin", False),
        ("er", "end", False),
        ("flow", "single", True),
        ("on", "single", False),
    ]
    starts = [(lyric.line_start, lyric.paragraph) for line in sung.lyrics[0] for lyric in line if lyric]
    assert starts == [(True, True), (False, False), (False, False), (True, True), (False, False)]


def test_the_sung_part_carries_all_verses_and_the_others_stay() -> None:
    sung = sing(tune(), [FIRST, SECOND])
    voice, bass = sung.score.parts
    assert [[lyric.text for lyric in note.lyrics] for note in voice.notes] == [
        ["Oh", "Oh"],
        ["riv", "sum"],
        ["er", "mer"],
        ["flow", "won't"],
        [],
        ["on", "stay"],
    ]
    assert bass == tune().score.parts[1]


def test_old_words_go_wherever_they_were() -> None:
    old = sing(tune(), [FIRST])
    choir = replace(old.score.parts[0], name="Choir", number=2)
    score = replace(old.score, parts=(old.score.parts[0], choir))
    sung = sing(replace(old.tune, score=score), [SECOND])
    assert [part.words for part in sung.score.parts] == [5, 0]


def test_a_reduced_voice_takes_the_place_of_a_part_that_lacks_its_notes() -> None:
    given = tune()
    low = tuple(replace(note, pitch=note.pitch - 12) for note in given.part.notes)
    score = replace(given.score, parts=(replace(given.part, notes=low), given.score.parts[1]))
    sung = sing(replace(given, score=score), [FIRST])
    assert [note.pitch for note in sung.score.parts[0].notes] == [note.pitch for note in given.part.notes]


@pytest.mark.parametrize(
    ("verses", "says"),
    [
        ([], "no verse"),
        ([FIRST[:1]], "1 lines for 2 phrases"),
        ([[FIRST[0], [word("flow")]]], "line 2 of the song has 1 syllables and its phrase 2 notes"),
        ([FIRST, [SECOND[0], [word("a", "b", "c")]]], "line 2 of verse 2 has 3 syllables"),
    ],
)
def test_words_that_do_not_fit_are_refused_by_line(verses: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        sing(tune(), verses)


def test_a_files_own_words_become_words_again() -> None:
    sung = sing(tune(), [FIRST, SECOND])
    slots = tuple(
        replace(
            phrase,
            slots=tuple(
                replace(s, lyrics=tuple(found for verse in sung.lyrics if (found := verse[i][j])))
                for j, s in enumerate(phrase.slots)
            ),
        )
        for i, phrase in enumerate(sung.tune.phrases)
    )
    own = own_words(replace(sung.tune, phrases=slots, score=sung.score))
    assert [[line.text for line in verse] for verse in own.verses] == [
        ["Oh river", "flow on"],
        ["Oh summer", "won't stay"],
    ]
    assert own.verses[0][0].starts == (0, 1)


def test_further_verses_are_performed_from_the_next_pickup() -> None:
    score = sing(tune(), [FIRST, SECOND]).performed
    voice = score.parts[0]
    assert [note.onset for note in voice.notes[6:9]] == [F(9), F(10), F(12)]  # the bar of the last note ends at 10
    assert [lyric.text for note in voice.notes[6:] for lyric in note.lyrics] == ["Oh", "sum", "mer", "won't", "stay"]
    assert {lyric.verse for note in voice.notes for lyric in note.lyrics} == {1}
    assert len(score.chords) == 6 and len(score.metres) == 1 and len(score.tempi) == 1


# Note values


@pytest.mark.parametrize(
    ("at", "length", "expected"),
    [
        (0, F(4), ["whole"]),
        (0, F(3, 2), ["quarter."]),
        (0, F(7, 2), ["half.."]),
        (0, F(5), ["whole", "quarter"]),
        (F(1, 4), F(5, 4), ["eighth.", "eighth"]),
        (0, F(2, 3), ["quarter 3:2"]),
        (F(2, 3), F(1, 3), ["eighth 3:2"]),
        (F(1, 3), F(1, 2), ["eighth. 3:2"]),
        (F(2, 3), F(4, 3), ["half 3:2"]),
        (0, F(1, 5), ["16th 5:4"]),
        (0, F(2, 7), ["eighth 7:4"]),
        (0, F(1, 32), ["128th"]),
    ],
)
def test_values(at: F, length: F, expected: list[str]) -> None:
    found = written(F(at), length)
    ratios = [f" {v.actual}:{v.normal}" if v.actual > 1 else "" for v in found]
    assert [v.kind + "." * v.dots + ratio for v, ratio in zip(found, ratios, strict=True)] == expected


@pytest.mark.parametrize("denominator", [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 24, 32, 17, 480, 997])
def test_the_values_of_a_length_add_up_to_it(denominator: int) -> None:
    for start in range(0, 3 * denominator, max(1, denominator // 5)):
        for length in range(1, 6 * denominator, max(1, denominator // 7)):
            at, given = F(start, denominator), F(length, denominator)
            assert sum(value.length for value in written(at, given)) == given


def test_a_length_that_no_value_says_gets_the_nearest() -> None:
    (value,) = written(F(0), F(237, 481))
    assert (value.kind, value.exact, value.length) == ("eighth", False, F(237, 481))


def test_tuplets_close_on_a_plain_place() -> None:
    places = [(F(i, 3), written(F(i, 3), F(1, 3))[0]) for i in range(6)]
    assert tuplet_marks(places) == ["start", "", "stop"] * 2


@pytest.mark.parametrize(("played", "expected"), [(F(481, 480), F(1)), (F(1, 5), F(1, 5)), (F(100, 480), F(5, 24))])
def test_played_times_near_a_written_one_go_there(played: F, expected: F) -> None:
    assert neat(played) == expected


def test_names_of_pitches_in_every_key() -> None:
    steps = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
    for sharps in range(-7, 8):
        for pitch in range(128):
            name = spell(pitch, sharps)
            assert 12 * (name.octave + 1) + steps[name.step] + name.alter == pitch
            assert abs(name.alter) <= 2
    assert [in_key(step, 2) for step in "FCGDAEB"] == [1, 1, 0, 0, 0, 0, 0]
    assert [in_key(step, -2) for step in "FCGDAEB"] == [0, 0, 0, 0, 0, -1, -1]


@pytest.mark.parametrize(
    ("symbol", "kind", "bass"),
    [
        ("Am7", "minor-seventh", None),
        ("B", "major", None),
        ("Bb/D", "major", ("D", 0)),
        ("F#m7b5", "half-diminished", None),
    ],
)
def test_chord_symbols(symbol: str, kind: str, bass: Any) -> None:
    found = harmony(symbol)
    assert (found.kind, found.bass) == (kind, bass)


def test_overlapping_notes_go_to_voices_and_equal_ones_to_chords() -> None:
    notes = (Note(F(0), F(4), 48), Note(F(0), F(2), 60), Note(F(0), F(2), 64), Note(F(2), F(2), 62))
    score = Score("", (Part("", notes),))
    found: dict[str, list[list[str]]] = {}
    for note in ET.fromstring(musicxml(score)).iterfind("part/measure/note"):
        name = f"{note.findtext('pitch/step')}{note.findtext('pitch/octave')}"
        voice = found.setdefault(note.findtext("voice") or "", [])
        if note.find("chord") is not None:
            voice[-1].append(name)
        elif note.find("rest") is None:
            voice.append([name])
    assert sorted(found.values()) == [[["C3"]], [["E4", "C4"], ["D4"]]]


def test_bars_follow_the_pickup_and_changes_of_metre() -> None:
    notes = (Note(F(0), F(9), 60),)
    score = Score("", (Part("", notes),), (Metre(F(0), 3, 4), Metre(F(4), 2, 4), Metre(F(7), 2, 4)), pickup=F(1))
    found = [
        (
            bar.get("number"),
            sum(int(x.text or 0) for x in bar.iterfind("note/duration")),
            bar.find(".//time") is not None,
        )
        for bar in ET.fromstring(musicxml(score)).iterfind("part/measure")
    ]
    assert found == [("0", 1, True), ("1", 3, False), ("2", 2, True), ("3", 1, False), ("4", 2, False)]


def test_far_too_many_bars_are_refused() -> None:
    score = Score("", (Part("", (Note(F(10**9), F(1), 60),)),))
    with pytest.raises(InputError, match="at most 20000"):
        musicxml(score)


def test_more_notes_at_once_than_voices_end_early_and_keep_their_onsets() -> None:
    notes = tuple(Note(F(i, 8), F(20 + i), 60 + i) for i in range(60))
    data = musicxml(Score("", (Part("", notes),)))
    assert len({voice.text for voice in ET.fromstring(data).iter("voice")}) == MAX_VOICES
    (back,) = read_musicxml(data, "back.musicxml").parts
    assert [(note.onset, note.pitch) for note in back.notes] == [(note.onset, note.pitch) for note in notes]


@pytest.mark.parametrize(
    ("metre", "expected"),
    [((4, 4), ["quarter", "half"]), ((9, 8), ["eighth", "quarter.", "quarter."]), ((3, 4), ["quarter", "quarter"])],
)
def test_a_rest_does_not_hide_the_beat(metre: tuple[int, int], expected: list[str]) -> None:
    """And none is a whole rest within a bar, which readers take for the bar's."""
    score = Score("", (Part("", (Note(F(0), F(1), 60),)),), (Metre(F(0), *metre),))
    rests = [note for note in ET.fromstring(musicxml(score)).iter("note") if note.find("rest") is not None]
    assert [f"{rest.findtext('type')}{'.' * len(rest.findall('dot'))}" for rest in rests] == expected
