"""Files that mean harm, uploaded as tunes and as lyrics: one clear line, nothing left, the studio goes on."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import httpx
import pytest
from studioserver import Studio

from badtunes import REFUSED, SUNG, TAKEN, C, bomb, xml

MEGABYTE = 2**20
MARKUP = "<script>alert(1)</script>"
NAMES = (
    "../../../../tmp/evil.mid",
    "..\\..\\evil.mid",
    "/etc/passwd",
    "C:\\Windows\\evil.mid",
    "a\0b.mid",
    "x" * 5000 + ".mid",
    f"{MARKUP}.mid",
    "a.mid\r\nX-Evil: 1",
    "\u202egnp.mid",
    "CON",
    ".",
    "..",
    "",
)
FURTHER_TUNES: dict[str, bytes] = {
    "noise.mid": bytes(range(256)) * 400,
    "noise.musicxml": bytes(range(256)) * 400,
    "latin.musicxml": xml(SUNG.format(C)).replace(b"<?xml", b"\xe9<?xml"),
    "laughs.musicxml": xml(
        SUNG.format(C),
        '<!DOCTYPE a [<!ENTITY a "ha">'
        + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
        + "]>",
    ),
    "deep.musicxml": xml("<measure>" * 20_000),
    "wide.musicxml": xml(SUNG.format("<note " + " ".join(f"a{i}=''" for i in range(20_000)) + "/>")),
    "tuplets.abc": b"X:1\nK:C\n" + b"(9:9:9" * 20_000,
    "page.html": f"<!doctype html>{MARKUP}".encode(),
    "picture.svg": f'<svg xmlns="http://www.w3.org/2000/svg">{MARKUP}</svg>'.encode(),
    "gates.mxl": b"PK\3\4" + b"\xff" * 1000,
}
LYRICS: dict[str, bytes] = {
    "empty.txt": b"",
    "empty.mid": b"",
    "noise.txt": bytes(range(256)) * 400,
    "nul.txt": b"Oh the\0 river\n" * 40,
    "latin.txt": "Où est la rivière\nelle est là\n".encode("latin-1") * 20,
    "utf16.txt": ("The river ran\nbelow the town\n" * 20).encode("utf-16"),
    "cut.txt": ("The river ran below\n" * 20).encode("utf-16")[:-1],
    "line.txt": b"oh " * (3 * MEGABYTE),
    "lines.txt": b"a\n" * (MEGABYTE // 8),
    "deep.json": b"[" * 100_000 + b"]" * 100_000,
    "nan.json": b'[{"title": NaN, "lyrics": 1e999}]',
    "cut.json": b'[{"title": "a", "lyrics": "The river',
    "big.json": b'{"lyrics": ' + b"9" * 100_000 + b"}",
    "columns.csv": b"artist,year\nA,1999\n",
    "wide.csv": b"," * 100_000 + b"\n" + b"," * 100_000,
    "quote.csv": b'lyrics,title\n"The river ran below the town' + b"\nand nobody came" * 20_000,
    "entities.musicxml": FURTHER_TUNES["laughs.musicxml"],
    "bomb.mxl": bomb(64),
    "cut.mid": REFUSED["cut.mid"][0],
    "stamps.lrc": b"[99999999999999999999:99.99]la\n" * 2000,
    "directive.cho": b"{" * 50_000,
    "program.py": b"import os\nos.system('true')\n",
    "songs.zip": bomb(1),
}


def tune(studio: Studio, name: str, data: bytes) -> httpx.Response:
    return studio.client.post("/api/tunes", files={"file": (name, data)})


def lyrics(studio: Studio, name: str, data: bytes) -> httpx.Response:
    return studio.client.post("/api/training", files={"files": (name, data)}, data={"options": '{"name": "x"}'})


def refused(answer: httpx.Response) -> str:
    """The one line of a refusal."""
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert set(error) == {"code", "message"}
    message = error["message"]
    assert message and "\n" not in message and len(message) < 500
    assert "Traceback" not in message and "/tmp" not in message.replace("'/tmp", "")
    return str(message)


def kept(studio: Studio, kind: str) -> list[str]:
    """What is left in the studio's folder of a kind of thing."""
    return [str(p) for p in Path(studio.settings.data).rglob(f"owners/*/{kind}/*")]


@pytest.mark.parametrize("name", [*REFUSED, *FURTHER_TUNES])
def test_a_bad_tune_is_refused_in_one_line_and_leaves_nothing(studio_server: Studio, name: str) -> None:
    before = kept(studio_server, "tunes")
    refused(tune(studio_server, name, REFUSED[name][0] if name in REFUSED else FURTHER_TUNES[name]))
    assert kept(studio_server, "tunes") == before
    assert studio_server.client.get("/api/health").status_code == 200


ODD = {**TAKEN, "deep.abc": b"X:1\nK:C\n" + b"[" * 50_000 + b"C" + b"]" * 50_000}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_tune_is_taken_and_goes_when_told_so(studio_server: Studio, name: str) -> None:
    answer = tune(studio_server, name, ODD[name])
    assert answer.status_code == 201
    assert studio_server.client.delete(f"/api/tunes/{answer.json()['id']}").status_code == 204
    assert not [p for p in kept(studio_server, "tunes") if answer.json()["id"] in p]


