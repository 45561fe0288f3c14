"""`check` on literal texts: what is read, what breaks a plan, what is copied; and texts that are none."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import lyricist
from lyricist.apps.schemas import schema
from lyricist.corpus import Corpus, Line, Section, Song, lyrics_file, prepare
from lyricist.corpus.lyrics_file import read_lyrics
from lyricist.errors import InputError
from lyricist.evaluation.check import Checked, check
from lyricist.evaluation.copies import FILE, Copies, copies_of, suffix_order
from lyricist.evaluation.violations import Member, first_alike
from lyricist.plan.plan import Plan
from lyricist.prosody import Reading, default_lexicon, scheme
from lyricist.prosody.phones import bare

HYMN = """Amazing grace how sweet the sound
That saved a wretch like me
I once was lost but now am found
Was blind but now I see
"""
LIMERICK = """There was an Old Man with a beard
Who said it is just as I feared
Two owls and a hen
Four larks and a wren
Have all built their nests in my beard
"""
TWO_CHORUSES = """[Verse]
The river ran below the town
And carried all the houses down

[Chorus]
Oh carry me, carry me home
To the sea and the silver foam

[Verse]
My mother left a light for me
Above the dark and rolling sea

[Chorus]
Oh carry me, carry me home
To the sea and the silver foam
"""


def kinds(text: str, **plan: object) -> list[tuple[int | None, str]]:
    return [(v.line, v.kind) for v in check(text, Plan(**plan)).violations]  # type: ignore[arg-type]


def test_a_range_of_syllables_is_judged() -> None:
    assert kinds(HYMN, syllables="6-8") == []
    assert kinds(HYMN, syllables="7-9") == [(4, "syllables")]  # sav-ed
    found = check(HYMN, Plan(syllables="7-9")).violations  # type: ignore[arg-type]
    assert (found[0].expected, found[0].found) == ("7 to 9", "6")
    assert kinds(HYMN, syllables="4-12", metre="iambic") == [] == kinds(HYMN, syllables="4-12")


def test_drifts_of_person_and_tense_are_reported() -> None:
    assert kinds(HYMN, tense="past") == [(3, "tense"), (4, "tense")]  # am, see
    found = check(HYMN, Plan(tense="past", person="he")).violations  # type: ignore[arg-type]
    assert [(v.line, v.kind, v.expected, v.found) for v in found if v.line == 4] == [
        (4, "person", "he", "'i' (I)"), (4, "tense", "the past", "present 'see'")
    ]  # fmt: skip
    assert kinds(HYMN, tense="present") == [(3, "tense"), (4, "tense")]  # was, was
    assert kinds(HYMN, person="I") == []


def test_given_lines_do_not_drift() -> None:
    lines = HYMN.strip().splitlines()
    sections = [{"name": "verse", "text": [*lines[:3], ""]}]
    assert kinds(HYMN, person="he", tense="past", allow=True, sections=sections) == [(4, "person"), (4, "tense")]


def test_a_hymn_is_read_for_what_it_is() -> None:
    found = check(HYMN)
    assert [line.syllables for line in found.lines] == [8, 6, 8, 6]
    assert (found.scheme, found.sections[0].stanza) == ("ABAB", "common metre")
    assert [line.metre for line in found.lines] == ["iambic"] * 4
    assert found.lines[0].stress == "01011101"
    assert found.lines[1].rhyme == "IY"
    assert not found.violations and not found.copied and found.longest_copied is None


def test_a_limerick_with_its_identical_rhyme() -> None:
    found = check(LIMERICK)
    assert (found.scheme, found.sections[0].stanza) == ("AABBA", "limerick")
    assert found.lines[4].rhymes == "perfect"  # with "feared"
    assert kinds(LIMERICK, rhyme="AABBA") == [(5, "identical-rhyme")]


def test_letters_restart_in_each_section() -> None:
    assert check(TWO_CHORUSES).scheme == "AA AA AA AA"


def test_readings_are_chosen_for_the_rhyme() -> None:
    found = check("I left the old house to the wind\nAnd what I had lost I could find")
    assert found.lines[0].reading[-1].text == "W AY1 N D"
    assert found.lines[0].rhyme == found.lines[1].rhyme == "AY N D"
    assert check("I left the old house to the wind").lines[0].rhyme == "IH N D"


def test_readings_are_chosen_for_the_plan() -> None:
    hours = [check("The hours", Plan(syllables=n, lines=1)) for n in (2, 3, 4)]
    assert [f.lines[0].syllables for f in hours[:2]] == [2, 3]
    assert [len(f.violations) for f in hours] == [0, 0, 1]


def test_a_plan_may_be_met_by_the_licences_of_verse() -> None:
    text = "The heavenly towers of mutual powers\nThe river ran below the town"
    assert [line.syllables for line in check(text).lines] == [9, 8]
    found = check(text, Plan(syllables=8))
    assert not found.violations
    assert found.lines[0].reading[1].source == "licence"
    assert [line.syllables for line in found.lines] == [8, 8]
    assert kinds(text, syllables=7) == [(1, "syllables"), (2, "syllables")]


def test_a_licence_at_a_lines_end_is_what_the_line_rhymes_with() -> None:
    found = check("And all was heavenly", Plan(syllables=5))
    assert (found.lines[0].stress, found.lines[0].rhyme) == ("11110", "EH V N L IY")


def test_the_same_text_gives_the_same_json() -> None:
    data = check(TWO_CHORUSES, Plan(syllables=8)).to_json()
    jsonschema.validate(data, schema("check"))
    assert data == check(TWO_CHORUSES, Plan(syllables=8)).to_json()
    assert [line["line"] for line in data["lines"]] == list(range(1, 9))


def test_a_song_may_be_given_as_such() -> None:
    song = Song("", "", (Section("verse", tuple(map(Line, HYMN.splitlines()))),), "")
    assert check(song).to_json()["lines"] == check(HYMN).to_json()["lines"]


def test_labels_repeats_and_headers_are_understood() -> None:
    text = "Title: Rain\n\n[Verse 1]\nAm    G\nOne (x2)\n\n[Chorus]\nTwo\n[Verse 2]\n[Guitar solo]\nThree\n---\n[Chorus]\n"
    found = [(s.name, s.lines) for s in read_lyrics(text)]
    assert found == [("verse", ("One", "One")), ("chorus", ("Two",)), ("verse", ("Three",)), ("chorus", ("Two",))]


def test_no_line_is_taken_for_a_title_or_a_credit() -> None:
    text = "The first line stands alone\n\nWritten by hand\nA\n\N{SNOWMAN}"
    assert [s.lines for s in read_lyrics(text)] == [
        ("The first line stands alone",), ("Written by hand", "A", "\N{SNOWMAN}"),
    ]  # fmt: skip


# -- against a plan -------------------------------------------------------------------------------------


def test_a_text_that_satisfies_its_plan() -> None:
    plan = Plan(
        form="verse chorus verse chorus", lines=2, syllables=8, rhyme="AA", include="river, sea", start="the",
        avoid="love", acrostic="tao", refrain="To the sea and the silver foam",
    )  # fmt: skip
    assert check(TWO_CHORUSES, plan).violations == ()


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({"syllables": 7}, [(n, "syllables") for n in range(1, 9)]),
        ({"syllables": "8,7"}, [(n, "syllables") for n in (2, 4, 6, 8)]),
        ({"metre": "iambic"}, [(3, "metre"), (7, "metre")]),  # CARry on x/
        ({"rhyme": "ABAB"}, [(n, "same-sound") for n in (2, 4, 6, 8)]),  # A and B rhyme with each other
        ({"rhyme": "AA", "rhyme_with": "crown"}, [(n, "rhyme") for n in (3, 4, 5, 6, 7, 8)]),
        ({"rhyme": "AA", "form": "verse", "rhyme_with": "down"}, [(None, "section"), (2, "identical-rhyme")]),
        ({"include": "river, train"}, [(None, "include")]),
        ({"avoid": "home"}, [(3, "avoid"), (7, "avoid")]),
        ({"start": "a"}, [(1, "start")]),
        ({"acrostic": "tax"}, [(3, "acrostic")]),
        ({"refrain": "To the sea"}, [(4, "refrain"), (8, "refrain")]),
        ({"form": "verse chorus verse"}, [(None, "section")]),
        ({"form": "verse chorus bridge chorus"}, [(5, "form")]),
        ({"form": "verse chorus verse chorus", "lines": 3}, [(n, "lines") for n in (1, 3, 5, 7)]),
        ({"lines": "2,2"}, []),
        ({}, []),
    ],
)
def test_each_kind_of_violation(plan: dict[str, object], expected: list[tuple[int | None, str]]) -> None:
    assert kinds(TWO_CHORUSES, **plan) == expected


def test_what_a_plan_does_not_say_is_not_judged() -> None:
    """The writer would assume 8,6 syllables, ABAB and a chorus that comes back."""
    changed = TWO_CHORUSES[::-1].replace("emoh", "enola", 1)[::-1]
    assert kinds(changed, include="river") == []
    assert kinds(changed, form="verse chorus verse chorus", include="river") == [(7, "chorus")]
    assert kinds(changed, form="verse chorus verse chorus", include="river", keep_chorus=False) == []


def test_unclean_words() -> None:
    text = "You shitty little liar"
    assert kinds(text, lines=1) == [(1, "unclean")]
    assert kinds(text, lines=1, clean=False) == []


def test_kept_lines() -> None:
    section = {"name": "verse", "text": ["The river ran below the town", "..."]}
    assert kinds("The river ran below the town\nAnd on", sections=(section,)) == []
    assert kinds("The river ran above the town\nAnd on", sections=(section,)) == [(1, "text")]


def test_an_acrostic_longer_than_the_text() -> None:
    assert kinds("Row\nIn", form="verse", lines=5, acrostic="river") == [(None, "acrostic"), (1, "lines")]


def test_one_reading_must_satisfy_metre_and_rhyme_at_once() -> None:
    """The verb "record" is x/ and rhymes with lord, the noun is /x and does not."""
    assert kinds("I record\nMy lord", rhyme="AA", metre="xx/, ??") == []
    assert kinds("Record\nMy lord", rhyme="AA", metre="/x, ??") == [(2, "rhyme")]
    assert kinds("Record\nMy lord", rhyme="AA", metre="x/, ??") == []


def test_rhyme_groups_need_one_sound_and_different_words() -> None:
    assert kinds("The tears\nThe bears\nThe pears", rhyme="AAA") == []
    assert kinds("The tears\nThe bears\nThe years", rhyme="AAA") == [(2, "rhyme")]  # the usual "tears"
    assert kinds("The sea\nI see", rhyme="AA") == [(2, "identical-rhyme")]
    assert kinds("I leave\nBelieve", rhyme="AA") == []  # rich, but of different words
    assert kinds("The night\nThe like", rhyme="AA") == [(2, "rhyme")]
    assert kinds("The night\nThe like", rhyme="AA", rhyme_kind="near") == []
    assert kinds("The night\nThe night", rhyme="AA", rhyme_kind="near") == [(2, "identical-rhyme")]


def test_different_letters_need_different_sounds_and_lines_different_last_words() -> None:
    merged = "The night\nThe ride\nA light\nA side"
    assert kinds(merged, rhyme="ABAB") == [(2, "same-sound")]
    assert kinds(merged, rhyme="ABAB", same_sounds=True) == []
    assert kinds(merged, rhyme="ABCD") == [(n, "same-sound") for n in (2, 3, 4)]
    assert kinds(merged, rhyme="XXXX") == []
    assert kinds("The night\nThe sea\nThe light\nA sea", rhyme="AXAX") == [(4, "same-end")]
    assert kinds("The night\nThe sea\nThe light\nThe sea", rhyme="AXAX") == []  # the whole line comes back
    given = {"name": "verse", "rhyme": "ABAB", "text": merged.split("\n")}
    assert kinds(merged, sections=(given,)) == []


def test_a_light_rhyme_is_a_kind_of_its_own() -> None:
    assert kinds("So free\nEternity", rhyme="AA") == [(2, "rhyme")]
    assert kinds("So free\nEternity", rhyme="AA", rhyme_kind="light") == []
    assert kinds("The sky\nA butterfly", rhyme="AA", rhyme_kind="light") == []
    assert kinds("The night\nThe like", rhyme="AA", rhyme_kind="light") == [(2, "rhyme")]
    assert [line.rhymes for line in check("So free\nEternity").lines] == ["light", "light"]


def test_a_mosaic_rhyme_is_one_word_against_two() -> None:
    assert kinds("My letter\nI get her", rhyme="AA") == [(2, "rhyme")]
    asked = {"rhyme": "AA", "rhyme_kind": "mosaic"}
    assert kinds("My letter\nI get her", **asked) == kinds("To trim it\nA limit", **asked) == []
    assert kinds("My letter\nI get her\nI met her", rhyme="AAA", rhyme_kind="mosaic") == []
    assert kinds("My letter\nIt's better", **asked) == kinds("I get her\nI met her", **asked) == [(2, "rhyme")]
    assert kinds("My letter\nI get him", **asked) == [(2, "rhyme")]
    assert kinds("My letter\nI get her\nI get her", rhyme="AAA", rhyme_kind="mosaic") == [(3, "identical-rhyme")]
    assert kinds("My letter\nI get her", **asked, metre="x/x") == []
    assert kinds("My letter\nI get her", **asked, metre="x/x, ??/") == [(2, "rhyme")]  # HER is strong
    assert kinds("I get her", rhyme="A", rhyme_kind="mosaic", rhyme_with="letter") == []
    assert kinds("It's better", rhyme="A", rhyme_kind="mosaic", rhyme_with="letter") == [(1, "rhyme")]
    assert kinds("A letter\nA poet\nI get her\nI know it", rhyme="ABAB", rhyme_kind="mosaic") == []


def test_the_middle_of_a_line_rhymes_with_its_end() -> None:
    wrench = "She finds a wrench upon the bench\nShe sits upon a stone"
    assert kinds(wrench, internal=1) == []
    assert kinds(wrench, internal="1,2") == [(2, "internal-rhyme")]
    assert kinds("The wrench is there upon the bench", internal=1) == [(1, "internal-rhyme")]  # not at the middle
    assert kinds("The bench, the bench, I see a bench", internal=1) == [(1, "internal-rhyme")]  # the same word
    assert kinds("I see the night upon the like", internal=1) == [(1, "internal-rhyme")]
    assert kinds("I see the night upon the like", internal=1, rhyme_kind="near") == []
    assert kinds("I live or dive", internal=1, syllables=4) == []  # the adjective
    given = {"name": "verse", "text": ["She sits upon a stone"]}
    assert kinds("She sits upon a stone", internal=1, sections=(given,)) == []


def test_words_that_cannot_be_read_break_a_count_and_a_rhyme_but_no_freedom() -> None:
    text = "\u0421\u043b\u043e\u0432\u043e \N{SNOWMAN}\n\N{SNOWMAN}\nThe end"
    found = check(text)
    assert [line.text for line in found.lines] == text.split("\n")
    assert [line.unread for line in found.lines] == [
        ("\u0441\u043b\u043e\u0432\u043e", "\N{SNOWMAN}"),
        ("\N{SNOWMAN}",),
        (),
    ]
    assert [line.syllables for line in found.lines] == [0, 0, 2]
    assert kinds(text, syllables=2, rhyme="AXA") == [(1, "syllables"), (1, "rhyme"), (2, "syllables")]


def test_words_no_lexicon_has_are_guessed_and_marked() -> None:
    assert check("A frindle in the hall").lines[0].guessed == ("frindle",)


def test_a_lexicon_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("frindle  F R IH1 N D\n")
    mine = default_lexicon().extended(tmp_path / "mine.txt")
    assert check("A frindle", lexicon=mine).lines[0].syllables == 2


# -- against a corpus -----------------------------------------------------------------------------------


def songs(*texts: str) -> list[Song]:
    return [
        Song(f"Song {i}", "Jo", (Section("verse", tuple(map(Line, text.splitlines()))),), "s.txt")
        for i, text in enumerate(texts, 1)
    ]


def longest_by_hand(texts: list[list[str]], words: list[str]) -> list[int]:
    def common(i: int, text: list[str], p: int) -> int:
        n = 0
        while i + n < len(words) and p + n < len(text) and words[i + n] == text[p + n]:
            n += 1
        return n

    return [max((common(i, t, p) for t in texts for p in range(len(t))), default=0) for i in range(len(words))]


@pytest.mark.parametrize("seed", range(40))
def test_runs_are_those_found_by_hand(seed: int) -> None:
    rng = random.Random(seed)
    letters = "abcdefghijklmnop"[: rng.choice([1, 2, 3, 6, 16])]
    texts = [" ".join(rng.choice(letters) for _ in range(rng.randint(1, 25))) for _ in range(rng.randint(1, 6))]
    texts += texts[:2] * rng.randint(0, 4)  # whole songs several times
    words = [rng.choice(letters + "z") for _ in range(rng.randint(0, 40))]
    lengths = longest_by_hand([t.split() for t in texts], words)
    index = Copies.of(songs(*texts))
    for least in (1, 3, 6):
        found, longest = index.runs(words, least)
        expected, end = [], 0
        for i, n in enumerate(lengths):
            expected += [(i, n)] if n >= least and i + n > end else []
            end = max(end, i + n)
        assert ([(run.start, run.length) for run in found], longest) == (expected, max(lengths, default=0))
        for run in found:
            span = words[run.start : run.start + run.length]
            places = [
                (s, p)
                for s, t in enumerate(texts)
                for p in range(len(t.split()))
                if t.split()[p : p + run.length] == span
            ]
            assert len(places) == run.times and index.where(run.place)[0] == places[0][0]


def test_the_order_of_suffixes() -> None:
    ids = np.array([1, 0, 1, 0, 2, 1, 0, 1, 3], dtype=np.uint32)
    assert suffix_order(ids, 2).tolist() == sorted(range(9), key=lambda p: ids[p:].tolist())


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    texts = [f"Title: Song {c}\n" + "\n".join(f"the {c} of {w} goes on and on" for w in "uvwxyz") for c in "abcdefgh"]
    return prepare(texts=texts, out=tmp_path / "corpus")


def test_what_is_copied_is_told_with_its_place(corpus: Corpus) -> None:
    text = "He said THE c\nof w, goes\non! And so it goes on"
    found = check(text, against=corpus)
    assert [(r.line, r.text, r.length) for r in found.copied] == [(1, "the c of w goes on and", 7)]
    assert (found.copied[0].source, found.copied[0].source_line, found.copied[0].times) == ("Song c", 3, 1)
    assert found.longest_copied == 7
    assert check(text, against=corpus, run=8).copied == ()
    assert check(text, Plan(max_copy=7, lines=3), against=corpus).copied == ()
    assert len(check(text, against=corpus, run=2).copied) > 1


def test_no_run_goes_from_one_song_to_the_next() -> None:
    index = Copies.of(songs("a b c", "d e f"))
    assert [(r.start, r.length) for r in index.runs(list("abcdef"), 1)[0]] == [(0, 3), (3, 3)]


def test_lines_the_plan_gives_are_marked(corpus: Corpus) -> None:
    plan = Plan(sections=({"name": "verse", "text": ["The c of w goes on", "..."]},))
    found = check("The c of w goes on\nThe d of x goes on", plan, against=corpus)
    assert [run.given for run in found.copied] == [True, False]


def test_the_index_is_kept_and_made_again_when_the_songs_change(corpus: Corpus, tmp_path: Path) -> None:
    made = copies_of(corpus)
    kept = corpus.path / FILE
    before = kept.read_bytes()
    assert copies_of(corpus).order.tolist() == made.order.tolist()
    assert kept.read_bytes() == before
    kept.write_bytes(before[: len(before) // 2])  # cut off
    assert copies_of(corpus).order.tolist() == made.order.tolist()
    assert kept.read_bytes() == before
    other = prepare(texts=[f"a different song {c} goes on and on for ever" for c in "abc"], out=tmp_path / "other")
    kept_of_other = other.path / FILE
    kept_of_other.write_bytes(before)
    assert len(copies_of(other).order) != len(made.order)
    assert kept_of_other.read_bytes() != before


def test_a_corpus_that_cannot_be_written_to(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, pieces: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("lyricist.evaluation.copies.replace_file", refuse)
    assert check("The c of w goes on and", against=corpus).longest_copied == 7
    assert not (corpus.path / FILE).exists()


def test_songs_in_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "rain.txt").write_text("One and two and three and four\nIt rains")
    for against in (tmp_path / "songs", tmp_path / "songs" / "rain.txt"):
        found = check("And two and three and four it", against=against)
        assert [(run.length, run.source_line) for run in found.copied] == [(7, 1)]
        assert "rain" in found.copied[0].source


def test_against_a_run_means_the_songs_it_was_trained_on(corpus: Corpus, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.json").write_text("{}")
    with pytest.raises(InputError, match="keeps no corpus of its own"):
        check("The c of w goes on and", against=run)
    shutil.copytree(corpus.path, run / "corpus")
    assert check("The c of w goes on and", against=run).longest_copied == 7


# -- texts that are none --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no lyrics"),
        (b"\n \n[Chorus]\n", "no lyrics"),
        (bytes(range(256)) * 40, "binary"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "picture"),
        (b"PK\x03\x04zip", "ZIP"),
    ],
)
def test_files_without_lyrics(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(data)
    with pytest.raises(InputError, match=told) as error:
        check(path)
    assert "\n" not in str(error.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        check(tmp_path / "none.txt")
    with pytest.raises(InputError, match="cannot be read"):
        check(tmp_path)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1"])
def test_any_usual_encoding(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("The caf\u00e9 is closed\nMy na\u00efve heart\n".encode(codec))
    assert [line.text for line in check(path).lines] == ["The caf\u00e9 is closed", "My na\u00efve heart"]


def test_other_readers_by_suffix(tmp_path: Path) -> None:
    path = tmp_path / "song.lrc"
    path.write_text("[ti:Rain]\n[00:01.00]The rain came down\n[00:03.00]All over town\n")
    assert check(path).scheme == "AA"


@pytest.mark.parametrize(
    "text", ["\N{SNOWMAN}", "a" * 5000, "la " * 3000, "\u202e\u0301\u0301", "x/x/", "'" * 50 + "a", "1984 3.5 7th"]
)
def test_odd_lines_are_listed_and_do_no_harm(text: str) -> None:
    found = check("Before\n" + text + "\nAfter", Plan(syllables=8, rhyme="AAA", metre="iambic"))
    assert len(found.lines) in (2, 3)
    jsonschema.validate(found.to_json(), schema("check"))


def test_nothing_at_all() -> None:
    assert isinstance(lyricist.check(""), Checked)
    assert lyricist.check("", Plan(rhyme="AA")).scheme == ""


def test_a_long_text_takes_no_more_than_its_share() -> None:
    """Ten times the text, about ten times the work: no stanza is compared with all others."""
    stanza = "The river ran below the town\nAnd carried all the houses down\n\n"
    assert len(check(stanza * 3000).sections) == 3000


@pytest.mark.full
def test_ten_megabytes(tmp_path: Path) -> None:
    """A shelf of books: stanzas of changing words, two of which no lexicon has."""
    rng = random.Random(0)
    words = [*{word for line in (HYMN + LIMERICK + TWO_CHORUSES).splitlines() for word in line.split()}, "frindle"]
    path = tmp_path / "books.txt"
    with path.open("w") as out:
        while out.tell() < 10_000_000:
            lines = (" ".join(rng.choices(words, k=7)) for _ in range(400))
            out.writelines(line + ("\n\n" if i % 4 == 3 else "\n") for i, line in enumerate(lines))
    found = check(path)
    assert len(found.sections) == len(found.lines) // 4 > 60_000


def test_lines_that_rhyme_alike_are_compared_with_few_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work of a section of lines of one rhyme grows with their number, not with its square."""
    calls: list[Reading] = []
    monkeypatch.setattr(scheme, "kind_of", lambda a, b: calls.append(a) or "perfect")
    night = [[Reading.of("N AY1 T")]] * 100
    assert set(scheme.rhyme_kinds(scheme.find_scheme(night, range(100)), night)) == {"perfect"}
    assert len(calls) < 100 * 2 * (scheme.REACH + 1)


def ended(*words: str) -> list[Member]:
    """Lines that end on these words, each of a voice of its own."""
    of = {word: tuple(("", reading) for reading in default_lexicon().readings(word)) for word in words}
    sounds = {word: frozenset(tuple(bare(reading.phones)) for _, reading in of[word]) for word in words}
    return [Member(i, word, i, of[word], sounds[word]) for i, word in enumerate(words)]


def test_the_first_line_that_sounds_the_same_is_named() -> None:
    lines = ended("sea", "night", "see", "sea", "knight")
    assert [found and found.line for found in first_alike(lines)] == [None, None, 0, 0, 1]
    chorus = [replace(line, voice=0) for line in ended("sea", "see", "sea")]
    assert [found and found.line for found in first_alike([*chorus, *ended("sea", "sea")[1:]])] == [None] * 3 + [0]


def test_a_text_of_too_many_lines_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lyrics_file, "MAX_LINES", 3)
    with pytest.raises(InputError, match="more than 3 lines: check a part of it"):
        lyrics_file.read_bytes(b"a\nb\nc\nd\ne\n", "song.txt")


def test_words_are_kept_once() -> None:
    lines = check("the river runs\nthe river sleeps").lines
    assert lines[0].words[1] is lines[1].words[1]
