"""What is measured of lyrics and how it is laid out, with a variant that writes what the test says and learns nothing."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from songbook import make, song

from lyricist.apps.exercise import Material, Settings, Sung, exercise, read_material
from lyricist.apps.exercise.exercise_report import plain, render
from lyricist.apps.exercise.exercise_results import Learnt, apart, distinct_pairs, figures, fitting, mean_of
from lyricist.apps.exercise.variants import Draft, Judged, Writer, frequent_guess
from lyricist.apps.schemas import schema
from lyricist.corpus import Line, Section, Song
from lyricist.errors import MissingExtra
from lyricist.generate.result import WrittenSong
from lyricist.training import events

EVIL = "</pre><script>alert(1)</script><img src=x onerror=y> | `a` **b** [c](d)"
FITS = "I walked along the river by the sea"  # ten syllables
EIGHT = ("The river runs below the stone", "We walked along the winter shore")  # eight each


@dataclass(frozen=True)
class Fake:
    """Writes the same lines for every melody, the first word in front. `broken`: where it fails."""

    key: str
    lines: tuple[str, ...]
    broken: str = ""
    label: str = "a variant"
    told: str = "it writes what it is told"

    def ready(self) -> None:
        pass

    def train(self, material: Material, out: Path, settings: Settings) -> Iterator[events.TrainEvent]:
        if self.broken == "train":
            raise OSError(28, "No space left on device")
        yield events.Started(out, "cpu", 10, 20, 100, 10, 0)
        yield events.Evaluated(1, 0.5, 1.0, 3.0, 2.0, True)
        yield events.Finished(2, 3.0, 1.5, 2.0, "done")

    def open(self, out: Path, material: Material) -> Writer:
        return FakeWriter(self)


@dataclass(frozen=True)
class FakeWriter:
    of: Fake

    def knows(self, word: str) -> bool:
        return word != "nobody"

    def judge(self, songs: Sequence[Sung]) -> Judged:
        return Judged(100, 5, 50, 12.0, 2.5)

    def write(self, sung: Sung, first: str, seed: int) -> Draft:
        if self.of.broken == "write":
            return Draft((), 0.1, failed="no line can begin so")
        lines = (Line(first), *map(Line, self.of.lines))
        return Draft((Section("verse", lines),), 0.5, ("rhymes may be near ones",))

    def write_many(self, sung: Sung, first: str, seed: int, count: int) -> list[WrittenSong]:
        sections = self.write(sung, first, seed).sections
        return [WrittenSong("", seed + i, sections, 0.0) for i in range(count)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("songs"))


def run(place: Path, out: Path, variants: Iterable[Any], **settings: Any) -> dict[str, Any]:
    files = [place / name for name in ("train.csv", "test.csv", "midi")]
    return exercise(*files, out, Settings(**settings), variants=tuple(variants))


def test_lyrics_and_titles_stay_text(place: Path, tmp_path: Path) -> None:
    found = run(place, tmp_path / "r", [Fake("evil", (EVIL,), label=EVIL), Fake("mute", (), "write")])
    jsonschema.validate(found, schema("exercise"))
    text = (tmp_path / "r/report.html").read_text(encoding="utf-8")
    assert "<script" not in text and "onerror=y>" not in text and text.count("&lt;script&gt;") > 5
    plain = (tmp_path / "r/report.md").read_text(encoding="utf-8")
    assert "<script" not in plain.replace("\\<script", "") and "[c](d)" not in plain and "**b**" not in plain
    assert "no line can begin so" in plain and "rhymes may be near ones" in text
    assert found["variants"][1]["written"] is None and found["variants"][1]["failed"] == 6
    assert json.loads((tmp_path / "r/results.json").read_text(encoding="utf-8")) == found


def test_figures_of_training_and_writing(place: Path, tmp_path: Path) -> None:
    found = run(place, tmp_path / "r", [Fake("plain", EIGHT)], first=("the", "i"))["variants"][0]
    assert found["training"]["words_per_second"] == 200.0  # 3 epochs of 100 words in 1.5 s
    assert found["foretelling"]["top10_accuracy"] == 0.5 and found["foretelling"]["perplexity"] == 12.0
    assert found["words_per_second"] == 26.0  # 13 words in half a second
    assert found["written"]["fit"]["syllables"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["effects"] == {"first_word": pytest.approx(2 / 14, abs=1e-4), "seed": 0.0, "melody": 0.0}


@pytest.mark.parametrize("broken", ["train"])
def test_a_failure_leaves_nothing_behind(place: Path, tmp_path: Path, broken: str) -> None:
    out = tmp_path / "deep" / "r"
    with pytest.raises(Exception, match="disk is full"):
        run(place, out, [Fake("good", EIGHT), Fake("bad", EIGHT, broken)])
    assert not list(tmp_path.iterdir())


def test_an_old_report_stays_until_the_new_one_is_there(place: Path, tmp_path: Path) -> None:
    run(place, tmp_path / "r", [Fake("good", EIGHT)])
    before = (tmp_path / "r/results.json").read_bytes()
    files = [place / name for name in ("train.csv", "test.csv", "midi")]
    with pytest.raises(Exception, match="disk is full"):
        exercise(*files, tmp_path / "r", variants=[Fake("bad", EIGHT, "train")], force=True)
    assert (tmp_path / "r/results.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_a_word_that_one_variant_does_not_know(place: Path, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="--first 'nobody' has no vector in a variant"):
        run(place, tmp_path / "r", [Fake("plain", EIGHT)], first=("nobody",))
    assert not (tmp_path / "r").exists()


# --- figures


@pytest.fixture(scope="module")
def material(place: Path) -> Material:
    return read_material(place / "train.csv", place / "test.csv", place / "midi", place / "corpus")


def test_a_copied_song_is_found_out(material: Material) -> None:
    learnt, sung = Learnt.of(material.train.songs()), material.test[0]
    copied = figures(next(material.train.songs("train")).sections, sung, learnt, [])
    assert copied["longest_copied_run"] == copied["words"] and copied["pairs_in_training"] == 1.0
    own = figures((Section("verse", (Line("zebra quagga xylem"),)),), sung, learnt, [])
    assert (own["longest_copied_run"], own["words_in_training"], own["words_in_true"]) == (0, 0.0, 0.0)


def test_the_true_lyric_shares_all_its_words_with_itself(material: Material) -> None:
    sung = material.test[0]
    assert figures(sung.song.sections, sung, Learnt.of([]), [sung.tune])["words_in_true"] == 1.0


@pytest.mark.parametrize(
    ("lines", "share", "off"),
    [(EIGHT * 2, 1.0, 0.0), ((*EIGHT, FITS, FITS), 0.5, 1.0), ((FITS,) * 4, 0.0, 2.0), ((*EIGHT,), 1.0, 0.0)],
)
def test_syllables_are_counted_against_notes(
    material: Material, lines: tuple[str, ...], share: float, off: float
) -> None:
    found = fitting((Section("verse", tuple(map(Line, lines))),), material.test[0].tune)
    assert (found["syllables"], found["syllables_off"]) == (share, off)
    assert found["lines"] <= found["syllables"]


def test_distance_is_a_distance() -> None:
    texts = [["a", "b", "c"], ["a", "b"], ["d", "e", "f", "g"], []]
    for a in texts:
        assert apart(a, a) == 0
        for b in texts:
            assert apart(a, b) == apart(b, a) and 0 <= apart(a, b) <= 1
    assert apart(texts[0], texts[2]) == 1


def test_distinct_pairs_are_counted_over_as_many() -> None:
    lyrics = [[["a", "b", "a", "b", "a"]], [["c", "d"]]]
    assert distinct_pairs(lyrics, 2) == 1.0 and distinct_pairs(lyrics, 4) == 0.5 and distinct_pairs([], 4) == 0.0


def test_means_pass_over_what_is_not_known() -> None:
    rows = [{"a": 1.0, "b": None, "c": {"d": 2}}, {"a": 2.0, "b": 3.0, "c": None}]
    assert mean_of(rows) == {"a": 1.5, "b": 3.0, "c": {"d": 2.0}} and mean_of([]) is None


def test_guessing_the_commonest_words() -> None:
    def text(words: str) -> Song:
        return Song("", "", (Section("verse", (Line(words),)),), "")

    learnt = [text("la la la lo lo " + " ".join("abcdefghijkl"))]
    guess = frequent_guess(learnt, [text("lo la lo x"), text("la")])
    assert (guess.positions, guess.top1, guess.top10) == (3, 1, 2)


def test_first_words_are_drawn_among_openings(place: Path, tmp_path: Path) -> None:
    openings = {line.split()[0].lower() for i in range(10) for line in song(i)[2].split(" & ")}
    drawn = [
        run(place, tmp_path / f"{i}", [Fake("x", EIGHT)], seed=seed)["first_words"]
        for i, seed in enumerate((0, 0, 1))
    ]
    assert drawn[0] == drawn[1] and all({*words} <= openings and len(words) == 3 for words in drawn)


# --- the template


@pytest.fixture(scope="module")
def nasty(place: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Results in which every kind of text looks like markup."""
    out = tmp_path_factory.mktemp("nasty") / "r"
    found = copy.deepcopy(run(place, out, [Fake("x", ("# two",), label="a|b <td>")], first=("the",), melodies=1))
    found["missed"] = {"*no* emphasis": ["- <b>", "two\nlines"]}
    found["melodies"][0] |= {"name": "More & more", "tune": "<i>.mid"}
    found["lyrics"][0] |= {
        "notes": ["1. no list"],
        "sections": [{"name": "v", "lines": ["one"]}, {"name": "c", "lines": ["# two"]}],
    }
    found["command"] = 'lyricist exercise "a\'b" > _x_'
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A # heading", "A \\# heading"),
        ("1. no list, *no* emphasis", "1\\. no list, \\*no\\* emphasis"),
        ("- <b>", "\\- \\<b\\>"),
        ("two\nlines", "two lines"),
        ("a|b & ~c~ [d](e) `f` _g_", "a\\|b \\& \\~c\\~ \\[d\\](e) \\`f\\` \\_g\\_"),
        ("===", "==="),
        ("+ 1", "\\+ 1"),
    ],
)
def test_text_for_markdown(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_markdown_has_no_markup_but_its_own(nasty: dict[str, Any]) -> None:
    text = render(nasty, html=False)
    for piece in (
        "# Lyrics for unseen melodies\n\n1 variants learnt from the same 10 songs (",
        "\n\n## What did not come together\n\n- \\*no\\* emphasis (2): - \\<b\\>; two lines\n\n## ",
        "\n\n|  | ten likeliest | likeliest | perplexity | words judged |\n| --- | ---: | ---: | ---: | ---: |\n"
        "| a\\|b \\<td\\> | 50.0% | 5.0% | 12.0 | 100 |\n| always the most frequent | ",
        "\n\n![Accuracy of every variant beside guessing the most frequent words](figures/accuracy.png)\n\n",
        "\n\n#### a\\|b \\<td\\>\n\n> one  \n>\n> \\# two  \n\n",
        "\n\n### More \\& more\n\n\\<i\\>.mid: 4 phrases, 32 notes to sing on.\n\n#### beginning with the\n\n",
        "\n\n- a\\|b \\<td\\>: 1. no list\n\n",
        '\n\n#### Command\n\n> lyricist exercise "a\'b" \\> \\_x\\_  \n',
    ):
        assert piece in text
    assert "\n\n\n" not in text and text.endswith("\n") and " \n" not in text.replace("  \n", "")


def test_html_escapes_everything(nasty: dict[str, Any]) -> None:
    text = render(nasty, html=True)
    for piece in ("<title>Lyrics for unseen melodies</title>", "<li>*no* emphasis (2): - &lt;b&gt;; two\nlines</li>", "<td>a|b &lt;td&gt;</td>",
                  'alt="Accuracy of every variant', "<pre>one\n\n# two</pre>", "<summary>More &amp; more</summary>",
                  "<p>&lt;i&gt;.mid: 4 phrases", "<pre>lyricist exercise &#34;a&#39;b&#34; &gt; _x_</pre>"):  # fmt: skip
        assert piece in text
    assert text.startswith("<!doctype html>") and "<script" not in text and "http" not in text
    assert {tag: text.count(f"<{tag}>") for tag in ("table", "ul", "details")} == {
        tag: text.count(f"</{tag}>") for tag in ("table", "ul", "details")
    }


def test_without_jinja_the_extra_is_named(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtra, match=r"lyricist\[classic\]"):
        run(place, tmp_path / "r", [Fake("x", EIGHT)])
    assert not list(tmp_path.iterdir())
