"""Tunes joined to songs: by hard names, by the exercise's layout, through the command line; misses listed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from musicfiles import midi, sung

from lyricist.apps.cli import run as lyricist
from lyricist.apps.cli.train_command import Request, corpus_of
from lyricist.corpus import PrepareOptions, match_tunes, prepare
from lyricist.errors import InputError

WHOLE = PrepareOptions(valid_share=0, test_share=0, near_duplicate=None, related=None, min_words=0)


@pytest.mark.parametrize(
    ("title", "artist", "tune"),
    [
        ("Into My Arms", "Nick Cave", "Nick_Cave_-_Into_My_Arms.mid"),
        ("into my arms", "nick cave", "NICK_CAVE_INTO_MY_ARMS.MID"),
        ("Into My Arms", "Nick Cave", "Into My Arms - Nick Cave.mid"),
        ("Into My Arms", "Nick Cave", "nick-cave-into-my-arms.kar"),
        ("Into My Arms", "Nick Cave", "IntoMyArms.mid"),
        ("Into My Arms", "", "Nick_Cave_-_Into_My_Arms.mid"),
        ("Into My Arms", "Nick Cave", "Nick Cave/Into My Arms.2.mid"),
        ("Into My Arms", "Nick Cave", "pop songs/Into My Arms.mid"),
        ("Into My Arms (Live)", "Nick Cave", "Nick_Cave_-_Into_My_Arms.mid"),
        ("Into My Arms", "Nick Cave & The Bad Seeds", "nick_cave_-_into_my_arms_(live)_2.mid"),
        ("Into My Arms", "Nick Cave feat. Somebody", "Nick Cave - Into My Arms.mid"),
        ("Déjà Vu", "Beyoncé", "beyonce_-_deja_vu.mid"),
        ("Smørrebrød", "Ægir", "aegir_-_smorrebrod.mid"),
        ("The Boxer", "Simon & Garfunkel", "Simon_and_Garfunkel_-_Boxer.mid"),
        ("Help!", "The Beatles", "Beatles_-_Help.mid"),
        ("Don't Stop", "A Band", "The_Band_-_Dont_Stop.mid"),
        ("Rock 'n' Roll", "X", "X - Rock n Roll.mid"),
        ("Jailhouse Rock", "Elvis Presley", "Presley, Elvis - Jailhouse Rock.mid"),
        ("99 Luftballons", "Nena", "Nena_-_99_Luftballons.mid"),
        ("Aqua", "", "05 - Aqua.mid"),
        ("A Child of the King", "", "A_Child_of_The_King-Binghamton.abc"),  # begins the tune's name
        ("Everything I Do, I Do It for You", "Bryan Adams", "Bryan_Adams_-_Everything_I_Do.mid"),  # begun by it
        ("Everything I Do, I Do It for You", "Bryan Adams", "Bryan_Adams_-_Everything_I_Do_I_Do_It_fo.mid"),
        ("Everything I Do (I Do It for You)", "Bryan Adams", "Bryan_Adams_-_(Everything_I_Do).mid"),
    ],
)
def test_names_that_belong_together(title: str, artist: str, tune: str) -> None:
    others = ["Somebody_-_Something_Else.mid", "Another One.mid"]
    songs = [("Wholly Different", "Nobody"), (title, artist)]
    assert match_tunes(songs, [*others, tune]).tune_of == {1: 2}


@pytest.mark.parametrize(
    ("title", "artist", "tune"),
    [
        ("Hello", "Adele", "Lionel_Richie_-_Hello.mid"),
        ("Hello", "Adele", "Adele_-_Someone_Like_You.mid"),
        ("Hello", "Adele", "Adele.mid"),
        ("Song 2", "Blur", "Blur_-_Song_3.mid"),
        ("Low", "", "Lower.mid"),
        ("Love", "", "Lovely Day.mid"),  # cut inside a word
        ("", "Adele", "Adele.mid"),
        ("...", "", "---.mid"),
    ],
)
def test_names_that_do_not(title: str, artist: str, tune: str) -> None:
    found = match_tunes([(title, artist)], [tune])
    assert (found.tune_of, found.ambiguous) == ({}, ())


@pytest.mark.parametrize(
    ("songs", "tunes", "matched", "ambiguous"),
    [
        # The artist decides; without one nothing does.
        ([("Hello", "Adele"), ("Hello", "Lionel")], ["Lionel - Hello.mid", "Adele - Hello.mid"], {0: 1, 1: 0}, ()),
        ([("Hello", "Adele"), ("Hello", "Lionel")], ["Hello.mid"], {}, (((0, 1), (0,)),)),
        ([("Hello", "")], ["Adele - Hello.mid", "Lionel - Hello.mid"], {}, (((0,), (0, 1)),)),
        ([("Hello", "Adele")], ["Hello.mid", "hello.kar"], {}, (((0,), (0, 1)),)),
        # The plainer name goes first, and what is taken is taken.
        ([("Hello", "Adele")], ["Adele - Hello (live).mid", "Adele - Hello.mid"], {0: 1}, ()),
        (
            [("Hello", "Adele"), ("Hello (live)", "Adele")],
            ["Adele_-_Hello_(live).mid", "Adele - Hello.mid"],
            {0: 1, 1: 0},
            (),
        ),
        ([("Hello", ""), ("Hello Dolly", "")], ["Hello.mid"], {0: 0}, ()),
        # Beginnings: the longest, if it is one name only.
        ([("Hello", "")], ["Hello Dolly.mid", "Hello Goodbye.mid"], {}, (((0,), (0, 1)),)),
        ([("Hello Goodbye", ""), ("Hello Dolly", "")], ["Hello.mid"], {}, (((0, 1), (0,)),)),
        ([("Hello Goodbye Again", "")], ["Hello.mid", "Hello Goodbye.mid"], {0: 1}, ()),
        ([("Hello", ""), ("Hello Goodbye", "")], ["Hello Goodbye Adele.mid"], {1: 0}, ()),
        # Two rows of one song have one tune.
        ([("Hello", "Adele"), ("hello", "ADELE")], ["Adele - Hello.mid"], {0: 0, 1: 0}, ()),
    ],
)
def test_rivals(songs: list[tuple[str, str]], tunes: list[str], matched: object, ambiguous: object) -> None:
    found = match_tunes(songs, tunes)
    assert (found.tune_of, found.ambiguous) == (matched, ambiguous)
    turned = match_tunes(songs, tunes[::-1])  # whatever the order
    last = len(tunes) - 1
    assert {s: last - t for s, t in turned.tune_of.items()} == matched


RIVER = [
    "Slow the riv-er turns to stone,",
    "Cold the moon-light on your door,",
    "I have sung it all a-lone,",
    "I will sing it nev-er-more.",
]
HILL = [
    "Up the hill and down a-gain,",
    "Gold-en leaves a-long the way,",
    "Sun-day bells and Mon-day rain,",
    "Noth-ing that I meant to say.",
]


def words(lines: list[str]) -> str:
    return " & ".join(line.replace("-", "") for line in lines)


@pytest.fixture
def exercise(tmp_path: Path) -> Path:
    """The exercise's layout: a table without a header, two songs in one row, tunes with underscores in their names."""
    rows = [
        f'nick cave,into my arms,"{words(RIVER)}"',
        f'the hills,up & down,"{words(HILL)}",a third,no tune at all,"{words(HILL[2:] + RIVER[:2])}"',
        f'bad seeds,broken,"{words(RIVER[2:] + HILL[2:])}"',
    ]
    (tmp_path / "lyrics.csv").write_text("\n".join(rows) + "\n")
    folder = tmp_path / "midi_files"
    folder.mkdir()
    karaoke = [part for line in RIVER for part in sung(line)]
    (folder / "Nick_Cave_-_Into_My_Arms.mid").write_bytes(midi(karaoke, long=7))
    (folder / "Hills_-_Up_and_Down.mid").write_bytes(midi([None] * 28, [60, 62, 64, 65, 67, 69, 71], long=7))
    (folder / "Bad_Seeds_-_Broken.mid").write_bytes(midi(karaoke)[:30])
    (folder / "Unknown_-_Other.mid").write_bytes(midi(karaoke))
    return tmp_path


