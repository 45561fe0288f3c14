"""What the studio takes from the process that reads uploads: values of known types, and nothing that could run."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lyricist
from lyricist.apps.studio.app import DEMO
from lyricist.apps.studio.sandbox import Sandbox
from lyricist.apps.studio.studio_settings import Limits
from lyricist.errors import InputError
from lyricist.melody.read import read_tune

TUNE = DEMO / "row-me-home.abc"


class Runs:
    """Would call something if it were unpickled."""

    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('it ran')",))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(Limits())
    yield made
    made.close()


def test_a_tune_comes_through_as_it_is(sandbox: Sandbox) -> None:
    tune = sandbox.read_tune(TUNE, "row-me-home.abc")
    assert tune == read_tune(TUNE)
    pages = sandbox.write_score(tune, None, "Row", ".musicxml", partial=False)
    assert len(pages) == 1 and pages[0].startswith(b"<?xml")


def test_errors_come_through_in_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(b"MThd")
    with pytest.raises(InputError, match=r"a\.mid"):
        sandbox.read_tune(tmp_path / "a.mid", "a.mid")
    with pytest.raises(InputError, match="cannot be written"):
        sandbox.read_songs([], Path("/dev/null/out"), "auto")


ONE = json.dumps(["1e999999999"]).encode()
FORGED = (pickle.dumps(Runs()), b"", b"[]", b"{}", b"null", b'{"score": {"title": 1}}', b"[" * 100_000, b"\xff", ONE)


@pytest.mark.parametrize("data", FORGED)
def test_an_answer_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch, data: bytes, tmp_path: Path) -> None:
    """By a process that was taken over: it is ended, and the studio goes on."""
    name = tmp_path.name.replace("-", "_") + "_forger"
    code = f"from lyricist.workers import serve\nserve(lambda job: {data!r})\n"
    (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("lyricist.apps.studio.sandbox.WORKER", name)
    sandbox = Sandbox(Limits())
    try:
        with pytest.raises(InputError, match="has died"):
            sandbox.read_tune(TUNE, "row-me-home.abc")
        assert sandbox.worker is not None and sandbox.worker.process.poll() is not None
    finally:
        sandbox.close()


def test_no_module_unpickles() -> None:
    """Neither by itself nor by a queue or a pool of processes."""
    package = Path(lyricist.__file__).parent
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for word in (
            "import pickle",
            "from pickle",
            "import multiprocessing",
            "ProcessPoolExecutor",
            "allow_pickle=True",
        ):
            assert word not in text, path
