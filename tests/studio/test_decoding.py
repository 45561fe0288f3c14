"""The loop that writes: fair, bounded, and no song changes because of another."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from studioserver import Studio, parsed

import lyricist
from lyricist.apps.studio.studio_settings import Limits

HYMN = {"form": "verse verse", "lines": 4, "syllables": "8,6", "metre": "iambic", "rhyme": "ABAB"}
COUPLETS = {"form": "verse", "lines": 4, "syllables": "7", "rhyme": "AABB", "about": "river"}
LONG = {"form": "verse " * 20, "lines": 4, "syllables": "8"}


def song_of(events: list[tuple[str, Any]]) -> Any:
    return next(data for name, data in events if name == "song")


def test_songs_are_the_same_whatever_else_is_written(studio_server: Studio) -> None:
    asked = [
        ({"plan": plan, "seed": seed}) for seed in range(4) for plan in (HYMN, COUPLETS, {**HYMN, "rhyme": "AABB"})
    ]
    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(lambda body: song_of(studio_server.events("/api/write", body)), asked))
    model, drawing = lyricist.load(), lyricist.Drawing(particles=4)
    for body, song in zip(asked, together, strict=True):
        alone = model.write(lyricist.Plan(**body["plan"]), drawing, seed=body["seed"])[0]
        assert alone.to_json()["sections"] == song["sections"]


def test_several_songs_of_one_request_have_the_seeds_that_follow(studio_server: Studio) -> None:
    events = studio_server.events("/api/write", {"plan": HYMN, "seed": 3, "count": 3})
    assert sorted(data["seed"] for name, data in events if name == "song") == [3, 4, 5]
    assert song_of(studio_server.events("/api/write", {"plan": HYMN, "seed": 4})) in [
        data for name, data in events if name == "song"
    ]


def test_reasons_come_with_the_song_if_asked_for(studio_server: Studio) -> None:
    song = song_of(studio_server.events("/api/write", {"plan": HYMN, "seed": 3, "explain": True}))
    assert song["choices"][0]["candidates"]


GOLDEN = Path(__file__).parents[1] / "golden"


def test_models_that_write_forwards_write_freely(studio_with: Callable[..., Studio]) -> None:
    """Their songs have no engine: each request draws its own, and several take turns."""
    studio = studio_with(models=GOLDEN, threads=1)
    model, plan = lyricist.load(GOLDEN / "run-1"), {"form": "verse", "lines": 3, "max_copy": 0}
    bodies = [{"plan": plan, "model": "run-1", "seed": seed, "count": 2} for seed in (1, 3, 5)]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda body: studio.events("/api/write", body), bodies))
    for body, events in zip(bodies, found, strict=True):
        songs = sorted((data for name, data in events if name == "song"), key=lambda song: song["seed"])
        alone = model.write(lyricist.Plan(**plan), lyricist.Drawing(particles=4), seed=body["seed"], count=2)
        assert [song["sections"] for song in songs] == [song.to_json()["sections"] for song in alone]
        assert [name for name, _ in events].count("line") == 6 and events[-1][0] == "done"
    late = studio_with(models=GOLDEN, limits=Limits(seconds_per_request=1e-9), data=studio.settings.data / "late")
    assert [data["code"] for name, data in late.events("/api/write", bodies[0]) if name == "error"] == ["too_long"]


class Hung:
    """A stream that is read up to its first event and then left open."""

    def __init__(self, studio: Studio, body: Any, client: Any = None) -> None:
        self.context = (client or studio.client).stream("POST", "/api/write", json=body)
        self.response = self.context.__enter__()
        self.events = parsed(self.response.iter_lines()) if self.response.status_code == 200 else iter(())

    def close(self) -> None:
        self.context.__exit__(None, None, None)


@pytest.fixture
def hang() -> Iterator[Callable[..., Hung]]:
    opened: list[Hung] = []

    def begin(*given: Any, **named: Any) -> Hung:
        opened.append(Hung(*given, **named))
        return opened[-1]

    yield begin
    for each in opened:
        each.close()


def test_a_full_studio_says_when_to_come_again(studio_with: Callable[..., Studio], hang: Callable[..., Hung]) -> None:
    studio = studio_with(limits=Limits(requests_at_work=2, requests_per_owner=2), threads=1)
    for seed in range(2):
        assert next(hang(studio, {"plan": LONG, "seed": seed}).events)[0] == "started"
    answer = studio.client.post("/api/write", json={"plan": LONG, "seed": 9})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["error"]["code"] == "busy"
    assert "requests_" in answer.json()["error"]["message"]


def test_one_owner_leaves_room_for_others(studio_with: Callable[..., Studio], hang: Callable[..., Hung]) -> None:
    tokens = ("a" * 20, "b" * 20)
    studio = studio_with(limits=Limits(requests_per_owner=1), tokens=tokens, threads=1)
    assert next(hang(studio, {"plan": LONG}).events)[0] == "started"
    assert studio.client.post("/api/write", json={"plan": HYMN}).status_code == 429
    other = studio.as_owner(tokens[1])
    assert song_of(studio.events("/api/write", {"plan": HYMN, "seed": 1}, other))
    other.close()


def test_who_hangs_up_is_no_longer_written_for(studio_with: Callable[..., Studio]) -> None:
    studio = studio_with(limits=Limits(requests_at_work=1), threads=1)
    freed = threading.Event()
    decoding = studio.app.state.services.decoding
    leave = decoding.leave
    decoding.leave = lambda owner: (leave(owner), freed.set())
    hung = Hung(studio, {"plan": LONG, "seed": 1, "count": 8})
    assert next(hung.events)[0] == "started"
    freed.clear()
    hung.close()
    assert freed.wait(20)
    assert song_of(studio.events("/api/write", {"plan": HYMN, "seed": 1}))


def test_what_takes_too_long_is_ended(studio_with: Callable[..., Studio]) -> None:
    studio = studio_with(limits=Limits(seconds_per_request=0.05), threads=1)
    events = studio.events("/api/write", {"plan": LONG, "seed": 1, "count": 8})
    assert events[-1][0] == "done"
    assert ("too_long", True) in [
        (data["code"], "seconds_per_request" in data["message"]) for name, data in events if name == "error"
    ]


def test_a_song_that_cannot_be_finished_takes_no_other_with_it(
    studio_with: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words run out for one song of an engine that two requests share."""
    from lyricist.generate.exact_engine import ExactEngine

    begin_line = ExactEngine.begin_line

    def hopeless(engine: ExactEngine, n: int) -> None:
        if int(engine.rows.seed[n]) == 666 and int(engine.rows.line[n]) == 3:
            engine.failed[n // engine.rows.particles] = lyricist.PlanError("line 4: no words are left")
            engine.leave(n // engine.rows.particles)
            return
        begin_line(engine, n)

    monkeypatch.setattr(ExactEngine, "begin_line", hopeless)
    studio = studio_with(threads=1)
    with ThreadPoolExecutor(4) as pool:
        bodies = [{"plan": HYMN, "seed": seed} for seed in (665, 666, 667, 668)]
        found = list(pool.map(lambda body: studio.events("/api/write", body), bodies))
    assert [any(name == "song" for name, _ in events) for events in found] == [True, False, True, True]
    assert ("error", {"code": "plan_infeasible", "message": "line 4: no words are left"}) in found[1]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"plan": {}, "count": 99}, "songs_per_request"),
        ({"plan": {**HYMN, "lines": 200}}, "lines_per_song"),
        ({"plan": HYMN, "drawing": {"particles": 200}}, "particles"),
        ({"plan": {"syllables": 99}}, "syllables"),
        ({"plan": {"rime": "ABAB"}}, "rhyme"),
        ({"plan": HYMN, "drawing": {"temperature": -1}}, "temperature"),
        ({"plan": HYMN, "seed": -1}, "seed"),
        ({"plan": HYMN, "seed": 2**63}, "seed"),
        ({"plan": HYMN, "spin": 1}, "spin"),
        ({"plan": [HYMN]}, "plan"),
    ],
)
def test_limits_and_mistakes_are_named(studio_server: Studio, body: Any, said: str) -> None:
    answer = studio_server.client.post("/api/write", json=body)
    assert answer.status_code == 422
    assert said in answer.json()["error"]["message"]
    assert "\n" not in answer.json()["error"]["message"]


def test_what_breaks_ends_only_what_broke(
    studio_with: Callable[..., Studio], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody foresaw is told without its words, and the studio goes on."""
    from lyricist.generate.exact_engine import ExactEngine

    begin = ExactEngine.begin

    def broken(engine: ExactEngine, s: int, seed: int) -> None:
        if seed == 666:
            raise ZeroDivisionError("the river ran")
        begin(engine, s, seed)

    monkeypatch.setattr(ExactEngine, "begin", broken)
    studio = studio_with(threads=1)
    told = {"code": "failed", "message": "unexpected ZeroDivisionError: please report it"}
    assert ("error", told) in studio.events("/api/write", {"plan": HYMN, "seed": 666})
    assert song_of(studio.events("/api/write", {"plan": HYMN, "seed": 1}))
    assert song_of(studio.events("/api/write", {"plan": COUPLETS, "seed": 1}))
