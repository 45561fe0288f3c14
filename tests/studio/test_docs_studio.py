"""docs/studio.md against the studio: limits, pictures, links, and examples that run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from studioserver import Studio

from badtunes import TAKEN
from lyricist.apps.studio.studio_settings import Limits

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "studio.md").read_text(encoding="utf-8")
MOST_PICTURE = 150_000  # bytes
CURLS = [block for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) if "curl " in block]


def test_every_limit_is_named_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d,.]+) \|", TEXT, re.MULTILINE)
    named = {name: float(value.replace(",", "")) for name, value in rows}
    assert named == Limits().model_dump()


def test_every_option_of_the_command_that_it_names_is_there() -> None:
    call = [sys.executable, "-m", "lyricist", "studio", "--help"]
    told = subprocess.run(
        call, env={**os.environ, "COLUMNS": "200"}, capture_output=True, text=True, timeout=60
    ).stdout
    for line in TEXT.splitlines():
        if line.startswith("lyricist studio"):
            for option in re.findall(r"--[a-z-]+", line.partition("#")[0]):
                assert option in told, option


def test_pictures_are_there_and_small() -> None:
    names = re.findall(r"!\[[^\]]+\]\((img/[^)]+)\)", TEXT)
    assert len(names) >= 5
    for name in names:
        assert 1_000 < (DOCS / name).stat().st_size <= MOST_PICTURE, name


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"(?<!!)\[[^\]]+\]\(([^)#]+\.md)", TEXT):
        assert (DOCS / target).exists(), target


@pytest.mark.full
@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="no curl or bash here")
@pytest.mark.parametrize("block", CURLS, ids=lambda block: re.findall(r"\$STUDIO(/\S+?)[\s\"]", block)[0])
def test_the_examples_run(studio_with: Callable[..., Studio], tmp_path: Path, block: str) -> None:
    (tmp_path / "tune.mid").write_bytes(TAKEN["notempo.mid"])
    (tmp_path / "songs.txt").write_text("\n\n".join(song(word) for word in ("river", "garden", "harbour", "window")))
    env = {**os.environ, "STUDIO": studio_with().url}
    block = re.sub(r"curl -sN (?=\$STUDIO\S+/events)", "curl -sN --max-time 2 ", block)
    done = subprocess.run(["bash", "-c", block], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert '"error"' not in done.stdout, done.stdout
    assert done.returncode == 0, (done.stdout, done.stderr)


def song(word: str) -> str:
    return (
        f"Title: The {word}\n\nThe {word} ran below the town\nand nobody sang to the {word} alone\n"
        f"nor walked in its {word} again\nno more than the {word} itself"
    )
