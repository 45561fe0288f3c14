"""Tunes over HTTP: uploaded, read, divided, sung; hostile ones refused by one line, in little memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from studioserver import Studio

from badtunes import REFUSED, TAKEN
from lyricist.apps.studio.http_io import Refused
from lyricist.apps.studio.sandbox import Sandbox
from lyricist.apps.studio.studio_settings import Limits
from lyricist.errors import InputError

HILL = b"""X:1
T:The Little Hill
M:4/4
L:1/4
Q:1/4=120
K:G
z3 G | c2 d2 | e2 c z | z3 G | e2 d2 | c2 c z |]
w: The hill is high a-bove the sea and blue
"""


def upload(studio: Studio, data: bytes = HILL, name: str = "hill.abc", **fields: str) -> Any:
    answer = studio.client.post("/api/tunes", files={"file": (name, data)}, data=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_tune_is_shown_as_phrases_of_slots(studio_server: Studio) -> None:
    tune = upload(studio_server, phrases="5")
    assert (tune["title"], tune["format"], tune["key"], tune["metre"]) == ("The Little Hill", "abc", "G major", "4/4")
    assert tune["tempo"] == 120 and tune["duration_seconds"] == 11.5
    assert [len(phrase["slots"]) for phrase in tune["phrases"]] == [5, 5]
    assert [phrase["text"] for phrase in tune["phrases"]] == ["The hill is high a", "bove the sea and blue"]
    first = tune["phrases"][0]
    assert first["section"] == "verse" and first["pattern"] == "x/x/x"
    assert [slot["pitch"] for slot in first["slots"]] == [67, 72, 74, 76, 72]
    assert [slot["start_beat"] for slot in first["slots"]] == [3, 4, 6, 8, 10]
    assert [slot["word"] for slot in first["slots"]] == ["The", "hill", "is", "high", "a-"]
    assert first["slots"][1]["strong"] and first["slots"][1]["start"] == 2.0 and first["slots"][1]["seconds"] == 1.0


def test_a_tune_can_be_read_again_otherwise_and_forgotten(studio_server: Studio) -> None:
    client, given = studio_server.client, upload(studio_server)["id"]
    assert client.get(f"/api/tunes/{given}").json()["id"] == given
    other = client.get(f"/api/tunes/{given}", params={"phrases": "4,6"}).json()
    assert [len(phrase["slots"]) for phrase in other["phrases"]] == [4, 6]
    assert client.get(f"/api/tunes/{given}", params={"track": 9}).status_code == 422
    assert given in [tune["id"] for tune in client.get("/api/tunes").json()["tunes"]]
    assert client.delete(f"/api/tunes/{given}").status_code == 204
    assert client.get(f"/api/tunes/{given}").status_code == 404
    assert client.delete(f"/api/tunes/{given}").status_code == 404


@pytest.mark.parametrize("name", TAKEN)
def test_an_odd_tune_is_a_tune(studio_server: Studio, name: str) -> None:
    assert upload(studio_server, TAKEN[name], name)["phrases"]


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_tune_gets_one_line(studio_server: Studio, name: str) -> None:
    before = studio_server.client.get("/api/tunes").json()
    answer = studio_server.client.post("/api/tunes", files={"file": (name, REFUSED[name][0])})
    assert answer.status_code == 422 and answer.json()["error"]["code"] == "bad_input"
    told = answer.json()["error"]["message"]
    assert REFUSED[name][1] in told and len(told.splitlines()) == 1
    assert str(studio_server.settings.data) not in told
    assert studio_server.client.get("/api/tunes").json() == before


def test_the_process_that_reads_takes_little_memory(studio_server: Studio) -> None:
    for name, (data, _) in REFUSED.items():
        studio_server.client.post("/api/tunes", files={"file": (name, data)})
    sandbox: Sandbox = studio_server.app.state.services.music
    assert sandbox.worker is not None
    status = Path(f"/proc/{sandbox.worker.process.pid}/status")
    if not status.exists():
        pytest.skip("memory is read from /proc")
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    assert int(peak.split()[1]) < 500 * 1024


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"", {}),
        (b"{}", {"content-type": "application/json"}),
        (b"--x\r\n", {"content-type": "multipart/form-data"}),
        (b"--x\r\nnonsense", {"content-type": "multipart/form-data; boundary=x"}),
        (b"--x--\r\n", {"content-type": "multipart/form-data; boundary=x"}),
        (b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n',
         {"content-type": "multipart/form-data; boundary=x"}),
        (b"\xff" * 5000, {"content-type": "multipart/form-data; boundary=\xff".encode("latin-1")}),
    ],
)  # fmt: skip
def test_a_form_that_is_none_is_told(studio_server: Studio, content: bytes, headers: Any) -> None:
    answer = studio_server.client.post("/api/tunes", content=content, headers=headers)
    assert answer.status_code == 422 and answer.json()["error"]["code"] == "bad_input"


@pytest.mark.parametrize("fields", [{"track": "0"}, {"track": "-1"}, {"track": "9" * 400}, {"track": "x"},
                                    {"phrases": "0"}, {"phrases": "9" * 5_000}, {"phrases": "8,,x"}])  # fmt: skip
def test_odd_fields_are_told(studio_server: Studio, fields: dict[str, str]) -> None:
    answer = studio_server.client.post("/api/tunes", files={"file": ("hill.abc", HILL)}, data=fields)
    assert answer.status_code == 422 and answer.json()["error"]["code"] == "bad_input"


def test_a_file_name_goes_into_no_path_and_stays_text(studio_server: Studio) -> None:
    name = "../../<img src=x onerror=alert(1)>/\u202e%2e%2e\\evil.ABC"
    tune = upload(studio_server, HILL.replace(b"T:The Little Hill", b"T:<script>alert(1)</script>"), name)
    assert tune["title"] == "<script>alert(1)< script>" and tune["name"] == "evil.ABC"
    (meta,) = studio_server.settings.data.glob(f"owners/*/tunes/{tune['id']}/meta.json")
    assert sorted(path.name for path in meta.parent.iterdir()) == ["meta.json", "music.abc"]


def test_limits_are_named(studio_with: Callable[..., Studio]) -> None:
    studio = studio_with(limits=Limits(uploads=1))
    answer = studio.client.post("/api/tunes", files={"file": ("big.mid", b"MThd" + bytes(5_000_000))})
    assert answer.status_code == 413 and "tune_bytes" in answer.json()["error"]["message"]
    upload(studio)
    answer = studio.client.post("/api/tunes", files={"file": ("hill.abc", HILL)})
    assert answer.status_code == 413 and "uploads" in answer.json()["error"]["message"]
    assert studio.client.get("/api/version").json()["limits"]["tune_bytes"] == 4_000_000


def test_words_are_written_to_it(studio_server: Studio) -> None:
    given = upload(studio_server, phrases="5")["id"]
    events = studio_server.events("/api/write", {"plan": {"rhyme": "X"}, "tune": given, "seed": 1})
    song = events[-2][1]
    assert [line["syllables"] for section in song["sections"] for line in section["lines"]] == [5, 5]
    text = "\n".join(line["text"] for section in song["sections"] for line in section["lines"])
    answer = studio_server.client.post("/api/score", json={"tune": given, "lyrics": text, "format": "txt"})
    assert answer.text == text + "\n"


# -- the process that reads -------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_process_that_dies_or_takes_too_long_is_replaced(tmp_path: Path) -> None:
    sandbox = Sandbox(Limits(waiting=2, tune_notes=1000))
    path = tmp_path / "hill.abc"
    path.write_bytes(HILL)

    def limited(**limits: float) -> None:
        sandbox.limits = Limits(**{"tune_notes": 1000, **limits})

    try:
        assert sandbox.read_tune(path, "hill.abc").phrases
        limited(tune_seconds=1e-9)
        with pytest.raises(InputError, match="tune_seconds"):
            sandbox.read_tune(path, "hill.abc")
        limited()
        assert sandbox.read_tune(path, "hill.abc").phrases
        assert sandbox.worker is not None
        sandbox.worker.process.kill()
        sandbox.worker.process.wait()
        assert sandbox.read_tune(path, "hill.abc").phrases
        limited(tune_notes=9)
        with pytest.raises(InputError, match="tune_notes"):
            sandbox.read_tune(path, "hill.abc")
    finally:
        sandbox.close()
    with pytest.raises(Refused, match="closing"):
        sandbox.read_tune(path, "hill.abc")
