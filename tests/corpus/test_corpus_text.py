"""Bytes to clean text: encodings, mojibake, binary files, lines of any length."""

import io

import pytest

from lyricist._io import decode_text, text_chunks
from lyricist.corpus.clean_text import MAX_LINE, clean_text, split_lines
from lyricist.errors import InputError

WORDS = "Über den Fluss, ma chérie\nwe will go\n" * 4


@pytest.mark.parametrize(
    "codec",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "cp1252"],
)
def test_every_encoding_gives_the_same_text(codec):
    assert decode_text(WORDS.encode(codec), "a.txt") == WORDS


def test_mixed_encodings_in_one_file():
    data = "café\n".encode() + "naïve\n".encode("cp1252")
    assert decode_text(data, "a.txt") == "café\nnaïve\n"


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\n"])
def test_newlines(newline):
    assert decode_text(f"one{newline}two{newline}".encode(), "a.txt") == "one\ntwo\n"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("donâ€™t stop", "don't stop"),  # UTF-8 read as Windows-1252
        ("cafÃ© noir", "café noir"),
        ("e\u0301tude", "étude"),  # NFC
        ("rock\u00a0\u2009n\u2019 roll", "rock  n' roll"),
        ("zero\u200bwidth\u00ad \ufeffmark", "zerowidth mark"),
        ("a\u2028b\x85c", "a\nb\nc"),
        ("tab\there", "tab     here"),
        ("Rock &amp; roll &#39;n", "Rock & roll 'n"),
        ("bell\x07 \ud800surrogate", "bell surrogate"),
        ("Straße über naïve façade", "Straße über naïve façade"),  # nothing to repair
        ("Привет, мир", "Привет, мир"),
    ],
)
def test_clean_text(raw, clean):
    assert clean_text(raw) == clean


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "picture"),
        (b"%PDF-1.4 text all the way", "PDF"),
        (b"MThd\x00\x00\x00\x06\x00\x01\x00\x02", "MIDI"),
        (bytes(range(256)) * 20, "binary"),
        (b"words \x01\x02\x03\x04\x05 and controls", "binary"),
        (b"text\x00with\x00a\x00few\x00nuls" * 9, "binary"),
    ],
)
def test_binary_is_refused_with_its_name(data, what):
    with pytest.raises(InputError, match=rf"song\.txt: .*{what}"):
        decode_text(data, "song.txt")


def test_lines_are_cut_into_chunks_without_loss():
    text = "".join(f"line {n}\n" for n in range(1000)) + "last"
    chunks = [text[at : at + 7] for at in range(0, len(text), 7)]
    assert list(split_lines(chunks)) == text.split("\n")


def test_too_long_a_line_is_left_out_and_reported():
    told = []
    lines = list(split_lines(["ok\n", "x" * MAX_LINE, "x" * 5, "tail\nfine"], too_long=told.append))
    assert lines == ["ok", "fine"]
    assert len(told) == 1
    assert told[0].startswith("xxx")
    assert list(split_lines(["y" * MAX_LINE])) == ["y" * MAX_LINE]


def test_multibyte_characters_across_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("lyricist._io.CHUNK", 3)
    path = tmp_path / "a.txt"
    path.write_bytes(WORDS.encode())
    read = []
    assert "".join(text_chunks(path, on_bytes=read.append)) == WORDS
    assert sum(read) == len(WORDS.encode())


def test_without_ftfy_text_stays_as_it_is(monkeypatch):
    import lyricist.corpus.clean_text as text

    monkeypatch.setattr(text, "_ftfy", lambda: None)
    assert clean_text("cafÃ©") == "cafÃ©"


def test_decode_needs_no_whole_file_for_utf16_without_mark():
    assert decode_text("hello there".encode("utf-16-be"), "x") == "hello there"
    assert decode_text(b"", "x") == ""
    assert io.StringIO(decode_text(b"a", "x")).read() == "a"
