"""MusicXML as scores: bars, voices, words and signs; bad and hostile files; all the songs, where they are."""

from __future__ import annotations

import copy
import io
import random
import tracemalloc
import zipfile
from collections import Counter
from fractions import Fraction as F
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lyricist.errors import InputError
from lyricist.melody.read.musicxml_file import read_musicxml
from lyricist.melody.tune import Chord, Metre, Note, Part, Score, Tempo

SONGS = Path(__file__).parents[3] / "shared" / "data" / "melodies" / "lieder-musicxml"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">\n'
FOUR = "<attributes><divisions>2</divisions><key><fifths>1</fifths><mode>major</mode></key><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"


def n(pitch: str, duration: int, *inside: str) -> str:
    """A note: `G4`, `F#5`, `R` a rest; what begins with `<` goes in, anything else is a syllable."""
    words = "".join(x if x.startswith("<") else lyric(x) for x in inside)
    if pitch == "R":
        what = "<rest/>"
    else:
        alter = {"#": 1, "b": -1}.get(pitch[1], 0)
        what = f"<pitch><step>{pitch[0]}</step><alter>{alter}</alter><octave>{pitch[-1]}</octave></pitch>"
    return f"<note>{what}<duration>{duration}</duration>{words}</note>"


def lyric(text: str, verse: str = "1", more: str = "") -> str:
    """`riv-`, `-er`, `day`."""
    kind = {(0, 0): "single", (0, 1): "begin", (1, 1): "middle", (1, 0): "end"}[text[0] == "-", text[-1] == "-"]
    return f'<lyric number="{verse}"><syllabic>{kind}</syllabic><text>{text.strip("-")}</text>{more}</lyric>'


def song(*measures: str, more: str = "", name: str = "Voice") -> bytes:
    part = "".join(
        m if m.startswith("<measure") else f'<measure number="{i}">{m}</measure>' for i, m in enumerate(measures)
    )
    listed = f'<part-list><score-part id="P1"><part-name>{name}</part-name></score-part></part-list>'
    return f'{HEAD}<score-partwise version="4.0">{more}{listed}<part id="P1">{part}</part></score-partwise>'.encode()


def mxl(
    data: bytes, path: str = "score.xml", container: str | None = None, method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        text = f'<container><rootfiles><rootfile full-path="{path}"/></rootfiles></container>'
        for name, content in (("META-INF/container.xml", text if container is None else container), (path, data)):
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)  # without the time of day
    return out.getvalue()


def read(*measures: str, more: str = "") -> Score:
    return read_musicxml(song(FOUR + measures[0], *measures[1:], more=more), "a.musicxml")


def heard(part: Part) -> list[tuple[F, F, int]]:
    return [(note.onset, note.duration, note.pitch) for note in part.notes]


def sung(notes: tuple[Note, ...]) -> str:
    """Syllables of the first verse; _ is held, . has none."""
    return " ".join(note.lyrics[0].text if note.lyrics else "_" if note.slurred else "." for note in notes)


def test_notes_and_words() -> None:
    score = read(n("G4", 2, "Riv-") + n("B4", 1, "-er") + n("F#5", 3) + n("R", 2), n("D5", 8, "flow"))
    (part,) = score.parts
    assert heard(part) == [(0, 1, 67), (1, F(1, 2), 71), (F(3, 2), F(3, 2), 78), (4, 4, 74)]
    assert [(x.text, x.syllabic, x.verse) for note in part.notes for x in note.lyrics] == [
        ("Riv", "begin", 1),
        ("er", "end", 1),
        ("flow", "single", 1),
    ]
    assert sung(part.notes) == "Riv er _ flow"
    assert (part.name, part.number, part.voice, part.words) == ("Voice", 1, None, 3)
    assert score.metres == (Metre(F(0), 4, 4),) and score.tempi == (Tempo(F(0), 120.0),)
    assert (score.kind, score.key, score.pickup, score.warnings) == ("musicxml", (1, "major"), 0, ())


BROKEN = (
    "<container><rootfiles><rootfile full-path='Don't Go.xml'/></rootfiles></container>"  # as some programs write
)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda data: data,
        mxl,
        lambda data: mxl(data, container="<container/>"),
        lambda data: mxl(data, "Don't Go.xml", BROKEN),
        lambda data: mxl(data, container=""),
    ],
)
def test_plain_and_compressed(wrap) -> None:  # type: ignore[no-untyped-def]
    assert len(read_musicxml(wrap(song(FOUR + n("G4", 8))), "a").parts[0].notes) == 1


