"""The benchmarks that judge whole songs: what they take for related, for a repeat, for a win."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest

import human_shape
import theme_reading
from blind_reading import Entry, majority, open_key, pairs_of, plainly, read_answers, seal, shown, verdicts
from human_shape import Pair, compare, distinct_2, read_pairs, repeated, self_bleu, with_repeats
from read_songs import FORMS, THEMES, asked, page, songs_of
from theme_match import Case, keywords, match, shares, summary
from verse import HumanSong, Vectors, human_songs, make_vectors, related, stem, verse_lines, wilson

VERSE = """
    the sailor left the harbour and the ship put out to sea the wave the anchor and the sail
    the farmer sowed the meadow and the barn was full of corn the plough the harvest and the hay
"""
SEA, FIELD = map(str.split, VERSE.strip().splitlines())


def lines_of(words: list[str], count: int, seed: int) -> list[tuple[str, ...]]:
    rng = Random(seed)
    return [tuple(rng.sample(words, 6)) for _ in range(count)]


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    """Of verse in which twenty lines of the sea follow twenty of the field; nothing counts as too common."""
    verse = [line for n in range(60) for line in lines_of((SEA, FIELD)[n % 2], 20, n)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("verse.COMMONEST", 2)
        return make_vectors(verse, dimensions=8)


# --- verse


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("sing", "sang", True),
        ("children", "child", True),
        ("glory", "glories", True),
        ("happy", "happiness", True),
        ("rain", "rainbow", True),
        ("sea", "seal", False),
        ("hill", "hall", False),
    ],
)
def test_families(a: str, b: str, same: bool) -> None:
    assert related(a, b) is same
    assert related(a, b) is related(b, a)
    assert stem(a) == stem(a + "'s")


def test_songs_and_verse_are_read_from_text(tmp_path: Path) -> None:
    text = "One day\nWe went\n \nOne day!\nAgain\n\nToo short\n"
    (tmp_path / "hymns.txt").write_text(text, encoding="utf-8")
    found = human_songs(tmp_path, ("hymns",), least=2)
    assert found == [HumanSong("hymns 0", ("One day", "We went"))]
    kept = verse_lines(tmp_path / "hymns.txt", 1, without=frozenset({("too", "short")}))
    assert kept == [("we", "went"), ("one", "day")]


def test_vectors_know_what_stands_together(vectors: Vectors, tmp_path: Path) -> None:
    sea, corn = vectors.text(["harbour", "ship", "unheard"]), vectors.text(["meadow", "corn"])
    sail = vectors.table[vectors.index["sail"]]
    assert sail @ sea > 0.5 > sail @ corn
    vectors.save(tmp_path / "v.npz")
    again = Vectors.load(tmp_path / "v.npz")
    assert again.index == vectors.index
    np.testing.assert_allclose(again.table, vectors.table, atol=1e-3)


def test_interval_holds_the_share_and_narrows() -> None:
    for wins, of in ((0, 10), (6, 10), (10, 10), (600, 1000)):
        low, high = wilson(wins, of)
        assert 0 <= low <= wins / of + 1e-12 and wins / of - 1e-12 <= high <= 1
    assert wilson(600, 1000)[0] > wilson(6, 10)[0]


# --- human_shape


def test_repeats_become_chorus_and_refrain() -> None:
    song = ["a one", "hey ho", "sing it", "b two", "tra la", "hey ho!", "Sing it", "c three", "tra la"]
    assert [(s.name, len(s.lines)) for s in with_repeats(song)] == [
        ("verse", 1),
        ("chorus", 2),
        ("verse", 1),
        ("refrain", 1),
        ("chorus", 2),
        ("verse", 1),
        ("refrain", 1),
    ]
    assert [s.name for s in with_repeats(["a b", "c d", "e f"])] == ["verse"]


def test_figures_of_texts_known_by_heart() -> None:
    one, two = [("a", "b", "a", "b")], [("c", "d"), ("c", "d")]
    assert distinct_2([one, two]) == pytest.approx(3 / 5)
    assert repeated([one, two]) == pytest.approx(1 / 3)
    far = [[("a", "b", "c", "d")], [("e", "f", "g", "h")]]
    assert self_bleu(far) < 0.01 < self_bleu([far[0], far[0], far[1]])


def test_equal_sides_compare_as_equal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(human_shape, "dictionary", lambda: {"river": [("R", "IH1", "V", "ER0")]})
    human_shape.syllables.cache_clear()
    songs = [tuple(" ".join(line) for line in lines_of(SEA, 6, n)) for n in range(8)]
    pairs = [Pair(str(n), song, song, (0, 2)) for n, song in enumerate(songs)]
    found = compare(pairs)
    assert all(row["ratio"] == 1 and row["within"] for name, row in found.items() if row["human"])
    file = tmp_path / "pairs.jsonl"
    file.write_text("".join(json.dumps(vars(p)) + "\n" for p in pairs), encoding="utf-8")
    assert list(read_pairs(file)) == pairs
    human_shape.syllables.cache_clear()


# --- theme_match


def test_keywords_say_what_a_song_is_about(vectors: Vectors) -> None:
    song = lines_of(SEA, 8, 1)
    found = keywords([*song, ("thee", "very", "harvest")], vectors)
    assert len(found) == 3 and set(found) <= set(SEA)


def test_songs_are_matched_without_the_words_themselves(vectors: Vectors) -> None:
    sets = [("harbour", "anchor", "sail"), ("meadow", "plough", "corn")]
    assert match(vectors, ["sailor", "ship", "wave", "plough", "corn"], sets) == 0
    assert match(vectors, ["farmer", "barn", "harvest", "sails"], sets) == 1
    cases = [
        Case(str(n), about, {"steered": text, "human": text})
        for n, (about, text) in enumerate(zip(sets, (("sailor ship wave",), ("farmer barn",)), strict=True))
    ]
    assert summary(shares(cases, vectors))["steered"]["accuracy"] == pytest.approx(1)


# --- theme_reading


def test_a_matching_shows_neither_the_words_nor_whose_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sets = [("harbour", "anchor", "sail"), ("meadow", "plough", "corn"), ("snow", "winter", "frost")]
    text = ("The sails were white", "we sang in the snow")
    texts = dict.fromkeys(theme_reading.HANDS, text)
    rows = [{"name": str(n), "about": about, "texts": texts} for n, about in enumerate(sets)]
    (tmp_path / "songs.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    folder, key = tmp_path / "sheet", tmp_path / "key.json"

    def run(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["theme_reading.py", *words, "--key", str(key)])
        theme_reading.main()
        return capsys.readouterr().out

    wanted = ("--steered", "2", "--human", "1", "--unsteered", "0")
    run("make", str(tmp_path / "songs.jsonl"), "-o", str(folder), *wanted)
    sheet = (folder / "sheet.md").read_text(encoding="utf-8")
    assert sheet.count("> the were white") == 3 and sheet.count("> we sang in the  ") == 3
    assert "steered" not in sheet and "human" not in sheet
    entries = json.loads(key.read_text(encoding="utf-8"))["entries"]
    own = [entry["own"] for entry in entries]
    wrong = [own[0] % 3 + 1, *own[1:]]  # one reader errs at the first, where two are then divided
    files = []
    for n, answers_of in enumerate((own, wrong)):
        files.append(tmp_path / f"{n}.csv")
        rows_of = [f"{i},{a}" for i, a in enumerate(answers_of, 1)]
        files[-1].write_text("\n".join(["text,set", *rows_of]), encoding="utf-8")
    assert "100.0%" in run("score", str(folder), str(files[0]))
    both = run("score", str(folder), *map(str, files))
    first = entries[0]["hand"]
    assert [line for line in both.splitlines() if line.startswith(first) and "100.0%" not in line]
    files[0].write_text("text,set\n1,11\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="song 1 has no answer from 1 to 10"):
        run("score", str(folder), str(files[0]))


# --- blind_reading


OURS, PLAIN, HUMAN = Entry("ours", "seed 1", "Mine"), Entry("plain", "seed 1", "Theirs"), Entry("human", "x", "Old")


def answers(folder: Path, rows: list[str]) -> Path:
    file = folder / f"{len(list(folder.iterdir()))}.csv"
    file.write_text("\n".join(["pair,sense,song,fresh,known", *rows]), encoding="utf-8")
    return file


def test_all_hands_are_printed_alike() -> None:
    assert plainly([("when", "i'm", "old", "i"), ("i", "sing")]) == "When I'm old I\nI sing"
    assert "ours" not in shown(1, (OURS, PLAIN)) and "seed" not in shown(1, (OURS, PLAIN))


def test_key_is_sealed(tmp_path: Path) -> None:
    folder, key = tmp_path / "reading", tmp_path / "key.json"
    pairs = pairs_of([OURS] * 2, [PLAIN, HUMAN], Random(1))
    seal(folder, key, pairs, {})
    assert open_key(folder, key) == pairs
    assert sorted(p.name for p in folder.iterdir()) == ["answers.csv", "sheet.md"]
    key.write_text(key.read_text(encoding="utf-8").replace("ours", "plain", 1), encoding="utf-8")
    with pytest.raises(SystemExit, match="not the key"):
        open_key(folder, key)
    with pytest.raises(SystemExit, match="there already"):
        seal(folder, key, pairs, {})


def test_wins_are_of_the_majority_and_known_stanzas_do_not_count(tmp_path: Path) -> None:
    pairs = [(OURS, PLAIN), (HUMAN, OURS), (OURS, PLAIN)]
    one = read_answers(answers(tmp_path, ["1,A,A,b,", "2,A,=,A,", "3,A,A,A,B"]))
    two = read_answers(answers(tmp_path, ["1,a,B,B,", "2,A,A,A,"]))
    found = list(verdicts(pairs, [one, two]))
    assert [(v.pair, v.other.hand) for v in found] == [(1, "plain"), (2, "human")]
    assert found[0].points == {"sense": 1.0, "song": 0.5, "fresh": 0.0, "overall": 0.5}
    assert found[1].points["overall"] == 0.0 and found[1].margin == -5
    assert majority([]) == "="


def test_missing_answers_are_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="pair 1 has no answer A, B or = to song"):
        read_answers(answers(tmp_path, ["1,A,,B,"]))


# --- read_songs


def test_forms_and_themes_meet_in_all_combinations() -> None:
    every = {tuple(sorted(asked(n).items())) for n in range(len(FORMS) * len(THEMES))}
    assert len(every) == len(FORMS) * len(THEMES)


def test_page_keeps_songs_as_they_stand() -> None:
    songs = songs_of("# Songs\n\nhead\n\n## 1\n\none\n\n## 2\n\ntwo\n")
    text = page(songs, {"The best": [2], "The worst": [1]}, {2: "It moves on."}, "head")
    assert text.index("two") < text.index("*It moves on.*") < text.index("one")
