"""Songs out of files of music: words, verses, slots; what is dropped and why."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from musicfiles import ABC, midi, musicxml, sung, xml_note

from lyricist.corpus import Line, LineSlot, PrepareOptions, Song, Source, prepare
from lyricist.corpus.readers import reader_for
from lyricist.corpus.readers.melodies import joined
from lyricist.corpus.song import slots_fit
from lyricist.errors import InputError
from lyricist.melody.read import read_tune
from lyricist.melody.tune import Lyric, Note, Phrase
from lyricist.melody.verses import Turn, performance, pieces, stanzas_of

DATA = Path(__file__).parents[2] / "../shared/data/melodies"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/melodies is not there")
WHOLE = PrepareOptions(valid_share=0, test_share=0, near_duplicate=None, related=None, min_words=0)


def read(tmp_path: Path, name: str, data: bytes | str) -> list[Song]:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    source = Source(path, name)
    return list(reader_for(source)(source))


def texts(song: Song) -> list[list[str]]:
    return [[line.text for line in section.lines] for section in song.sections]


def check_slots(line: Line) -> None:
    """Every `at` begins a word of the text, none goes back, and as many words have slots as there are such places."""
    starts = [found.start() for found in re.finditer(r"'?[^\W_]+(?:['\-][^\W_]+)*'?", line.text)]
    places = [slot.at for slot in line.slots]
    assert places == sorted(places)
    assert set(places) <= set(starts)
    assert len(set(places)) == len([start for start in starts if start in places])
    assert all(slot.duration > 0 and 0 <= slot.strength <= 4 and slot.rest >= 0 for slot in line.slots)
    assert slots_fit(line.text, line.slots)


LINES = ["Wa-ter falls from ev-'ry hill,", "Ri-ver, ri-ver, ne-ver still!"]


@pytest.mark.parametrize(("kind", "suffix"), [("lyrics", ".mid"), ("text", ".kar"), ("lyrics", ".midi")])
def test_midi_lines_have_a_slot_for_every_syllable(tmp_path: Path, kind: str, suffix: str) -> None:
    syllables = [part for line in LINES for part in sung(line)]
    (song,) = read(tmp_path, f"The_Hills_-_Still_Water{suffix}", midi(syllables, kind=kind, long=7))
    assert (song.title, song.artist) == ("Still Water", "The Hills")
    assert texts(song) == [["Water falls from ev'ry hill,", "River, river, never still!"]]
    first, second = song.lines()
    assert [slot.at for slot in first.slots] == [0, 0, 6, 12, 17, 17, 23]
    assert first.slots[6] == LineSlot(23, 2.0, 66, first.slots[6].strength, True, 1.0)
    assert [slot.at for slot in second.slots] == [0, 0, 7, 7, 14, 14, 20]
    assert [slot.pitch for slot in second.slots] == [67, 60, 61, 62, 63, 64, 65]


def test_abc_verses_have_the_same_notes_and_share_their_refrain(tmp_path: Path) -> None:
    (song,) = read(tmp_path, "x.abc", ABC)
    assert song.title == "The Water"
    refrain = ["O river, river,", "run now to the sun!"]
    assert texts(song) == [
        ["Water falls and flows,", "water goes and goes."],
        refrain,
        ["Summer's sun is low,", '"Oh," it says, "I do know."'],
        refrain,
    ]
    assert [section.name for section in song.sections] == ["verse", "chorus", "verse", "chorus"]
    one, three = song.sections[0].lines, song.sections[2].lines
    assert [slot[1:] for slot in one[0].slots] == [slot[1:] for slot in three[0].slots]
    assert [slot.at for slot in three[1].slots] == [1, 6, 16, 18, 21]  # "it says" shares a note


MXL_BARS = [
    [
        xml_note("C4", "Qui-"),
        xml_note("D4", "-et"),
        xml_note("E4", "night", slur="start"),
        xml_note("D4", slur="stop"),
    ],
    [xml_note("C4", "is"), xml_note("D4", "here,", quarters=3)],
]


@pytest.mark.parametrize("suffix", [".musicxml", ".xml", ".mxl"])
def test_musicxml_slurred_notes_are_one_slot(tmp_path: Path, suffix: str) -> None:
    data = musicxml(*MXL_BARS, title="Quiet")
    if suffix == ".mxl":
        with zipfile.ZipFile(tmp_path / "packed", "w") as archive:
            archive.writestr("score.xml", data)
            archive.writestr(
                "META-INF/container.xml",
                '<container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>',
            )
        data = (tmp_path / "packed").read_bytes()
    (song,) = read(tmp_path, f"a{suffix}", data)
    (line,) = song.lines()
    assert (song.title, line.text) == ("Quiet", "Quiet night is here,")
    assert [(slot.at, slot.duration, slot.pitch) for slot in line.slots] == [
        (0, 1.0, 60),
        (0, 1.0, 62),
        (6, 2.0, 64),
        (12, 1.0, 60),
        (15, 3.0, 62),
    ]


def test_a_repeat_sings_the_next_verse_and_a_verse_may_have_other_syllables(tmp_path: Path) -> None:
    bars = [
        [
            xml_note("C4", "Qui-", "Soft"),
            xml_note("D4", "-et"),
            xml_note("E4", "night", "day"),
            xml_note("F4", "falls", "breaks"),
        ],
        [xml_note("C4", "down", "now", quarters=4)],
    ]
    (song,) = read(tmp_path, "a.xml", musicxml(*bars, repeat=True))
    assert texts(song) == [["Quiet night falls down"], ["Soft day breaks now"]]
    (_, second) = song.lines()
    assert [(slot.at, slot.duration) for slot in second.slots] == [(0, 2.0), (5, 1.0), (9, 1.0), (16, 4.0)]


def test_verses_below_the_music_have_slots_where_they_fit(tmp_path: Path) -> None:
    below = """W:1. Water falls and flows,
