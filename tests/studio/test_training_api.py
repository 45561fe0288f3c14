"""Trainings over HTTP: lyrics understood, started, watched, stopped, resumed; a studio that dies loses no run."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from studioserver import Studio, parsed

from lyricist.apps.studio.event_log import EVENTS, EventLog, EventWriter, events_from, hold, holder, is_locked
from lyricist.apps.studio.studio_settings import Limits
from lyricist.apps.studio.train_worker import Reporter
from lyricist.apps.studio.training_jobs import message
from lyricist.errors import InputError
from lyricist.training import events
from lyricist.workers import python_path

NOUNS = ("river", "garden", "harbour", "station", "window", "kitchen")
SONG = """[Verse]
I walked along the {a} and I called your name
The {a} was open and the {b} was cold

[Chorus]
Sing to the {a}, sing to me
The {b} is all I ever see

[Verse]
We carried the light from the {b} to the {a} again
And nobody sings in the {b} any more {n}
"""
SONGS = {
    f"{a} and {b}.txt": SONG.format(a=a, b=b, n=n).encode()
    for n, (a, b) in enumerate(itertools.permutations(NOUNS, 2))
}
Files = dict[str, bytes]


def post(client: httpx.Client, files: Files, **options: Any) -> httpx.Response:
    told = {"from": "scratch", "budget_seconds": 20, **options}
    sent = [("files", (name, data)) for name, data in files.items()]
    return client.post("/api/training", files=sent, data={"options": json.dumps(told)})


def add(client: httpx.Client, **options: Any) -> str:
    answer = post(client, SONGS, **options)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def follow(client: httpx.Client, given: str) -> Iterator[tuple[str, Any]]:
    with client.stream("GET", f"/api/training/{given}/events") as response:
        assert response.status_code == 200
        yield from parsed(response.iter_lines())


def until(client: httpx.Client, given: str, wanted: str) -> list[tuple[str, Any]]:
    """All events up to the first of a name."""
    seen = []
    for name, data in follow(client, given):
        seen.append((name, data))
        if name == wanted:
            return seen
    raise AssertionError(f"no {wanted} in {[name for name, _ in seen]}")


def test_lyrics_are_understood(studio_server: Studio) -> None:
    client = studio_server.client
    again = {"copy.txt": next(iter(SONGS.values())), "haiku.txt": b"An old silent pond"}
    answer = post(client, {**SONGS, **again}, name="  Mine \n", licence="CC0")
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["name"], made["status"], made["from"], made["licence"]) == ("Mine", "ready", "scratch", "CC0")
    understood = made["understood"]
    assert understood["songs"] > 10 and understood["lines"] == 6 * understood["songs"]
    dropped = {each["reason"]: each for each in understood["dropped"]}
    assert dropped["duplicate"]["count"] == 1 and dropped["too short"]["examples"] == ["haiku"]
    assert len(understood["titles"]) <= 20 and set(understood["titles"]) <= {name[:-4] for name in SONGS}
    assert client.get(f"/api/training/{made['id']}").json() == made
    assert made["id"] in [each["id"] for each in client.get("/api/training").json()["trainings"]]
    assert client.post(f"/api/training/{made['id']}/stop").status_code == 409
    assert client.post(f"/api/training/{made['id']}/resume").status_code == 409
    assert [name for name, _ in follow(client, made["id"])] == ["status"], "nothing is at work, so it ends"
    assert client.delete(f"/api/training/{made['id']}").status_code == 204
    assert client.get(f"/api/training/{made['id']}").status_code == 404


def test_songs_of_one_file(studio_server: Studio) -> None:
    """Whoever uploads says how a file falls into songs, where it does not say so itself."""
    book = b"\n\n".join(re.sub(rb"\[\w+\]\n|\n(?=\n)", b"", song) for song in list(SONGS.values())[:9])
    refused = post(studio_server.client, {"book.txt": book}, songs_by="file")
    assert refused.status_code == 422 and "one song only" in refused.json()["error"]["message"]
    taken = post(studio_server.client, {"book.txt": book}, songs_by="blank")
    assert taken.status_code == 201 and taken.json()["understood"]["songs"] > 2


def test_names_of_files_are_titles_and_no_paths(studio_server: Studio) -> None:
    files = {f"../../{i}/\u202e<b>{name}": data for i, (name, data) in enumerate(SONGS.items())}
    answer = post(studio_server.client, files)
    assert answer.status_code == 201
    (folder,) = studio_server.settings.data.glob(f"owners/*/trainings/{answer.json()['id']}")
    assert {path.name for path in folder.rglob("*")} == {
        "meta.json", "asked.json", "corpus", "corpus.json", "songs.jsonl", "offsets.npy",
    }  # fmt: skip


ONE = next(iter(SONGS.values()))
BAD: dict[str, tuple[Files, str]] = {
    "empty": ({"a.txt": b""}, "nothing usable"),
    "binary": ({"a.txt": bytes(range(256)) * 50}, "a.txt: binary data"),
    "one song": ({"a.txt": ONE}, "one song only"),
    "archive": ({"a.txt": b"PK\x03\x04" + b"\0" * 999}, "nothing usable"),
    "deep": ({"a.json": b"[" * 100_000}, "nothing usable"),
    "no lyrics": ({"a.csv": b"a,b,c\n1,2,3\n"}, "a.csv"),
    "a long line": ({"a.txt": b"la " * 4_000_000}, "nothing usable"),
    "entities": ({"a.xml": b'<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]><score-partwise/>'}, "nothing usable"),
    "surrogates": ({"a.jsonl": b'{"lyrics": "\\ud800 la la la la la la la la"}\n' * 9}, ""),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_lyrics_get_one_line_and_leave_nothing(studio_server: Studio, name: str) -> None:
    files, told = BAD[name]
    before = studio_server.client.get("/api/training").json()
    answer = post(studio_server.client, files)
    assert answer.status_code == 422 and answer.json()["error"]["code"] == "bad_input", answer.text
    message = answer.json()["error"]["message"]
    assert told in message and len(message.splitlines()) == 1 and str(studio_server.settings.data) not in message
    assert studio_server.client.get("/api/training").json() == before


@pytest.mark.parametrize(
    "options",
    ["[", "[]", "1", '{"from": "/etc"}', '{"budget_seconds": 1e9}', '{"budget_seconds": NaN}', '{"budget_seconds": 0}',
     '{"name": "\\ud800"}', '{"force": true}', '{"licence": 3}', "[" * 50_000],
)  # fmt: skip
def test_odd_options_are_told(studio_server: Studio, options: str) -> None:
    sent = [("files", ("a.txt", ONE))]
    answer = studio_server.client.post("/api/training", files=sent, data={"options": options})
    assert answer.status_code == 422 and answer.json()["error"]["code"] == "bad_input", answer.text


def test_training_can_be_switched_off(studio_with: Callable[..., Studio]) -> None:
    client = studio_with(training=False).client
    answers = [post(client, SONGS), *(client.post(f"/api/training/{'0' * 16}/{w}") for w in ("start", "resume"))]
    assert [(a.status_code, a.json()["error"]["code"]) for a in answers] == [(403, "training_off")] * 3
    assert client.get("/api/training").json() == {"trainings": []}
    assert client.get("/api/version").json()["training"] is False


# -- what is known of a training --------------------------------------------------------------------------------------


def step(number: int, loss: float) -> dict[str, Any]:
    return {"step": number, "progress": number / 10, "loss": loss, "words_per_second": 9.0, "seconds_left": 1.0}


def told(folder: Path) -> EventLog:
    log = EventLog(folder)
    log.read()
    return log


def test_a_log_goes_back_to_the_checkpoint_a_run_goes_on_from(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path)
    writer.write("begun")
    writer.write("started", resumed_at=0)
    for i in (1, 2, 3):
        writer.write("progress", **step(i, 5.0 - i))
        writer.write("evaluated", step=i, train_loss=float("nan"), valid_loss=5.0 - i)
        writer.write("sample", step=i, text=f"line {i}")
    assert [each["step"] for each in told(tmp_path).history] == [1, 2, 3] and told(tmp_path).valid_loss == 2.0
    writer.write("begun")
    writer.write("started", resumed_at=2)
    log = told(tmp_path)
    assert [each["step"] for each in log.history] == [1, 2] and log.history[0]["train_loss"] is None
    assert [each["step"] for each in log.curve] == [1, 2] == [each["step"] for each in log.samples]
    assert log.begun == 2 and not log.last
    writer.write("finished", reason="done", step=4)
    log.read()
    assert log.done


def test_however_short_a_training_its_curve_has_a_point_where_it_is_judged(tmp_path: Path) -> None:
    reporter = Reporter(tmp_path)
    for i in (1, 2, 3, 4):
        reporter.hear(events.Progress(i, 0.1, i / 9, 5.0 - i, 0.01, 9.0, 0.1, 1.0))
        if i > 2:
            reporter.hear(events.Evaluated(i, 0.1, 0.1, 5.0 - i, 5.0 - i, True))
    assert [each["step"] for each in told(tmp_path).curve] == [1, 3, 4]


def test_a_training_that_taught_nothing_says_so_beside_done(tmp_path: Path) -> None:
    reporter = Reporter(tmp_path)
    reporter.log.write("begun")
    reporter.hear(events.Finished(9, 1.0, 1.0, 4.0, "done", 4.0, advice="Your songs taught the network nothing."))
    assert message("done", told(tmp_path)) == "Your songs taught the network nothing."
    reporter.hear(events.Finished(9, 1.0, 1.0, 3.0, "done", 4.0))
    assert message("done", told(tmp_path)) == ""


def test_a_line_that_a_crash_has_cut_is_passed_over(tmp_path: Path) -> None:
    EventWriter(tmp_path).write("begun")
    with open(tmp_path / EVENTS, "ab") as file:
        file.write(b'{"event": "fini')
    found, at = events_from(tmp_path, 0)
    assert [each["event"] for each in found] == ["begun"] and at < (tmp_path / EVENTS).stat().st_size
    EventWriter(tmp_path).write("begun")
    assert [each["event"] for each in events_from(tmp_path, 0)[0]] == ["begun", "begun"]


def test_a_long_training_keeps_a_short_curve(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    for i in range(10_000):
        log.fold({"event": "progress", **step(i, 1.0)})
        log.fold({"event": "sample", "step": i, "text": "la"})
    steps = [point["step"] for point in log.curve]
    assert len(steps) <= 400 and steps[0] == 0 and steps == sorted(steps) and len(log.samples) == 100


HOLDER = "import sys, pathlib; from lyricist.apps.studio.event_log import hold; f = hold(pathlib.Path(sys.argv[1])); print(flush=True); input()"


@contextmanager
def held(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds a training's folder, as one of a studio that was killed does."""
    env = {**os.environ, "PYTHONPATH": python_path()}
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": env}
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], **pipes) as process:
        assert process.stdout is not None and process.stdout.readline() == "\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_folder_is_held_by_one_process_for_as_long_as_it_lives(tmp_path: Path) -> None:
    assert not is_locked(tmp_path) and holder(tmp_path) is None
    with held(tmp_path) as process:
        assert is_locked(tmp_path) and holder(tmp_path) == process.pid
        with pytest.raises(InputError, match="another process"):
            hold(tmp_path, seconds=0)
    assert not is_locked(tmp_path) and holder(tmp_path) is None
    hold(tmp_path, seconds=0).release()


