from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from lyricist._io import tensor_bytes
from lyricist._numbers import ngram_hashes
from lyricist.generate.nocopy import CopyGuard
from lyricist.model.copy_index import CopyIndex, hash32, word_hash
from lyricist.model.tokens import SPECIALS, Vocabulary

SONGS = [
    [["the", "river", "runs", "below", "the", "town"], ["and", "nobody", "knows", "its", "name"]],
    [["the", "river", "runs", "below", "my", "door"], ["sing", "to", "me"], ["sing", "to", "me"]],
]
WORDS = [*sorted({w for song in SONGS for line in song for w in line}), "zebra"]
VOCABULARY = Vocabulary([*sorted(SPECIALS), *WORDS])


def index() -> CopyIndex:
    return CopyIndex.from_songs(SONGS)


def longest_by_hand(words: list[str], songs: list[list[list[str]]]) -> int:
    texts = ["\x01" + "\x01".join(w for line in song for w in line) + "\x01" for song in songs]
    best = 0
    for i in range(len(words)):
        for j in range(i + 1, len(words) + 1):
            if any("\x01" + "\x01".join(words[i:j]) + "\x01" in t for t in texts):
                best = max(best, j - i)
    return best


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("the river runs below the town and nobody knows its name", 11),
        ("the river runs below the door", 5),
        ("town and nobody", 3),  # across a line end
        ("name the river", 2),  # not across songs
        ("zebra zebra", 0),
        ("", 0),
        ("me sing to me", 4),
    ],
)
def test_longest_run(text: str, length: int) -> None:
    assert index().longest_run(text.split())[0] == length


def test_longest_run_agrees_with_a_search_by_hand_on_random_texts() -> None:
    rng = random.Random(5)
    words = list("abcd")
    songs = [[[rng.choice(words) for _ in range(6)] for _ in range(5)] for _ in range(4)]
    made = CopyIndex.from_songs(songs)
    for _ in range(60):
        text = [rng.choice(words) for _ in range(rng.randint(1, 25))]
        length, start = made.longest_run(text)
        assert length == longest_by_hand(text, songs)
        assert longest_by_hand(text[start : start + length], songs) == length


@pytest.mark.parametrize("max_copy", [1, 2, 3, 5])
def test_a_guarded_walk_never_copies_more_and_bans_nothing_else(max_copy: int) -> None:
    """Every word is tried at every step of 40 random walks."""
    rng = random.Random(max_copy)
    guard, made = CopyGuard(index(), VOCABULARY, max_copy), index()
    for _ in range(40):
        ids: list[int] = []
        for _ in range(12):
            banned = set(guard.banned(ids).tolist())
            for word in WORDS:
                run = made.longest_run([*(VOCABULARY.tokens[i] for i in ids[-max_copy:]), word])[0]
                assert (VOCABULARY.index[word] in banned) == (run > max_copy)
            free = [VOCABULARY.index[w] for w in WORDS if VOCABULARY.index[w] not in banned]
            ids.append(rng.choice(free))
        assert made.longest_run([VOCABULARY.tokens[i] for i in ids])[0] <= max_copy


def test_whole_lines_of_five_words_are_known() -> None:
    guard = CopyGuard(index(), VOCABULARY, 5)

    def known(text: str) -> bool:
        return guard.line_is_copied(VOCABULARY.ids(text.split()))

    assert known("and nobody knows its name")
    assert not known("the river runs below the")  # a part of a line
    assert not known("nobody knows its name zebra")
    assert not known("sing to me")  # shorter lines are nobody's


def test_whole_lines_count_where_longer_runs_are_allowed() -> None:
    line = ["the", "river", "runs", "below", "the", "town"]
    made = CopyIndex.from_songs([[line, ["sing"]]])
    assert CopyGuard(made, VOCABULARY, 7).line_is_copied(VOCABULARY.ids(line))
    assert not CopyGuard(made, VOCABULARY, 7).line_is_copied(VOCABULARY.ids(line[1:]))


