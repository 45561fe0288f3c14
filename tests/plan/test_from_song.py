"""Plans read off songs and drafts; the law is that the song satisfies the plan read off it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import lyricist
from lyricist.corpus import Line, Section, Song
from lyricist.corpus.samples import FOLDER
from lyricist.errors import InputError
from lyricist.plan.fields import SectionPlan
from lyricist.plan.from_draft import plan_draft
from lyricist.plan.from_song import fill, perfect_scheme, plan_like, read_song
from lyricist.plan.given_lines import find_faults, validate_given_lines
from lyricist.plan.plan import Plan, with_defaults
from lyricist.plan.plan_file import parse_plan, plan_text
from lyricist.plan.song_spec import lay_out
from lyricist.prosody.lexicon import default_lexicon

SONGS = sorted(FOLDER.glob("*.txt"))
LEXICON = default_lexicon()


def song_of(*sections: tuple[str, str]) -> Song:
    made = (Section(name, tuple(Line(t) for t in text.split(" / "))) for name, text in sections)
    return Song("", "", tuple(made), "test")


def with_text(plan: Plan, song: Song) -> Plan:
    """The plan with every line of the song kept."""
    texts = [tuple(line.text for line in section.lines) for section in song.sections]
    kept = (s.model_copy(update={"text": text}) for s, text in zip(plan.sections, texts, strict=True))
    return plan.model_copy(update={"sections": tuple(kept)})


@pytest.mark.parametrize("path", SONGS[::6], ids=lambda p: p.stem)
def test_songs_satisfy_the_plan_read_off_them(path: Path) -> None:
    song = read_song(path)
    plan = plan_like(song, LEXICON)
    assert [s.name for s in plan.sections] == [s.name for s in song.sections]
    assert validate_given_lines(with_text(plan, song), LEXICON)
    assert parse_plan(plan_text(plan)) == plan


@pytest.mark.parametrize("path", SONGS[::6], ids=lambda p: p.stem)
def test_any_song_with_holes_is_a_draft(path: Path, tmp_path: Path) -> None:
    rng = random.Random(path.stem)
    lines = path.read_text(encoding="utf-8").split("\n")
    holes = [
        "..." if line and line[0] != "[" and i > 2 and rng.random() < 0.5 else line for i, line in enumerate(lines)
    ]
    draft = tmp_path / "draft.txt"
    draft.write_text("\n".join(holes), encoding="utf-8")
    plan = fill(read_song(draft, "--fill"), {}, LEXICON)
    assert validate_given_lines(plan, LEXICON) is plan
    full = with_defaults(plan)
    assert with_defaults(full) == full
    assert lay_out(full) == lay_out(plan)
    kept = [line.given for line in lay_out(plan).lines if line.given]
    assert {line for line in holes[3:] if line and line[0] != "[" and line != "..."} <= set(kept)


def test_a_song_read_to_the_letter() -> None:
    plan = plan_like(song_of(("verse", "The memory of love / Above the lonely sea / Oh come to me")), LEXICON)
    assert plan.sections[0].metre == ("?/x??/", "x/?/x/", "//??")
    assert plan.sections[0].rhyme == "XAA"
    assert plan.sections[0].syllables == (6, 6, 4)


def test_choruses_that_change_are_written_anew() -> None:
    same = song_of(("chorus", "Carry me home"), ("chorus", "Carry me, home!"))
    other = song_of(("chorus", "Carry me home"), ("chorus", "Bury me"))
    assert plan_like(same, LEXICON).keep_chorus
    assert not plan_like(other, LEXICON).keep_chorus


def test_lines_that_come_back_come_back_in_a_song_like_it() -> None:
    song = song_of(
        ("verse", "I saw the light / Beside the sea / I came by night / Oh come to me"),
        ("chorus", "Bury me / Carry me home"),
        ("verse", "I left the town / Oh leave it be / I laid me down / Oh come to me"),
        ("chorus", "Bury me / Carry me home"),
        ("verse", "Oh come to me / Below the tree / Carry me home"),
    )
    plan = plan_like(song, LEXICON)
    assert [s.again for s in plan.sections] == [(), (), (0, 0, 0, 4), (), (4, 0, 6)]
    laid = lay_out(plan)
    assert [line.same_as for line in laid.lines] == [-1] * 9 + [3, 4, 5, 3, -1, 5]
    by_group = [[i for i, line in enumerate(laid.lines) if line.group == g] for g in range(len(laid.groups))]
    assert [0, 2] in by_group and [1, 3, 7, 9, 12, 13] in by_group and [6, 8] in by_group
    assert parse_plan(plan_text(plan)) == plan
    assert lyricist.check(song, plan).violations == ()


def test_a_couplet_comes_back_whole() -> None:
    end = "And so we danced beside the town / And saw the sun go slowly down"
    plan = plan_like(song_of(("verse", f"I saw the light / {end}"), ("verse", f"You came by night / {end}")), LEXICON)
    assert [s.again for s in plan.sections] == [(), (0, 2, 3)]
    swapped = song_of(("verse", end), ("verse", " / ".join(reversed(end.split(" / ")))))
    assert [s.again for s in plan_like(swapped, LEXICON).sections] == [(), (2, 1)]


def test_a_line_kept_in_a_draft_need_not_say_again_what_it_does_not() -> None:
    sections = [{"name": "verse", "lines": 2}, {"name": "verse", "lines": 2, "again": [0, 1]}]
    plan = Plan(sections=[{**each, "syllables": "6", "rhyme": "XX"} for each in sections])
    draft = [("verse", [("", False), ("", False)]), ("verse", [("", False), ("The river ran to me", True)])]
    assert [s.again for s in plan_draft(draft, plan, LEXICON).sections] == [(), (0, 0)]
    draft[1] = ("verse", [("", False), ("", False)])
    assert [s.again for s in plan_draft(draft, plan, LEXICON).sections] == [(), (0, 1)]


def test_a_line_comes_back_only_where_its_rhymes_can() -> None:
    """The light of the second verse would have to rhyme with itself."""
    first, again = "I saw the light / I came by night", "He saw the light / I came by night"
    plan = plan_like(song_of(("verse", first), ("verse", again)), LEXICON)
    assert [s.again for s in plan.sections] == [(), ()]


def test_a_line_that_cannot_be_sung() -> None:
    for text in ("\N{SNOWMAN} \N{SNOWMAN}", "la " * 41):
        with pytest.raises(InputError, match="syllables"):
            plan_like(song_of(("verse", text)), LEXICON)


def test_words_that_come_again_do_not_rhyme() -> None:
    lines = [text.split() for text in ("the sea", "the sea", "to me", "leave", "believe")]
    assert perfect_scheme(lines, LEXICON)[0] == "AXAXX"


DRAFTS = {
    "lengths of all kept lines": (
        (("verse", "The river ran below the town /  / And all the lights were coming down / "),), (8,), "ABAB"
    ),
    "lengths that alternate": (
        (("verse", "The river ran below the town / And nobody came by / The lights were low in every house / "),),
        (8, 6), "XXXX",
    ),
    "no pattern": ((("verse", "The river / Oh come to me, my love /  / I"),), (), "XXXX"),
    "a whole verse says how the other goes": (
        (("verse", "I saw the light / I saw the moon / I came by night / I came in June"), ("verse", "We ran /  /  / ")),
        (), "ABAB",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DRAFTS)
def test_what_is_read_off_a_draft(name: str) -> None:
    sections, syllables, scheme = DRAFTS[name]
    plan = fill(song_of(*sections), {}, LEXICON)
    assert plan.sections[-1].syllables == syllables
    assert plan.sections[-1].rhyme == scheme


def test_what_is_asked_for_goes_before_what_is_read_off() -> None:
    song = song_of(("verse", "The river ran below the town /  / And all the lights were coming down / "))
    plan = fill(song, {"syllables": "8,6", "rhyme": "XAXA", "about": "sea"}, LEXICON)
    made = lay_out(plan)
    assert [len(line.templates[0]) for line in made.lines] == [8, 6, 8, 6]
    assert [line.group for line in made.lines] == [-1, 0, -1, 0]
    assert plan.about == ("sea",)


def test_a_chorus_of_dots_comes_back_as_the_chorus_that_is_written_out() -> None:
    song = song_of(("chorus", "Carry me home / "), ("verse", "Oh"), ("chorus", " / Far away"))
    plan = fill(song, {}, LEXICON)
    assert [line.given for line in lay_out(plan).lines] == [
        "Carry me home",
        "Far away",
        "Oh",
        "Carry me home",
        "Far away",
    ]


FAULTS = {
    "length": ({"syllables": 7}, "line 1, 'the river ran below the town', has 8 syllables and the plan wants 7"),
    "metre": ({"metre": "trochaic", "syllables": 8}, "line 1.*stresses 01010101|line 1.*wants /x/x/x/x"),
    "rhyme": ({"rhyme": "AABB", "syllables": 8}, "line 2.*does not rhyme with 'town'"),
    "rhyme word": ({"rhyme": "AXAX", "rhyme_with": "love", "syllables": 8}, "line 1.*does not rhyme with 'love'"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_kept_lines_that_break_the_plan(name: str) -> None:
    asked, message = FAULTS[name]
    song = song_of(("verse", "The river ran below the town / And nobody was in the street /  / "))
    with pytest.raises(InputError, match=message):
        validate_given_lines(fill(song, asked, LEXICON), LEXICON)
    allowed = validate_given_lines(fill(song, {**asked, "allow": True}, LEXICON), LEXICON)
    assert [line.given for line in lay_out(allowed).lines][:2] == [line.text for line in song.sections[0].lines[:2]]
    assert not list(find_faults(lay_out(allowed), LEXICON))


def test_a_draft_and_sections_clash() -> None:
    with pytest.raises(InputError, match="--fill and --lines"):
        fill(song_of(("verse", "Oh / ")), {"lines": 4}, LEXICON)


def test_files_that_are_no_song(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "blank.txt").write_text("\n \n\t\n")
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "large.txt").write_bytes(b"la la la\n" * 120_000)
    (tmp_path / "long.txt").write_text("\n".join(f"la la la number {i}" for i in range(401)))
    for option in ("--like", "--fill"):
        for name in ("empty.txt", "blank.txt", "binary.txt", "large.txt", "long.txt", "none.txt", "."):
            with pytest.raises(InputError, match=option):
                read_song(tmp_path / name, option)


def test_given_lines_use_the_licences_of_verse_only_if_allowed() -> None:
    def plan(text: str, allow: bool = False) -> Plan:
        section = SectionPlan(name="verse", lines=2, text=(text, ""), syllables=(8,))
        return Plan(sections=(section,), allow=allow)

    for text in ("the heavenly light of mutual love", "she loved the river and the sun"):
        validate_given_lines(plan(text, allow=True), LEXICON)
    with pytest.raises(InputError, match="has 9 syllables and the plan wants 8 .it can be sung so"):
        validate_given_lines(plan("the heavenly light of mutual days"), LEXICON)
    with pytest.raises(InputError, match="has 10 syllables and the plan wants 8: change it"):
        validate_given_lines(plan("the river ran below the hill again"), LEXICON)