def test_the_layout_of_the_exercise(exercise: Path) -> None:
    corpus = prepare(exercise / "lyrics.csv", exercise / "c", options=WHOLE, midi=exercise / "midi_files")
    tunes = corpus.info["tunes"]
    assert sorted(tunes["matched"], key=lambda pair: pair["tune"]) == [
        {"song": "the hills - up & down", "tune": "Hills_-_Up_and_Down.mid", "lines": 4, "with_slots": 4},
        {"song": "nick cave - into my arms", "tune": "Nick_Cave_-_Into_My_Arms.mid", "lines": 4, "with_slots": 4},
    ]
    assert sorted(tunes["songs_without"]) == ["a third - no tune at all", "bad seeds - broken"]
    assert tunes["tunes_without"] == ["Unknown_-_Other.mid"]
    assert [name for name, _ in tunes["unreadable"]] == ["Bad_Seeds_-_Broken.mid"]
    assert tunes["ambiguous"] == []
    assert corpus.info["sung"] == {"songs": 2, "lines": 8}
    song = next(song for song in corpus.songs() if song.artist == "nick cave")
    data = (exercise / "midi_files" / song.meta["tune"]).read_bytes()
    assert song.meta["tune_sha256"] == hashlib.sha256(data).hexdigest()
    line = next(song.lines())
    assert line.text == "Slow the river turns to stone,"
    assert [slot.at for slot in line.slots] == [0, 5, 9, 9, 15, 21, 24]
    assert [slot.pitch for slot in line.slots] == [60, 61, 62, 63, 64, 65, 66]


