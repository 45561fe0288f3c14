"""What the studio takes from the process that reads uploads: records and errors, nothing that could run."""

from __future__ import annotations

import io
import os
import pickle
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from lyricist.apps.studio.demo import FOLDER
from lyricist.apps.studio.hand import answer
from lyricist.apps.studio.hands import Answers
from lyricist.errors import InputError, MissingExtra, RunError


class Runs:
    """Would call something when it is unpickled."""

    def __init__(self, what: Any, *arguments: Any) -> None:
        self.call = (what, arguments)

    def __reduce__(self) -> Any:
        return self.call


def taken(made: Any) -> Any:
    return Answers(io.BytesIO(pickle.dumps(made))).load()


@pytest.mark.parametrize("made", [InputError("a line"), MissingExtra("score", "scores"), RunError("no run")])
def test_errors_come_through(made: Exception) -> None:
    well, found = taken((False, made))
    assert not well and type(found) is type(made) and str(found) == str(made)


def test_tunes_and_plain_values_come_through() -> None:
    tune = answer("tune", (FOLDER / "row-me-home.abc", "row-me-home.abc", 20_000, None, None))
    assert tune[0] and taken(tune) == tune
    plain = (True, {"songs": 3, "titles": ["One"], "dropped": [], "beat": Fraction(1, 3), "pages": [b"<svg/>"]})
    assert taken(plain) == plain


@pytest.mark.parametrize("what", [os.system, eval, getattr, __import__, Path])
def test_nothing_that_could_run_does(what: Any) -> None:
    with pytest.raises(pickle.UnpicklingError, match="no part of an answer"):
        taken((True, Runs(what, "1")))
