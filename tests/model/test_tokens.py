from __future__ import annotations

import pytest

from lyricist.corpus import Line, Section, Song
from lyricist.corpus.tokenizer import CharTokenizer, WhitespaceTokenizer, WordTokenizer, tokenizer_named
from lyricist.errors import InputError, RunError
from lyricist.model.tokens import SPECIALS, Vocabulary, display_forms, song_tokens


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Don't stop", ["don't", "stop"]),
        ("O'er the hills and far away", ["o'er", "the", "hills", "and", "far", "away"]),
        ("I'm lovin' it", ["i'm", "lovin'", "it"]),
        ("Na-na-na, hey!", ["na-na-na", "hey"]),
        ("'Cause I said so", ["'cause", "i", "said", "so"]),
        ("'Tis the season; 'twas night", ["'tis", "the", "season", "'twas", "night"]),
        ("rock 'n' roll", ["rock", "'n'", "roll"]),
        ("'Come home,' she said", ["come", "home", "she", "said"]),
        ("the stars' light", ["the", "stars'", "light"]),
        ("'Count the stars', he sang", ["count", "the", "stars", "he", "sang"]),
        ("wait\u2014what?", ["wait", "what"]),
        ("It\u2019s 9:30 and the 24/7 is closed", ["it's", "9:30", "and", "the", "24/7", "is", "closed"]),
        ("caf\u00e9 na\u00efve \u00c9t\u00e9", ["café", "naïve", "été"]),
        ("--- !!! ...", []),
        ("th' ol' man o' war", ["th'", "ol'", "man", "o'", "war"]),
        ("bumper-to-bumper -- stop", ["bumper-to-bumper", "stop"]),
    ],
)
def test_words_of_a_line(line: str, words: list[str]) -> None:
    assert WordTokenizer().split(line) == words


def test_word_split_is_idempotent() -> None:
    line = "'Cause the stars' light's o'er na-na, lovin' th' \"quoted\" 'phrase' 24/7"
    once = WordTokenizer().split(line)
    assert WordTokenizer().split(" ".join(once)) == once


def song(*sections: tuple[str, list[str]]) -> Song:
    return Song("", "", tuple(Section(n, tuple(Line(t) for t in lines)) for n, lines in sections), "")


def test_one_break_stands_between_two_lines() -> None:
    tokens = song_tokens(song(("verse", ["A b", "c"]), ("chorus", ["D"])), WordTokenizer())
    assert tokens == ["<song>", "<verse>", "a", "b", "<line>", "c", "<chorus>", "d", "<end>"]


def test_whitespace_takes_text_as_it_is() -> None:
    tokens = song_tokens(song(("verse", ["the <unk> N 's", "Mr. X"])), WhitespaceTokenizer())
    assert tokens == ["the", "<unk>", "N", "'s", "<eos>", "Mr.", "X", "<eos>"]


def test_characters_keep_case_and_punctuation() -> None:
    assert song_tokens(song(("verse", ["Oh, no"])), CharTokenizer())[2:-1] == list("Oh, no")


def vocabulary(*words: str, tokenizer: str = "word") -> Vocabulary:
    return Vocabulary([*sorted(SPECIALS), *words], tokenizer, {"london": "London"})


def test_written_lines_read_like_lyrics() -> None:
    v = vocabulary("and", "i'm", "in", "london", "i", "'cause")
    assert v.write_line(["and", "i'm", "in", "london"]) == "And I'm in London"
    assert v.write_line(["'cause", "i"]) == "'Cause I"


def test_decode_undoes_encode_up_to_case_and_punctuation() -> None:
    v = vocabulary("rain", "on", "the", "town", "oh", "stay")
    original = song(("verse", ["Rain, on the town!", "The rain"]), ("chorus", ["Oh, stay"]))
    back = v.decode(v.encode(original))
    assert [s.name for s in back.sections] == ["verse", "chorus"]
    assert [[line.text for line in s.lines] for s in back.sections] == [
        ["Rain on the town", "The rain"],
        ["Oh stay"],
    ]


def test_words_outside_the_vocabulary_become_unk() -> None:
    v = vocabulary("rain")
    assert [v.tokens[i] for i in v.encode(song(("verse", ["Rain zyx"])))] == [
        "<song>",
        "<verse>",
        "rain",
        "<unk>",
        "<end>",
    ]


def test_vocabulary_survives_json() -> None:
    v = vocabulary("rain", "'cause", "été")
    back = Vocabulary.from_json(v.to_json())
    assert (back.tokens, back.display, back.tokenizer.name) == (v.tokens, v.display, "word")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"tokens": ["a"], "tokenizer": "word", "display": {}}', "\x00\x01"]
)
def test_damaged_vocabulary_is_one_clear_line(text: str) -> None:
    with pytest.raises(RunError, match="damaged") as e:
        Vocabulary.from_json(text, "vocab.json")
    assert "\n" not in str(e.value)


def test_unknown_tokenizer_names_the_known_ones() -> None:
    with pytest.raises(InputError, match="bpe.*word, char, whitespace"):
        tokenizer_named("bpe")


def test_names_are_written_with_their_capital() -> None:
    lines = [
        "We drove to London town",
        "Back in London, in May",
        "May I go",
        "You may, they may",
        "IN LONDON TOWN",
    ]
    assert display_forms(lines, WordTokenizer()) == {"london": "London"}