def test_a_training_that_a_killed_studio_left_at_work_is_found_and_can_be_ended(
    studio_with: Callable[..., Studio],
) -> None:
    studio = studio_with()
    client, given, other = studio.client, add(studio.client), add(studio.client)
    (folder,) = studio.settings.data.glob(f"owners/*/trainings/{given}")
    EventWriter(folder).write("begun")
    assert client.get(f"/api/training/{given}").json()["status"] == "stopped"
    with held(folder) as process:
        assert client.get(f"/api/training/{given}").json()["status"] == "running"
        assert client.post(f"/api/training/{given}/resume").status_code == 409
        assert client.post(f"/api/training/{other}/start").status_code == 429
        assert client.post(f"/api/training/{given}/stop").json()["status"] == "stopping"
        assert client.delete(f"/api/training/{given}").status_code == 204
        assert process.wait(10) != 0
    assert not folder.exists()


# -- trainings that run -----------------------------------------------------------------------------------------------


@pytest.mark.full
def test_a_training_is_watched_and_its_model_writes(studio_with: Callable[..., Studio]) -> None:
    studio = studio_with()
    client, given = studio.client, add(studio.client, name="<b>Mine</b>")
    started = client.post(f"/api/training/{given}/start")
    assert started.status_code == 200 and started.json()["status"] == "running"
    assert client.post(f"/api/training/{given}/start").status_code == 409
    seen = list(follow(client, given))
    names = [name for name, _ in seen]
    assert names[0] == "status" and names[-1] == "finished" and seen[-1][1]["reason"] in ("done", "stopped early")
    assert {"progress", "evaluated", "saved", "sample"} <= set(names)
    view = client.get(f"/api/training/{given}").json()
    assert view["status"] == "done" and view["model"] == given and view["progress"] == 1
    evaluated = [data for name, data in seen if name == "evaluated"]
    assert [point["step"] for point in view["history"]] == [data["step"] for data in evaluated]
    assert view["valid_loss"] == min(data["valid_loss"] for data in evaluated) < evaluated[0]["valid_loss"]
    assert view["samples"] == [data for name, data in seen if name == "sample"] and view["samples"][0]["text"]
    late = list(follow(client, given))
    assert [name for name, _ in late] == ["status"] and late[0][1] == view
    assert client.post(f"/api/training/{given}/resume").status_code == 409
    (mine,) = [model for model in client.get("/api/models").json()["models"] if model["name"] == given]
    assert (mine["kind"], mine["label"]) == ("own", "<b>Mine</b>")
    card = client.get(f"/api/models/{given}/card").json()["markdown"]
    assert card.startswith("# <b>Mine</b>\n") and "undeclared" in card
    asked = {"plan": {"form": "verse", "lines": 2, "max_copy": 0}, "seed": 1, "model": given}
    song = studio.events("/api/write", asked)[-2][1]
    words = {word for name in SONGS for word in re.findall(r"[a-z']+", SONGS[name].decode().lower())}
    assert {w.lower() for s in song["sections"] for line in s["lines"] for w in line["words"]} <= words
    assert client.delete(f"/api/training/{given}").status_code == 204
    assert given not in [model["name"] for model in client.get("/api/models").json()["models"]]


