"""Make notebooks/lstm_lyrics_gen.ipynb from the script beside it, run it, and keep what it shows.

The script is in the percent format that editors know: `# %%` begins a cell of code, `# %% [markdown]` one of text.

    python scripts/build_notebook.py            # some five minutes; with Keras installed its section runs too
    python scripts/build_notebook.py --dry      # new text and code, no outputs
    python scripts/build_notebook.py --check    # whether the notebook is that of the script
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
SCRIPT, NOTEBOOK = FOLDER / "lstm_lyrics_gen.py", FOLDER / "lstm_lyrics_gen.ipynb"
CELL, TEXT = "# %%", "# %% [markdown]"
SECONDS = 900  # that one cell may take


def cells(script: str) -> list[tuple[str, str]]:
    """(kind, source) of every cell of a script.

    >>> cells("# %% [markdown]\\n# # Title\\n#\\n# Text\\n\\n# %%\\nx = 1\\n")
    [('markdown', '# Title\\n\\nText'), ('code', 'x = 1')]
    """
    found: list[tuple[str, list[str]]] = []
    for line in script.splitlines():
        if line.startswith(CELL):
            found.append(("markdown" if line == TEXT else "code", []))
        elif found:
            kind, lines = found[-1]
            lines.append(line.removeprefix("#").removeprefix(" ") if kind == "markdown" else line)
    return [(kind, "\n".join(lines).strip("\n")) for kind, lines in found]


def notebook(script: str) -> Any:
    """A notebook of a script's cells, without outputs."""
    made = nbformat.v4.new_notebook()
    made.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made.metadata["language_info"] = {"name": "python"}
    for number, (kind, source) in enumerate(cells(script)):
        make = nbformat.v4.new_markdown_cell if kind == "markdown" else nbformat.v4.new_code_cell
        made.cells.append(make(source, id=f"cell-{number:02}"))
    return made


def run(made: Any, folder: Path) -> Any:
    """Run all cells in a folder and keep their outputs. Raises nbclient's `CellExecutionError` if one fails."""
    from nbclient import NotebookClient

    NotebookClient(made, timeout=SECONDS, resources={"metadata": {"path": str(folder)}}).execute()
    made.metadata["language_info"] = {"name": "python"}
    for cell in made.cells:
        cell.metadata.pop("execution", None)  # when each cell ran
        if cell.cell_type == "code":  # what libraries say of this machine is of no use elsewhere
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
    return made


def save(made: Any) -> None:
    beside = NOTEBOOK.with_suffix(".tmp")
    nbformat.write(made, beside)
    os.replace(beside, NOTEBOOK)


def same(one: Any, other: Any) -> bool:
    """Whether two notebooks have the same cells, outputs aside."""
    first, second = ([(c.cell_type, c.source) for c in n.cells] for n in (one, other))
    return first == second


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry", action="store_true", help="do not run it")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if script and notebook differ")
    arguments = parser.parse_args()
    made = notebook(SCRIPT.read_text(encoding="utf-8"))
    if arguments.check:
        return 0 if same(made, nbformat.read(NOTEBOOK, as_version=4)) else 1
    if not arguments.dry:
        with tempfile.TemporaryDirectory() as folder:
            made = run(made, Path(folder))
    save(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