W:water goes and goes.
W:
W:3. Winter's end is near,
W:rivers will be here.
W:And this is longer than any of the lines above.
"""
    (song,) = read(tmp_path, "x.abc", ABC + below)
    first, *_, last = song.sections
    assert len(song.sections) == 5  # the first verse is sung already
    assert [line.text for line in last.lines[:2]] == ["Winter's end is near,", "rivers will be here."]
    assert [[slot[1:] for slot in line.slots] for line in last.lines] == [
        *([slot[1:] for slot in line.slots] for line in first.lines),
        [],
    ]


def test_a_book_of_tunes(tmp_path: Path) -> None:
    second = ABC.replace("X:1", "X:2").replace("The Water", "The Wind").replace("Wa-ter", "Winds-now")
    path = tmp_path / "book.abc"
    path.write_text("%abc-2.1\n" + ABC + "\n" + second + "\nX:3\nT:Silent\nK:C\nCDEF\n\nX:4\nT:Empty\nK:C\n")
    source = Source(path, "book.abc")
    assert [song.title for song in reader_for(source)(source)] == ["The Water", "The Wind"]
    assert {reason: count for reason, (count, _) in source.drops.items()} == {
        "no words under its notes": 1,
        "unreadable": 1,
    }


GERMAN = "Der-Fluss-der-lief-ins-wei-te-Land die-Nacht-war-kalt-und-oh-ne-Mond ich-ging-al-lein-am-Ufer-hin und-nie-mand-hat-mich-mehr-ge-sehn"
ENGLISH = "The-riv-er-ran-in-to-the-land the-night-was-cold-with-out-a-moon I-walked-a-lone-a-long-the-shore and-no-one-ev-er-saw-me-more"


@pytest.mark.parametrize("english", [True, False])
def test_a_translation_is_a_verse_that_english_only_leaves_out(tmp_path: Path, english: bool) -> None:
    pytest.importorskip("py3langid")
    words = [verse.replace(" ", "-").split("-") for verse in (GERMAN, ENGLISH)]
    notes = [xml_note(f"{'CDEF'[i % 4]}4", de, en) for i, (de, en) in enumerate(zip(*words, strict=False))]
    path = tmp_path / "a.xml"
    path.write_bytes(musicxml(*(notes[i : i + 4] for i in range(0, len(notes), 4))))
    source = Source(path, "a.xml", PrepareOptions(english_only=english))
    (song,) = reader_for(source)(source)
    assert ("Der Fluss" in song.text(), "The riv er" in song.text()) == (not english, True)
    assert list(source.drops) == ["a verse not English"] * english


def phrase(*notes: tuple[str, ...]) -> Phrase:
    """A phrase of syllables, one tuple a note: a syllable for each verse."""
    from fractions import Fraction

    from lyricist.melody.tune import Slot

    slots = []
    for syllables in notes:
        lyrics = tuple(Lyric(text, "single", verse) for verse, text in enumerate(syllables, 1) if text)
        note = Note(Fraction(0), Fraction(1), 60, lyrics=lyrics)
        slots.append(Slot(Fraction(0), Fraction(1), 60, 0, False, (note,), lyrics=lyrics))
    return Phrase(tuple(slots))


BOTH, OTHER, REFRAIN, AMEN = (
    phrase(("a", "b")),
    phrase(("c", "d")),
    phrase(("la",), ("lo",)),
    phrase(("A",), ("men",)),
)


@pytest.mark.parametrize(
    ("phrases", "expected"),
    [
        ([REFRAIN, AMEN], [[(0, 1), (1, 1)]]),
        ([BOTH, OTHER], [[(0, 1), (1, 1)], [(0, 2), (1, 2)]]),
        ([BOTH, REFRAIN], [[(0, 1), (1, 1)], [(0, 2), (1, 1)]]),
        ([BOTH, AMEN], [[(0, 1)], [(0, 2), (1, 1)]]),
        ([BOTH, REFRAIN, BOTH, REFRAIN], [[(0, 1), (1, 1), (2, 2), (3, 1)]]),
        ([BOTH, OTHER, BOTH, OTHER], [[(0, 1), (1, 1), (2, 2), (3, 2)]]),
        ([phrase(("a", "b", "c")), phrase(("a", "b", "c"))], [[(0, 1), (1, 2)], [(0, 3)]]),
    ],
)
def test_which_verse_is_sung_when(phrases: list[Phrase], expected: list[list[tuple[int, int]]]) -> None:
    assert [[(turn.phrase, turn.verse) for turn in turns] for turns in performance(phrases)] == expected
    assert all(isinstance(turn, Turn) for turns in performance(phrases) for turn in turns)


@pytest.mark.parametrize(
    ("words", "text", "starts"),
    [
        (["Oh,", "day"], "Oh, day", [0, 4]),
        (['"Oh', "'tis", "day"], "\"Oh 'tis day", [1, 4, 9]),
        (["", "day", ""], "day", [0, 0, 3]),
        (["(o'er", "sea)"], "(o'er sea)", [1, 6]),
    ],
)
def test_words_make_a_line(words: list[str], text: str, starts: list[int]) -> None:
    line, found = joined(words)
    assert (line.text, found) == (text, starts)


def test_a_word_that_a_phrase_cuts_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(midi([*sung("Ma-ny dan-gers come and go a-way"), None], long=3))
    lines = [line for stanza in stanzas_of(read_tune(path, phrases=[3, 5])) for line in stanza.lines]
    assert [" ".join(line.words) for line in lines] == ["Many dangers", "come and go away"]
    assert pieces("th' e") == ["th'", "e"]


def test_a_folder_of_all_kinds(tmp_path: Path) -> None:
    folder = tmp_path / "songs"
    folder.mkdir()
    (folder / "a.txt").write_text("Plain words in a file\nof their own to read")
    (folder / "b.csv").write_text('Somebody,Their Song,"' + "one line & another line of it " * 4 + '"\n')
    (folder / "c.abc").write_text(ABC)
    (folder / "d.mid").write_bytes(midi(sung("Wa-ter falls and goes a-way")))
    (folder / "e.mid").write_bytes(midi([None] * 20))
    (folder / "f.mid").write_bytes(midi(sung("Wa-ter"))[:40])
    (folder / "g.musicxml").write_bytes(musicxml(*MXL_BARS))
    (folder / "h.xml").write_text("<settings><font>12</font></settings>")
    (folder / "i.mxl").write_bytes(b"PK\x03\x04 and nothing")
    corpus = prepare(folder, tmp_path / "corpus", options=WHOLE)
    assert sorted(song.source for song in corpus.songs()) == [
        f"songs/{n}" for n in ("a.txt", "b.csv", "c.abc", "d.mid", "g.musicxml")
    ]
    assert corpus.info["dropped"] == {"unreadable": 3, "no words under its notes": 1}
    assert corpus.info["sung"] == {"songs": 3, "lines": 8 + 1 + 1}
    for song in corpus.songs():
        for line in song.lines():
            check_slots(line)
            assert bool(line.slots) == (song.source[6] in "cdg")


def test_of_the_same_words_those_with_notes_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Water falls and goes away, up the hill and down again")
    (tmp_path / "b.mid").write_bytes(midi(sung("Wa-ter falls and goes a-way up the hill and down a-gain")))
    corpus = prepare([tmp_path / "a.txt", tmp_path / "b.mid"], tmp_path / "c", options=WHOLE)
    assert [song.source for song in corpus.songs()] == ["b.mid"]


def test_music_alone_that_has_no_words_or_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(midi([None] * 20))
    with pytest.raises(InputError, match="1 no words under its notes"):
        prepare(tmp_path / "a.mid", tmp_path / "c")
    (tmp_path / "b.mid").write_bytes(b"MThd")
    with pytest.raises(InputError, match=r"b\.mid"):
        prepare(tmp_path / "b.mid", tmp_path / "c")
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize(
    ("text", "kept"),
    [("Water falls and flows,", True), ("The water falls and flows,", False), ("Water", False)],
)
def test_slots_of_a_corpus_are_read_again_unless_the_text_was_edited(tmp_path: Path, text: str, kept: bool) -> None:
    (song,) = read(tmp_path, "x.abc", ABC)
    record = song.to_json()
    record["sections"][0]["lines"][0]["text"] = text
    (again,) = read(tmp_path, "songs.json", json.dumps([record]))
    first, second, *_ = again.lines()
    assert (first.text, bool(first.slots), bool(second.slots)) == (text, kept, True)


@needs_data
@pytest.mark.parametrize("kind", ["hymns-abc", "hymns-midi", "lieder-musicxml"])
def test_real_songs_keep_the_law_of_slots(kind: str) -> None:
    for path in sorted((DATA / kind).iterdir())[::40]:
        source = Source(path, path.name)
        songs = list(reader_for(source)(source))
        assert songs or list(source.drops) == ["no words under its notes"]
        assert all(line.slots for song in songs for line in song.sections[0].lines)
        for line in (line for song in songs for line in song.lines()):
            check_slots(line)
            assert "-" not in (line.text[0], line.text[-1])
