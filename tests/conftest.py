"""Shared, real parts: a small corpus of literal songs and a run trained on it once per session."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Before torch is imported: on busy cores its threads wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from lyricist.corpus import Corpus, prepare
from lyricist.errors import spelled_for
from lyricist.evaluation.train import train_songs
from lyricist.model.checkpoint import Run
from lyricist.training.config import Options

# Of each command by the slow tests; five times as many of a single save, ten times as many damaged files of a kind.
KILLS = int(os.environ.get("LYRICIST_KILLS", 20))
SUBJECTS = (
    "river",
    "morning",
    "winter",
    "harbour",
    "garden",
    "station",
    "kitchen",
    "window",
    "mountain",
    "city",
)
LINES = (
    "I walked along the {a} and I called your name",
    "The {a} was open and the {b} was cold",
    "You said you'd meet me where the {b} begins",
    "And nobody sings in the {a} any more",
    "Oh don't you leave me by the {b} alone",
    "We'll carry the light from the {a} to the {b}",
)


def literal_songs() -> list[str]:
    """Ninety different songs of eight lines, from ten nouns and six patterns."""
    songs = []
    for i, (a, b) in enumerate(itertools.permutations(SUBJECTS, 2)):
        lines = [LINES[(i + k * (i % 5 + 1)) % len(LINES)].format(a=a, b=b) for k in range(4)]
        chorus = [f"Sing to the {a}, sing to me", f"The {b} is all I ever see"]
        verse = "\n".join(lines[:2])
        songs.append(f"[Verse]\n{verse}\n\n[Chorus]\n" + "\n".join(chorus) + "\n\n[Verse]\n" + "\n".join(lines[2:]))
    return songs


@pytest.fixture(scope="session", autouse=True)
def songs_of_today(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The groups that `test_same_songs.py` compares, if it is to run, written beside the other tests: most of these use
    one core."""
    from tests.test_same_songs import Today, can_compare

    wanted = [item for item in request.session.items if "today" in getattr(item, "fixturenames", ())]
    made = Today({item.callspec.params["group"] for item in wanted} if can_compare() else ())
    made.begin()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def names_of_options() -> Iterator[None]:
    """Messages name options, as in the shell; a test of the other names says so."""
    with spelled_for(shell=True):
        yield


@pytest.fixture(autouse=True)
def no_starter(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A package without a starter, so that tests do not depend on the one it brings; some make a tiny one."""
    monkeypatch.setattr("lyricist.model.starter.HERE", tmp_path_factory.getbasetemp() / "no-starter")


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return prepare(texts=literal_songs(), out=tmp_path_factory.mktemp("corpus") / "c", options=no_dedupe())


def no_dedupe():  # type: ignore[no-untyped-def]
    from lyricist.corpus import PrepareOptions

    return PrepareOptions(near_duplicate=None, related=None)


SMALL = {"hidden": 32, "embedding": 24}
LONGER = {"epochs": 10.0, "learning_rate": 0.02}
QUICK = {"epochs": 3.0, "batch": 8, "steps": 16, "evaluations": 3}


@pytest.fixture(scope="session")
def run(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A tiny LSTM, trained for a few seconds."""
    out = tmp_path_factory.mktemp("runs") / "tiny"
    still = {"dropout_input": 0.0, "dropout_output": 0.0}
    list(train_songs(corpus, out, Options(preset="tiny", model={**SMALL, **still}, train={**QUICK, **LONGER})))
    return Run.open(out)


@pytest.fixture(scope="session")
def run_dir(run: Run) -> Path:
    return run.path


SMALL_CLASSIC = {"embedding": 16, "hidden": 16}
QUICK_CLASSIC = {"epochs": 2.0, "batch": 32, "evaluations": 2, "learning_rate": 0.01}


@pytest.fixture(scope="session")
def sea(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The CSV and the folder of tunes of a small exercise; see classic/classicsongs.py."""
    from tests.classic.classicsongs import exercise

    return exercise(tmp_path_factory.mktemp("sea"))


@pytest.fixture(scope="session")
def sung(sea: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Its songs prepared, without their tunes."""
    return prepare([sea[0]], out=tmp_path_factory.mktemp("sung") / "c", options=no_dedupe())


@pytest.fixture(scope="session")
def classic_run(sung: Corpus, sea: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The classic recipe, trained for a second or two."""
    out = tmp_path_factory.mktemp("classic") / "run"
    list(train_songs(sung, out, Options(recipe="classic", midi=sea[1], model=SMALL_CLASSIC, train=QUICK_CLASSIC)))
    return out