def test_a_seam_is_looked_at_from_both_sides() -> None:
    guard = CopyGuard(index(), VOCABULARY, 5)
    before, after = (
        VOCABULARY.ids(["runs", "below", "the", "town"]),
        VOCABULARY.ids(["and", "nobody", "zebra"]),
    )
    assert not guard.clean(before, after)
    assert guard.clean(before[:-1], after)
    assert guard.clean(before, VOCABULARY.ids(["zebra"]))
    assert guard.clean([], []) and guard.clean(before, [])


def test_from_ids_is_from_songs() -> None:
    from lyricist.corpus import Line, Section, Song

    ids = []
    for song in SONGS:
        lines = tuple(Line(" ".join(line)) for line in song)
        ids += VOCABULARY.encode(Song("", "", (Section("verse", lines[:1]), Section("chorus", lines[1:])), ""))
    a, b = CopyIndex.from_ids(np.array(ids), VOCABULARY), index()
    for text in ("the river runs below the town and nobody", "its name the river"):
        assert a.longest_run(text.split())[0] == b.longest_run(text.split())[0]
    assert a.whole_lines(5, 5) == b.whole_lines(5, 5)
    assert len(a.whole_lines(5, 5)) == 1


def test_words_outside_the_vocabulary_cut_runs() -> None:
    small = Vocabulary([*sorted(SPECIALS), "the", "river", "below"])
    ids = np.array(small.ids(["<song>", "<verse>", "the", "river", "runs", "below", "the", "<end>"]))
    assert CopyIndex.from_ids(ids, small).longest_run(["the", "river", "below", "the"])[0] == 2


def test_survives_disk_and_holds_no_text(tmp_path: Path) -> None:
    index().save(tmp_path / "x.safetensors")
    back = CopyIndex.load(tmp_path / "x.safetensors", VOCABULARY)
    assert (back.hashes == index().hashes).all()
    assert b"river" not in (tmp_path / "x.safetensors").read_bytes()


def test_in_an_index_of_format_1_apostrophes_counted(tmp_path: Path) -> None:
    words = Vocabulary([*sorted(SPECIALS), "we're", "here", "a'"])
    old = np.array([hash32(w) for w in ("we're", "here", "a'", "below")], dtype=np.uint32)
    starts = np.array([True, False, False, False])
    path = tmp_path / "old.safetensors"
    path.write_bytes(tensor_bytes({"hashes": old, "line_start": starts}))
    assert CopyIndex.load(path, words).longest_run(["we're", "here", "a", "below"])[0] == 4
    CopyIndex(old, starts).save(path)  # of the present format: taken as it is
    assert CopyIndex.load(path, words).longest_run(["we're"])[0] == 0


def test_hashes_are_fixed_for_good() -> None:
    """Indexes of earlier releases must stay readable."""
    assert word_hash("river") == 2125395042  # of both formats
    assert ngram_hashes(np.array([1, 2, 0, 3], np.uint32), 2).tolist()[1:] == [0, 0]


def test_an_index_followed_by_another_knows_both_and_nothing_across() -> None:
    a, b = CopyIndex.from_songs(SONGS[:1]), CopyIndex.from_songs(SONGS[1:])
    both = a.followed_by(b)
    assert both.longest_run(["the", "river", "runs", "below", "the", "town"])[0] == 6
    assert both.longest_run(["the", "river", "runs", "below", "my", "door"])[0] == 6
    assert both.longest_run(["knows", "its", "name", "the", "river"])[0] == 3
    assert both.whole_lines(5, 5) == a.whole_lines(5, 5) | b.whole_lines(5, 5)


@pytest.mark.parametrize(
    ("lines", "share"),
    [
        (["the river runs below"], 1.0),
        (["zebra zebra"], 0.0),
        (["the zebra"], (1 / 2 + 0) / 2),  # a line may begin with "the"
        (["sing to me", "zebra", "sing to me"], (4 / 5 + 3 / 4) / 2),  # a line that comes back counts once
        (["town and"], 0.0),  # not across line ends
    ],
)
def test_familiar_turns_of_phrase(lines: list[str], share: float) -> None:
    assert index().familiar([line.split() for line in lines]) == pytest.approx(share)
