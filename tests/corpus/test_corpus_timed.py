"""LRC and ChordPro; sniffing of files whose suffix says nothing."""

import pytest

from lyricist.corpus import READERS, PrepareOptions, Source
from lyricist.corpus.readers import reader_for


def read(tmp_path, text, name):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    source = Source(path, name, PrepareOptions())
    return list(reader_for(source)(source))


LRC = """[ti:Rain]
[ar:The Clouds]
[al:Weather]
[offset:+500]
[00:12.00]First I walk
[00:30.50][00:20.00]Oh rain
[00:22.00]www.lyrics.example
[00:25.00]
[00:40:25]<00:40.25>word <00:41.00>by <00:41.50>word<00:42.00>
"""


def test_lrc(tmp_path):
    (song,) = read(tmp_path, LRC, "x.lrc")
    assert (song.title, song.artist, song.meta) == ("Rain", "The Clouds", {"album": "Weather"})
    lines = list(song.lines())
    assert [(line.text, line.time) for line in lines] == [
        ("First I walk", 11.5),  # a positive offset: sooner
        ("Oh rain", 19.5),
        ("Oh rain", 30.0),
        ("word by word", 39.75),
    ]
    assert lines[3].word_times == ((0, 39.75), (5, 40.5), (8, 41.0))
    assert len(song.sections) == 2  # the timed empty line parts them


def test_lrc_without_tags_is_named_by_its_file(tmp_path):
    (song,) = read(tmp_path, "[00:01.00]La la\n[00:02]la", "The Band - A Song.lrc")
    assert (song.title, song.artist) == ("A Song", "The Band")
    assert [line.time for line in song.lines()] == [1.0, 2.0]


def test_lrc_negative_offset_and_untimed_lines(tmp_path):
    (song,) = read(tmp_path, "[offset:-1000]\n[00:05.00]late\nits echo\n[00:03.00]early", "x.lrc")
    assert [(line.text, line.time) for line in song.lines()] == [("early", 4.0), ("late", 6.0), ("its echo", None)]


CHORDPRO = """# a comment
{title: Rain}
{artist: The Clouds}
{key: G}
{start_of_verse}
A[G]mazing [C/E]rain, how [D7]sweet
That [G]falls
{end_of_verse}

{soc}
Oh [Am]rain
{eoc}

{sot}
e|--0--|
{eot}
{comment: Verse 2}
I once was [G]dry
{chorus}
{c: Slowly}
{comment: Bridge}
[Em] So long
[G] [C]
"""


def test_chordpro(tmp_path):
    (song,) = read(tmp_path, CHORDPRO, "x.cho")
    assert (song.title, song.artist, song.meta) == ("Rain", "The Clouds", {"key": "G"})
    assert [(s.name, [line.text for line in s.lines]) for s in song.sections] == [
        ("verse", ["Amazing rain, how sweet", "That falls"]),
        ("chorus", ["Oh rain"]),
        ("verse", ["I once was dry"]),
        ("chorus", ["Oh rain"]),
        ("bridge", ["So long"]),
    ]
    first = song.sections[0].lines[0]
    assert first.chords == ((1, "G"), (8, "C/E"), (18, "D7"))
    assert first.text[8:12] == "rain"


def test_chordpro_of_several_songs_and_short_names(tmp_path):
    text = "{t:One}\n{st:Ann}\nla [C]la\n{ns}\n{t:Two}\n{sov: Verse 1}\nlo lo\n{eov}\n{sob}\nbi bi\n{eob}"
    songs = read(tmp_path, text, "x.pro")
    assert [(song.title, song.artist) for song in songs] == [("One", "Ann"), ("Two", "")]
    assert [s.name for s in songs[1].sections] == ["verse", "bridge"]


def test_a_directive_that_does_not_end_is_read_in_no_time(tmp_path):
    (song,) = read(tmp_path, "{title" + " " * 1900 + "\nla la", "x.cho")
    assert [line.text for line in song.lines()][-1] == "la la"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (LRC, "read_lrc"),
        (CHORDPRO, "read_chordpro"),
        ('[{"lyrics": "a"}]', "read_json"),
        ('{"lyrics": "a"}\n{"lyrics": "b"}', "read_jsonl"),
        ("title,lyrics\na,b", "read_csv"),
        ("[Verse 1]\nhello", "read_text"),
        ("just, some, words", "read_text"),
        ("", "read_text"),
    ],
)
def test_sniffing(tmp_path, text, kind):
    path = tmp_path / "file.unknown"
    path.write_text(text)
    assert reader_for(Source(path, "file.unknown")).__name__ == kind


def test_every_suffix_has_a_reader():
    assert {".txt", ".csv", ".tsv", ".json", ".jsonl", ".lrc", ".cho", ".chopro", ".crd", ".pro"} <= set(READERS)
