"""Words put into a MusicXML file: other lyrics, and all else byte for byte."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest

from lyricist.errors import InputError
from lyricist.evaluation.tune_fit import sung_text
from lyricist.melody.export import SungWord, own_words, pages_of, sing, write_score
from lyricist.melody.export.kept_score import words_into
from lyricist.melody.export.sing import Sung
from lyricist.melody.read import read_tune, tune_of
from lyricist.melody.read.musicxml_file import read_musicxml
from lyricist.melody.read.untrusted import decoded, repack, unpack

LIEDER = Path(__file__).parents[3] / "shared" / "data" / "melodies" / "lieder-musicxml"
NOTE = "<note>\n  <pitch><step>{}</step><octave>4</octave></pitch><duration>1</duration><voice>{}</voice>{}</note>"
WORD = '\n  <lyric number="1" default-y="-80"><syllabic>single</syllabic><text>{}</text>\n  </lyric>'


def bar(number: int, before: str, notes: str, after: str = "", voice: int = 1) -> str:
    sung = "".join(NOTE.format(*step.split("=")[:1], voice, word_of(step)) for step in notes.split())
    return f'<measure number="{number}">{before}{sung}{after}</measure>\n'


def word_of(step: str) -> str:
    return WORD.format(step.split("=")[1]) if "=" in step else ""


HEAD = "<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
FIRST, SECOND = (f'<barline location="left"><ending number="{n}" type="start"/></barline>' for n in (1, 2))
BACK = '<barline location="right"><ending number="1" type="stop"/><repeat direction="backward"/></barline>'
BARS = (
    bar(1, HEAD, "C=so D=la E=ti F=do")
    + bar(2, FIRST, "G=one F=two E=three D=four", BACK)
    + bar(
        3,
        SECOND,
        "G=five F=six E=and D=out",
        "<!-- <note> no note -->\n<direction><words>D.S. al Fine &amp; out</words></direction>",
    )
)
TEXT = f"""<?xml version='1.0' encoding="UTF-8"?>
<score-partwise><credit><credit-words>Née & more</credit-words></credit><part-list><score-part id="P1"><part-name>V</part-name>
</score-part><score-part id='P2'><part-name>Other</part-name></score-part></part-list>
<part id="P1">{BARS}</part><part id="P2">{bar(1, HEAD, "C D E F=keep")}</part></score-partwise>
""".replace("& more", "&amp; more")
CONTAINER = '\n<?xml version="1.0"?><container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>'
LYRIC = re.compile(rb"\s*<lyric\b.*?</lyric>|\s*<lyric\b[^>]*/>", re.S)


def bare(document: bytes) -> bytes:
    return LYRIC.sub(b"", document)


def with_words(text: str, document: bytes = TEXT.encode()) -> tuple[Sung, bytes]:
    tune = tune_of(read_musicxml(document, "a.musicxml"), track=1, phrases="4")
    sung = sung_text(text.splitlines(), tune)
    return sung, words_into(document, sung, "a.musicxml")


def texts(document: bytes) -> list[tuple[str, str]]:
    found = re.findall(rb'<lyric number="(\d)".*?<text>(.*?)</text>', document, re.S)
    return [(number.decode(), text.decode()) for number, text in found]


def test_each_pass_of_a_repeat_is_a_verse_and_all_else_stays() -> None:
    _, made = with_words("now the river\nruns below us\nand the morning\ncomes to find me")
    assert bare(made) == bare(TEXT.encode())
    first = [("1", "now"), ("2", "and"), ("1", "the"), ("2", "the"), ("1", "riv"), ("2", "morn")]
    assert texts(made)[:6] == first and ("1", "keep") in texts(made)
    assert texts(made)[8:16] == [("1", w) for w in ["runs", "be", "low", "us", "comes", "to", "find", "me"]]
    assert b'<lyric number="1" default-y="-80"><syllabic>single</syllabic><text>now' in made


OPENS = '<lyric number="1" default-y="-80">'


@pytest.mark.parametrize(
    ("old", "new", "tag"),
    [
        (WORD.format("so"), WORD.format("so") + '<lyric number="2"/>', OPENS),
        (OPENS, '<lyric number="1" id="a" default-y="-80" print-object="no">', OPENS),
        (OPENS, '<lyric name="a>b" number="1" color="&quot;">', """<lyric number="1" color='"'>"""),
        ("<?xml", "\r\n <?xml", OPENS),
    ],
)
def test_a_file_as_others_write_it_takes_words(old: str, new: str, tag: str) -> None:
    document = TEXT.replace(old, new, 1).encode()
    _, made = with_words("now the river\nruns below us\nand the morning\ncomes to find me", document)
    assert bare(made).strip() == bare(TEXT.encode()).strip() and len(texts(made)) == 17
    assert f"{tag}<syllabic>single</syllabic><text>now".encode() in made


def test_another_staff_keeps_its_words() -> None:
    low = bar(5, "", "C=low D=down").replace("</voice>", "</voice><staff>2</staff>")
    _, made = with_words(
        "now the river\nruns below us\nand the morning\ncomes to find me", TEXT.replace(BARS, BARS + low).encode()
    )
    assert {("1", "low"), ("1", "down"), ("1", "now")} < set(texts(made))


def test_no_verse_has_words_of_two_stanzas() -> None:
    tune = tune_of(read_musicxml(TEXT.encode(), "a.musicxml"), track=1, phrases="4")
    stanzas = [[[SungWord(f"{name}{i}{k}", (f"{name}{i}{k}",)) for k in range(4)] for i in range(4)] for name in "ab"]
    made = words_into(TEXT.encode(), sing(tune, stanzas), "a.musicxml")
    assert {(number, text[0]) for number, text in texts(made)[:32]} == {
        ("1", "a"),
        ("2", "a"),
        ("3", "b"),
        ("4", "b"),
    }


def test_a_page_has_the_letters_of_the_file(tmp_path: Path) -> None:
    pytest.importorskip("verovio")
    text = TEXT.replace("UTF-8", "ISO-8859-1").replace("<credit>", "<movement-title>Née</movement-title><credit>")
    (tmp_path / "a.xml").write_bytes(text.encode("latin-1"))
    (page,) = pages_of(own_words(read_tune(tmp_path / "a.xml", track=1)), ".svg", tmp_path / "a.xml")
    assert "Née" in page.decode() and decoded(text.encode("latin-1")) == text


def test_words_that_return_are_written_once() -> None:
    _, made = with_words("now the river\nruns below us\nnow the river\ncomes to find me")
    assert {number for number, _ in texts(made)} == {"1"}


def test_words_with_signs_are_escaped() -> None:
    _, made = with_words("now & the river\nruns below us\nand déjà blue\ncomes to find me")
    assert read_musicxml(made, "a").parts[0].words == 16 and b"d&#233;" in made


def test_a_packed_score_stays_packed(tmp_path: Path) -> None:
    path = tmp_path / "a.mxl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("score.xml", TEXT)
        archive.writestr("other.xml", TEXT)
        archive.writestr("picture.png", b"1234")
        archive.comment = b"by hand"
    tune = read_tune(path, track=1)
    for suffix in (".mxl", ".musicxml"):
        (out,) = write_score(tmp_path / f"b{suffix}", own_words(tune), onto=path)
        data = out.read_bytes()
        assert bare(unpack(data, "b") if suffix == ".mxl" else data) == bare(TEXT.encode())
    with zipfile.ZipFile(io.BytesIO((tmp_path / "b.mxl").read_bytes())) as archive:
        assert archive.namelist()[1:] == ["score.xml", "other.xml", "picture.png"] and archive.comment == b"by hand"
        assert archive.read("picture.png") == b"1234"


def packed(at: int = 0, to: int = 0, pictures: int = 1) -> bytes:
    """An MXL with pictures, with one byte of the first one's entry in the directory changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(pictures):
            archive.writestr(f"{i}.png", bytes(2**24 if pictures > 1 else 9))
        archive.writestr("score.xml", TEXT)
    data = bytearray(out.getvalue())
    data[data.index(b"PK\x01\x02") + at] = to or data[data.index(b"PK\x01\x02") + at]
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (packed(8, 1), "encrypted"),
        (packed(10, 99), "compression method"),
        (packed(16, 7), "CRC"),
        (packed(pictures=3), "unpacks to more"),
    ],
)
def test_a_damaged_archive_is_refused(data: bytes, says: str) -> None:
    assert unpack(data, "a.mxl") == TEXT.encode()
    with pytest.raises(InputError, match=says):
        repack(data, b"<score-partwise/>", "a.mxl")


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (TEXT.encode("utf-16"), "UTF-8"),
        (TEXT.encode("utf-16-be"), "UTF-8"),
        (TEXT.replace("UTF-8", "Shift_JIS").encode(), "save it as UTF-8"),
        (TEXT.replace("UTF-8", "foo-8").encode(), "save it as UTF-8"),
        (b"<score-partwise/>", "not the file of this tune"),
        (TEXT.replace("<score-partwise>", '<!DOCTYPE a [<!ENTITY b "b">]><score-partwise>').encode(), "entities"),
        (TEXT.encode()[:200], "cut off"),
    ],
)
def test_another_file_is_refused(document: bytes, says: str) -> None:
    sung, _ = with_words("now the river\nruns below us\nand the morning\ncomes to find me")
    with pytest.raises(InputError, match=says):
        words_into(document, sung, "b.musicxml")


