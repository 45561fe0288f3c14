"""The independent judge finds every kind of violation, and nothing in a song that keeps its plan.

The dictionary is a literal extract in CMUdict's format, so nothing is downloaded.
"""

from __future__ import annotations

import ast
import copy
import json
from pathlib import Path
from typing import Any

import pytest

import copy_search
from oracle.judge import Copies, judge, tally
from oracle.plan_form import expand
from oracle.sound import light_tail_of, may_stand, parse_cmudict, tail_of

CMU = parse_cmudict(
    """
a AH0
a(2) EY1
above AH0 B AH1 V
and AH0 N D
believe B IH0 L IY1 V
butterfly B AH1 T ER0 F L AY2
dove D AH1 V
dove(2) D OW1 V
drove D R OW1 V
better B EH1 T ER0
get G EH1 T
her HH ER1
letter L EH1 T ER0
met M EH1 T
fire F AY1 ER0
fire(2) F AY1 R
free F R IY1
freeze F R IY1 Z # verb
i AY1
leave L IY1 V
light L AY1 T
like L AY1 K
love L AH1 V
loving L AH1 V IH0 NG
memory M EH1 M ER0 IY0
my M AY1
night N AY1 T
river R IH1 V ER0
sea S IY1
see S IY1
the DH AH0
"""
)


def line(text: str, *readings: str, **changed: Any) -> dict[str, Any]:
    """A line as the writer tells it; a word without a reading of its own has the dictionary's first."""
    words = text.split()
    told = {i: r for i, r in enumerate(readings) if r}
    reading = [told.get(i) or " ".join(CMU[w.lower().strip(",.!")][0]) for i, w in enumerate(words)]
    stress = "".join(c for c in " ".join(reading) if c.isdigit())
    fields = {"text": text, "words": words, "reading": reading, "syllables": len(stress), "stress": stress}
    return fields | {"rhyme": tail_of(tuple(reading[-1].split()))} | changed


def song(*lines: dict[str, Any], name: str = "verse") -> dict[str, Any]:
    return {"title": "", "seed": 0, "nll_per_word": 1.0, "sections": [{"name": name, "lines": list(lines)}]}


def plan(count: int = 1, **more: Any) -> dict[str, Any]:
    return expand({"form": ["verse"], "lines": [count], "syllables": [4], "max_copy": 5} | more)


def kinds(made: dict[str, Any], asked: dict[str, Any], corpus: Any = None, strict: bool = False) -> list[str]:
    return [v.kind for v in judge(made, asked, corpus, dictionary=CMU, strict=strict)]


RIVER = line("The river and")  # x/xx
LOVE, ABOVE = line("I see my love"), line("The night above")


def test_a_song_that_keeps_everything() -> None:
    asked = plan(2, metre=["iambic"], rhyme=["AA"], rhyme_with="dove", include=["see"], avoid=["like"], start="I")
    assert kinds(song(LOVE, ABOVE), asked | {}, [["see my love the night"]]) == []
    assert kinds(song(LOVE, ABOVE), plan(2, acrostic="it")) == []


