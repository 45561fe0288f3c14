"""`lyricist studio` as people start it: a process, its two lines of output, its end, and its silence."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from badtunes import TAKEN
from lyricist.apps.cli import run as lyricist

MARK = "xylophagous"  # stands in all that is sent, and may stand in no log
SONG = f"The {MARK} river ran below the town\nand nobody came\n" * 10


class Process:
    """A studio at work, and where its output goes."""

    def __init__(self, folder: Path, *options: str) -> None:
        call = [sys.executable, "-m", "lyricist", "studio", "--no-browser", "--port", "0"]
        self.errors = folder / "stderr"
        with self.errors.open("wb") as file:
            self.process = subprocess.Popen(
                [*call, "--data", str(folder / "data"), *options], stdout=subprocess.PIPE, stderr=file, text=True
            )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()
        self.client = httpx.Client(base_url=self.said.split()[1], timeout=60)

    def end(self) -> tuple[int, str]:
        """Interrupt it; its exit code and all that it has said."""
        self.client.close()
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=60)
        return self.process.returncode, self.said + out + self.errors.read_text(encoding="utf-8")


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Process]:
    started = Process(tmp_path)
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.communicate()


def test_it_says_where_it_is_and_ends_when_it_is_told(studio: Process) -> None:
    assert studio.said.startswith("studio: http://127.0.0.1:")
    assert studio.client.get("/api/health").json() == {"status": "ok"}
    assert studio.client.get("/").headers["content-type"].startswith("text/html")
    code, said = studio.end()
    assert code == 0
    assert "Traceback" not in said


def test_no_lyrics_in_the_log(studio: Process) -> None:
    """Nor names, plans or paths: of what went well, of what was refused, and of what broke off."""
    client = studio.client
    plan = {"form": "verse", "lines": 8, "syllables": 8, "title": MARK}
    assert client.post("/api/check", json={"text": SONG}).status_code == 200
    assert client.post("/api/check", content=SONG.encode()).status_code == 422
    assert client.post("/api/plan", json={"plan": {MARK: MARK}}).status_code == 422
    assert client.get(f"/api/rhymes?word={MARK}").status_code == 200
    assert client.get(f"/{MARK}?{MARK}").status_code == 404
    assert client.get("/api/health", headers={"host": f"{MARK}.example"}).status_code == 403
    assert client.post("/api/tunes", files={"file": (f"{MARK}.mid", SONG.encode())}).status_code == 422
    tune = client.post("/api/tunes", files={"file": (f"{MARK}.mid", TAKEN["notempo.mid"])}).json()["id"]
    body = {"tune": tune, "lyrics": SONG, "title": MARK, "format": "musicxml"}
    assert client.post("/api/score", json=body).status_code in (200, 422)
    files = {"files": (f"{MARK}.txt", SONG.encode())}
    assert client.post("/api/training", files=files, data={"options": f'{{"name": "{MARK}"}}'}).status_code in (
        201,
        422,
    )
    with client.stream("POST", "/api/write", json={"plan": plan, "seed": 1}) as answer:
        next(answer.iter_bytes())  # and hang up
    code, said = studio.end()
    assert code == 0
    assert MARK not in said


def test_limits_are_options(tmp_path: Path) -> None:
    """One of requests, one of what is kept, one that both know."""
    studio = Process(tmp_path, "--limit", "lines_per_song=2", "--limit", "drafts=1", "--limit", "days_kept=2.5")
    limits = studio.client.get("/api/version").json()["limits"]
    assert (limits["lines_per_song"], limits["drafts"], limits["days_kept"]) == (2, 1, 2.5)
    answer = studio.client.post("/api/plan", json={"plan": {"lines": 3, "syllables": 8}})
    assert answer.status_code == 422 and "lines_per_song" in answer.json()["error"]["message"]
    draft = {"draft": {"sections": []}}
    assert [studio.client.post("/api/drafts", json=draft).status_code for _ in range(2)] == [201, 413]
    assert studio.end()[0] == 0


@pytest.mark.parametrize(
    ("option", "said"),
    [("lines_per_songs=2", "did you mean lines_per_song"), ("drafts=0", "drafts"), ("drafts", "drafts"), ("=", "=")],
)
def test_a_limit_that_is_none_is_refused(option: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert lyricist(["studio", "--port", "0", "--no-browser", "--limit", option]) == 2
    assert said in capsys.readouterr().err


def test_training_is_off_where_a_proxy_makes_it_known_to_others(tmp_path: Path) -> None:
    options = ["--token", "a-token-of-somebody", "--allow-host", "songs.example.org"]
    for more, allowed in (([], False), (["--training"], True)):
        (tmp_path / str(allowed)).mkdir()
        studio = Process(tmp_path / str(allowed), *options, *more)
        answer = studio.client.get("/api/version", headers={"host": "songs.example.org"})
        assert answer.json()["training"] is allowed
        assert studio.end()[0] == 0