def test_tunes_inside_the_folder_of_songs_are_joined_only(exercise: Path) -> None:
    corpus = prepare(exercise, exercise.parent / f"{exercise.name}-c", options=WHOLE, midi=exercise / "midi_files")
    assert {song.source for song in corpus.songs()} == {f"{exercise.name}/lyrics.csv"}
    assert corpus.info["dropped"] == {"a tune to be joined": 4}


def test_a_song_read_from_music_keeps_its_own_notes(tmp_path: Path) -> None:
    for name, pitches in (("songs", [60]), ("tunes", [72])):
        (tmp_path / name).mkdir()
        syllables = [part for line in RIVER for part in sung(line)]
        (tmp_path / name / "River.mid").write_bytes(midi(syllables, pitches, long=7))
    corpus = prepare(tmp_path / "songs", tmp_path / "c", options=WHOLE, midi=tmp_path / "tunes")
    (song,) = corpus.songs()
    assert {slot.pitch for line in song.lines() for slot in line.slots} == {60}
    assert song.meta["tune"] == "River.mid"


@pytest.mark.parametrize("folder", ["nowhere", "empty", "lyrics.csv"])
def test_a_folder_without_tunes(exercise: Path, folder: str) -> None:
    (exercise / "empty").mkdir()
    with pytest.raises(InputError, match=r"--midi .*(no such folder|no tunes in it)"):
        prepare(exercise / "lyrics.csv", exercise / "c", options=WHOLE, midi=exercise / folder)
    assert not (exercise / "c").exists()


def test_a_folder_that_matches_nothing_names_both_sides(exercise: Path) -> None:
    folder = exercise / "other"
    folder.mkdir()
    (folder / "Wholly_-_Strange.mid").write_bytes(midi([None] * 9))
    with pytest.raises(InputError, match=r"'nick cave - into my arms'.*'Wholly_-_Strange\.mid'"):
        prepare(exercise / "lyrics.csv", exercise / "c", options=WHOLE, midi=folder)
    assert not (exercise / "c").exists()


def call(*arguments: object) -> int:
    return lyricist([str(argument) for argument in arguments])


def test_prepare_lists_the_misses(exercise: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, folder, out = exercise / "lyrics.csv", exercise / "midi_files", exercise / "c"
    for i in range(30):
        (folder / f"Lonely_Tune_{i:02}.mid").write_bytes(b"never opened")
    assert call("prepare", table, "--midi", folder, "-o", out, "--valid-share", 0, "--test-share", 0) == 0
    report = capsys.readouterr().err
    assert "8 of 16 lines, in 2 songs, have the notes they are sung to" in report
    assert "tunes joined by name: 2" in report
    assert "songs without a tune: 2\n  a third - no tune at all\n" in report
    assert "tunes without a song: 31" in report
    assert "  and 21 more" in report
    assert "Bad_Seeds_-_Broken.mid: " in report
    assert len(json.loads((out / "corpus.json").read_text())["tunes"]["tunes_without"]) == 31


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prepare", "lyrics.csv", "--midi", "nowhere", "-o", "c"], "no such folder"),
        (["prepare", "lyrics.csv", "--midi", "midi_files", "--as-is", "-o", "c"], "--as-is and --midi clash"),
        (["train", "--midi", "midi_files", "-o", "run"], "name the songs"),
        (["train", "prepared", "--midi", "midi_files", "-o", "run"], "prepared is prepared already"),
        (["train", "lyrics.csv", "--midi", "midi_files", "--tokenizer", "whitespace", "-o", "run"], "clash"),
    ],
)
def test_calls_that_are_wrong(
    exercise: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(exercise)
    prepare("lyrics.csv", "prepared", options=WHOLE)
    assert call(*arguments) == 2
    assert message in capsys.readouterr().err
    assert not (exercise / "c").exists()
    assert not (exercise / "run").exists()


def test_train_joins_tunes(exercise: Path) -> None:
    request = Request([exercise / "lyrics.csv"], exercise / "run", {"midi": exercise / "midi_files"})
    corpus = corpus_of(request, resume=False)
    assert corpus.info["sung"] == {"songs": 2, "lines": 8}
    assert corpus.temporary
