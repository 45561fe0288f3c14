"""Song, Section, Line and their JSON."""

import json

import pytest

from lyricist.corpus import Line, LineSlot, Section, Song
from lyricist.errors import InputError

SONG = Song(
    "Rain",
    "The Clouds",
    (
        Section("verse", (Line("It rained"), Line("Amazing", ((1, "G"),), 1.5, ((0, 1.5),))), "Verse 1"),
        Section("chorus", (Line("Oh rain"),)),
    ),
    "rain.txt",
    {"year": "1999"},
)


def test_round_trip_through_json():
    assert Song.from_json(json.loads(json.dumps(SONG.to_json()))) == SONG


def test_plain_lines_are_strings():
    assert SONG.to_json()["sections"][0]["lines"] == [
        "It rained",
        {"text": "Amazing", "chords": [[1, "G"]], "time": 1.5, "word_times": [[0, 1.5]]},
    ]


def test_text_and_words():
    assert SONG.text() == "It rained\nAmazing\n\nOh rain"
    assert SONG.text(labels=True) == "[Verse 1]\nIt rained\nAmazing\n\n[Chorus]\nOh rain"
    assert SONG.word_count() == 5


@pytest.mark.parametrize(
    "data", [{}, {"sections": [{"name": "verse"}]}, {"sections": [{"name": "x", "lines": []}]}, {"sections": [1]}]
)
def test_foreign_json_is_an_input_error(data):
    with pytest.raises(InputError):
        Song.from_json(data)


def test_frozen():
    with pytest.raises(AttributeError):
        SONG.title = "Sun"


def test_slots_of_a_line_survive_json() -> None:
    slots = (LineSlot(0, 1.0, 60, 4, True, 0.0), LineSlot(4, 0.3333, 62, 1, False, 0.5))
    line = Line("The sea", slots=slots)
    assert Line.from_json(json.loads(json.dumps(line.to_json()))) == line
