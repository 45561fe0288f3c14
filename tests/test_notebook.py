"""The notebook: what it is made of, what it may call, what it shows; and that it runs."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

import lyricist

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "lstm_lyrics_gen.ipynb"
SECTIONS = [
    "Data Preparation",
    "Building the LSTM Model",
    "Training the Model",
    "Generating Lyrics",
    "Comparing",
    "Further",
]
PERSONAL = re.compile(r"/(?:root|home|Users|tmp|work|mnt|private|var|opt)/|[A-Za-z]:\\\\|site-packages")


@pytest.fixture(scope="module")
def built() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_notebook", ROOT / "scripts" / "build_notebook.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def shipped() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def code(shipped: Any) -> ast.Module:
    """All of its code; lines for the notebook alone are commented out."""
    return ast.parse("\n".join(cell.source for cell in shipped.cells if cell.cell_type == "code"))


def test_it_is_made_of_the_script_beside_it(built: ModuleType, shipped: Any) -> None:
    assert built.same(built.notebook(built.SCRIPT.read_text(encoding="utf-8")), shipped)


def test_it_is_a_valid_notebook_and_small(shipped: Any) -> None:
    nbformat.validate(shipped)
    assert NOTEBOOK.stat().st_size < 1_000_000


def texts(shipped: Any) -> str:
    return "\n".join(cell.source for cell in shipped.cells if cell.cell_type == "markdown")


def test_the_sections_are_those_of_the_original_and_two_more(shipped: Any) -> None:
    assert re.findall(r"^## (.+)$", texts(shipped), re.MULTILINE) == SECTIONS


@pytest.mark.parametrize("number", range(len(SECTIONS)), ids=SECTIONS)
def test_a_section_ends_with_exercises_and_hints(shipped: Any, number: int) -> None:
    section = re.split(r"^## .+$", texts(shipped), flags=re.MULTILINE)[number + 1]
    exercises = section.split("### Exercises")[-1]
    asked = len(re.findall(r"^\d\. ", exercises, re.MULTILINE))
    assert 2 <= asked <= 4
    assert exercises.count("*Hint:*") == asked


def test_every_figure_comes_with_a_sentence_of_what_to_see(shipped: Any) -> None:
    for i, cell in enumerate(shipped.cells):
        if cell.cell_type == "code" and any("image/png" in o.get("data", {}) for o in cell.outputs):
            after = next(c for c in shipped.cells[i + 1 :] if c.cell_type == "markdown")
            assert "*What to see:*" in after.source, cell.source


def test_it_was_run_from_top_to_bottom_without_errors(shipped: Any) -> None:
    cells = [cell for cell in shipped.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for output in (o for cell in cells for o in cell.outputs):
        assert output.output_type != "error"
        assert output.get("name") != "stderr"


def test_it_says_nothing_of_the_machine_it_was_made_on(shipped: Any) -> None:
    shown = [str(shipped.metadata)]
    for cell in shipped.cells:
        shown += [cell.source, str(cell.metadata)]
        for output in cell.get("outputs", ()):
            data = {k: v for k, v in output.get("data", {}).items() if not k.startswith("image/")}
            shown += [output.get("text", ""), str(data)]
    assert not PERSONAL.findall("\n".join(shown))


def documented() -> set[tuple[str, str]]:
    """(module, name) of everything that an example in the documentation imports."""
    found = set()
    for page in (ROOT / "docs").glob("*.md"):
        for module, names in re.findall(
            r"^from (lyricist[\w.]*) import ([\w, ]+)", page.read_text("utf-8"), re.MULTILINE
        ):
            found |= {(module, name.strip()) for name in names.split(",")}
    return found


def test_it_imports_what_is_public(code: ast.Module) -> None:
    known = documented()
    for node in ast.walk(code):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("lyricist"):
            for name in node.names:
                assert (node.module, name.name) in known, f"{node.module}.{name.name} is in no example of docs/"
        elif isinstance(node, ast.Import):
            assert not any(name.name.startswith("lyricist.") for name in node.names)


def test_it_calls_what_is_public(code: ast.Module) -> None:
    for node in ast.walk(code):
        if isinstance(node, ast.Attribute):
            assert not re.match("_[^_]", node.attr)
            if isinstance(node.value, ast.Name) and node.value.id == "lyricist":
                assert node.attr in lyricist.__all__


LESS = {
    "EPOCHS = 10 ": "EPOCHS = 2 ",
    '"epochs": 3,': '"epochs": 1,',
    "HIDDEN, RATE = 3,": "HIDDEN, RATE = 1,",
}  # epochs, to be quicker


@pytest.mark.full
def test_it_runs(built: ModuleType, tmp_path: Path) -> None:
    """Every cell, with shorter trainings."""
    source = built.SCRIPT.read_text(encoding="utf-8")
    for whole, less in LESS.items():
        assert source.count(whole) == 1
        source = source.replace(whole, less)
    made = built.run(built.notebook(source), tmp_path)
    assert all(o.output_type != "error" for cell in made.cells for o in cell.get("outputs", ()))
    assert (tmp_path / "runs" / "first" / "card.md").exists()