@pytest.mark.parametrize(
    ("codec", "declared"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("latin-1", "ISO-8859-1"),
        ("cp1252", "windows-1252"),
        ("cp1252", "UTF-8"),
        ("latin-1", "no-such-code"),
    ],
)
def test_encodings(codec: str, declared: str) -> None:
    text = song(FOUR + n("G4", 8, "Köln"), more="<work><work-title>Près</work-title></work>").decode()
    score = read_musicxml(text.replace('encoding="UTF-8"', f'encoding="{declared}"').encode(codec), "a")
    assert (score.title, score.parts[0].notes[0].lyrics[0].text) == ("Près", "Köln")


@pytest.mark.parametrize("container", [BROKEN, "<container/>", None])
def test_several_scores_that_no_container_chooses_from_are_named(container: str | None) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("one.xml", "two.musicxml", "META-INF/other.xml"):
            archive.writestr(name, song(FOUR + n("G4", 8)))
        if container:
            archive.writestr("META-INF/container.xml", container)
    with pytest.raises(InputError, match=r"names none of its 2 scores \('one.xml', 'two.musicxml'\)"):
        read_musicxml(out.getvalue(), "a.mxl")


def test_title_composer_rights() -> None:
    more = (
        "<work><work-title>Six Songs</work-title></work><movement-title>The\n Mill</movement-title><identification>"
        '<creator type="lyricist">A. B.</creator><creator type="composer">C. D.</creator><rights>free</rights>'
        "</identification>"
    )
    score = read(n("G4", 8), more=more)
    assert (score.title, score.composer, score.copyright) == ("The Mill", "C. D.", "free")
    credit = "<credit><credit-type>title</credit-type><credit-words>Hay</credit-words></credit>"
    assert read(n("G4", 8), more=credit).title == "Hay"


def test_voices_chords_backup() -> None:
    two = "<voice>2</voice>"
    chord = n("B4", 4).replace("<note>", "<note><chord/>")
    bar = n("G4", 4, "one") + chord + n("A4", 4, "two") + "<backup><duration>8</duration></backup>"
    bar += "<forward><duration>4</duration></forward>" + n("C4", 4, two)
    first, second = read(bar).parts
    assert heard(first) == [(0, 2, 67), (0, 2, 71), (2, 2, 69)]
    assert [bool(note.lyrics) for note in first.notes] == [False, True, True]  # on the top note
    assert heard(second) == [(2, 2, 60)]
    assert [(p.name, p.voice, p.number) for p in (first, second)] == [("Voice", 1, 1), ("Voice", 2, 2)]
    wordless = read(bar.replace("lyric", "other")).parts
    assert len(wordless) == 1 and wordless[0].voice is None and len(wordless[0].notes) == 4


def tie(*kinds: str) -> str:
    return "".join(f'<tie type="{kind}"/>' for kind in kinds)


def slur(*kinds: str) -> str:
    return "<notations>" + "".join(f'<slur type="{kind}" number="1"/>' for kind in kinds) + "</notations>"


def test_ties_are_joined_over_bars() -> None:
    score = read(
        n("G4", 8, tie("start"), "long"), n("G4", 4, tie("stop", "start")) + n("G4", 4, tie("stop")), n("A4", 8)
    )
    assert heard(score.parts[0]) == [(0, 8, 67), (8, 4, 69)]


def test_a_tie_outlasts_the_same_pitch_in_another_voice() -> None:
    second = "<backup><duration>8</duration></backup>" + n("R", 2) + n("G4", 2, "<voice>2</voice>")
    (part,) = read(n("G4", 8, tie("start")) + second, n("G4", 2, tie("stop"))).parts
    assert heard(part) == [(0, 5, 67), (1, 1, 67)]


def test_a_tie_leads_to_the_note_that_ends_it() -> None:
    other = n("G4", 2) + "<backup><duration>2</duration></backup>"
    (part,) = read(n("G4", 8, tie("start")), other + n("G4", 4, tie("stop"), "<voice>2</voice>")).parts
    assert heard(part) == [(0, 6, 67), (4, 1, 67)]


def test_ties_of_one_pitch_go_on_in_their_voices() -> None:
    low = "<voice>2</voice>"
    first = n("G4", 8, tie("start")) + "<backup><duration>4</duration></backup>" + n("G4", 4, low, tie("start"))
    then = n("G4", 2, tie("stop")) + "<backup><duration>2</duration></backup>" + n("G4", 6, low, tie("stop"))
    (part,) = read(first, then).parts
    assert heard(part) == [(0, 5, 67), (2, 5, 67)]