@pytest.mark.full
def test_one_at_a_time_stopped_resumed_and_deleted(studio_with: Callable[..., Studio]) -> None:
    client = studio_with(limits=Limits(trainings=1)).client
    given, other = add(client, budget_seconds=600, epochs=2_000), add(client)
    client.post(f"/api/training/{given}/start")
    until(client, given, "progress")
    refused = client.post(f"/api/training/{other}/start")
    assert (
        refused.status_code == 429
        and refused.headers["retry-after"]
        and "trainings" in refused.json()["error"]["message"]
    )
    stopping = client.post(f"/api/training/{given}/stop").json()
    assert stopping["status"] in ("stopping", "stopped")
    seen = list(follow(client, given))
    view = client.get(f"/api/training/{given}").json()
    assert view["status"] == "stopped" and view["model"] == given and "resume" in view["message"]
    assert seen[-1][0] == "status" or (seen[-1][0] == "finished" and seen[-1][1]["reason"] == "interrupted")
    saved = view["curve"][-1]["step"]
    assert client.post(f"/api/training/{given}/resume").json()["status"] == "running"
    first = next(data for name, data in follow(client, given) if name == "progress")
    assert first["step"] > saved > 0
    assert client.delete(f"/api/training/{given}").status_code == 204
    assert client.post(f"/api/training/{other}/start").status_code == 200
    assert client.delete(f"/api/training/{other}").status_code == 204


