"""Raw lines of one song to sections: every kind of label, repeat, header, debris and chord line."""

import pytest

from lyricist.corpus import parse_song
from lyricist.corpus.label_tables import read_label


def shape(text, **known):
    """[(section name, [line...])...] of a song."""
    return [(s.name, [line.text for line in s.lines]) for s in parse_song(text, **known).sections]


@pytest.mark.parametrize(
    ("line", "name", "text", "times"),
    [
        ("[Chorus]", "chorus", "Chorus", 1),
        ("[Verse 1: Somebody]", "verse", "Verse 1", 1),
        ("[Verse 2 - Somebody & Other]", "verse", "Verse 2", 1),
        ("Verse 2:", "verse", "Verse 2", 1),
        ("Verse 3", "verse", "Verse 3", 1),
        ("CHORUS", "chorus", "CHORUS", 1),
        ("Chorus.", "chorus", "Chorus", 1),
        ("(Chorus)", "chorus", "Chorus", 1),
        ("[Chorus x2]", "chorus", "Chorus", 2),
        ("[Chorus] x2", "chorus", "Chorus", 2),
        ("Chorus (x3)", "chorus", "Chorus", 3),
        ("CHORUS x2:", "chorus", "CHORUS", 2),
        ("Chorus: (x2)", "chorus", "Chorus", 2),
        ("[Pre-Chorus]", "prechorus", "Pre-Chorus", 1),
        ("Pre Chorus:", "prechorus", "Pre Chorus", 1),
        ("*Bridge*", "bridge", "Bridge", 1),
        ("--- Bridge ---", "bridge", "Bridge", 1),
        ("# Outro", None, "", 1),
        ("[Strophe 1]", "verse", "Strophe 1", 1),
        ("[Refrain]", "refrain", "Refrain", 1),
        ("[Couplet 2]", "verse", "Couplet 2", 1),
        ("[Estribillo]", "chorus", "Estribillo", 1),
        ("[Puente]", "bridge", "Puente", 1),
        ("[Brücke]", "bridge", "Brücke", 1),
        ("[Post-Chorus]", "refrain", "Post-Chorus", 1),
        ("[Hook: A & B]", "hook", "Hook", 1),
        ("[Interlude]", "interlude", "Interlude", 1),
        ("[Verse II]", "verse", "Verse II", 1),
        ("Bridge over troubled water", None, "", 1),
        ("Chorus girls are dancing", None, "", 1),
        ("Break", None, "", 1),
        ("chorus", None, "", 1),
        ("Verses of gold", None, "", 1),
        ("Drop", None, "", 1),
        ("Part of me", None, "", 1),
    ],
)
def test_labels(line, name, text, times):
    label = read_label(line)
    if name is None:
        assert label is None
    else:
        assert (label.name, label.text, label.times) == (name, text, times)


VERSE, CHORUS = "First I walk alone\nthen I run", "Sing it out\nsing it loud"


@pytest.mark.parametrize(
    "again",
    ["[Chorus]", "Repeat chorus", "(Repeat Chorus)", "CHORUS", "Chorus:", "Chorus repeat", "[Repeat Chorus]"],
)
def test_a_bare_chorus_sings_the_chorus_again(again):
    text = f"[Verse 1]\n{VERSE}\n\n[Chorus]\n{CHORUS}\n\n[Verse 2]\nAnother day\n\n{again}"
    assert [name for name, _ in shape(text)] == ["verse", "chorus", "verse", "chorus"]
    assert shape(text)[3] == shape(text)[1]


def test_repeat_chorus_twice_and_go_on():
    text = f"[Chorus]\n{CHORUS}\n\nRepeat chorus x2\n\n[Outro]\nGoodbye now"
    assert [name for name, _ in shape(text)] == ["chorus", "chorus", "chorus", "outro"]


def test_a_bare_chorus_before_any_chorus_is_nothing():
    assert [name for name, _ in shape(f"[Chorus]\n\n[Verse]\n{VERSE}")] == ["verse"]


