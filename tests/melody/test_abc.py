"""ABC as scores: notes, bars, voices and all verses of words; bad files; all the hymns, where they are."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction as F
from pathlib import Path

import pytest

from lyricist.errors import InputError
from lyricist.melody.read.abc_file import read_abc
from lyricist.melody.tune import Chord, Metre, Note, Score, Tempo

HYMNS = Path(__file__).parents[3] / "shared" / "data" / "melodies" / "hymns-abc"
MILL = """X:1
T:The Mill by the Weir
C:Words: A. B.
C:Music: C. D.
C:copyright: public domain
M:3/4
L:1/4
Q:1/4=90
V:S name="Soprano"
V:B clef=bass
K:G
[V:S] D | "G"G A (B | c) B A | "D7/F#"d2- d |]
w: 1.~The mill wheel turns_ by the weir. *
w: 2.~A ri- ver ne- ver tires,~oh.
[V:B] z | G,3 | C3 | D,2 z |]
"""


def read(body: str, head: str = "X:1\nM:4/4\nL:1/4\nK:C\n") -> Score:
    return read_abc((head + body).encode(), "a.abc")


def pitches(body: str, head: str = "X:1\nM:4/4\nL:1/4\nK:C\n") -> list[int]:
    return [note.pitch for note in read(body, head).parts[0].notes]


def lengths(body: str) -> list[F]:
    return [note.duration for note in read(body).parts[0].notes]


def verse(notes: tuple[Note, ...], number: int = 1) -> str:
    """Syllables of a verse with hyphens; _ where there is none."""
    mark = {"begin": "{}-", "middle": "-{}-", "end": "-{}", "single": "{}"}
    found = [[mark[x.syllabic].format(x.text) for x in note.lyrics if x.verse == number] for note in notes]
    return " ".join(x[0] if x else "_" for x in found)


def test_a_song() -> None:
    score = read_abc(MILL.encode(), "mill.abc")
    voice, bass = score.parts
    assert (voice.name, bass.name, voice.words, bass.words) == ("Soprano", "B", 8, 0)
    assert [(x.onset, x.duration, x.pitch) for x in voice.notes] == [
        (0, 1, 62),
        (1, 1, 67),
        (2, 1, 69),
        (3, 1, 71),
        (4, 1, 72),
        (5, 1, 71),
        (6, 1, 69),
        (7, 3, 74),
    ]
    assert verse(voice.notes) == "The mill wheel turns _ by the weir."
    assert verse(voice.notes, 2) == "A ri- -ver ne- -ver tires, oh. _ _"
    assert (score.title, score.composer, score.copyright) == ("The Mill by the Weir", "Music: C. D.", "public domain")
    assert score.metres == (Metre(F(0), 3, 4),) and score.pickup == 1 and score.key == (1, "major")
    assert score.tempi == (Tempo(F(0), 90.0),)
    assert score.chords == (Chord(F(1), "G"), Chord(F(7), "D7/F#"))
    assert [note.slurred for note in voice.notes][:5] == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C D E c c' c, B,,", [60, 62, 64, 72, 84, 60, 47]),
        ("^C _D =E ^^F __B", [61, 61, 64, 67, 69]),
        ("^F F f | F", [66, 66, 78, 65]),  # up to the bar line, in every octave
        ("^F- | F F", [66, 65]),  # a tie carries it, to its own note only
        ("[CEG] [C-E]C", [60, 64, 67, 60, 64]),
        ("{gab}c {/f}d", [72, 74]),
        ("!trill!C .D ~E vF", [60, 62, 64, 65]),
        ('"Am"C "^up"D "_down"E', [60, 62, 64]),
        ("[K:D] F [K:C] F", [66, 65]),
        ("x C y D z E", [60, 62, 64]),
        ("C % D E", [60]),
        ("C [I:x y] [r:remark] D", [60, 62]),
    ],
)
def test_pitches(body: str, expected: list[int]) -> None:
    assert pitches(body) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("G", [65 + 1, 71]),
        ("Bb", [65, 70]),
        ("Am", [65, 71]),
        ("F#m", [66, 71]),
        ("D dorian", [65, 71]),
        ("Gmix", [65, 71]),
        ("C ^f", [66, 71]),
        ("none", [65, 71]),
        ("Hp", [66, 71]),
        ("D exp _b", [65, 70]),
        ("C clef=treble-8", [53, 59]),
        ("C octave=1", [77, 83]),
    ],
)
def test_keys(key: str, expected: list[int]) -> None:
    assert pitches("F B", f"X:1\nL:1/4\nK:{key}\n") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("C2 C/ C// C3/2 C/4 C0002", [2, F(1, 2), F(1, 4), F(3, 2), F(1, 4), 2]),
        ("C>D E<F G>>A", [F(3, 2), F(1, 2), F(1, 2), F(3, 2), F(7, 4), F(1, 4)]),
        ("z>C", [F(1, 2)]),
        ("(3CDE F", [F(2, 3)] * 3 + [F(1)]),
        ("(3:2:2C2D E", [F(4, 3), F(2, 3), F(1)]),
        ("(2CD (4CDEF", [F(3, 2)] * 2 + [F(3, 4)] * 4),
        ("C-C D.-D", [2, 2]),
        ("C-|C-|C", [3]),
        ("C-D C", [1, 1, 1]),
        ("[L:1/8]C [L:1/2]C", [F(1, 2), 2]),
        ("[CE]2 [C2E2]/", [2, 2, 1, 1]),
    ],
)
def test_lengths(body: str, expected: list[F]) -> None:
    assert lengths(body) == expected


@pytest.mark.parametrize(
    ("metre", "unit", "found"),
    [
        ("4/4", F(1, 2), Metre(F(0), 4, 4)),
        ("2/4", F(1, 4), Metre(F(0), 2, 4)),
        ("6/8", F(1, 2), Metre(F(0), 6, 8)),
        ("C|", F(1, 2), Metre(F(0), 2, 2)),
    ],
)
def test_the_length_that_is_not_given(metre: str, unit: F, found: Metre) -> None:
    score = read("C D |]", f"X:1\nM:{metre}\nK:C\n")
    assert score.parts[0].notes[0].duration == unit and score.metres == (found,)


def test_free_metre_counts_every_bar_as_long_as_it_is() -> None:
    score = read("CDE | CDEFG | CDEFG", "X:1\nM:none\nL:1/4\nK:C\n")
    assert score.metres == (Metre(F(0), 3, 4), Metre(F(3), 5, 4)) and score.pickup == 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("|: C | D :| E |]", "CDCDE"),
        ("C :: D :|", "CCDD"),
        ("C |1 D :|2 E || F", "CDCEF"),
        ('|: C ["1" D :|["2-3" E :|', "CDCECE"),
        ("|: C [1 D :| [2 E |] F", "CDCEF"),
        ("|: C ::| D", "CCCD"),
        ("|: C |1,2 D :|3 E |]", "CDCDCE"),
        ("C !fine!| D !D.C.!|", "CDC"),
        ("C !segno!| D E !D.S.!|]", "CDECDE"),
        ("| C || D |] [| E |", "CDE"),
        ("C |\n| D :|\nE", "CDCDE"),
    ],
)
def test_repeats(body: str, expected: str) -> None:
    assert pitches(body) == ["C D EF G A B".index(x) + 60 for x in expected]


def test_line_marks_verses_and_labels() -> None:
    score = read(
        "C D E |\nw: 1.~One fine day\nw: 2. Two fine days\nF G A |\nw: we sing\nw: you sing~it\nC D |\nw: O-~ho\n"
    )
    notes = score.parts[0].notes
    assert verse(notes, 1) == "One fine day we sing _ O- -ho"
    assert verse(notes, 2) == "Two fine days you sing it _ _ _"
    assert [x.onset for x in notes for y in x.lyrics if y.line_start and y.verse == 1] == [0, 3, 6]
    assert [x.onset for x in notes for y in x.lyrics if y.paragraph] == [0, 0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("A- men so be it", "A- -men so be it"),
        ("A-men so be it", "A- -men so be it"),
        ("A__ men * so", "A _ _ men _ so"),
        ("A - - men so", "A _ _ men so"),
        ("A-- men so", "A- _ -men so"),
        ("1.~ In the bleak", "_ In the bleak"),
        ("1. In 2~the bleak", "In 2 the bleak"),
        ("| on | two", "_ _ on _ two _"),
        ("well\\-known day", "well-known day"),
        ("stain\\`ed Gru\\ss &ouml;", "stainèd Gruß ö"),
        ("a b c d e f g h", "a b c d e f"),
        ("", ""),
    ],
)
def test_words_under_notes(words: str, expected: str) -> None:
    found = verse(read(f"C D | E F | G z {{a}} A |\nw: {words}\n").parts[0].notes)
    assert found.rstrip(" _") == expected.rstrip(" _")


def test_words_skip_rests_and_grace_notes_but_not_tied_notes() -> None:
    notes = read("C z {g}D E- | E F\nw: a b c _ d\n").parts[0].notes
    assert verse(notes) == "a b c d" and notes[2].lyrics[0].extend


def test_a_tie_that_another_verse_sings_on() -> None:
    notes = read("C D-D E\nw: His deep * love\nw: my name was lost\n").parts[0].notes
    assert verse(notes, 1) == "His deep _ love" and verse(notes, 2) == "my name was lost"
    assert [note.slurred for note in notes] == [False, False, True, False]


def test_continued_lines_and_fields() -> None:
    notes = read("C D \\\nE F\nw: a b\n+: c d\n").parts[0].notes
    assert verse(notes) == "a b c d"


def test_voices_with_their_own_bars_sound_together() -> None:
    body = "V:1\nCDEF | GABc |\nw: do re mi fa so la ti do\nV:2\nC,4 G,4 |\n"
    voice, low = read(body).parts
    assert [note.onset for note in low.notes] == [0, 4] and len(voice.notes) == 8


def test_overlays_are_a_voice_of_their_own() -> None:
    voice, under = read("C4 & E2 F2 | D4\nw: la la\n").parts
    assert [x.onset for x in voice.notes] == [0, 4] and [x.onset for x in under.notes] == [0, 2] and under.voice == 2


def test_signs() -> None:
    notes = read("!fermata!C HD !breath!E F").parts[0].notes
    assert [note.fermata for note in notes] == [True, True, False, False]
    assert [note.phrase_end for note in notes] == [False, False, True, False]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_encodings(codec: str) -> None:
    score = read_abc("X:1\nT:Köln\nL:1/4\nK:C\nC D\nw: bless- èd\n".encode(codec), "a")
    assert (score.title, verse(score.parts[0].notes)) == ("Köln", "bless- -èd")


def test_a_declared_charset() -> None:
    data = "X:1\nI:abc-charset iso-8859-2\nT:Dvořák\nL:1/4\nK:C\nC\n".encode("iso-8859-2")
    assert read_abc(data, "a").title == "Dvořák"


def test_printed_text_comments_and_line_ends() -> None:
    body = "%%begintext\nCDE FGA\n%%endtext\n%%MIDI program 1\nC D % E F\n"
    assert pitches(body) == [60, 62] == pitches(body.replace("\n", "\r\n"))


def test_the_first_of_several_tunes() -> None:
    score = read_abc(b"X:1\nT:One\nL:1/4\nK:C\nC\n\nX:2\nT:Two\nK:D\nD E\n", "a")
    assert score.title == "One" and len(score.parts[0].notes) == 1 and "first tune" in score.warnings[0]


def test_what_is_unknown_is_named_and_left_out() -> None:
    score = read("C ? # D\nw: a b c\n")
    assert len(score.parts[0].notes) == 2
    assert any("not understood" in x for x in score.warnings) and any("1 syllables" in x for x in score.warnings)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"\x00\x01\xff\xfe" * 40, "no K: field"),
        (b"X:1\nT:no key\nC D E F |\n", "no K: field"),
        (b"Dear reader, this is no music.\n", "no K: field"),
        (b"X:1\nK:C\n", "no notes"),
        (b"X:1\nK:C\nz4 | z4 |]\n", "no notes"),
        (b"X:1\nL:1/4\nK:C\n(999999:1:99 CDE\n", "tuplet"),
        (b"X:1\nL:1/4\nK:C\n(99999999999 CDE\n", "tuplet"),
        (b"X:1\nL:1/4\nK:C\nC99999999\n", "not a length of a note"),
        (b"X:1\nL:1/4\nK:C\nC999999\n", "longer than"),
        (b"X:1\nL:1/4\nK:C\nC0\n", "not a length of a note"),
        (b"X:1\nL:1/4\nK:C\nC/0\n", "not a length of a note"),
        (b"X:1\nL:1/0\nK:C\nC\n", "not a length"),
        (b"X:1\nL:1/4\nK:C\nC Z999999\n", "bars|longer"),
        (b"X:1\nL:1/4\nK:C\n|: C " + b":" * 25_000 + b"|\n", "20000 bars"),
        (b"X:1\nL:1/4\nK:C\n" + b" ".join(b"C/%d" % i for i in range(901, 990)), "do not add up"),
        (b"X:1\nK:C\n" + b"".join(b"[V:%d]C" % i for i in range(200)), "voices"),
        (b"X:1\nK:C\n" + b"C D E F G |" * 60_000, "bytes of ABC"),
        (b"X:1\nK:C\n" + b"C|" * 30_000, "20000 bars"),
        (b"X:1\nK:C\n" + b"[CDEFGAB]" * 40_000, "notes"),
    ],
)
def test_bad_files(data: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        read_abc(data, "bad.abc")
    assert str(caught.value).startswith("bad.abc: ") and "\n" not in str(caught.value)


def test_mutated_tunes_give_a_score_or_an_input_error() -> None:
    outcomes = Counter(outcome(mutated(seed)) for seed in range(400))
    assert outcomes == {"read": 362, "refused": 38}  # a reader that refuses more, or less, has changed


def outcome(data: bytes) -> str:
    try:
        score = read_abc(data, "fuzzed")
    except InputError as error:
        return "refused" if "\n" not in str(error) else "refused in several lines"
    check(score)
    return "read"


def mutated(seed: int) -> bytes:
    """A tune with most signs of ABC, damaged once to twelve times."""
    chance = random.Random(seed)
    text = (
        MILL
        + '|: (3CDE F>G [1 [CEG]2 :| [2 "Am"c-c & E4 {g}A, !fermata!B z2 Z [M:6/8] [K:Eb] |]\nw: a-b * _ c~d | e\n'
    )
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(text))
        match chance.randrange(3):
            case 0:
                text = text[:at] + chance.choice("|:[](){}\"!&<>-/^_=0123456789zZxABcd'\n\\w%") + text[at + 1 :]
            case 1:
                text = text[:at] + text[at + chance.randint(1, 30) :]
            case _:
                text = text[:at] + text[at : at + chance.randint(1, 80)] + text[at:]
    return text.encode()


def check(score: Score) -> None:
    """What holds for every score."""
    assert score.metres[0].onset == 0 and score.tempi[0].onset == 0
    for part in score.parts:
        onsets = [(note.onset, note.pitch) for note in part.notes]
        assert onsets and onsets == sorted(onsets)
        assert all(note.duration > 0 and 0 <= note.pitch <= 127 for note in part.notes)
        assert all(len({x.verse for x in note.lyrics}) == len(note.lyrics) for note in part.notes)


@pytest.mark.skipif(not HYMNS.is_dir(), reason="the hymns are not in ../shared/data/melodies")
@pytest.mark.parametrize("k", range(8))
def test_real_hymns(k: int) -> None:
    for path in sorted(HYMNS.glob("*.abc"))[k::32]:
        score = read_abc(path.read_bytes(), path.name)
        check(score)
        assert sum(part.words for part in score.parts) > 10 and score.title
        assert not any("syllables more" in warning for warning in score.warnings), path.name