@pytest.mark.full
def test_what_cannot_be_trained_says_why(studio_with: Callable[..., Studio]) -> None:
    client = studio_with().client
    few = {f"{noun}.txt": f"the {noun} ran and ran and ran and ran".encode() for noun in NOUNS[:3]}
    given = post(client, few).json()["id"]
    client.post(f"/api/training/{given}/start")
    name, data = list(follow(client, given))[-1]
    assert name == "failed" and "too few" in data["message"] and "/" not in data["message"]
    view = client.get(f"/api/training/{given}").json()
    assert view["status"] == "failed" and view["message"] == data["message"] and view["model"] is None
    assert client.post(f"/api/training/{given}/resume").json()["status"] == "running", "it may be tried again"
    assert list(follow(client, given))[-1][0] == "failed"


@pytest.mark.full
def test_songs_without_rhymes_are_trained_on(studio_with: Callable[..., Studio]) -> None:
    """What cannot be sampled is trained all the same."""
    client = studio_with().client
    given = post(client, dict(itertools.islice(SONGS.items(), 3))).json()["id"]
    client.post(f"/api/training/{given}/start")
    assert list(follow(client, given))[-1][0] == "finished"


@contextmanager
def served(data: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """`lyricist studio` as a process of its own."""
    command = [sys.executable, "-m", "lyricist", "studio", "--port", "0", "--no-browser", "--data", str(data), *more]
    env = {**os.environ, "PYTHONPATH": python_path(), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    try:
        with httpx.Client(base_url=address(process), timeout=60) as client:
            yield process, client
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines: Sequence[str] = []
    for line in process.stdout:
        lines = [*lines, line]
        if found := re.search(r"http://[\w.:\[\]]+", line):
            return found[0]
    raise AssertionError("".join(lines))


@pytest.mark.full
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_studio_that_is_killed_finds_its_training_is_locked(tmp_path: Path) -> None:
    with served(tmp_path) as (process, client):
        given = add(client, budget_seconds=600, epochs=2_000)
        client.post(f"/api/training/{given}/start")
        until(client, given, "saved")
        process.kill()
        process.wait()
    with served(tmp_path) as (_, client):
        assert client.get(f"/api/training/{given}").json()["status"] == "running"
        assert until(client, given, "progress")
        assert client.post(f"/api/training/{given}/stop").json()["status"] in ("stopping", "stopped")
        list(follow(client, given))
        assert client.get(f"/api/training/{given}").json()["status"] == "stopped"


@pytest.mark.full
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_killed_together_with_its_training_it_offers_to_resume(tmp_path: Path) -> None:
    with served(tmp_path) as (process, client):
        given = add(client, budget_seconds=600, epochs=2_000)
        client.post(f"/api/training/{given}/start")
        saved = until(client, given, "saved")[-1][1]["step"]
        (child,) = children(process.pid, "train_worker")
        os.kill(process.pid, signal.SIGKILL)
        os.kill(child, signal.SIGKILL)
        process.wait()
    with served(tmp_path) as (_, client):
        view = client.get(f"/api/training/{given}").json()
        assert view["status"] == "stopped" and "broke off" in view["message"] and view["model"] == given
        assert client.post(f"/api/training/{given}/resume").json()["status"] == "running"
        resumed = next(data for name, data in follow(client, given) if name == "started")
        assert resumed["resumed_at"] >= saved
    states = [
        json.loads(line) for line in next(tmp_path.rglob(EVENTS)).read_text().splitlines() if line.startswith("{")
    ]
    assert states[-1]["event"] == "finished" and states[-1]["reason"] == "interrupted", "Ctrl-C saves"


def children(parent: int, what: str) -> list[int]:
    """Processes that a process has started, by a word of their command."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(") ")[2].split()
                command = (folder / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if int(fields[1]) == parent and what in command:
                found.append(int(folder.name))
    return found
