"""Word vectors from the three kinds of file, and what is wrong with broken ones."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import pytest

from lyricist.errors import InputError, MissingExtra
from lyricist.model.classic.word_vectors import learn, read_vectors

TEXT = b"3 2\nsea 0.5 -1\nboat 1 2\nThe 3e-1 4\n"
GLOVE = b"sea 0.5 -1\nboat 1 2\nThe 3e-1 4\n"


def floats(*values: float) -> bytes:
    return np.array(values, dtype="<f4").tobytes()


BINARY = b"3 2\n" + b"".join(
    word + b" " + floats(*values) + b"\n"
    for word, values in [(b"sea", (0.5, -1)), (b"boat", (1, 2)), (b"The", (0.3, 4))]
)
BINARY_TIGHT = b"3 2\nsea " + floats(0.5, -1) + b"boat " + floats(1, 2) + b"The " + floats(0.3, 4)
KINDS = {"text": TEXT, "GloVe": GLOVE, "binary": BINARY, "binary without line ends": BINARY_TIGHT}


@pytest.fixture
def file(tmp_path: Path):  # type: ignore[no-untyped-def]
    def write(data: bytes, name: str = "vectors") -> Path:
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return write


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_gives_the_rows_of_the_words_asked_for(kind: str, packed: bool, file) -> None:  # type: ignore[no-untyped-def]
    path = file(gzip.compress(KINDS[kind]) if packed else KINDS[kind])
    found = read_vectors(path, ["boat", "the", "gull"], size=2)
    assert found.words == ["boat", "the"]
    np.testing.assert_allclose(found.matrix, [[1, 2], [0.3, 4]], rtol=1e-6)
    assert found.source == "vectors"


def test_the_spelling_asked_for_goes_before_one_with_capitals(file) -> None:  # type: ignore[no-untyped-def]
    found = read_vectors(file(b"Sea 1 1\nsea 2 2\nSEA 3 3\n"), ["sea"])
    assert found.matrix.tolist() == [[2, 2]]


def test_a_word_of_glove_may_hold_spaces(file) -> None:  # type: ignore[no-untyped-def]
    found = read_vectors(file(b"sea 1 1\n. . . 2 2\nboat 3 3\n"), ["boat"])
    assert found.matrix.tolist() == [[3, 3]]


BROKEN = {
    "rows missing from text": (TEXT.removesuffix(b"The 3e-1 4\n"), "promises 3 vectors and has 2"),
    "text cut in a row": (TEXT[:-9], "row 3 does not have 2 numbers"),
    "more rows than promised": (TEXT + b"gull 1 1\n", "promises 3 vectors and has 4"),
    "binary cut in a row": (BINARY[:-5], "promises 3 vectors and has 2"),
    "binary cut between rows": (BINARY[: BINARY.index(b"boat")], "promises 3 vectors and has 1"),
    "GloVe cut in a row": (GLOVE[:-9], "row 3 does not have 2 numbers"),
    "a gzip stream cut": (gzip.compress(GLOVE * 50)[:-20], "gzip"),
    "not numbers": (b"sea salt wind\n", "no vectors"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(200)), "no vectors"),
    "nothing": (b"", "no vectors"),
    "no numbers at all": (b"3 0\nsea\n", "have 0 numbers"),
    "a size beyond reason": (b"3 99999999\nsea 1\n", "have 99999999 numbers"),
    "not finite": (b"sea nan 1\n", "not finite"),
    "none of the words": (b"mer 1 2\n", "none of the 2 words"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_one_line_that_names_it(case: str, file) -> None:  # type: ignore[no-untyped-def]
    data, expected = BROKEN[case]
    path = file(data)
    with pytest.raises(InputError) as e:
        read_vectors(path, ["sea", "boat"])
    assert expected in str(e.value)
    assert str(path) in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("kind", KINDS)
def test_another_size_than_asked_for(kind: str, file) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="its vectors have 2 numbers, not 300: say --embedding 2"):
        read_vectors(file(KINDS[kind]), ["sea"], size=300)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read .No such file"):
        read_vectors(tmp_path / "none.bin", ["sea"])
    with pytest.raises(InputError, match="--vectors .* cannot be read .it is no plain file"):
        read_vectors(tmp_path, ["sea"])


def test_learning_is_the_same_twice_and_knows_every_word() -> None:
    pytest.importorskip("gensim")
    songs = [["sea", "boat", "sea", "gull"], ["boat", "gull", "sea", "wave"]] * 3
    one, two = learn(songs, 8, seed=5), learn(songs, 8, seed=5)
    assert sorted(one.words) == ["boat", "gull", "sea", "wave"]
    assert one.matrix.shape == (4, 8)
    np.testing.assert_array_equal(one.matrix, two.matrix)
    assert one.words == two.words


def test_without_gensim_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    with pytest.raises(MissingExtra, match=r"lyricist\[classic\]"):
        learn([["sea"]], 8, 0)