@pytest.mark.parametrize("name", LYRICS)
def test_bad_lyrics_are_refused_or_said_to_be_dropped(studio_server: Studio, name: str) -> None:
    answer = lyrics(studio_server, name, LYRICS[name])
    if answer.status_code != 201:
        refused(answer)
        return
    found = answer.json()
    assert found["status"] == "ready"
    assert found["understood"]["songs"] >= 1
    assert studio_server.client.delete(f"/api/training/{found['id']}").status_code == 204


def test_good_lyrics_among_bad_ones_are_kept(studio_server: Studio) -> None:
    song = "[Verse]\n" + "\n".join(f"The river number {n} ran below the town" for n in range(12))
    files = [("files", (f"{n}.txt", song.replace("river", f"river {n}").encode())) for n in range(8)]
    files += [("files", (name, LYRICS[name])) for name in ("noise.txt", "cut.json", "cut.mid", "program.py")]
    answer = studio_server.client.post("/api/training", files=files, data={"options": "{}"})
    assert answer.status_code == 201, answer.text
    understood = answer.json()["understood"]
    assert understood["songs"] >= 1
    assert sum(each["count"] for each in understood["dropped"]) >= 1
    studio_server.client.delete(f"/api/training/{answer.json()['id']}")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_goes_into_no_path(studio_server: Studio, name: str) -> None:
    root = Path(studio_server.settings.data)
    boundary = "b"
    shown = name.encode("utf-8", "surrogateescape").replace(b'"', b"%22")
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + shown + b'"\r\n\r\n'
    body += TAKEN["notempo.mid"] + b"\r\n--b--\r\n"
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    answer = studio_server.client.post("/api/tunes", content=body, headers=headers)
    assert answer.status_code in (201, 422), answer.text
    if answer.status_code == 201:
        found = answer.json()
        assert "/" not in found["name"] and "\\" not in found["name"] and len(found["name"]) <= 100
        files = [p.name for p in root.rglob("*") if found["id"] in str(p)]
        assert sorted(files) == sorted([found["id"], "meta.json", *[f for f in files if f.startswith("music")]])
        studio_server.client.delete(f"/api/tunes/{found['id']}")
    assert not list(root.rglob("*evil*"))
    assert not list(root.rglob("*passwd*"))


def test_markup_in_names_and_titles_stays_text(studio_server: Studio) -> None:
    """SVG and MusicXML hold it escaped; whatever holds it is a download or JSON."""
    found = tune(studio_server, f"{MARKUP}.mid", TAKEN["notempo.mid"]).json()
    for kind in ("svg", "musicxml", "lrc", "kar"):
        body = {"tune": found["id"], "format": kind, "title": f'"]]>{MARKUP}', "lyrics": "<b>oh</b> oh oh\n" * 3}
        answer = studio_server.client.post("/api/score", json=body | {"partial": True})
        if answer.status_code != 200:
            refused(answer)
            continue
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert "html" not in answer.headers["content-type"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        if kind in ("svg", "musicxml"):
            assert b"<script" not in answer.content.lower()
    studio_server.client.delete(f"/api/tunes/{found['id']}")


@pytest.mark.parametrize("title", ['x"\r\nSet-Cookie: a=b', "../../etc/passwd", "\u2028\ud7ff", "a" * 200, "\0", "…"])
def test_the_name_of_a_download_is_one_line_and_no_path(studio_server: Studio, title: str) -> None:
    answer = studio_server.client.post("/api/score", json={"lyrics": "Oh the river", "title": title, "format": "txt"})
    assert answer.status_code == 200, answer.text
    assert "set-cookie" not in answer.headers
    disposition = answer.headers["content-disposition"]
    assert "/" not in disposition.replace("UTF-8''", "") and disposition.isascii()


def test_names_inside_an_archive_go_nowhere(studio_server: Studio, tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        root = '<container><rootfiles><rootfile full-path="../../evil.xml"/></rootfiles></container>'
        archive.writestr("META-INF/container.xml", root)
        archive.writestr("../../evil.xml", xml(SUNG.format(C * 8)))
    answer = tune(studio_server, "climb.mxl", out.getvalue())
    assert answer.status_code in (201, 422)
    assert not list(Path(studio_server.settings.data).rglob("*evil*"))
    if answer.status_code == 201:
        studio_server.client.delete(f"/api/tunes/{answer.json()['id']}")


def test_more_than_may_be_sent_is_refused(studio_server: Studio) -> None:
    limits = studio_server.settings.limits
    answer = tune(studio_server, "huge.mid", b"\0" * (limits.upload_bytes + 1))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"
    many = [("files", (f"{n}.txt", b"oh")) for n in range(2_100)]
    refused(studio_server.client.post("/api/training", files=many, data={"options": "{}"}))


@pytest.mark.parametrize(
    "options",
    ["", "[]", "null", "{", "[" * 10_000, json.dumps({"name": 1}), '{"from": "/etc"}', '{"budget_seconds": 1e99}',
     '{"budget_seconds": NaN}', '{"budget_seconds": -1}', '{"evil": 1}', '{"name": "\\ud800"}'],
)  # fmt: skip
def test_options_of_a_training_that_are_none(studio_server: Studio, options: str) -> None:
    files = {"files": ("a.txt", b"The river ran below the town\n" * 20)}
    answer = studio_server.client.post("/api/training", files=files, data={"options": options})
    if answer.status_code == 201:  # an empty one says nothing
        assert options == ""
        studio_server.client.delete(f"/api/training/{answer.json()['id']}")
    else:
        refused(answer)
