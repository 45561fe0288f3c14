"""A studio for all tests, with the starter to write from; and studios of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from browsing import browser, visit
from studioserver import Studio, running

from lyricist.apps.studio.studio_settings import Limits, Settings

__all__ = ["browser", "visit"]  # fixtures of the tests that drive a browser
FEW_DRAFTS = Limits(particles=4)  # tests are quicker with few drafts


@pytest.fixture(autouse=True)
def no_starter() -> None:
    """The studio writes from the package's own starter."""


@pytest.fixture(scope="session")
def studio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """One studio for all tests that leave it as it is: on loopback, no token."""
    with running(Settings(data=tmp_path_factory.mktemp("studio"), limits=FEW_DRAFTS)) as studio:
        yield studio


@pytest.fixture
def studio_with(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    """Starts a studio of one's own: `studio_with(tokens=(...), limits=Limits(...))`."""
    with ExitStack() as stack:

        def start(**given: Any) -> Studio:
            return stack.enter_context(
                running(Settings(**{"data": tmp_path / "studio", "limits": FEW_DRAFTS, **given}))
            )

        yield start