def kept(path: Path) -> str:
    """What goes wrong with a song, written into its own file with its own words; empty if nothing does."""
    data = path.read_bytes()
    tune = read_tune(path)
    sung = own_words(tune)
    made = words_into(data, sung, path.name)
    if bare(made) != bare(unpack(data, path.name) if data.startswith(b"PK") else data):
        return f"{path.name}: more than lyrics differs"
    again = read_musicxml(made, path.name)
    (part,) = (part for part in again.parts if part.number == tune.part.number)
    there = {(note.onset, note.pitch): {lyric.text for lyric in note.lyrics} for note in part.notes if note.lyrics}
    laid = [
        (slot, lyric)
        for p, row in zip(tune.phrases, sung.lyrics[0], strict=True)
        for slot, lyric in zip(p.slots, row, strict=True)
    ]
    lost = [
        lyric.text
        for slot, lyric in laid
        if lyric and lyric.text.strip() not in there.get((slot.onset, slot.pitch), ())
    ]
    return f"{path.name}: {lost}" if lost else ""


@pytest.mark.skipif(not LIEDER.is_dir(), reason="the songs are not in ../shared/data/melodies")
@pytest.mark.parametrize("start", [0, pytest.param(1, marks=pytest.mark.full)])
def test_songs_keep_all_but_their_lyrics(start: int) -> None:
    paths = sorted(LIEDER.glob("*.mxl"))
    assert not list(filter(None, map(kept, paths[::60] if not start else paths)))