def words(text: str) -> str:
    return f"<direction><direction-type><words>{text}</words></direction-type></direction>"


@pytest.mark.parametrize(
    ("text", "quarters"), [("Allegro", 126), ("Sehr langsam", 54), ("dolce", 120), ("poco più lento", 120)]
)
def test_tempo_words_without_a_number_give_a_tempo(text: str, quarters: float) -> None:
    assert read(words(text) + n("G4", 8)).tempi == (Tempo(F(0), quarters),)


def test_a_tempo_in_numbers_anywhere_goes_before_words() -> None:
    score = read(words("Largo") + '<sound tempo="90"/>' + n("G4", 8), words("Presto") + n("G4", 8))
    assert score.tempi == (Tempo(F(0), 90.0),)


def test_punctuation_alone_is_no_syllable() -> None:
    (part,) = read(n("G4", 4, "yes") + n("A4", 2, ",") + n("B4", 2, "no")).parts
    assert sung(part.notes) == "yes _ no"


def test_a_tie_that_another_verse_sings_on() -> None:
    second = lyric("ly", "2")
    score = read(n("G4", 4, tie("start"), "still", lyric("soft-", "2")) + n("G4", 4, tie("stop"), second))
    assert [(len(note.lyrics), note.slurred) for note in score.parts[0].notes] == [(2, False), (1, True)]


def test_slurs_hold_a_syllable_and_rests_end_it() -> None:
    score = read(
        n("G4", 2, "A-", slur("start")) + n("A4", 2) + n("B4", 4, slur("stop")),
        n("G4", 2, "-men,") + n("R", 2) + n("B4", 2) + n("C5", 2, "so"),
    )
    assert sung(score.parts[0].notes) == "A _ _ men, . so"
    wordless = read(n("G4", 2, slur("start")) + n("A4", 2, slur("stop")) + n("A4", 2, slur("start")) + n("G4", 2))
    assert [note.slurred for note in wordless.parts[0].notes] == [False, True, False, True]


def test_a_slur_with_a_syllable_for_every_note_holds_nothing() -> None:
    score = read(n("G4", 4, "one", slur("start")) + n("A4", 4, "two", slur("stop")))
    assert [note.slurred for note in score.parts[0].notes] == [False, False]


def test_grace_notes_are_left_out_and_their_words_kept() -> None:
    grace = n("A4", 1, "oh", slur("start")).replace("<note>", "<note><grace/>").replace("<duration>1</duration>", "")
    score = read(grace + n("G4", 4, slur("stop")) + n("A4", 4, "my"))
    assert heard(score.parts[0]) == [(0, 2, 67), (2, 2, 69)]
    assert sung(score.parts[0].notes) == "oh my"


def test_small_notes_are_another_way_to_sing() -> None:
    cue = n("C4", 8, "<voice>2</voice>").replace("<note>", "<note><cue/>")
    assert len(read(n("G4", 8, "high") + "<backup><duration>8</duration></backup>" + cue).parts) == 1
    assert len(read(cue).parts[0].notes) == 1


def test_tuplets_are_exact() -> None:
    score = read("<attributes><divisions>3</divisions></attributes>" + n("G4", 1) * 3 + n("G4", 9))
    assert [note.onset for note in score.parts[0].notes] == [0, F(1, 3), F(2, 3), 1]


def test_pickup_and_an_odd_bar() -> None:
    score = read(n("D4", 2), n("G4", 8), n("G4", 4), n("G4", 8), n("G4", 6))
    assert score.pickup == 1
    assert score.metres == (Metre(F(0), 4, 4), Metre(F(7), 4, 4))


def test_a_bar_split_by_a_repeat_goes_on_counting() -> None:
    back = '<barline><repeat direction="backward"/></barline>'
    score = read(n("D4", 2), n("G4", 8), n("G4", 6) + back, n("D4", 2), n("G4", 8))
    assert score.metres == (Metre(F(0), 4, 4),)
    assert score.repeats == (F(8), F(16))


