"""The filters of a large corpus's lines and runs of words: none is forgotten, few others are taken for one, none is
written again."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from tests.generate.exact_tools import Uniform, compiled, vocabulary
from tests.generate.test_engine import MORE, PLAIN, songs_of

import lyricist
from lyricist._io import load_arrays, tensor_bytes
from lyricist.corpus import Line, Section, Song
from lyricist.errors import RunError
from lyricist.generate.exact_engine import ExactEngine
from lyricist.generate.exact_writer import decode
from lyricist.generate.free import FreeSongAutomaton
from lyricist.generate.nocopy import CopyBan, CopyGuard
from lyricist.generate.result import SongFailed, SongWritten
from lyricist.model.checkpoint import Run
from lyricist.model.copy_index import GAP, LINES, RUNS, LineFilter, RunFilter
from lyricist.model.runtime import HostBlocks
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.song_spec import FreeSpec
from lyricist.training.run_files import inherit

GOLDEN = Path(__file__).parents[1] / "golden" / "run-1"
SONG = Song(
    "Low Tide",
    "",
    (Section("verse", (Line("Down to the sea, the stars' own sea!"), Line("Sing, oh sing to me"))),),
    "",
)


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("down to the sea the stars' own sea", True),
        ("down to the sea the stars own sea", True),  # apostrophes do not count
        ("down to the sea the stars' own", False),  # a part
        ("to the sea the stars' own sea", False),
        ("sing oh sing to me", True),  # five words
        ("sea own stars' the sea the to down", False),
    ],
)
def test_lines_are_compared_by_their_words(line: str, known: bool) -> None:
    assert LineFilter.of_songs([SONG]).knows(line.split()) is known


def test_lines_of_four_words_are_nobodys() -> None:
    made = LineFilter.of([["sing", "to", "me", "now"], ["sing", "to", "me", "now", "love"]])
    assert not made.knows(["sing", "to", "me", "now"])
    assert made.knows(["sing", "to", "me", "now", "love"])
    assert not LineFilter.of([]).knows(["sing", "to", "me", "now", "love"])


def random_lines(seed: int, count: int) -> list[list[str]]:
    """Lines of five to nine words out of 2,000: two such lists share a line once in 10^9 lists."""
    rng = random.Random(seed)
    return [[f"w{rng.randrange(2000)}" for _ in range(rng.randint(5, 9))] for _ in range(count)]


@pytest.mark.parametrize("count", [1, 100, 5000])
def test_every_line_is_known_and_one_in_a_thousand_others(count: int) -> None:
    """Of 20,000 strangers 20 are expected to be taken for known at most: over 50 once in 10^8 corpora."""
    lines = random_lines(1, count)
    made = LineFilter.of(lines)
    assert all(made.knows(line) for line in lines)
    assert sum(made.knows(line) for line in random_lines(2, 20_000)) <= 50


@pytest.mark.parametrize(
    "made",
    [
        LineFilter.of(random_lines(3, 2000)),
        LineFilter.of([]),
        LineFilter(np.array([0, GAP - 1, GAP, 3 * GAP, 9 * GAP - 1, 1 << 33], dtype=np.uint64), 34),
    ],
)
def test_a_saved_filter_is_the_same(made: LineFilter, tmp_path: Path) -> None:
    made.save(tmp_path / LINES)
    read = LineFilter.load(tmp_path / LINES)
    assert read.bits == made.bits and read.values.tolist() == made.values.tolist()


def test_a_line_takes_two_bytes(tmp_path: Path) -> None:
    LineFilter.of(random_lines(4, 10_000)).save(tmp_path / LINES)
    assert (tmp_path / LINES).stat().st_size < 20_600


def damaged(data: bytes, arrays: dict[str, np.ndarray]) -> Iterable[tuple[bytes, str]]:
    turned = {**arrays, "gaps": arrays["gaps"][::-1]}
    later = {**arrays, "format": arrays["format"] + 1}
    yield data[:-7], "is damaged"
    yield data[:5], "is damaged"
    yield b"not a filter", "is damaged"
    yield data[:-4] + bytes(4), "is damaged (its hash differs)"
    yield tensor_bytes(turned), "is damaged (its hash differs)"
    yield tensor_bytes(later), "made by a later release"
    yield tensor_bytes({"hashes": np.zeros(3, dtype=np.uint32)}), "is not a filter of lines"
    yield tensor_bytes({**arrays, "bits": np.zeros(0, dtype=np.uint32)}), "is not a filter of lines"


@pytest.mark.parametrize("case", range(8))
def test_damage_is_told_in_one_line(case: int, tmp_path: Path) -> None:
    path = tmp_path / LINES
    LineFilter.of(random_lines(5, 300)).save(path)
    data, message = list(damaged(path.read_bytes(), load_arrays(path)))[case]
    path.write_bytes(data)
    with pytest.raises(RunError) as error:
        LineFilter.load(path)
    assert message in str(error.value) and str(path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_no_line_of_the_filter_is_written(order: str) -> None:
    """The engine writes, its own lines are barred, and it writes from the same seeds again."""
    song = compiled(Plan(form="verse", lines=2, syllables="6", rhyme="AA"), MORE, order)
    model = HostBlocks(Uniform(song.table.known), song.columns)

    def written(lines: LineFilter | None) -> set[tuple[str, ...]]:
        made = ExactEngine(model, song, PLAIN, CopyBan(None, song.table.words, 5, lines))
        return {tuple(line) for song_lines in songs_of(made, range(60)).values() for line in song_lines}

    barred = {line for line in written(None) if len(line) >= 5}
    again = written(LineFilter.of(barred))
    assert len(barred) > 40 and not again & barred and len(again) > 40


def test_given_lines_may_be_lines_of_the_filter() -> None:
    kept = {"name": "verse", "text": ["the sea of love below", "..."]}
    song = compiled(Plan.model_validate({"sections": [kept]}), MORE, "backward")
    barred = LineFilter.of([["the", "sea", "of", "love", "below"]])
    ban = CopyBan(None, song.table.words, 5, barred)
    made = ExactEngine(HostBlocks(Uniform(song.table.known), song.columns), song, PLAIN, ban)
    assert songs_of(made, [1])[1][0] == ["the", "sea", "of", "love", "below"]


def test_a_plan_of_which_every_line_is_barred_is_refused() -> None:
    """Five words of one syllable out of two: the 32 lines that there are."""
    two = ("sea", "stone")
    lines = [[two[i >> k & 1] for k in range(5)] for i in range(32)]
    song = compiled(Plan(form="verse", lines=1, syllables="5", rhyme="X"), two, "backward")
    blocks = HostBlocks(Uniform(song.table.known), song.columns)
    last = LineFilter.of(lines[:9] + lines[10:])
    assert songs_of(ExactEngine(blocks, song, PLAIN, CopyBan(None, song.table.words, 5, last)), [0])[0] == [lines[9]]
    every = CopyBan(None, song.table.words, 5, LineFilter.of(lines))
    (failed,) = ExactEngine(blocks, song, PLAIN, every).write([0])
    assert isinstance(failed, SongFailed) and "no words are left for it that copy nothing" in failed.reason


def test_free_writing_knows_the_filter_too() -> None:
    known = vocabulary(MORE)
    automaton = FreeSongAutomaton(known, FreeSpec.of(Plan(form=("verse", "chorus"))))

    def written(guard: CopyGuard | None) -> set[tuple[str, ...]]:
        made = decode(Uniform(len(known)), automaton, Drawing(min_p=0), seeds=range(40), guard=guard)
        texts = [known.decode(e.ids) for e in made if isinstance(e, SongWritten)]
        return {tuple(line.text.lower().split()) for song in texts for line in song.lines()}

    barred = {line for line in written(None) if len(line) >= 5}
    assert barred and not written(CopyGuard(None, known, 5, LineFilter.of(barred))) & barred


def test_a_run_hands_its_lines_down(tmp_path: Path) -> None:
    base, run = tmp_path / "base", tmp_path / "run"
    for place in (base, run):
        shutil.copytree(GOLDEN, place)
    inherit(Run.open(run), Run.open(base), LINES)
    assert lyricist.load(run).line_filter is None
    LineFilter.of([["we", "sing", "of", "the", "sea"]]).save(base / LINES)
    inherit(Run.open(run), Run.open(base), LINES)
    found = lyricist.load(run).line_filter
    assert found is not None and found.knows(["we", "sing", "of", "the", "sea"])
    assert not list(run.glob(".*.tmp"))


# --- runs of words


def test_every_run_is_known_and_few_others() -> None:
    """Of 20,000 strangers 8 are expected to be taken for known: over 60 once in 10^30 corpora."""
    texts = random_lines(6, 2000)
    made = RunFilter.of(texts)
    assert all(made.longest_run(text) >= len(text) for text in texts if len(text) > 5)
    assert not any(made.longest_run(text[:5]) for text in texts)
    others = [text for text in random_lines(7, 40_000) if len(text) > 5][:20_000]
    assert sum(made.longest_run(text) > 0 for text in others) <= 60
    assert len(made.data) < 17 / 8 * sum(max(0, len(text) - 5) for text in texts) + 1
    assert RunFilter.of([]).longest_run(texts[0]) == 0


def test_runs_go_on_across_the_ends_of_lines() -> None:
    made = RunFilter.of_songs([SONG])
    assert made.longest_run("and the stars' own sea SING oh sing again".lower().split()) == 7
    assert made.longest_run(["the", "stars", "own", "sea", "sing", "oh"]) == 6  # apostrophes do not count
    assert made.longest_run(["the", "stars", "own", "sea", "sing"]) == 0


def test_a_saved_filter_of_runs_is_the_same_and_damage_is_told(tmp_path: Path) -> None:
    made = RunFilter.of(random_lines(8, 300))
    made.save(tmp_path / RUNS)
    assert np.array_equal(RunFilter.load(tmp_path / RUNS).data, made.data)
    data = (tmp_path / RUNS).read_bytes()
    for wrong in (data[:-7], data[:9], b"not a filter", data + b"x"):
        (tmp_path / RUNS).write_bytes(wrong)
        with pytest.raises(RunError, match="is damaged"):
            RunFilter.load(tmp_path / RUNS)


def runs_of(song: list[list[str]], n: int) -> set[tuple[str, ...]]:
    text = [word for line in song for word in line]
    return {tuple(text[i : i + n]) for i in range(len(text) - n + 1)}


@pytest.mark.parametrize("most", [2, 5, 7])
@pytest.mark.parametrize("order", ["forward", "backward"])
@pytest.mark.parametrize("form", ["verse", "verse chorus verse chorus"])
def test_no_run_of_the_filter_is_written(order: str, most: int, form: str) -> None:
    """The engine writes, its songs are barred, and it writes from the same seeds again. With two words at most, the
    filter bars the runs of six that it knows; with seven, those of eight."""
    song = compiled(Plan(form=form, lines=2, syllables="6", rhyme="AA"), MORE, order)
    model = HostBlocks(Uniform(song.table.known), song.columns)

    def written(table: RunFilter | None) -> list[list[list[str]]]:
        made = ExactEngine(model, song, PLAIN, CopyBan(None, song.table.words, most, table=table))
        return list(songs_of(made, range(40)).values())

    songs = written(None)
    table = RunFilter.of([word for line in song for word in line] for song in songs)
    again, n = written(table), max(6, most + 1)
    known = set[tuple[str, ...]]().union(*(runs_of(song, n) for song in songs))
    assert len(again) == 40 and any(runs_of(song, n) & known for song in songs)
    assert not any(runs_of(song, n) & known for song in again)
    if most == 5:
        assert not any(table.longest_run([word for line in song for word in line]) for song in again)


def test_a_run_hands_its_runs_down_and_tells_the_longest_copy(tmp_path: Path) -> None:
    base, run = tmp_path / "base", tmp_path / "run"
    for place in (base, run):
        shutil.copytree(GOLDEN, place)
    words = ["the", "river", "zebra", "quilt", "of", "the", "winter"]
    RunFilter.of([words]).save(base / RUNS)
    inherit(Run.open(run), Run.open(base), RUNS)
    assert lyricist.load(run).longest_copy(words) == 7
    assert (lyricist.load(GOLDEN).longest_copy(words) or 0) < 5
