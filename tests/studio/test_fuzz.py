"""The OpenAPI description, fuzzed: no failure of the server, no hang, answers as described."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from studioserver import Studio, running

from lyricist.apps.studio.studio_settings import Limits, Settings

EXAMPLES = 100  # of each operation
TIMEOUT = 20.0  # seconds for one answer, streams to their end
CONTRACT = """
    health version write fill alternatives why check rhymes plan plan/like presets models models/{name}/card
    models/current tunes tunes/{id} score training training/{id} training/{id}/start training/{id}/stop
    training/{id}/resume training/{id}/events
"""
TAGS = ("studio", "writing", "reading", "planning", "models", "tunes", "scores", "training", "drafts")


@pytest.fixture(scope="module")
def small_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One that writes little at a time, so that many requests take little time."""
    little = Limits(songs_per_request=2, lines_per_song=12, particles=1, seconds_per_request=2)
    with running(Settings(data=tmp_path_factory.mktemp("fuzzed"), processes=2, limits=little)) as studio:
        yield studio


@pytest.fixture(scope="module")
def described(small_studio: Studio) -> Any:
    schemathesis = pytest.importorskip("schemathesis")
    return schemathesis.openapi.from_url(f"{small_studio.url}/openapi.json")


@pytest.mark.full
@pytest.mark.parametrize("tag", TAGS)
def test_whatever_is_asked_is_answered_as_described(described: Any, tag: str) -> None:
    operations = list(described.include(tag=tag).get_all_operations())
    assert operations
    for operation in operations:
        attack(operation.ok())


def attack(operation: Any) -> None:
    """Requests of all kinds that the description permits, the same ones every time."""
    from hypothesis import HealthCheck, given, seed, settings
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks as of

    conformance = (
        of.content_type_conformance,
        of.response_headers_conformance,
        of.response_schema_conformance,
        of.status_code_conformance,
    )

    @seed(2026)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def asked(case: Any) -> None:
        answer = case.call(timeout=TIMEOUT)
        case.validate_response(answer, checks=[not_a_server_error, *conformance])
        assert answer.headers["x-content-type-options"] == ["nosniff"]

    asked()


FIELDS: dict[str, list[Any]] = {
    "form": ["verse", "verse chorus verse", ["verse", "bridge"], "", "x" * 40],
    "lines": [0, 1, 2, 4, [4, 2], "4", 13],
    "syllables": [0, 1, 5, 8, [8, 6], "8,6", "7-9", 40, "x"],
    "metre": ["iambic", "trochaic", "anapestic", "x/x/", "free", "", "x|/"],
    "rhyme": ["ABAB", "AABB", "X", "AAAA", "", "ABCABC", "a b"],
    "rhyme_kind": ["perfect", "near", "identical", "none"],
    "rhyme_with": ["river", "orange", "", "zzyzx", "two words"],
    "about": ["river, night", "", ["love"], "qwrtz", "\u00e9toile"],
    "include": ["river", "river, sea", ["orange"], "\u2603"],
    "avoid": ["the", "a, e, i", ["love", "heart"], ""],
    "start": ["oh", "river", "Zanzibar", ""],
    "acrostic": ["RIVER", "X", "OH NO", "1"],
    "refrain": ["Oh the river", "the the the", ""],
    "title": ["The River", "<b>", ""],
    "hook": [True, False],
    "max_copy": [0, 1, 3, 5, 40],
    "sections": [[{"name": "verse", "lines": 2, "syllables": [6]}], [{}], []],
}
TEXTS = ("", "Oh", "The river ran below the town", "oh _ oh", "\u266a", "[Chorus]", "...", "na " * 60, "1st & 2nd")


@pytest.mark.full
@pytest.mark.parametrize("route", ["plan", "check", "write", "fill", "alternatives", "why"])
def test_plans_of_all_kinds_are_answered(small_studio: Studio, route: str) -> None:
    """What the description does not tell: fields that make sense, and some that do not, together."""
    from hypothesis import given, seed, settings
    from hypothesis import strategies as st

    some = {name: st.sampled_from(values) for name, values in FIELDS.items()}
    lines = st.lists(st.fixed_dictionaries({"text": st.sampled_from(TEXTS), "locked": st.booleans()}), max_size=4)
    section = st.fixed_dictionaries({"name": st.sampled_from(["verse", "chorus"]), "lines": lines})
    draft = st.fixed_dictionaries({"title": st.just("t"), "sections": st.lists(section, min_size=1, max_size=2)})

    @seed(2026)
    @settings(max_examples=EXAMPLES, deadline=None, database=None)
    @given(st.fixed_dictionaries({}, optional=some), draft, st.integers(0, 2), st.integers(0, 4))
    def asked(plan: Any, draft: Any, section: int, line: int) -> None:
        body: dict[str, Any] = {"plan": plan}
        if route in ("write", "fill", "alternatives"):
            body |= {"seed": 1}
        if route not in ("plan", "write"):
            body |= {"draft": draft}
        if route in ("alternatives", "why"):
            body |= {"section": section, "line": line}
        with small_studio.client.stream("POST", f"/api/{route}", json=body, timeout=TIMEOUT) as answer:
            text = answer.read().decode()
            assert answer.status_code < 500, text
            assert '"failed"' not in text, text

    asked()


def test_the_description_names_every_route_of_the_contract(studio_server: Studio) -> None:
    paths = studio_server.client.get("/openapi.json").json()["paths"]
    assert {f"/api/{path}" for path in CONTRACT.split()} <= set(paths)
    for path, methods in paths.items():
        for method, operation in methods.items():
            assert operation.get("description") or operation.get("summary"), (method, path)
            assert "4XX" in operation["responses"], (method, path)
            assert set(operation["tags"]) <= set(TAGS), (method, path)
