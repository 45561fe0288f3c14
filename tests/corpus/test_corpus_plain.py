"""One song or many in a text file: every rule of readers/plain.py."""

from pathlib import Path

import pytest

from lyricist.corpus import PrepareOptions, Source
from lyricist.corpus.readers import reader_for

DATA = Path(__file__).parents[3] / "shared" / "data" / "songs"
COUNTS = {  # shared/data/README.md
    "hymns": 259, "songbook": 164, "carols": 128, "parlour": 50, "nursery": 574, "moore": 616, "burns": 368,
}  # fmt: skip


def read(path, alone=True, **options):
    source = Source(path, path.name, PrepareOptions(**options), alone)
    return list(reader_for(source)(source))


def stanza(number, lines=4):
    return "\n".join(f"this is line {line} of stanza {number}" for line in range(lines))


def written(tmp_path, text, name="a.txt"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", COUNTS)
def test_the_bundled_songs(name):
    path = DATA / f"{name}.txt"
    if not path.exists():
        pytest.skip(f"{path} is not here: development data")
    assert len(read(path, alone=False)) == COUNTS[name]
    assert len(read(path, alone=True)) == COUNTS[name]


def test_a_small_file_of_stanzas_is_one_song(tmp_path):
    text = "\n\n".join(stanza(n) for n in range(12))
    (song,) = read(written(tmp_path, text, "05-The_Band_-_My_Song.txt"))
    assert (song.title, song.artist, len(song.sections)) == ("My Song", "The Band", 12)


def test_the_options_force_a_rule(tmp_path):
    path = written(tmp_path, "\n\n".join(stanza(n) for n in range(50)))
    assert len(read(path)) == 50  # over 40 blocks: big
    assert len(read(path, songs_by="file")) == 1
    small = written(tmp_path, "\n\n".join(stanza(n) for n in range(3)), "b.txt")
    assert len(read(small)) == 1
    assert len(read(small, songs_by="blank")) == 3


def test_over_300_lines_is_big_too(tmp_path):
    path = written(tmp_path, "\n\n".join(stanza(n, 20) for n in range(16)))
    assert len(read(path, alone=False)) == 16


def test_long_blocks_of_a_file_given_alone_are_songs(tmp_path):
    path = written(tmp_path, "\n\n".join(stanza(n, 14) for n in range(5)))
    assert len(read(path, alone=True)) == 5
    assert len(read(path, alone=False)) == 1


def test_double_blank_lines_part_songs_of_stanzas(tmp_path):
    songs = ["\n\n".join(stanza(10 * song + n) for n in range(3)) for song in range(6)]
    found = read(written(tmp_path, "\n\n\n".join(songs)))
    assert [len(song.sections) for song in found] == [3] * 6


def test_a_stray_double_blank_line_parts_nothing(tmp_path):
    big = "\n\n".join(stanza(n) for n in range(60)) + "\n\n\n" + "\n\n".join(stanza(n) for n in range(60, 120))
    assert len(read(written(tmp_path, big))) == 120
    assert len(read(written(tmp_path, f"My title\n\n\n{stanza(1)}\n\n{stanza(2)}"))) == 1


def test_rules_part_songs_but_underlines_do_not(tmp_path):
    path = written(tmp_path, f"{stanza(1)}\n\n---\n\n{stanza(2)}\n\n{stanza(3)}\n\n=====\n{stanza(4)}")
    assert [len(song.sections) for song in read(path)] == [1, 2, 1]
    (song,) = read(written(tmp_path, f"My Song\n=======\n\n{stanza(1)}\n\n{stanza(2)}"))
    assert song.title == "My Song"
    assert len(read(written(tmp_path, f"{stanza(1)}\n<|endoftext|>\n{stanza(2)}\n\f{stanza(3)}"))) == 3


def test_titles_begin_songs(tmp_path):
    text = "\n\n".join(f"Title: Song {n}\nArtist: Me\n\n{stanza(n)}\n\n[Chorus]\nla la {n}" for n in range(4))
    found = read(written(tmp_path, text))
    assert [song.title for song in found] == ["Song 0", "Song 1", "Song 2", "Song 3"]
    assert {song.artist for song in found} == {"Me"}


def test_labels_make_one_song_of_a_small_file(tmp_path):
    text = f"[Verse 1]\n{stanza(1, 14)}\n\n[Chorus]\n{stanza(2, 14)}\n\n\n[Verse 2]\n{stanza(3, 14)}"
    (song,) = read(written(tmp_path, text))
    assert [section.name for section in song.sections] == ["verse", "chorus", "verse"]


def test_a_big_labelled_file_begins_songs_at_verse_one_or_intro(tmp_path):
    one = f"[Verse 1]\n{stanza(1)}\n\n[Chorus]\n{stanza(2)}\n\n[Verse 2]\n{stanza(3)}"
    two = f"[Intro]\n{stanza(4)}\n\n[Verse 1]\n{stanza(5)}\n\n[Chorus]\n{stanza(6)}"
    found = read(written(tmp_path, "\n\n".join([one, two] * 20)))
    assert len(found) == 40
    assert [len(song.sections) for song in found] == [3, 3] * 20


def test_double_spaced_typing(tmp_path):
    stanzas = ["\n\n".join(stanza(n).split("\n")) for n in range(3)]
    (song,) = read(written(tmp_path, "\n\n\n".join(stanzas)))
    assert [len(section.lines) for section in song.sections] == [4, 4, 4]


def test_windows_newlines_and_blank_lines_of_spaces(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\r\n  \r\n".join(stanza(n).replace("\n", "\r\n") for n in range(50)).encode())
    assert len(read(path)) == 50


def test_a_song_without_end_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr("lyricist.corpus.readers.plain.MAX_SONG", 1000)
    found = read(written(tmp_path, stanza(1, 200)), songs_by="file")
    assert sum(1 for song in found for _ in song.lines()) == 200
    assert len(found) > 3


def test_fifty_megabytes_on_one_line(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"la " * (50_000_000 // 3) + b"\n" + stanza(1).encode())
    source = Source(path, path.name)
    (song,) = reader_for(source)(source)
    assert len(list(song.lines())) == 4
    assert source.drops["too long a line"][0] == 1


def test_as_is(tmp_path):
    text = " the <unk> said  N \n @-@ of course \n = heading = \n \n again , \x85 <unk>\n"
    found = read(written(tmp_path, text, "wiki.valid.tokens"), as_is=True)
    assert [[line.text for line in song.lines()] for song in found] == [
        [" the <unk> said  N ", " @-@ of course ", " = heading = "],
        [" again , \x85 <unk>"],
    ]
    long = "word " * 10_000
    (song,) = read(written(tmp_path, long + "\nx", "b.txt"), as_is=True)
    assert [len(line.text) for line in song.lines()] == [50_000, 1]