def test_metres_tempi_chords_and_key() -> None:
    sound = '<direction><sound tempo="90"/></direction>'
    beat = "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><beat-unit-dot/><per-minute>c. 60</per-minute></metronome></direction-type></direction>"
    chord = "<harmony><root><root-step>D</root-step></root><kind>dominant</kind><bass><bass-step>F</bass-step><bass-alter>1</bass-alter></bass></harmony>"
    six = "<attributes><time><beats>6</beats><beat-type>8</beat-type></time></attributes>"
    score = read(sound + n("G4", 4) + chord + n("G4", 4), six + beat + n("G4", 6))
    assert score.metres == (Metre(F(0), 4, 4), Metre(F(4), 6, 8))
    assert score.tempi == (Tempo(F(0), 90.0), Tempo(F(4), 90.0)) or score.tempi == (Tempo(F(0), 90.0),)
    assert score.chords == (Chord(F(2), "D7/F#"),)


@pytest.mark.parametrize(
    ("time", "metre"),
    [
        ("<beats>3+2</beats><beat-type>8</beat-type>", Metre(F(0), 5, 8)),
        ("<beats>2</beats><beat-type>4</beat-type><beats>3</beats><beat-type>8</beat-type>", Metre(F(0), 7, 8)),
        ("<senza-misura/>", Metre(F(0), 4, 4)),  # as long as the bar is
        ("<beats>0</beats><beat-type>4</beat-type>", Metre(F(0), 4, 4)),
        ("<beats>4</beats><beat-type>0</beat-type>", Metre(F(0), 4, 4)),
    ],
)
def test_odd_metres(time: str, metre: Metre) -> None:
    bar = f"<attributes><divisions>2</divisions><time>{time}</time></attributes>" + n("G4", 8)
    assert read_musicxml(song(bar), "a").metres == (metre,)


def test_verses_lines_and_elision() -> None:
    two = lyric("of", "2", "<end-line/>") + lyric("all", "chorus")
    elided = "<lyric><syllabic>end</syllabic><text>ny</text><elision>‿</elision><syllabic>begin</syllabic><text>a</text></lyric>"
    score = read(n("G4", 4, "1. ma-", two) + n("A4", 2, elided, lyric("in", "2", "<extend/>")) + n("B4", 2, "-mong"))
    one, two_, three = score.parts[0].notes
    assert [(x.text, x.syllabic, x.verse, x.line_start) for x in one.lyrics] == [
        ("ma", "begin", 1, False),
        ("of", "single", 2, False),
        ("all", "single", 3, False),
    ]
    assert [(x.text, x.syllabic, x.line_start, x.extend) for x in two_.lyrics] == [
        ("ny a", "middle", False, False),
        ("in", "single", True, True),
    ]
    assert (three.lyrics[0].text, three.lyrics[0].syllabic) == ("mong", "end")


def test_typed_hyphens_are_hyphens() -> None:
    plain = "<lyric><text>{}</text></lyric>"
    score = read(n("G4", 4, plain.format("wa-")) + n("G4", 4, plain.format("ter")))
    assert [(x.text, x.syllabic) for note in score.parts[0].notes for x in note.lyrics] == [
        ("wa", "begin"),
        ("ter", "end"),
    ]


def test_signs() -> None:
    breath = "<notations><articulations><breath-mark/></articulations></notations>"
    score = read(n("G4", 4, breath) + n("G4", 4, "<notations><fermata/></notations>"))
    assert [(note.phrase_end, note.fermata) for note in score.parts[0].notes] == [(True, False), (False, True)]


@pytest.mark.parametrize(
    "sign", ["<sound {}='yes'/>", "<direction><direction-type><words>{}</words></direction-type></direction>"]
)
def test_da_capo_al_fine(sign: str) -> None:
    fine, capo = ("fine", "dacapo") if "sound" in sign else ("Fine", "D.C. al Fine")
    score = read(n("G4", 8) + sign.format(fine), n("A4", 8) + sign.format(capo))
    assert [note.pitch for note in score.parts[0].notes] == [67, 69, 67]


def test_repeats_with_endings_keep_all_verses() -> None:
    first = '<barline location="left"><ending number="1" type="start"/></barline>'
    end = '<barline location="right"><ending number="1" type="stop"/><repeat direction="backward"/></barline>'
    second = '<barline location="left"><ending number="2" type="start"/></barline>'
    score = read(
        n("G4", 8, "here", lyric("there", "2")),
        first + n("A4", 8, "we") + end,
        second + n("B4", 8, lyric("you", "2")),
    )
    assert [note.pitch for note in score.parts[0].notes] == [67, 69, 67, 71]
    assert [len(note.lyrics) for note in score.parts[0].notes] == [2, 1, 2, 1]
    assert score.repeats == (F(8), F(12)) or score.repeats == (F(8),)


