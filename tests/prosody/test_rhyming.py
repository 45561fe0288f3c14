"""The search of the whole table, against judging every word of it; what `rhymes` gives and in which order."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import lyricist
from lyricist.errors import InputError
from lyricist.evaluation.rhymes import group
from lyricist.prosody import Lexicon, default_lexicon
from lyricist.prosody.lexicon import read_codes
from lyricist.prosody.phones import Reading
from lyricist.prosody.rhyme import NEAR, RANK, Kind, find_rhymes, in_table, kind, near_kind


def every_reading(lexicon: Lexicon) -> list[tuple[str, Reading]]:
    """All words of table and entries, a part of the table only: judging each one is slow."""
    table = sorted(lexicon.table.all().items())[::23]
    words = [(word.decode(), reading) for word, codes in table for reading in read_codes(codes)]
    own = [(word, reading) for word, readings in lexicon.entries.items() for reading in readings]
    return [(word, reading) for word, reading in words if word not in lexicon.entries] + own


@pytest.mark.parametrize("word", ["love", "memory", "the", "wind", "butterfly", "me"])
def test_nothing_is_missed_and_nothing_added(word: str) -> None:
    lexicon = default_lexicon()
    found = {r.word: (RANK[r.kind], NEAR.index(r.near)) for r in find_rhymes(word, lexicon)}
    judged: dict[str, tuple[int, int]] = {}
    for other, reading in every_reading(lexicon):
        for mine in lexicon.readings(word):
            how: Kind | None = kind(mine, reading)
            if how and other != word:
                rank = RANK[how], NEAR.index(near_kind(mine, reading) if how == "near" else None)
                judged[other] = min(rank, judged.get(other, rank))
    assert judged.items() <= found.items()
    read = dict(in_table(lexicon.readings(word), lexicon))
    assert found.keys() <= read.keys()


def words(*arguments: object, **options: object) -> list[str]:
    return [r.word for r in lyricist.rhymes(*arguments, **options)]  # type: ignore[arg-type]


def test_kinds() -> None:
    assert {"dove", "above", "glove"} <= set(words("love", "perfect"))
    assert "believe" in words("leave", "identical") and "sleeve" not in words("leave", "identical")
    assert {"like", "strike"} <= set(words("night", "near")) and "light" not in words("night", "near")
    assert "night" not in words("night")


def test_a_word_with_two_readings_rhymes_in_both() -> None:
    found = {r.word: r.with_reading.text for r in lyricist.rhymes("wind", "perfect")}
    assert found["pinned"] == "W IH1 N D" and found["find"] == "W AY1 N D"


def test_phrases_of_two_words_rhyme_with_one() -> None:
    assert {"get her", "forget her", "met her"} <= set(words("letter", "mosaic"))
    assert "let her" not in words("letter", "mosaic")  # the same syllable
    assert {"know it", "show it"} <= set(words("poet", "mosaic"))
    assert words("free", "mosaic") == []


def test_kinds_are_labelled() -> None:
    found = {r.word: r.kind for r in lyricist.rhymes("free")}
    assert (found["tree"], found["eternity"], found["freeze"]) == ("perfect", "light", "near")
    assert {r.word: r.kind for r in lyricist.rhymes("light")}["starlight"] == "identical"
    assert "the" not in words("selfie", "perfect")


def test_words_that_no_song_uses_come_last() -> None:
    """The bundled songs say "above" and "doves", a surname never: its rank is after those of all other words."""
    found = words("love", "perfect", syllables=2)
    assert found.index("above") < found.index("deneuve")


def test_rhymes_whose_sound_is_guessed_are_marked() -> None:
    found = lyricist.rhymes("spindle", words=["frindle", "kindle"])
    assert {r.word: r.guessed for r in found} == {"kindle": False, "frindle": True}


def test_syllables_and_stress() -> None:
    assert all(r.reading.syllables == 2 for r in lyricist.rhymes("love", syllables=2))
    stressed = lyricist.rhymes("love", stress="01")
    assert stressed and all(r.reading.stress in ("01", "02") for r in stressed)


def test_closest_first_then_shortest_then_commonest() -> None:
    found = lyricist.rhymes("moon")
    assert [group(r) for r in found] == sorted(group(r) for r in found)
    first = [r.word for r in found][:40]
    assert first.index("soon") < first.index("loon")  # the bundled songs say the one often and the other never
    assert words("moon", words=["june", "soon", "moon", "tune", "shoe", "river"])[:3] == ["june", "soon", "tune"]


def test_words_of_a_list_may_be_derived_or_guessed() -> None:
    assert "groovin'" in words("movin'", words=["groovin'", "<line>", "zzyzx", "\N{SNOWMAN}"])
    assert words("frindle")


def test_slurs_are_left_out_unless_asked_for() -> None:
    assert "bitch" not in words("rich", "perfect") and "bitch" in words("rich", "perfect", clean=False)


def test_a_lexicon_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("orange  AO1 R IH0 N JH\nblorenge  B L AO1 R IH0 N JH\n")
    mine = default_lexicon().extended(tmp_path / "mine.txt")
    assert words("orange", "perfect", lexicon=mine) == ["blorenge"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("\N{SNOWMAN}",), "cannot be read aloud"),
        (("\u0441\u043b\u043e\u0432\u043e",), "cannot be read aloud"),
        (("",), "cannot be read aloud"),
        (("two words",), "2 words"),
        (("love", "rich"), "--kind 'rich'"),
        (("love", "all", 0), "--syllables 0"),
        (("love", "all", None, "x/"), "--stress 'x/'"),
    ],
)
def test_bad_calls_are_one_line(arguments: tuple[object, ...], told: str) -> None:
    names = ("word", "kind", "syllables", "stress")
    with pytest.raises(InputError, match=told) as error:
        lyricist.rhymes(**dict(zip(names, arguments, strict=False)))  # type: ignore[arg-type]
    assert "\n" not in str(error.value)


def test_the_search_is_quick() -> None:
    """Not a benchmark: far above what it takes, so that only a search word by word fails (seconds)."""
    find_rhymes("love", default_lexicon())
    begun = time.process_time()
    find_rhymes("day", default_lexicon())
    assert time.process_time() - begun < 2
