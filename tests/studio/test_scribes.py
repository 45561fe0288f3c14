"""Writing in processes of their own: the same songs, ended when nobody listens, and no loss where one dies."""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from studioserver import Studio, running

import lyricist
from lyricist.apps.studio.errors import Refused, busy
from lyricist.apps.studio.scribe import sendable
from lyricist.apps.studio.scribes import Scribes
from lyricist.apps.studio.settings import Limits, Settings
from lyricist.children import start
from lyricist.errors import PlanError

HYMN = {"form": "verse verse", "lines": 4, "syllables": "8,6", "metre": "iambic", "rhyme": "ABAB"}
COUPLETS = {"form": "verse", "lines": 4, "syllables": "7", "rhyme": "AABB", "about": "river"}
LONG = {"form": "verse " * 20, "lines": 4, "syllables": "8"}
WAIT = 60.0  # seconds until a test gives up


def waits_for(true: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


def scribes_of(studio: Studio) -> Scribes:
    found = studio.app.state.desk.decoding.scribes
    assert isinstance(found, Scribes)
    return found


def ready(studio: Studio) -> bool:
    return sum(child.ready and not child.dead for child in scribes_of(studio).children) == 2


def song_of(events: list[tuple[str, Any]]) -> Any:
    return next(data for name, data in events if name == "song")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    limits = Limits(seconds_per_request=20)
    with running(Settings(data=tmp_path_factory.mktemp("scribes"), processes=2, limits=limits)) as studio:
        waits_for(lambda: ready(studio))
        yield studio


def test_songs_are_the_same_whoever_writes_them(studio: Studio) -> None:
    waits_for(lambda: ready(studio))
    plans = (HYMN, COUPLETS, {**HYMN, "rhyme": "AABB"})
    asked = [{"plan": plan, "seed": seed} for seed in range(3) for plan in plans]
    with ThreadPoolExecutor(9) as pool:
        together = list(pool.map(lambda body: song_of(studio.events("/api/write", body)), asked))
    assert not studio.app.state.desk.decoding.threads  # nothing was written in the studio itself
    model, drawing = lyricist.load(), lyricist.Drawing(particles=Settings().particles)
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
    waits_for(lambda: not any(child.tickets for child in scribes_of(studio).children))
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
        for child in scribes_of(studio).children:
            if child.tickets:
                child.process.kill()
        rest = list(lines)
    assert any('"busy"' in line for line in rest)
    assert rest[-3:] == ["event: done", "data: {}", ""]
    assert song_of(studio.events("/api/write", {"plan": HYMN, "seed": 1}))  # and it is begun again
    waits_for(lambda: ready(studio))


@pytest.mark.parametrize("error", [PlanError("no"), Refused("too_long", "late"), busy("later"), ValueError(1)])
def test_errors_go_from_one_to_the_other(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(sendable(error)))
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_of_an_error_that_cannot_go_its_kind_does() -> None:
    class Odd(Exception):
        pass

    assert str(sendable(Odd("the river ran"))) == "Odd"


def test_one_whose_studio_is_gone_ends() -> None:
    process = start([sys.executable, "-m", "lyricist.apps.studio.scribe"])
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()  # as the system does for a studio that was killed
    assert process.wait(WAIT) == 0
    process.stdout.close()