def test_transposing_and_drums() -> None:
    low = "<attributes><transpose><chromatic>-2</chromatic></transpose></attributes>"
    assert read(low + n("C5", 8)).parts[0].notes[0].pitch == 70
    hit = "<note><unpitched><display-step>E</display-step><display-octave>4</display-octave></unpitched><duration>8</duration></note>"
    part = read(hit).parts[0]
    assert part.drums and part.notes[0].pitch == 64


def test_timewise_is_read_too() -> None:
    measure = f'<measure number="1"><part id="P1">{FOUR}{n("G4", 8, "hey")}</part></measure>'
    listed = '<part-list><score-part id="P1"><part-name>Voice</part-name></score-part></part-list>'
    score = read_musicxml(f"<score-timewise>{listed}{measure}</score-timewise>".encode(), "a")
    assert sung(score.parts[0].notes) == "hey" and score.warnings


def test_namespaces_and_prefixes() -> None:
    data = song(FOUR + n("G4", 8, "hey")).replace(b"<score-partwise ", b'<score-partwise xmlns="urn:x" ')
    assert sung(read_musicxml(data, "a").parts[0].notes) == "hey"


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">' + b"".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">'.encode() for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)
GOOD = song(FOUR + n("G4", 8, "hey"))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"\x00\x01\x02\xff" * 50, "no XML or cut off"),
        (b"MThd\0\0\0\6", "no XML or cut off"),
        (GOOD[:-40], "no XML or cut off"),
        (GOOD[:200], "no XML or cut off"),
        (b"<html><body/></html>", "its root is <html>"),
        (b"<opus/>", "its root is <opus>"),
        (b"<score-partwise/>", "no measures"),
        (song(FOUR + n("R", 8)), "no notes"),
        (song("<attributes><divisions>0</divisions></attributes>" + n("G4", 8)), "divisions"),
        (song("<attributes><divisions>-4</divisions></attributes>" + n("G4", 8)), "divisions"),
        (song("<attributes><divisions>many</divisions></attributes>" + n("G4", 8)), "divisions"),
        (song(FOUR + n("G4", 999_999_999)), "longer than"),
        (
            song(FOUR + n("G4", 8) + '<barline><repeat direction="backward" times="99999999"/></barline>'),
            "20000 bars",
        ),
        (LAUGHS + b"]><score-partwise>&j;</score-partwise>", "DOCTYPE defines entities"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><score-partwise>&x;</score-partwise>', "DOCTYPE"),
        (b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd">%x;]><score-partwise/>', "DOCTYPE"),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><score-partwise>&x;</score-partwise>', "no measures|no XML"),
        (b"<a>" * 5000, "levels of XML"),
        (b"PK\x03\x04 not a zip", "damaged MXL"),
        (mxl(GOOD)[:-30], "damaged MXL"),
        (mxl(b"hello", "readme.txt"), "no XML or cut off"),
        (mxl(b"hello", "readme.txt", "<container/>"), "no score in this MXL"),
        (mxl(b'<museScore version="4.20"/>', "song.mscx"), "export it as MusicXML"),
        (mxl(GOOD, container="<container>" + "<a>" * 200), "levels of XML|cut off"),
    ],
)
def test_bad_files(data: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        read_musicxml(data, "bad.mxl")
    assert str(caught.value).startswith("bad.mxl: ") and "\n" not in str(caught.value)


def test_paths_out_of_the_archive_lead_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_bytes(GOOD)
    container = f'<container><rootfiles><rootfile full-path="../../{secret}"/></rootfiles></container>'
    with pytest.raises(InputError, match="no score"):
        read_musicxml(mxl(b"hello", "readme.txt", container), "a.mxl")


def test_an_archive_that_unpacks_to_gigabytes() -> None:
    """What its header says of sizes is not believed: members are read up to the cap."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("score.xml", b" " * (40 * 2**20))
    tracemalloc.start()
    with pytest.raises(InputError, match="unpacks to more than"):
        read_musicxml(out.getvalue(), "bomb.mxl")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 * 2**20


def test_far_too_many_elements() -> None:
    with pytest.raises(InputError, match="elements"):
        read_musicxml(b"<score-partwise>" + b"<a/>" * 900_000 + b"</score-partwise>", "a")


def test_a_tag_with_far_too_many_attributes() -> None:
    many = " ".join(f'a{i}=""' for i in range(200_000))
    with pytest.raises(InputError, match="a tag of more than"):
        read_musicxml(f"<score-partwise {many}/>".encode(), "a")


def test_lengths_that_do_not_add_up() -> None:
    bars = [f"<attributes><divisions>{1000 + i}</divisions></attributes>" + n("G4", 1) for i in range(60)]
    with pytest.raises(InputError, match="do not add up"):
        read_musicxml(song(*bars), "a")


FUZZED = song(
    FOUR + n("D4", 2, "Oh"),
    n("G4", 4, "riv-", slur("start"), lyric("two", "2")) + n("A4", 4, slur("stop"), tie("start")),
    '<barline><ending number="1" type="start"/></barline>'
    + n("A4", 4, tie("stop"))
    + n("B4", 4, "-er")
    + '<barline><ending number="1" type="stop"/><repeat direction="backward"/></barline>',
    n("C5", 4, "<notations><fermata/></notations>")
    + "<backup><duration>4</duration></backup>"
    + n("E4", 8, "<voice>2</voice>"),
)


def outcome(data: bytes) -> str:
    try:
        score = read_musicxml(data, "fuzzed")
    except InputError as error:
        return "refused" if "\n" not in str(error) else "refused in several lines"
    check(score)
    return "read"


def test_damaged_files_give_a_score_or_an_input_error() -> None:
    stored = mxl(FUZZED, method=zipfile.ZIP_STORED)
    plain = Counter(outcome(damaged(FUZZED, seed)) for seed in range(300) if seed % 3)
    packed = Counter(outcome(damaged(stored, seed)) for seed in range(0, 300, 3))
    # A reader that refuses more, or less, has changed. Few damaged bytes leave XML or a zip archive well-formed.
    assert (plain, packed) == ({"read": 6, "refused": 194}, {"refused": 100})


def test_well_formed_files_with_changed_elements_give_a_score_or_an_input_error() -> None:
    assert Counter(outcome(rearranged(seed)) for seed in range(200)) == {"read": 194, "refused": 6}


def rearranged(seed: int) -> bytes:
    """Elements removed, doubled or moved, and texts exchanged; still XML."""
    chance = random.Random(seed)
    root = ElementTree.fromstring(FUZZED)
    for _ in range(chance.randint(1, 8)):
        parents = [element for element in root.iter() if len(element)]
        parent = chance.choice(parents)
        child = chance.choice(list(parent))
        match chance.randrange(4):
            case 0:
                parent.remove(child)
            case 1:
                parent.insert(chance.randrange(len(parent)), copy.deepcopy(child))
            case 2:
                parent.remove(child)
                within = set(child.iter())
                chance.choice([each for each in parents if each not in within]).append(child)
            case _:
                child.text = chance.choice(["", "-1", "0", "1", "4", "99999", "G", "start", "begin", "x" * 50])
    return ElementTree.tostring(root)


def damaged(source: bytes, seed: int) -> bytes:
    """A file with one to eight bytes or pieces changed."""
    chance = random.Random(seed)
    data = bytearray(source)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randint(1, 40)]
            case 2:
                data[at:at] = data[at : at + chance.randint(1, 200)]
            case _:
                digits = [i for i, byte in enumerate(data) if 48 <= byte <= 57]
                data[chance.choice(digits or [0])] = chance.choice(b"0123456789-.e")
    return bytes(data)


def check(score: Score) -> None:
    """What holds for every score."""
    assert score.parts and score.metres and score.tempi
    assert score.metres[0].onset == 0 and score.tempi[0].onset == 0
    for part in score.parts:
        assert part.notes
        onsets = [(note.onset, note.pitch) for note in part.notes]
        assert onsets == sorted(onsets)
        assert all(note.duration > 0 and 0 <= note.pitch <= 127 for note in part.notes)
        assert all(len({x.verse for x in note.lyrics}) == len(note.lyrics) for note in part.notes)


@pytest.mark.skipif(not SONGS.is_dir(), reason="the songs are not in ../shared/data/melodies")
@pytest.mark.parametrize("k", range(8))
def test_real_songs(k: int) -> None:
    """Every fiftieth: read, no syllable lost that is written."""
    for path in sorted(SONGS.glob("*.mxl"))[k::100]:
        score = read_musicxml(path.read_bytes(), path.name)
        check(score)
        assert sum(part.words for part in score.parts) > 20 and score.title
