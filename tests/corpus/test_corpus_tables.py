"""CSV, TSV, JSON and JSONL of every usual shape."""

import json

import pytest

from lyricist.corpus import PrepareOptions, Source
from lyricist.corpus.readers import reader_for
from lyricist.errors import InputError

RAIN, SUN = "It rained all day & it rained all night & oh rain", "The sun came out & the sun went in & oh sun"
LINES = {
    "Rain": ["It rained all day", "it rained all night", "oh rain"],
    "Sun": ["The sun came out", "the sun went in", "oh sun"],
}


def read(tmp_path, text, name="songs.csv", encoding="utf-8", **options):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    source = Source(path, name, PrepareOptions(**options))
    return list(reader_for(source)(source))


def table(songs):
    return [(song.artist, song.title, [line.text for line in song.lines()]) for song in songs]


BOTH = [("Ann", "Rain", LINES["Rain"]), ("Bob", "Sun", LINES["Sun"])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    "header", ["artist{0}title{0}lyrics", "Artist Name{0}Track Name{0}Song Lyrics", "singer{0}song{0}text"]
)
def test_header_and_delimiter(tmp_path, delimiter, header):
    rows = [header.format(delimiter), f"Ann{delimiter}Rain{delimiter}{RAIN}", f"Bob{delimiter}Sun{delimiter}{SUN}"]
    assert table(read(tmp_path, "\n".join(rows))) == BOTH


def test_columns_in_any_order_and_extra_ones(tmp_path):
    text = f"id,lyrics,year,title,artist\n1,{RAIN},1999,Rain,Ann\n2,{SUN},,Sun,Bob\n"
    songs = read(tmp_path, text)
    assert table(songs) == BOTH
    assert [song.meta for song in songs] == [{"year": "1999"}, {}]


def test_headerless(tmp_path):
    assert table(read(tmp_path, f"Ann,Rain,{RAIN}\nBob,Sun,{SUN}\n")) == BOTH
    assert table(read(tmp_path, f"1,Ann,Rain,{RAIN}\n2,Bob,Sun,{SUN}\n")) == BOTH
    assert [song.title for song in read(tmp_path, f"Rain,{RAIN}\nSun,{SUN}\n")] == ["Rain", "Sun"]
    assert len(read(tmp_path, f"{RAIN}\n{SUN}\n")) == 2


def test_rows_of_several_songs_and_empty_columns(tmp_path):
    assert table(read(tmp_path, f"Ann,Rain,{RAIN},Bob,Sun,{SUN},,\nCy,Sun,{SUN},,,,,\n")) == [
        *BOTH,
        ("Cy", "Sun", LINES["Sun"]),
    ]
    with_header = f"artist,title,lyrics,,\nAnn,Rain,{RAIN},Bob,Sun,{SUN}\n"
    assert table(read(tmp_path, with_header)) == BOTH


def test_newlines_in_quoted_cells_and_labels(tmp_path):
    songs = read(tmp_path, 'title,lyrics\nRain,"[Verse]\nIt ""rained"",\nall day\n\n[Chorus]\noh rain"\nSun,"x\ny"\n')
    assert [[s.name for s in song.sections] for song in songs] == [["verse", "chorus"], ["verse"]]
    assert songs[0].sections[0].lines[0].text == 'It "rained",'


def test_unquoted_commas_in_headerless_lyrics(tmp_path):
    songs = read(tmp_path, "Ann,Rain,It rained all day long, and all the night & oh, oh rain\n")
    assert [line.text for line in songs[0].lines()] == ["It rained all day long, and all the night", "oh, oh rain"]


def test_a_stray_quote_does_not_swallow_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr("lyricist.corpus.readers.tables.MAX_ROW", 500)
    rows = [f"Ann,Rain {n},{RAIN}" for n in range(40)]
    rows[3] = f'Ann,"Rain 3,{RAIN}'
    titles = [song.title for song in read(tmp_path, "artist,title,lyrics\n" + "\n".join(rows))]
    assert titles[:3] == ["Rain 0", "Rain 1", "Rain 2"]
    assert titles[-1] == "Rain 39"
    assert len(titles) == 40
    inches = read(tmp_path, f"artist,title,lyrics\nAnn,5'11\" tall,{RAIN}\nBob,Sun,{SUN}\n")
    assert [song.title for song in inches] == ["5'11\" tall", "Sun"]


def test_a_field_beyond_the_csv_limit(tmp_path):
    lyrics = "\n".join(f"line {n}" for n in range(20_000))
    (song,) = read(tmp_path, f'title,lyrics\nLong,"{lyrics}"\n')
    assert sum(1 for _ in song.lines()) == 20_000