def test_blank_lines_below_labels_all_through_a_song():
    text = f"Verse 1:\n\n{VERSE}\n\nChorus:\n\n{CHORUS}\n\nVerse 2:\n\nAnother day\n\nChorus:\n\n{CHORUS}"
    assert [name for name, _ in shape(text)] == ["verse", "chorus", "verse", "chorus"]


def test_bare_chorus_then_an_unlabelled_verse():
    text = f"{VERSE}\n\nChorus\n{CHORUS}\n\nA second verse here\nwith lines\n\nChorus\n\nA third verse\nto end"
    assert [name for name, _ in shape(text)] == ["verse", "chorus", "verse", "chorus", "verse"]


def test_a_blank_line_inside_a_labelled_section():
    text = f"[Verse 1]\n{VERSE}\n\nstill verse one\n\n[Chorus]\n{CHORUS}"
    assert shape(text) == [("verse", [*VERSE.split("\n"), "still verse one"]), ("chorus", CHORUS.split("\n"))]


def test_words_on_the_line_of_a_label():
    assert shape("Chorus: Oh the river\nruns") == [("chorus", ["Oh the river", "runs"])]


@pytest.mark.parametrize(
    ("line", "sung"),
    [("Hey now (x3)", 3), ("Hey now [x2]", 2), ("Hey now x2", 2), ("Hey now (2x)", 2), ("Hey now (twice)", 2)],
)
def test_lines_with_times_are_repeated(line, sung):
    assert shape(f"{line}\nand so on") == [("verse", ["Hey now"] * sung + ["and so on"])]


def test_times_on_a_line_of_their_own_repeat_the_section():
    assert shape(f"[Chorus]\n{CHORUS}\n(x2)") == [("chorus", CHORUS.split("\n"))] * 2
    assert shape(f"{CHORUS}\nx3") == [("verse", CHORUS.split("\n"))] * 3


def test_repeats_cannot_fill_the_memory():
    bomb = "[Chorus]\n" + "la la la\n" * 1000 + "[Chorus x16]\n" * 5000
    assert sum(len(s.lines) for s in parse_song(bomb).sections) <= 20_000
    assert len(parse_song("la (x999)").sections[0].lines) == 16


def test_unlabelled_stanzas_that_come_back_are_the_chorus():
    text = "A b c\nd e f\n\nOh love me\nlove me so\n\nG h i\nj k l\n\nOh, love me!\nLove me so."
    assert [name for name, _ in shape(text)] == ["verse", "chorus", "verse", "chorus"]


def test_near_word_for_word_is_enough():
    chorus = "Roll on, river, roll on home\ntake me where the wild winds roam and I will never leave"
    other = chorus.replace("never", "not")
    text = f"One two\nthree four\n\n{chorus}\n\nfive six\nseven eight\n\n{other}"
    assert [name for name, _ in shape(text)] == ["verse", "chorus", "verse", "chorus"]


def test_headers():
    song = parse_song("Title: The Dog\nArtist: Duke\nForm: common metre\nYear: 1999\n\nHe sniffed my shoe\nagain")
    assert (song.title, song.artist, song.meta) == ("The Dog", "Duke", {"form": "common metre", "year": "1999"})
    assert shape("Title: A\nI said: go\nAnd he went") == [("verse", ["I said: go", "And he went"])]


def test_header_words_inside_the_lyrics_are_lyrics():
    assert shape("I know the key\nTime: it never ends\nso") == [
        ("verse", ["I know the key", "Time: it never ends", "so"])
    ]


@pytest.mark.parametrize(
    ("text", "title", "left"),
    [
        ("Rain Song\n\nIt rained\nall day\n\nIt stopped\nat last", "Rain Song", 2),
        ("Rain Song\n\n[Verse]\nIt rained\nall day", "Rain Song", 1),
        ("It rained,\n\nall day\nand night\n\nIt stopped\nat last", "", 3),
    ],
)
def test_a_lone_first_line_is_the_title(text, title, left):
    song = parse_song(text)
    assert (song.title, len(song.sections)) == (title, left)


def test_the_known_title_above_the_lyrics_goes():
    assert shape("RAIN SONG\n\nIt rained\nall day", title="Rain song") == [("verse", ["It rained", "all day"])]


