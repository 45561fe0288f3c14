"""Readings derived from spelling: a literal example or more for each rule."""

from __future__ import annotations

import hashlib

import pytest

from lyricist.prosody import spelling
from lyricist.prosody.lexicon import default_lexicon, readings

CASES = {
    "-in' for -ing": {
        "lovin'": "L AH1 V IH0 N",
        "singin'": "S IH1 NG IH0 N",
        "rantin": "R AE1 N T IH0 N",
        "a-rovin'": "AH0 R OW1 V IH0 N",
        "a-hunting": "AH0 HH AH1 N T IH0 NG",
    },
    "clipped words": {
        "'cause": "K AH0 Z",
        "'cos": "K AO1 Z",
        "'til": "T IH1 L",
        "'tis": "T IH1 Z",
        "'twas": "T W AH1 Z",
        "'twere": "T W ER1",
        "'em": "AH0 M",
        "'neath": "N IY1 TH",
        "'round": "R AW1 N D",
        "'fraid": "F R EY1 D",
        "mongst": "M AH1 NG S T",
    },
    "spoken contractions": {
        "gonna": "G AA1 N AH0",
        "lemme": "L EH1 M AH0",
        "shoulda": "SH UH1 D AH0",
        "ain't": "EY1 N T",
        "y'all": "Y AO1 L",
        "didnt": "D IH1 D AH0 N T",
        "youll": "Y UW1 L",
        "wouldn't've": "W UH1 D AH0 N T AH0 V",
    },
    "letters left out": {
        "o'er": "AO1 R",
        "ne'er": "N EH1 R",
        "heav'n": "HH EH1 V N",
        "pow'r": "P AW1 R",
        "flow'rs": "F L AW1 R Z",
        "ev'ry": "EH1 V R IY0",
        "e'en": "IY1 N",
        "giv'n": "G IH1 V N",
        "ta'en": "T EY1 N",
        "wand'ring": "W AA1 N D R IH0 NG",
        "mem'ry": "M EH1 M R IY0",
        "gen'rous": "JH EH1 N R AH0 S",
        "ev'ning": "IY1 V N IH0 NG",
        "murd'rer": "M ER1 D R ER0",
        "whate'er": "W AH0 T EH1 R",
        "where'er": "W EH0 R EH1 R",
        "wheresoe'er": "W EH0 R S OW0 EH1 R",
        "o'erflow": "AO2 R F L OW1",
        "o'erwhelmed": "AO2 R W EH1 L M D",
        "wher'er": "W EH0 R EH1 R",
        "fore'er": "F AO0 R EH1 R",
        "pow'rless": "P AW1 R L AH0 S",
    },
    "-'d and -'st": {
        "lov'd": "L AH1 V D",
        "kiss'd": "K IH1 S T",
        "tir'd": "T AY1 R D",
        "dropp'd": "D R AA1 P T",
        "carri'd": "K AE1 R IY0 D",
        "wither'd": "W IH1 DH ER0 D",
        "lac'd": "L EY1 S T",
        "cou'd": "K UH1 D",
        "know'st": "N OW1 S T",
        "lov'st": "L AH1 V S T",
    },
    "old verbs": {
        "thou": "DH AW1",
        "thy": "DH AY1",
        "lovest": "L AH1 V IH0 S T",
        "runnest": "R AH1 N IH0 S T",
        "criest": "K R AY1 IH0 S T",
        "leadeth": "L IY1 D IH0 TH",
        "carrieth": "K AE1 R IY0 IH0 TH",
        "canst": "K AE1 N S T",
        "wouldst": "W UH1 D S T",
        "lookt": "L UH1 K T",
        "curst": "K ER1 S T",
        "tost": "T AO1 S T",
        "wrapt": "R AE1 P T",
        "lovèd": "L AH1 V IH0 D",
    },
    "British spellings": {
        "honours": "AA1 N ER0 Z",
        "baptise": "B AE0 P T AY1 Z",
        "sceptre": "S EH1 P T ER0",
        "marvellous": "M AA1 R V AH0 L AH0 S",
        "pretence": "P R IY0 T EH1 N S",
        "gayly": "G EY1 L IY0",
    },
    "possessives and clitics": {
        "soul's": "S OW1 L Z",
        "rose's": "R OW1 Z IH0 Z",
        "night's": "N AY1 T S",
        "stars'": "S T AA1 R Z",
        "thou'lt": "DH AW1 L T",
        "thou'rt": "DH AW1 R T",
        "ye'll": "Y IY1 L",
        "mary'll": "M EH1 R IY0 L",
        "john'll": "JH AA1 N AH0 L",
        "for't": "F AO1 R T",
        "th'eternal": "DH IH0 T ER1 N AH0 L",
        "th'glory": "DH AH0 G L AO1 R IY0",
        "t'other": "T AH1 DH ER0",
        "ca'd": "K AO1 D",
    },
    "endings": {
        "thrones": "TH R OW1 N Z",
        "bards": "B AA1 R D Z",
        "wrenches": "R EH1 N CH IH0 Z",
        "quenched": "K W EH1 N CH T",
        "throned": "TH R OW1 N D",
        "roving": "R OW1 V IH0 NG",
        "moored": "M UH1 R D",
        "severed": "S EH1 V ER0 D",
        "loveliest": "L AH1 V L Y IH0 S T",
        "unceasingly": "AH0 N S IY1 S IH0 NG L IY0",
        "marvelling": "M AA1 R V AH0 L IH0 NG",
        "carolling": "K AE1 R AH0 L IH0 NG",
        "amaying": "AH0 M EY1 IH0 NG",
        "aflying": "AH0 F L AY1 IH0 NG",
        "lovelier": "L AH1 V L IY0 ER0",
        "purpling": "P ER1 P L IH0 NG",
        "cheerily": "CH IH1 R AH0 L IY0",
        "gladness": "G L AE1 D N AH0 S",
        "joyless": "JH OY1 L AH0 S",
        "youthfu": "Y UW1 TH F AH0",
        "heav'nward": "HH EH1 V N W ER0 D",
        "coggie": "K AO1 G IY0",
    },
    "beginnings": {
        "unblest": "AH0 N B L EH1 S T",
        "unhallowed": "AH0 N HH AE1 L OW0 D",
        "outspreading": "AW1 T S P R EH2 D IH0 NG",
        "whereon": "W EH2 R AA1 N",
    },
    "hyphens": {
        "to-night": "T AH0 N AY1 T",
        "noonday": "N UW1 N D EY2",
        "windflower": "W IH1 N D F L AW2 ER0",
        "birth-day": "B ER1 TH D EY2",
        "new-born": "N UW1 B AO2 R N",
        "blue-eyed": "B L UW1 AY2 D",
        "hush-a-bye": "HH AH1 SH AH0 B AY2",
        "rock-n-roll": "R AA1 K AH0 N R OW2 L",
        "la-la-la": "L AA1 L AA2 L AA2",
        "ne'er-do-well": "N EH1 R D UW0 W EH2 L",
    },
    "drawn out": {
        "loooove": "L AH1 V",
        "soooo": "S OW1",
        "nooo": "N OW1",
        "heyyy": "HH EY1",
        "goood": "G UH1 D",
        "kisss": "K IH1 S",
        "stoppp": "S T AA1 P",
        "yeahhh": "Y AE1",
        "meeee": "M IY1",
        "freeee": "F R IY1",
    },
    "cries and refrains": {
        "lalala": "L AA1 L AA2 L AA2",
        "nanana": "N AA1 N AA2 N AA2",
        "doo-wop": "D UW1 W AA2 P",
        "oh-oh": "OW1 OW2",
        "ooh": "UW1",
        "whoa": "W OW1",
        "yeah": "Y AE1",
        "mmmm": "M AH1 M",
        "shhh": "SH AH1",
    },
    "numbers": {
        "3": "TH R IY1",
        "42nd": "F AO1 R T IY0 S EH1 K AH0 N D",
        "1st": "F ER1 S T",
        "20th": "T W EH1 N T IY0 AH0 TH",
        "1999": "N AY1 N T IY1 N N AY1 N T IY0 N AY1 N",
        "2000": "T UW1 TH AW1 Z AH0 N D",
        "90s": "N AY1 N T IY0 Z",
        "24/7": "T W EH1 N T IY0 F AO1 R S EH1 V AH0 N",
        "3.5": "TH R IY1 P OY1 N T F AY1 V",
        "1,000": "W AH1 N TH AW1 Z AH0 N D",
        "007": "OW1 OW1 S EH1 V AH0 N",
        "viii": "EY1 T",
        "iii": "TH R IY1",
        "xx": "T W EH1 N T IY0",
    },
    "letters": {
        "b": "B IY1",
        "w": "D AH1 B AH0 L Y UW0",
        "mtv": "EH1 M T IY1 V IY1",
        "u2": "Y UW1 T UW1",
    },
    "accents": {"café": "K AH0 F EY1", "noël": "N OW0 EH1 L", "naïve": "N AY2 IY1 V"},
    "Scots": {
        "o'": "AH0",
        "wi'": "W IH1",
        "an'": "AE1 N",
        "a'": "AO1",
        "auld": "AO1 L D",
        "nae": "N EY1",
        "frae": "F R EY1",
        "ilka": "IH1 L K AH0",
        "gie": "G IY1",
        "wee": "W IY1",
        "bonnie": "B AA1 N IY0",
        "dinna": "D IH1 N AH0",
        "couldna": "K UH1 D N AH0",
        "noddin": "N AA1 D IH0 N",
    },
    "compounds": {"moonglow": "M UW1 N G L OW2", "sunbeams": "S AH1 N B IY2 M Z"},
}
ALL = [(rule, word, expected) for rule, words in CASES.items() for word, expected in words.items()]


