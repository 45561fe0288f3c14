"""Damaged files of every kind (benchmarks/fuzz): read, or refused in one line, within seconds and megabytes."""

from __future__ import annotations

import os

import pytest
from tests.conftest import KILLS

from fuzz import fuzz

KINDS = [kind for kind in fuzz.READERS if kind != "tunes"]  # tests/melody has its own
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="each batch is a fork")


@pytest.mark.parametrize("kind", KINDS)
def test_a_few_damaged_files_are_read_or_refused(kind: str) -> None:
    assert fuzz.fuzz(kind, 500_000, 25).keys() <= {"read", "refused"}


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
def test_many_damaged_files_are_read_or_refused(kind: str) -> None:
    assert fuzz.fuzz(kind, 0, 10 * KILLS).keys() <= {"read", "refused"}