VIOLATIONS = {
    "sections": (song(RIVER, name="chorus"), plan()),
    "lines": (song(RIVER, RIVER), plan()),
    "syllables": (song(RIVER), plan(syllables=[5])),
    "metre: a strong syllable on a weak slot": (song(RIVER), plan(metre=["xxx/"])),
    "metre: a weak syllable beside a strong one on a strong slot": (song(line("I see loving")), plan(metre=["x?//"])),
    "metre: a given line too": (
        song(RIVER),
        expand({"sections": [{"name": "verse", "metre": ["/xx/"], "text": ["The river and"]}]}),
    ),
    "rhyme: other consonants": (song(line("The like and like"), line("The sea my night")), plan(2, rhyme=["AA"])),
    "rhyme: no near key either": (song(LOVE, line("The love my night")), plan(2, rhyme=["AA"], rhyme_kind="near")),
    "rhyme: near is not perfect": (song(line("my my my night"), line("my my my like")), plan(2, rhyme=["AA"])),
    "rhyme: with the plan's word": (song(LOVE), plan(rhyme=["A"], rhyme_with="night")),
    "rhyme: no joint reading": (
        song(line("my my my dove"), line("my my my love"), line("my my my drove")),
        plan(3, rhyme=["AAA"]),
    ),
    "repeat: the same word": (song(LOVE, line("my my my love")), plan(2, rhyme=["AA"])),
    "repeat: the whole line, unasked": (song(LOVE, LOVE), plan(2, rhyme=["AA"])),
    "repeat: homophones": (song(line("my my my sea"), line("my my my see")), plan(2, rhyme=["AA"])),
    "repeat: the plan's own word": (song(LOVE), plan(rhyme=["A"], rhyme_with="love")),
    "include": (song(RIVER), plan(include=["rivers"])),
    "avoid": (song(RIVER), plan(avoid=["River"])),
    "start": (song(RIVER), plan(start="my")),
    "acrostic": (song(LOVE, ABOVE), plan(2, acrostic="ia")),
    "kept": (song(RIVER), expand({"sections": [{"name": "verse", "text": ["The river, love"]}]})),
    "kept: the refrain": (song(RIVER), plan(refrain="The river love")),
    "kept-spelling": (song(RIVER), expand({"sections": [{"name": "verse", "text": ["The river, and"]}]})),
    "same": (
        {"sections": [{"name": "chorus", "lines": [LOVE]}, {"name": "chorus", "lines": [ABOVE]}]},
        plan(form=["chorus", "chorus"]),
    ),
    "json: syllables": (song(line("The river and", syllables=5)), plan()),
    "json: stress": (song(line("The river and", stress="1100")), plan()),
    "json: rhyme": (song(line("I see my love", rhyme="V")), plan()),
    "json: words": (song(line("The river and", words=["the", "river", "love"])), plan()),
    "json: no reading": (song(line("The river and", reading=None)), plan()),
    "json: readings too few": (song(line("The river and", reading=["DH AH0"])), plan()),
    "json: no phones": (song(line("The river and", "DH AX0")), plan()),
    "json: a vowel without digit": (song(line("The river and", "DH AH")), plan()),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_each_violation_is_found_and_no_other(name: str) -> None:
    made, asked = VIOLATIONS[name]
    kind = name.split(":")[0]
    assert set(kinds(made, asked)) == {kind}


def test_copies_across_line_ends_and_whole_lines() -> None:
    made = song(line("The river and"), line("I see the love"))
    corpus = [["My river", "river, and I SEE the night", "the river"], ["And love love love love"]]
    assert kinds(made, plan(2), corpus) == []
    assert kinds(made, plan(2, max_copy=3), corpus) == ["copy-run", "copy-run"]
    assert kinds(made, plan(2, max_copy=0), corpus) == []
    whole = song(line("I see the love my", syllables=5))
    assert kinds(whole, plan(syllables=[5]), [["I see the love, my!"]]) == ["copy-line"]
    assert kinds(whole, plan(syllables=[5]), [["and I see the love my"]]) == []  # five words, but not a whole line


def test_given_lines_may_be_copies_but_not_what_joins_them() -> None:
    corpus = [["the river and", "I see my love", "the night above"]]
    asked = {"name": "verse", "lines": 3, "syllables": [4], "text": ["The river and", "I see my love"]}
    made = song(RIVER, LOVE, ABOVE)
    found = judge(made, expand({"sections": [asked]}), corpus, dictionary=CMU)
    assert [(v.kind, v.line, v.found) for v in found] == [
        ("copy-run", 3, "and i see my love the"),
        ("copy-run", 3, "i see my love the night"),
        ("copy-run", 3, "see my love the night above"),
    ]
    asked["text"] = ["The river and", "I see my love", "The night above"]
    assert kinds(made, expand({"sections": [asked]}), corpus) == []


def test_a_line_that_comes_back_may_repeat_its_words() -> None:
    chorus = {"name": "chorus", "lines": [LOVE, ABOVE]}
    made = {"sections": [chorus, copy.deepcopy(chorus)]}
    assert kinds(made, plan(2, form=["chorus", "chorus"], rhyme=["AA"])) == []


def test_committed_readings_outside_the_dictionary_are_judged_both_ways() -> None:
    elided = song(line("The river and my", "", "R IH1 V R"))
    assert kinds(elided, plan()) == []
    assert kinds(elided, plan(), strict=True) == ["syllables"]
    assert tally(elided, CMU) == {"words": 4, "absent": 0, "unlisted": 1}
    unknown = song(line("The zyzzyva", "", "Z IH1 Z AH0 V AH0"))
    assert kinds(unknown, plan()) == kinds(unknown, plan(), strict=True) == []
    assert tally(unknown, CMU)["absent"] == 1


def test_strict_needs_one_joint_reading() -> None:
    odd = "D UW1 V"  # no reading of dove
    one = song(line("my my my dove", "", "", "", odd), line("my my my love"))
    assert kinds(one, plan(2, rhyme=["AA"])) == ["rhyme"]
    assert kinds(one, plan(2, rhyme=["AA"]), strict=True) == []
    three = song(line("my my my love"), line("my my my drove"), line("my my my dove", "", "", "", odd))
    assert kinds(three, plan(3, rhyme=["AAA"]), strict=True) == ["rhyme"]


def test_mosaic_rhymes_have_one_word_against_two() -> None:
    asked = plan(2, rhyme=["AA"], rhyme_kind="mosaic")
    letter, better = line("my my letter"), line("my my better")
    get, met = (line(f"my my {word} her", "", "", "", "HH ER0") for word in ("get", "met"))
    assert kinds(song(letter, get), asked) == kinds(song(get, letter), asked) == []
    assert kinds(song(letter, better), asked) == kinds(song(get, met), asked) == ["rhyme"]
    assert kinds(song(letter, get, met), plan(3, rhyme=["AAA"], rhyme_kind="mosaic")) == []
    assert kinds(song(letter, get, get), plan(3, rhyme=["AAA"], rhyme_kind="mosaic")) == ["repeat"]
    assert kinds(song(letter, line("my my night her")), asked) == ["rhyme"]


def test_the_middle_of_a_line_rhymes_with_its_end() -> None:
    asked = plan(1, internal=[1])
    assert kinds(song(line("my love above", syllables=4)), asked) == []
    assert kinds(song(LOVE), asked) == kinds(song(line("love my my love")), asked) == ["internal-rhyme"]
    assert kinds(song(line("my night my like")), plan(1, internal=[1], rhyme_kind="near")) == []


def test_rich_rhymes_and_near_rhymes_pass() -> None:
    rich = song(line("my my my leave"), line("my my believe"))
    assert kinds(rich, plan(2, rhyme=["AA"])) == []
    near = song(line("my my my free"), line("my my my freeze"), line("my my my leave"))
    assert kinds(near, plan(3, rhyme=["AAA"], rhyme_kind="near")) == []


@pytest.mark.parametrize(
    ("phones", "tail"),
    [
        ("L AH1 V", "AH V"),
        ("B AH1 T ER0 F L AY2", "AH T ER F L AY"),
        ("M EH1 M ER0 IY0", "EH M ER IY"),
        ("DH AH0", "AH"),
    ],
)
def test_tails(phones: str, tail: str) -> None:
    assert tail_of(tuple(phones.split())) == tail


@pytest.mark.parametrize(
    ("phones", "tail"),
    [
        ("L AH1 V", "AH V"),
        ("B AH1 T ER0 F L AY2", "AY"),
        ("M EH1 M ER0 IY0", "IY"),
        ("R IH1 V ER0", "IH V ER"),
        ("DH AH0", "AH"),
    ],
)
def test_light_tails(phones: str, tail: str) -> None:
    assert light_tail_of(tuple(phones.split())) == tail


def test_different_letters_differ_in_their_vowels_and_lines_in_their_last_words() -> None:
    night, like, see, sea = (line(f"The my my {word}") for word in ("night", "like", "see", "sea"))
    assert kinds(song(night, see, like, sea), plan(4, rhyme=["ABCD"])) == ["same-sound", "same-sound"]
    assert kinds(song(night, see, like, sea), plan(4, rhyme=["ABCD"], same_sounds=True)) == []
    assert kinds(song(night, see, like, sea), plan(4, rhyme=["XXXX"])) == []
    assert kinds(song(night, RIVER, line("I see my night")), plan(3)) == ["same-end"]
    given = {"name": "verse", "lines": 3, "rhyme": "ABC", "text": ["The my my night", "The my my like", "..."]}
    assert kinds(song(night, like, see), expand({"sections": [given]})) == []
    given["text"] = ["The my my night", "...", "..."]
    assert kinds(song(night, like, see), expand({"sections": [given]})) == ["same-sound"]


@pytest.mark.parametrize(
    ("stress", "slots", "kept"),
    [
        ("1", "x", True),
        ("0", "/", True),
        ("10", "/x", True),
        ("10", "x/", False),
        ("10", "//", False),
        ("10", "?/", False),
        ("10", "??", True),
        ("102", "/xx", True),
        ("102", "/x/", True),
        ("201", "x//", False),
        ("100", "/x/", True),
        ("100", "//x", False),
    ],
)
def test_the_law_of_metre(stress: str, slots: str, kept: bool) -> None:
    assert may_stand(stress, slots) is kept


def test_a_plan_is_expanded_with_cycles_and_fresh_letters() -> None:
    form = expand({"form": ["verse", "bridge"], "lines": [5, 2], "syllables": [4, 3], "rhyme": ["AB", "XA"]})
    verse, bridge = form["sections"]
    assert [x["group"] for x in verse["lines"]] == [0, 1, 2, 3, 4]
    assert [x["group"] for x in bridge["lines"]] == [None, 5]
    assert [x["templates"] for x in verse["lines"]] == [["????"], ["???"], ["????"], ["???"], ["????"]]
    named = expand({"form": ["verse"], "lines": [2], "metre": ["anapestic", "x/?"], "syllables": [8, 3]})
    assert [x["templates"] for x in named["sections"][0]["lines"]] == [["x/xx/xx/"], ["x/?"]]


def test_copy_search_finds_runs_lines_and_the_longest(tmp_path: Path) -> None:
    songs, corpus = tmp_path / "songs.jsonl", tmp_path / "corpus.jsonl"
    one = song(line("The river and"), line("I see the love"), line("Night night night"))
    songs.write_text("\n".join(json.dumps(s) for s in (one, song(line("I see my love and night")))) + "\n")
    train = {"split": "train", "sections": [{"name": "verse", "lines": ["a river", "River and I; see the LOVE!"]}]}
    held = {"split": "test", "sections": [{"name": "verse", "lines": ["I see my love and night"]}]}
    corpus.write_text("\n".join(json.dumps(s) for s in (train, held)) + "\n")
    found = copy_search.search(copy_search.written_songs(songs, 0), copy_search.corpus_songs([corpus]), run=6)
    assert (found["songs"], found["lines"], found["words"]) == (2, 4, 16)
    assert (found["runs"], found["whole_lines"], found["longest"]) == (1, 0, 6)
    assert found["longest_run"] == "river and i see the love"
    assert (found["songs_with_a_run"], found["songs_with_a_line"]) == (1, 0)
    assert len(list(copy_search.corpus_songs([corpus], "test")())) == 1


def test_the_oracle_imports_nothing_of_the_package() -> None:
    for path in (Path(__file__).parent / "oracle").glob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        names = {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
        names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        assert not [name for name in names if name.split(".")[0] == "lyricist"], path.name


def test_copies_are_counted_within_a_song_only() -> None:
    assert Copies([["one two", "three"], ["four"]]).of(3) == {("one", "two", "three")}