def test_the_option_names_the_column(tmp_path):
    text = f"a,b,c\nAnn,Rain,{RAIN}\n"
    songs = read(tmp_path, text, lyrics_column="C", title_column="b", artist_column="a")
    assert table(songs) == BOTH[:1]
    with pytest.raises(InputError, match=r"songs\.csv: no column 'words' among a, b, c"):
        read(tmp_path, text, lyrics_column="words")


@pytest.mark.parametrize("text", ["id,title,artist\n1,Rain,Ann\n", "1,2,3\n4,5,6\n", "a,b\nc,d\n"])
def test_no_lyrics_column(tmp_path, text):
    with pytest.raises(InputError, match="no lyrics column"):
        read(tmp_path, text)


def test_bom_and_other_encodings(tmp_path):
    text = f"artist,title,lyrics\nAnn,Rain,{RAIN}\nBob,Sun,{SUN}\n"
    for encoding in ("utf-8-sig", "utf-16"):
        assert table(read(tmp_path, text, encoding=encoding)) == BOTH
    assert read(tmp_path, "artist,lyrics\nBeyoncé,naïve & naïve\n", encoding="cp1252")[0].artist == "Beyoncé"


def test_empty_lyrics_are_counted(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"title,lyrics\nRain,\nSun,nan\nX,{RAIN}\n")
    source = Source(path, "a.csv")
    assert [song.title for song in reader_for(source)(source)] == ["X"]
    assert source.drops["no lyrics"] == (2, "Rain")


@pytest.mark.parametrize("name", ["empty.csv", "empty.json", "empty.jsonl", "empty.txt", "empty.lrc", "empty.cho"])
def test_empty_files_give_nothing(tmp_path, name):
    assert not any(list(song.lines()) for song in read(tmp_path, "", name))


RECORDS = [
    {"artist": "Ann", "title": "Rain", "lyrics": "\n".join(LINES["Rain"])},
    {"artist": "Bob", "title": "Sun", "lyrics": LINES["Sun"]},
]
GENIUS = {
    "name": "Ann",
    "songs": [
        {"title": "Rain", "primary_artist": {"name": "Ann"}, "lyrics": "\n".join(LINES["Rain"]), "id": 7},
        {"title": "Sun", "artist": "Bob", "lyrics": "\n".join(LINES["Sun"])},
    ],
    "id": 12.5,
}


@pytest.mark.parametrize(
    "data", [RECORDS, {"songs": RECORDS}, GENIUS, {"count": 2, "tracks": RECORDS}, {"songs": RECORDS, "x": [{}]}]
)
@pytest.mark.parametrize("indent", [None, 2])
def test_json_shapes(tmp_path, data, indent):
    assert table(read(tmp_path, json.dumps(data, indent=indent), "a.json")) == BOTH


def test_json_in_tiny_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("lyricist._io.CHUNK", 5)
    assert table(read(tmp_path, json.dumps(GENIUS, ensure_ascii=False), "a.json")) == BOTH


def test_a_single_song_export_and_strings(tmp_path):
    assert table(read(tmp_path, json.dumps(GENIUS["songs"][0]), "a.json")) == BOTH[:1]
    assert [song.title for song in read(tmp_path, json.dumps([RAIN, SUN]), "a.json")] == ["", ""]
    own = read(tmp_path, json.dumps(RECORDS[0]), "a.json")[0]
    assert read(tmp_path, json.dumps(own.to_json()), "b.jsonl") == [own]


def test_jsonl(tmp_path):
    text = "\n".join(json.dumps(record) for record in RECORDS) + "\n\n"
    assert table(read(tmp_path, text, "a.jsonl")) == BOTH
    assert table(read(tmp_path, text, "a.json")) == BOTH  # whatever the suffix says
    assert table(read(tmp_path, text, "a.unknown")) == BOTH


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"lyrics": "a"', "not valid JSON"),
        ('{"songs": [1 2]}', "not valid JSON"),
        ('{"songs": ', "not valid JSON"),
        ("hello", "not JSON"),
        ("[" * 100_000, "not valid JSON: nested too deep"),
        ('[{"title": "x", "artist": "y"}]', "no lyrics key among title, artist"),
    ],
)
def test_bad_json(tmp_path, text, message):
    with pytest.raises(InputError, match=f"a.json: {message}"):
        read(tmp_path, text, "a.json")


def test_bad_jsonl_names_the_line(tmp_path):
    with pytest.raises(InputError, match=r"a\.jsonl: line 2 is not JSON"):
        read(tmp_path, '{"lyrics": "x"}\n{oops\n', "a.jsonl")