def test_a_scraped_page():
    text = (
        "12 ContributorsRain Song Lyrics[Verse 1]\nIt rained\n\nYou might also like[Chorus]\nOh rain\n"
        "See The Clouds LiveGet tickets as low as $55\nOh rain again34Embed"
    )
    song = parse_song(text)
    assert song.title == "Rain Song"
    assert shape(text) == [("verse", ["It rained"]), ("chorus", ["Oh rain", "Oh rain again"])]
    other = "3 ContributorsTranslationsEspañolDeutschRain Lyrics\n[Verse]\nIt rained\nYou might also like\nhard7Embed"
    assert shape(other) == [("verse", ["It rained", "hard"])]


@pytest.mark.parametrize(
    "line",
    [
        "Written by John Doe",
        "Written by: john doe",
        "Words and music: Jane Doe",
        "Words & Music by Jane Doe",
        "Lyrics by Jane Doe",
        "Music: Jane Doe",
        "Musik und Text: Jane Doe",
        "Produced by Someone",
        "Copyright 1999 Somebody",
        "Copyright (c) Somebody",
        "(c) 1999 Songs Ltd.",
        "© 2001 Songs Ltd.",
        "All rights reserved.",
        "https://lyrics.example.com/x",
        "from www.example.com",
        "[Instrumental]",
        "Instrumental",
        "Guitar solo",
        "(Guitar Solo)",
        "[Sax Solo x2]",
        "[Solo]",
        "e|---0---2---3--|",
        "Español",
        "Türkçe",
        'Tune - "Andro and his cutty gun."',
    ],
)
def test_debris_goes(line):
    assert shape(f"So we sing\n{line}\nand we play") == [("verse", ["So we sing", "and we play"])]


@pytest.mark.parametrize(
    "line",
    [
        "Written by the hand of God",
        "Copyright my heart",
        "Music by moonlight is what we need",
        "Solo, so low",
        "Words are all I have",
        "(ooh, ooh)",
        "Instrumental in my fall",
        "A lonely man",
        "Go Dad",
        "A B C D E F G",
        "1999 was the year",
        "Love: a word",
    ],
)
def test_lyrics_that_look_like_debris_stay(line):
    assert shape(f"So we sing\n{line}\nand we play") == [("verse", ["So we sing", line, "and we play"])]


def test_stage_directions_in_brackets_go():
    assert shape("So we sing\n[Applause]\n[whispering]\nand we play") == [("verse", ["So we sing", "and we play"])]


def test_chord_lines_become_chords_at_their_columns():
    text = "Am       C/G\n  Amazing   grace, how\nD7  N.C.\n\nG\nsweet the sound\nG  D  Em | C"
    lines = list(parse_song(text).lines())
    assert [line.text for line in lines] == ["Amazing grace, how", "sweet the sound"]
    assert lines[0].chords == ((0, "Am"), (7, "C/G"))
    assert lines[1].chords == ((0, "G"),)


def test_chords_beyond_the_end_of_the_line():
    (line,) = parse_song("C            G\nshort line").lines()
    assert line.chords == ((0, "C"), (10, "G"))


def test_inline_chords_in_plain_text():
    (line,) = parse_song("A[G]mazing [C]grace").lines()
    assert (line.text, line.chords) == ("Amazing grace", ((1, "G"), (8, "C")))


def test_too_long_lines_are_counted():
    told = []
    song = parse_song("short\n" + "long " * 1000 + "\nend", drop=lambda reason, example: told.append(reason))
    assert [line.text for line in song.lines()] == ["short", "end"]
    assert told == ["too long a line"]


@pytest.mark.parametrize(
    "line",
    [
        "WRITTEN BY " + "A" * 1900 + "!",
        "(" * 1900,
        "[" + "x2 " * 600,
        "-" * 1900,
        "A " * 900,
        "chorus " * 280,
        "Chorus" + " " * 1900 + "x",
        "(x2)" + " " * 1800 + "(",
        "1" * 1900 + "Embed",
    ],
)
def test_hostile_lines_are_parsed_in_no_time(line):
    assert parse_song(f"one\n{line}\ntwo").sections
