"""Files of music to tunes, and what is said of bad ones."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction as F
from pathlib import Path

import pytest
from lines import part, score
from midibytes import chunk, smf, tune

from lyricist.errors import InputError
from lyricist.melody import read
from lyricist.melody.read import kind_of, read_score, read_tune, tune_of
from lyricist.melody.tune import Part

DATA = Path(__file__).parents[2] / "../shared/data/melodies"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/melodies is not there")
MIDI = smf(chunk(tune([60, 62, 64, 65, 67, 65, 64, 60])))
XML = b"""<?xml version="1.0"?><score-partwise version="4.0"><part-list><score-part id="P1"><part-name>Voice</part-name>
</score-part></part-list><part id="P1"><measure number="1"><attributes><divisions>1</divisions><time><beats>2</beats>
<beat-type>4</beat-type></time></attributes>
<note><pitch><step>C</step><octave>5</octave></pitch><duration>1</duration><type>quarter</type>
<lyric><syllabic>single</syllabic><text>one</text></lyric></note>
<note><pitch><step>D</step><octave>5</octave></pitch><duration>1</duration><type>quarter</type>
<lyric><syllabic>single</syllabic><text>two</text></lyric></note></measure></part></score-partwise>"""
ABC = b"X:1\nT:One\nM:4/4\nL:1/4\nK:C\nC D E F|G4|\nw:one two three four five\n"


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.mid", MIDI, "midi"),
        ("a.kar", MIDI, "midi"),
        ("A.MID", MIDI, "midi"),
        ("a.xml", XML, "musicxml"),
        ("a.musicxml", XML, "musicxml"),
        ("a.abc", ABC, "abc"),
        ("a.mid", XML, "musicxml"),  # the content is believed before the name
        ("a.xml", MIDI, "midi"),
        ("a.txt", MIDI, "midi"),
        ("noname", XML, "musicxml"),
        ("a.mxl", b"PK\x03\x04", "musicxml"),
        ("a.mid", b"what is this", "midi"),
        ("a.musicxml", "\ufeff<?xml".encode("utf-16"), "musicxml"),
        ("a.musicxml", b"\xef\xbb\xbf<score-partwise>", "musicxml"),
        ("a.abc", b"% a comment\nX: 1\n", "abc"),
    ],
)
def test_kinds_by_content_and_name(name: str, data: bytes, kind: str) -> None:
    assert kind_of(name, data) == kind


@pytest.mark.parametrize(("name", "data", "count"), [("a.mid", MIDI, 8), ("b.xml", XML, 2)])
def test_files_become_tunes(tmp_path: Path, name: str, data: bytes, count: int) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    found = read_tune(path)
    assert sum(len(phrase.slots) for phrase in found.phrases) == count
    assert found.names == ("verse",) and found.why and found.score.kind == read_score(str(path)).kind


@pytest.mark.parametrize("name", ["a.txt", "a.pdf", "noname", "a.mid.gz"])
def test_other_files_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"X, and not a tune")
    with pytest.raises(InputError, match=rf"{name} is no file of music.*\.mid"):
        read_score(tmp_path / name)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.mid is not there"):
        read_score(tmp_path / "gone.mid")
    with pytest.raises(InputError, match="is a folder"):
        read_score(tmp_path)
    with pytest.raises(InputError, match="no name of a file"):
        read_score("a\0.mid")
    (tmp_path / "empty.mid").touch()
    with pytest.raises(InputError, match=r"empty\.mid is empty"):
        read_score(tmp_path / "empty.mid")


def test_files_have_a_greatest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MOST_BYTES", len(MIDI) - 1)
    (tmp_path / "big.mid").write_bytes(MIDI)
    with pytest.raises(InputError, match=r"big\.mid has more than 0 MB"):
        read_score(tmp_path / "big.mid")


@pytest.mark.parametrize("cut", [1, 4, 8, 13, 14, 20, 30])
def test_a_cut_file_is_read_or_refused(tmp_path: Path, cut: int) -> None:
    (tmp_path / "cut.mid").write_bytes(MIDI[:cut])
    with suppress(InputError):
        assert read_tune(tmp_path / "cut.mid").phrases


def test_a_tune_with_one_note_has_one_phrase() -> None:
    found = tune_of(score(part("60:1", words="oh")))
    assert [len(phrase.slots) for phrase in found.phrases] == [1]


@pytest.mark.parametrize("parts", [(), (Part("Voice", ()),), (Part("Kit", part("35:1 38:1").notes, drums=True),)])
def test_no_notes_to_sing_are_refused(parts: tuple[Part, ...]) -> None:
    with pytest.raises(InputError):
        tune_of(score(*parts))


def test_a_track_may_be_asked_for() -> None:
    whole = score(part("60:1 62:1", words="one two"), part("40:1 41:1 43:1", number=2))
    assert [len(tune_of(whole, track=n).phrases[0].slots) for n in (1, 2)] == [2, 3]
    with pytest.raises(InputError):
        tune_of(whole, track=7)


def test_a_part_of_few_syllables_gets_a_warning() -> None:
    few, bass = part("60:1 " * 39), part("40:1 " * 39, number=2)
    assert tune_of(score(few, bass)).notes == (
        "only 39 syllables: if this is not the whole sung part, choose another track",
    )
    worded = part("60:1 " * 39, words="one " * 39)
    assert not any(tune_of(score(*parts)).notes for parts in ((few,), (worded, bass), (part("60:1 " * 40), bass)))
    assert not tune_of(score(few, bass), track=1).notes


def test_lengths_of_phrases_may_be_given() -> None:
    whole = score(part("60:1 " * 10))
    found = tune_of(whole, phrases="4,3")
    assert [len(phrase.slots) for phrase in found.phrases] == [4, 3, 3]
    assert found.notes == ("the last phrase has 3 of the 4 syllables asked for: the tune ends",)
    assert tune_of(whole, phrases=[5]).notes == ()
    with pytest.raises(InputError, match="8,6,8,6"):
        tune_of(whole, phrases="four")


def test_words_may_be_left_unasked() -> None:
    whole = score(part("60:1 62:1 64:1 65:1", words="one _ _ two"))
    assert [len(tune_of(whole, words=words).phrases[0].slots) for words in (True, False)] == [2, 4]


def test_the_upbeat_of_a_midi_file_is_told_in_its_score() -> None:
    assert tune_of(score(part("60:1 " + "64:2 62:1 " * 8), metre=(3, 4), kind="midi")).score.pickup == F(1)


@needs_data
def test_real_files_give_two_phrases_or_more() -> None:
    paths = [*sorted(DATA.glob("hymns-midi/*.mid"))[::20], *sorted(DATA.glob("lieder-musicxml/*.mxl"))[::60]]
    assert [path.name for path in paths if len(read_tune(path).phrases) < 2] == []


def test_a_sung_line_of_far_too_many_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MOST_NOTES", 7)
    with pytest.raises(InputError, match="8 notes in its part, more than the 7 of any song"):
        tune_of(score(Part("", part("60:1 " * 8).notes)))
