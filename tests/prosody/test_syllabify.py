"""Written syllables: as many as are sung, and joined they are the word."""

from __future__ import annotations

import random

import pytest

from lyricist.prosody.lexicon import default_lexicon
from lyricist.prosody.phones import PHONES, Reading
from lyricist.prosody.syllabify import syllables_of

DIVIDED = """
    love             L AH1 V
    glo-ry           G L AO1 R IY0
    fa-ther          F AA1 DH ER0
    nev-er           N EH1 V ER0
    riv-er           R IH1 V ER0
    mas-ter          M AE1 S T ER0
    lit-tle          L IH1 T AH0 L
    but-ter-fly      B AH1 T ER0 F L AY2
    mem-o-ry         M EH1 M ER0 IY0
    a-pril           EY1 P R AH0 L
    chil-dren        CH IH1 L D R AH0 N
    ta-ble           T EY1 B AH0 L
    can-dle          K AE1 N D AH0 L
    sing-ing         S IH1 NG IH0 NG
    fin-ger          F IH1 NG G ER0
    mak-ing          M EY1 K IH0 NG
    run-ning         R AH1 N IH0 NG
    pass-ing         P AE1 S IH0 NG
    stand-ing        S T AE1 N D IH0 NG
    trem-bling       T R EH1 M B L IH0 NG
    bless-ed         B L EH1 S IH0 D
    love-ly          L AH1 V L IY0
    some-times       S AH1 M T AY2 M Z
    help-less        HH EH1 L P L AH0 S
    sup-ply          S AH0 P L AY1
    re-ply           R IH0 P L AY1
    be-stow          B IH0 S T OW1
    in-spire         IH2 N S P AY1 R
    a-round          ER0 AW1 N D
    hur-ry           HH ER1 IY0
    mer-cy           M ER1 S IY0
    vic-to-ry        V IH1 K T ER0 IY0
    roy-al           R OY1 AH0 L
    be-yond          B IH0 AA1 N D
    high-est         HH AY1 AH0 S T
    cre-a-tion       K R IY0 EY1 SH AH0 N
    pre-cious        P R EH1 SH AH0 S
    might-y          M AY1 T IY0
    watch-ing        W AA1 CH IH0 NG
    bet-ter          B EH1 T ER0
    shep-herd        SH EH1 P ER0 D
    near-er          N IH1 R ER0
    up-on            AH0 P AA1 N
    with-out         W IH0 TH AW1 T
    for-ev-er        F ER0 EH1 V ER0
    ev-ery           EH1 V R IY0
    ev-er-y          EH1 V ER0 IY0
    ev-'ry           EH1 V R IY0
    heav'n-ly        HH EH1 V N L IY0
    what-e'er        W AH2 T EH1 R
    does-n't         D AH1 Z AH0 N T
    church-'s        CH ER1 CH AH0 Z
    heaven           HH EH1 V N
    heav-en          HH EH1 V AH0 N
    love-bird        L AH1 V B ER2 D
    ev-ery-thing     EH1 V R IY0 TH IH2 NG
    un-der-stand     AH2 N D ER0 S T AE1 N D
    far-a-way        F AA1 R AH0 W EY2
    pres-ent         P R EH1 Z AH0 N T
    pre-sent         P R IY0 Z EH1 N T
    spir-it          S P IH1 R AH0 T
    fam-ily          F AE1 M L IY0
    to-geth-er       T AH0 G EH1 DH ER0
    na-na-na         N AA1 N AA0 N AA0
    sing-in'         S IH1 NG IH0 N
    morn-in'         M AO1 R N IH0 N
    call-in’         K AO1 L IH0 N
    be-hin'          B IH0 HH AY1 N
"""
CASES = [row.split(maxsplit=1) for row in DIVIDED.strip().splitlines()]


@pytest.mark.parametrize(("divided", "phones"), CASES)
def test_words_are_divided_as_a_dictionary_does(divided: str, phones: str) -> None:
    assert syllables_of(divided.replace("-", ""), Reading.of(phones)) == divided.split("-")


@pytest.mark.parametrize(
    ("parts", "phones"),
    [
        ("mer ry- go- round", "M EH1 R IY0 G OW2 R AW2 N D"),
        ("re- en ter", "R EY1 EH2 N T ER0"),
        ("re- ech o", "R IY0 EH1 K OW0"),
        ("b a a", "B AA1 AA0 AA0"),
    ],
)
def test_hyphens_stay_with_the_part_before_them_and_no_part_is_empty(parts: str, phones: str) -> None:
    assert syllables_of(parts.replace(" ", ""), Reading.of(phones)) == parts.split()


def test_accents_and_capitals_are_kept() -> None:
    assert syllables_of("Noël", Reading.of("N OW0 EH1 L")) == ["No", "ël"]


@pytest.mark.parametrize(
    ("word", "phones", "parts"),
    [
        ("w", "D AH1 B AH0 L Y UW0", ["w", "", ""]),
        ("mm", "M", []),
        ("3", "TH R IY1", ["3"]),
        ("", "AH0 AH0", ["", ""]),
    ],
)
def test_odd_words_still_give_one_part_for_each_syllable(word: str, phones: str, parts: list[str]) -> None:
    assert syllables_of(word, Reading.of(phones)) == parts


def test_any_word_under_any_reading_gives_its_letters_in_as_many_parts_as_syllables() -> None:
    draw = random.Random(1)
    for _ in range(2_000):
        word = "".join(draw.choices("aeiourstnlcyw'-éx1", k=draw.randint(1, 12)))
        reading = Reading(("AH1", *draw.choices(PHONES, k=draw.randint(0, 9))))
        parts = syllables_of(word, reading)
        assert len(parts) == reading.syllables
        assert "".join(parts) == word


def test_common_words_have_no_empty_part() -> None:
    words = [
        "beautiful",
        "evening",
        "family",
        "fire",
        "flower",
        "hour",
        "idea",
        "poem",
        "quiet",
        "really",
        "science",
        "violin",
        "wonderful",
    ]
    for word in words:
        for reading in default_lexicon().readings(word):
            parts = syllables_of(word, reading)
            assert all(parts), (word, reading.text, parts)
