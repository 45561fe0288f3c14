"""Writing in processes of their own: the same songs, ended when nobody listens, and no loss where one dies."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from studioserver import Studio, running

import lyricist
from lyricist.apps.studio.decoding import WORKER, GenerationPool
from lyricist.apps.studio.http_io import TooLong, reason
from lyricist.apps.studio.studio_settings import Limits, Settings
from lyricist.workers import Worker, WorkerError, start

HYMN = {"form": "verse verse", "lines": 4, "syllables": "8,6", "metre": "iambic", "rhyme": "ABAB"}
COUPLETS = {"form": "verse", "lines": 4, "syllables": "7", "rhyme": "AABB", "about": "river"}
LONG = {"form": "verse " * 20, "lines": 4, "syllables": "8"}
WAIT = 60.0  # seconds until a test gives up


def waits_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


def workers_of(studio: Studio) -> list[Worker]:
    found = studio.app.state.services.pool
    assert isinstance(found, GenerationPool)
    return found.pool.workers


def ready(studio: Studio) -> bool:
    return sum(worker.ready for worker in workers_of(studio)) == 2


def song_of(events: list[tuple[str, Any]]) -> Any:
    return next(data for name, data in events if name == "song")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    limits = Limits(seconds_per_request=20, particles=4)
    with running(Settings(data=tmp_path_factory.mktemp("pool"), processes=2, limits=limits)) as studio:
        waits_for(lambda: ready(studio))
        yield studio


def test_songs_are_the_same_whoever_writes_them(studio: Studio) -> None:
    waits_for(lambda: ready(studio))
    plans = (HYMN, COUPLETS, {**HYMN, "rhyme": "AABB"})
    asked = [{"plan": plan, "seed": seed} for seed in range(3) for plan in plans]
    with ThreadPoolExecutor(9) as pool:
        together = list(pool.map(lambda body: song_of(studio.events("/api/write", body)), asked))
    assert not studio.app.state.services.decoding.threads  # nothing was written in the studio itself
    model, drawing = lyricist.load(), lyricist.Drawing(particles=4)
    for body, song in zip(asked, together, strict=True):
        alone = model.write(lyricist.Plan(**body["plan"]), drawing, seed=body["seed"])[0]
        assert alone.to_json()["sections"] == song["sections"]


def test_reasons_come_from_there_too(studio: Studio) -> None:
    waits_for(lambda: ready(studio))
    song = song_of(studio.events("/api/write", {"plan": HYMN, "seed": 3, "explain": True}))
    assert song["choices"][0]["candidates"]


def test_who_hangs_up_is_forgotten(studio: Studio) -> None:
    waits_for(lambda: ready(studio))
    with studio.client.stream("POST", "/api/write", json={"plan": LONG, "seed": 1, "count": 8}) as answer:
        assert any(line == "event: line" for line in answer.iter_lines())
    waits_for(lambda: not any(worker.requests for worker in workers_of(studio)))
    assert song_of(studio.events("/api/write", {"plan": HYMN, "seed": 1}))


def test_what_takes_too_long_is_ended(studio_with: Callable[..., Studio]) -> None:
    studio = studio_with(limits=Limits(seconds_per_request=0.05), processes=2)
    waits_for(lambda: ready(studio))
    events = studio.events("/api/write", {"plan": LONG, "seed": 1, "count": 8})
    assert ("too_long", True) in [
        (data["code"], "seconds_per_request" in data["message"]) for name, data in events if name == "error"
    ]


def test_one_that_dies_is_replaced_and_its_requests_are_told(studio: Studio) -> None:
    waits_for(lambda: ready(studio))
    with studio.client.stream("POST", "/api/write", json={"plan": LONG, "seed": 1, "count": 8}) as answer:
        lines = answer.iter_lines()
        assert any(line == "event: line" for line in lines)
        for worker in workers_of(studio):
            if worker.requests:
                worker.process.kill()
        rest = list(lines)
    assert any('"busy"' in line for line in rest)
    assert rest[-3:] == ["event: done", "data: {}", ""]
    assert song_of(studio.events("/api/write", {"plan": HYMN, "seed": 1}))  # and it is begun again
    waits_for(lambda: ready(studio))


def test_of_what_breaks_there_only_the_kind_is_told(studio: Studio) -> None:
    """A plan that is not checked again on the other side, and so breaks in an unexpected way."""
    waits_for(lambda: ready(studio))
    request = workers_of(studio)[0].submit(b'{"owner": "river", "seconds": 20, "run": 5}')
    with pytest.raises(WorkerError) as caught:
        request.result(WAIT)
    assert reason(caught.value) == {"code": "failed", "message": "unexpected KeyError: please report it"}


def test_an_error_of_the_studio_is_the_same_on_this_side() -> None:
    error = TooLong("late")
    assert reason(error) == {"code": "too_long", "message": "late"}
    bare = TooLong.__new__(TooLong)
    bare.args = ("late",)
    assert reason(bare) == reason(error) and bare.headers == {}


def test_one_whose_studio_is_gone_ends() -> None:
    process = start([sys.executable, "-m", WORKER])
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()  # as the system does for a studio that was killed
    assert process.wait(WAIT) == 0
    process.stdout.close()
