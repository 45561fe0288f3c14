"""The lexicon: the table, the hand-kept words, a user's own file, and hostile input."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from lyricist.errors import InputError
from lyricist.prosody import lexicon as module
from lyricist.prosody.lexicon import HERE, Lexicon, Table, default_lexicon, parse_entries, readings
from lyricist.prosody.phones import CODES, decode
from lyricist.prosody.spelling import plain


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return default_lexicon()


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "guess", lambda words: [()] * len(words))


def first(word: str) -> str:
    return readings(word)[0].text


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("love", "L AH1 V"),
        ("Love", "L AH1 V"),
        ("love,", "L AH1 V"),
        ("the", "DH AH0"),
        ("a", "AH0"),
        ("wind", "W IH1 N D"),
        ("live", "L IH1 V"),
        ("tears", "T IH1 R Z"),
        ("us", "AH1 S"),  # not the country
        ("tv", "T IY1 V IY1"),
        ("im", "AY1 M"),  # typed without its apostrophe, not a name
        ("lovin", "L AH1 V IH0 N"),  # not the surname
        ("don\N{RIGHT SINGLE QUOTATION MARK}t", "D OW1 N T"),
        ("memory", "M EH1 M ER0 IY0"),
        ("law", "L AO1"),
        ("caught", "K AO1 T"),
        ("awe", "AO1"),
        ("top", "T AA1 P"),
        ("want", "W AA1 N T"),
    ],
)
def test_usual_readings(word: str, expected: str) -> None:
    assert first(word) == expected


@pytest.mark.parametrize(
    ("word", "counts"),
    [
        ("fire", [1, 2]),
        ("hour", [1, 2]),
        ("our", [1, 1, 2]),
        ("desire", [2, 3]),
        ("powers", [1, 2]),
        ("flower", [2]),
        ("heaven", [2]),
        ("every", [2, 3]),
        ("prayer", [1, 2]),
        ("glorious", [2, 3]),
        ("blessed", [2, 1]),
        ("beloved", [3, 2]),
        ("trembling", [2, 3]),
        ("family", [2, 3]),
        ("victory", [3]),
        ("radiant", [2, 3]),
        ("iron", [2]),
        ("warrior", [2, 3]),
        ("violet", [3, 2]),
        ("violets", [2, 3]),
        ("orient", [2, 3, 3]),
    ],
)
def test_counts_as_sung_the_usual_first(word: str, counts: list[int]) -> None:
    assert [reading.syllables for reading in readings(word)] == counts


def test_mumbled_forms_are_left_out() -> None:
    assert [r.text for r in readings("around")] == ["ER0 AW1 N D"]
    assert [r.text for r in readings("hands")] == ["HH AE1 N D Z"]
    assert [r.text for r in readings("for")] == ["F AO1 R"]


def test_sources() -> None:
    assert {word: readings(word)[0].source for word in ("love", "o'er", "lovest")} == {
        "love": "lexicon",
        "o'er": "lexicon",
        "lovest": "rule",
    }


def test_the_table_is_sorted_and_every_entry_parses() -> None:
    lines = (HERE / "cmudict.txt").read_bytes().split(b"\n")
    assert lines.pop() == b""
    words = [line.split(b"\t")[0] for line in lines]
    assert words == sorted(set(words))
    assert len(words) > 120_000
    for line in lines:
        word, codes = line.decode("ascii").split("\t")
        assert re.fullmatch(r"'?[a-z]+(?:['-][a-z]+)*'?", word)
        found = codes.split(" ")
        assert len(found) == len(set(found))
        assert all(set(code) <= set(CODES.values()) and any(p[-1].isdigit() for p in decode(code)) for code in found)


def test_the_table_is_of_moderate_size() -> None:
    assert (HERE / "cmudict.txt").stat().st_size < 2_300_000


def test_bisection_finds_every_word_and_no_other(lexicon: Lexicon) -> None:
    every = [word.decode() for word in lexicon.table.all()]
    for word in [every[0], every[1], every[-2], every[-1], *random.Random(0).sample(every, 300)]:
        assert lexicon.table.find(word), word
    for word in ["", "!", "~", "zzzzz", "a\t", "love\t", "lovelov", "\n", "love\n", "'", "é", "lo"[:1] + "qqq"]:
        assert lexicon.table.find(word) == (), word


def test_a_table_of_one_word(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    path.write_bytes(b"sea\tY?\n")
    table = Table(path)
    assert [r.text for r in table.find("sea")] == [" ".join(decode("Y?"))]
    assert table.find("se") == table.find("seat") == table.find("a") == table.find("z") == ()


def test_many_gives_what_readings_gives(no_model: None, lexicon: Lexicon) -> None:
    words = [word.decode() for word in list(lexicon.table.all())[::150]]
    words += ["lovest", "", "☃", "\ud800", "love", "love", "qqqq", "heav'n"]
    bulk, single = (Lexicon(lexicon.table, lexicon.entries) for _ in range(2))
    assert len(words) > module.BULK
    assert bulk.many(words) == [single.readings(word) for word in words]
    assert bulk.many([]) == []
    assert bulk.many(["love"]) == [single.readings("love")]


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch, lexicon: Lexicon) -> None:
    monkeypatch.setattr(module, "CACHE_SIZE", 3)
    small = Lexicon(lexicon.table, {})
    found = [small.readings(word)[0].text for word in ("sea", "see", "love", "dove", "sea")]
    assert len(small._found) <= 3
    assert found[0] == found[-1] == "S IY1"


HOSTILE = [
    "",
    " ",
    "'",
    "-",
    "--",
    "''''",
    "'-'",
    "a" * 10_000,
    "ab" * 5_000,
    "!?" * 5_000 + "a",
    "a-" * 5_000,
    "'" * 10_000,
    "1" * 10_000,
    "\x00",
    "love\x00",
    "\ud800",
    "😀",
    "👩‍👩‍👧",
    "привет",
    "你好",
    "مرحبا",
    "हिन्दी",
    "love世",
    "é",
    "ﬁre",
    "²",
    "½",
    "١٢",
    "3'4",
    "1,2,3,4",
    "12:30:45",
    "\t\n",
    "a\tb",
    "x" * 59,
    "a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s-t-u-v-w-x-y-z",
    "in'in'in'",
    "'n'n'",
    "th'th'th'",
    "un" * 25,
    "ing" * 19,
    "s" * 50,
]


@pytest.mark.parametrize("word", HOSTILE, ids=[str(i) for i in range(len(HOSTILE))])
def test_no_word_raises_and_every_reading_can_be_sung(no_model: None, lexicon: Lexicon, word: str) -> None:
    fresh = Lexicon(lexicon.table, lexicon.entries)
    for reading in fresh.readings(word):
        assert reading.syllables and set(reading.phones) <= set(CODES)
    assert fresh.known(word) == bool(fresh.readings(word))


@pytest.mark.parametrize("word", ["", "😀", "привет", "你好", "\x00", "'", "½", "love世"])
def test_what_cannot_be_read_aloud_has_no_readings(word: str) -> None:
    assert readings(word) == ()


def test_random_words_never_raise(no_model: None, lexicon: Lexicon) -> None:
    """2,000 strings over the characters that the rules look at."""
    draw = random.Random(7)
    fresh = Lexicon(lexicon.table, lexicon.entries)
    for _ in range(2000):
        word = "".join(draw.choice("aeioustrnldyhv''--0159é") for _ in range(draw.randrange(1, 12)))
        for reading in fresh.readings(word):
            assert reading.syllables and set(reading.phones) <= set(CODES), word


def test_an_unknown_word_goes_to_the_model_and_a_possessive_keeps_its_ending(
    monkeypatch: pytest.MonkeyPatch, lexicon: Lexicon
) -> None:
    asked: list[str] = []

    def pronounce_many(words: list[str]) -> list[tuple[module.Reading, ...]]:
        asked.extend(words)
        return [(module.Reading.of("Z AO1 K", "model"),) for _ in words]

    pytest.importorskip("lyricist.prosody.g2p")
    monkeypatch.setattr("lyricist.prosody.g2p.pronounce_many", pronounce_many)
    fresh = Lexicon(lexicon.table, lexicon.entries)
    assert fresh.readings("xqzork's")[0] == module.Reading.of("Z AO1 K S", "model")
    assert fresh.readings("xqzork")[0].source == "model"
    assert asked == ["xqzork", "xqzork"]
    assert not fresh.known("xqzork") and fresh.known("love")


def test_a_users_lexicon_overrides(tmp_path: Path, lexicon: Lexicon) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(
        "# mine\n\nlove  L UW1 V\nLove  l ah1 v  # the usual one\nzorble  Z AO1 R B AH0 L\n", encoding="utf-8"
    )
    mine = lexicon.extended(path)
    assert [(r.text, r.source) for r in mine.readings("love")] == [("L UW1 V", "user"), ("L AH1 V", "user")]
    assert mine.known("zorble")
    assert mine.readings("zorbles")[0].text == "Z AO1 R B AH0 L Z"
    assert mine.readings("lov'st")[0].text == "L UW1 V S T"
    assert mine.readings("dove")[0].text == "D AH1 V"
    assert first("love") == "L AH1 V"


def test_licences_come_last_and_only_where_they_are_asked_for(tmp_path: Path, lexicon: Lexicon) -> None:
    assert [(r.syllables, r.source) for r in lexicon.sung("heaven")] == [(2, "lexicon"), (1, "licence")]
    assert [r.syllables for r in lexicon.readings("heaven")] == [2]
    assert [r.syllables for r in lexicon.sung("Heaven!")] == [2, 1]
    assert lexicon.sung("love") == lexicon.readings("love")
    assert lexicon.sung("\N{SNOWMAN}") == ()
    path = tmp_path / "mine.txt"
    path.write_text("heaven HH EH1 V AH0 N\n", encoding="utf-8")
    mine = lexicon.extended(path)
    assert mine.sung("heaven") == mine.readings("heaven")  # a user says how a word is read
    assert [r.syllables for r in mine.sung("heaven's")] == [2, 1]


def test_what_is_kept_of_licences_is_bounded(monkeypatch: pytest.MonkeyPatch, lexicon: Lexicon) -> None:
    monkeypatch.setattr(module, "CACHE_SIZE", 3)
    small = Lexicon(lexicon.table, {})
    for word in ("sea", "see", "heaven", "dove", "sea", "heaven"):
        assert small.sung(word)
    assert len(small._sung) <= 3
    assert [r.syllables for r in small.sung("heaven")] == [2, 1]


def test_the_digest_names_the_entries_and_the_table(tmp_path: Path, lexicon: Lexicon) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("zorble Z AO1 R B AH0 L\n", encoding="utf-8")
    assert re.fullmatch("[0-9a-f]{64}", lexicon.digest)
    assert lexicon.digest == Lexicon(lexicon.table, lexicon.entries).digest
    assert lexicon.extended(path).digest == lexicon.extended(str(path)).digest != lexicon.digest


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("love", "no phones"),
        ("love L AH V", "'AH'"),
        ("love L UX1 V", "'UX1'"),
        ("love L1 AH1 V", "'L1'"),
        ("shh SH", "no vowel"),
        ("--- L AH1 V", "not a word"),
        ("😀 L AH1 V", "not a word"),
    ],
)
def test_faults_of_a_users_lexicon_name_file_and_line(tmp_path: Path, lexicon: Lexicon, line: str, says: str) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(f"sea S IY1\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=says) as error:
        lexicon.extended(path)
    assert str(error.value).startswith(f"{path}, line 2: ")


def test_a_users_lexicon_that_cannot_be_read(tmp_path: Path, lexicon: Lexicon) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        lexicon.extended(tmp_path / "none.txt")
    with pytest.raises(InputError, match="cannot be read"):
        lexicon.extended(tmp_path)
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 K AH0 F EY1\n")
    with pytest.raises(InputError, match="not UTF-8"):
        lexicon.extended(tmp_path / "latin.txt")


def test_the_hand_kept_words_are_in_the_form_in_which_words_are_looked_up() -> None:
    entries = parse_entries((HERE / "sung.txt").read_text(encoding="utf-8"), "sung.txt", "lexicon")
    assert all(plain(word) == word for word in entries)
    lines = [
        line.split()[0]
        for line in (HERE / "sung.txt").read_text(encoding="utf-8").splitlines()
        if line[:1] not in ("", "#")
    ]
    groups = [word for i, word in enumerate(lines) if i == 0 or lines[i - 1] != word]
    assert len(groups) == len(set(groups)), "readings of a word stand together"


def test_hand_kept_words_keep_the_tables_counts(lexicon: Lexicon) -> None:
    """An override may leave out readings, but a count that the dictionary gives first stays possible."""
    slips = {"i'm", "ive", "yall", "st", "dr", "goin", "bein", "solely", "yeo", "leant", "d'you", "noone"}
    for word in lexicon.entries:
        listed = lexicon.table.find(word)
        if listed and word not in slips:
            assert listed[0].syllables in {r.syllables for r in lexicon.sung(word)}, word
