"""The API's own documentation in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browsing import Visit
from studioserver import Studio


@pytest.mark.full
def test_the_documentation_names_every_call(studio_server: Studio, visit: Callable[..., Visit]) -> None:
    seen = visit()
    page = seen.page
    page.goto(f"{studio_server.url}/docs")
    described = studio_server.client.get("/openapi.json").json()["paths"]
    calls = sum(len(methods) for methods in described.values())
    page.locator(".apidocs details").nth(calls - 1).wait_for()
    assert page.locator(".apidocs details").count() == calls
    page.get_by_text("/api/alternatives", exact=True).click()
    assert page.get_by_role("cell", name="section", exact=True).is_visible()
    seen.shot("api")
