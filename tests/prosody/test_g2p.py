"""The pronunciation model: what it gives for words, and the alignment of letters and phones."""

from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pytest

from lyricist.prosody import g2p
from lyricist.prosody.g2p import (
    BEAM,
    LETTERS,
    MODEL,
    ROWS,
    align,
    default_model,
    floats,
    fold,
    pieces,
    product,
    pronounce,
    pronounce_many,
    quantise,
)
from lyricist.prosody.phones import PHONES, is_vowel

# Words of the table's style that are in no dictionary; regular enough that only one number of syllables is right.
INVENTED = {
    "blick": "1",
    "strapping": "10",
    "mondering": "100",
    "flatterness": "100",
    "brillow": "10",
    "snargle": "10",
    "plented": "10",
    "wendering": "100",
    "glomish": "10",
    "tranted": "10",
}


@pytest.mark.parametrize(("word", "stress"), INVENTED.items())
def test_invented_words_get_the_syllables_and_the_stress_that_their_spelling_asks_for(word: str, stress: str) -> None:
    (reading,) = pronounce(word)
    assert reading.stress == stress, reading.text


def test_a_reading_is_marked_as_the_models_and_made_of_phones() -> None:
    (reading,) = pronounce("snargle")
    assert reading.source == "model"
    assert set(reading.phones) <= set(PHONES)


@pytest.mark.parametrize("word", ["", "42", "…", "'", "--", "\N{SNOWMAN}", "любовь"])
def test_what_has_no_letters_has_no_reading(word: str) -> None:
    assert pronounce(word) == ()


@pytest.mark.parametrize("word", ["hmm", "pfft", "w", "brrrrrr", "x'", "a" * 59, "nth"])
def test_whatever_has_letters_has_one_reading_with_a_vowel(word: str) -> None:
    (reading,) = pronounce(word)
    assert reading.syllables >= 1


def test_every_word_has_exactly_one_primary_stress() -> None:
    draw = random.Random(1)
    words = ["".join(draw.choices(LETTERS, k=draw.randint(1, 14))) for _ in range(300)]
    for word, readings in zip(words, pronounce_many(words), strict=True):
        assert [r.stress.count("1") for r in readings] == [1] * bool(word.strip("'")), word


def test_a_words_reading_does_not_depend_on_its_company() -> None:
    words = ["glomish", "brillow", "snargle", "42", "na-na", "glomish", *(f"s{x}nargle" for x in LETTERS)]
    assert pronounce_many(words) == [pronounce(word) for word in words]
    assert pronounce_many(words[::-1]) == pronounce_many(words)[::-1]


def test_capitals_accents_digits_and_drawn_out_letters_do_not_count() -> None:
    assert pronounce("Glómish7") == pronounce("glomish")
    assert pronounce("glooooooomish") == pronounce("gloomish")


def test_the_parts_of_a_compound_are_read_alone_and_the_first_is_the_strongest() -> None:
    (whole,), (first,), (second,) = pronounce_many(["snargle-plented", "snargle", "plented"])
    assert whole.phones == (*first.phones, *(phone.replace("1", "2") for phone in second.phones))
    assert whole.stress == "1020"


def test_pieces() -> None:
    assert pieces("Ding-a-'ling!") == ["ding", "a", "'ling"]
    assert pieces("-x-") == ["x"]


@pytest.mark.parametrize("word", ["Ñandú", "ΐ", "ﬁ", "İ", "naïve", "\N{SNOWMAN}"])
def test_fold_keeps_the_number_of_letters(word: str) -> None:
    assert len(fold(word)) == len(word)


@pytest.mark.parametrize(
    ("word", "phones", "laid"),
    [
        ("thought", "TH AO1 T", "TH - AO1 - - - T"),
        ("example", "IH0 G Z AE1 M P AH0 L", "IH0 G_Z AE1 M P AH0_L -"),
        ("loved", "L AH1 V D", "L AH1 V - D"),
        ("heav'n", "HH EH1 V N", "HH EH1 - V - N"),
        ("nation", "N EY1 SH AH0 N", "N EY1 SH AH0 - N"),
        ("w", "D AH1 B AH0 L Y UW0", "D_AH1_B_AH0_L_Y_UW0"),
        ("Noël", "N OW0 EH1 L", "N OW0 EH1 L"),
        ("7up", "S EH1 V AH0 N AH2 P", None),
        ("aa", "", "- -"),
    ],
)
def test_letters_are_aligned_with_phones(word: str, phones: str, laid: str | None) -> None:
    chunks = align(word, phones.split())
    assert len(chunks) == len(word)
    assert [phone for chunk in chunks for phone in chunk] == phones.split()
    if laid is not None:
        assert ["_".join(chunk) or "-" for chunk in chunks] == laid.split()


def test_quantised_weights_are_close_and_vectors_exact() -> None:
    weights = {"m": np.array([[1.0, -127.0, 63.0], [0, 0, 0]], np.float32), "v": np.array([0.1, 2], np.float32)}
    kept = dict(quantise(weights))
    assert kept["m"].dtype == np.int8
    back = dict(floats(kept))
    np.testing.assert_allclose(back["m"], weights["m"], atol=1e-4)
    np.testing.assert_array_equal(back["v"], weights["v"])


def test_a_product_by_blocks_is_the_product() -> None:
    draw = np.random.default_rng(1)
    x, w = draw.random((3, 16, 200), np.float32), draw.random((200, 190), np.float32)
    np.testing.assert_allclose(product(x, w), x @ w, rtol=1e-4)


def test_the_model_is_small_and_its_shapes_fit() -> None:
    assert MODEL.stat().st_size < 2_000_000
    model = default_model()
    assert model.weights["letters"].shape[0] == len(LETTERS)
    assert model.weights["decoder.chunks"].shape[0] == len(model.chunks) + 1
    paths = model.search(model.encode(np.zeros((ROWS, 5), np.int64)))
    assert paths.shape == (ROWS, 5)
    assert (model.primaries[paths].sum(axis=1) == 1).all()
    assert len(model.chunks) > BEAM
    assert any(is_vowel(phone) for chunk in model.chunks for phone in chunk)


def test_importing_loads_neither_the_model_nor_a_framework() -> None:
    code = (
        "import sys; from lyricist.prosody import g2p; "
        "assert g2p.default_model.cache_info().currsize == 0; "
        "assert not {'torch', 'onnxruntime', 'safetensors'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert g2p.default_model() is g2p.default_model()