@pytest.mark.parametrize(("rule", "word", "expected"), ALL, ids=[f"{rule}: {word}" for rule, word, _ in ALL])
def test_rule(rule: str, word: str, expected: str) -> None:
    found = readings(word)
    assert found, "no reading"
    assert found[0].text == expected
    assert found[0].source != "model"


def test_compounds_shift_their_stress_and_keep_their_rhyme() -> None:
    first, second = readings("new-born")
    assert (first.stress, second.stress) == ("12", "21")
    assert first.light_tail == second.tail == "AO R N"


def test_words_that_end_like_clipped_ones_are_left_alone() -> None:
    assert [readings(word)[0].text for word in ("robin", "cabin", "basin")] == [
        "R AA1 B AH0 N",
        "K AE1 B AH0 N",
        "B EY1 S AH0 N",
    ]


def test_every_reading_of_a_stem_is_kept() -> None:
    assert [reading.text for reading in readings("fire's")] == ["F AY1 R Z", "F AY1 ER0 Z"]


def test_derived_readings_say_so() -> None:
    assert {
        reading.source for word in ("lovest", "to-night", "1999", "café", "iii") for reading in readings(word)
    } == {"rule"}


def test_a_word_in_the_table_is_not_derived() -> None:
    assert readings("mix")[0].text == "M IH1 K S"  # not 1,009
    assert readings("nothing")[0].text == "N AH1 TH IH0 NG"


def test_rules_without_a_lexicon_find_only_what_needs_none() -> None:
    assert spelling.derive("lovest", lambda word: ()) == ()
    assert spelling.derive("mtv", lambda word: ())[0].text == "EH1 M T IY1 V IY1"


def test_the_version_of_the_rules_is_raised_with_them() -> None:
    """If this fails, some word has other readings: raise RULES_VERSION, then put the new values here."""
    words = [word for _, word, _ in ALL]
    text = "\n".join(f"{word} {'|'.join(r.text for r in default_lexicon().readings(word))}" for word in words)
    assert (spelling.RULES_VERSION, hashlib.sha256(text.encode()).hexdigest()[:12]) == (2, "208b84b82574")
