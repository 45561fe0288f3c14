"""README, measurements and the site: lengths, links, and nothing loaded from other hosts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lyricist.apps.cli import run

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\(([^)\s#]+)[^)]*\)")


def test_the_readme_is_short() -> None:
    prose = re.sub(r"```.*?```", " ", README, flags=re.DOTALL)
    assert len(re.findall(r"[A-Za-z']+", prose)) <= 900
    assert max(len(cell) for line in README.splitlines() if line.startswith("|") for cell in line.split("|")) <= 80


def test_readme_and_architecture_list_the_same_rooms_in_the_same_order() -> None:
    architecture = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rooms = re.findall(r"^\| `(\w+)/` \|", README, re.MULTILINE)
    assert rooms == re.findall(r"^\| `(\w+)/` \|", architecture, re.MULTILINE)
    assert len(rooms) == 9
    assert len(architecture.split()) <= 1200


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_links_outside_the_site_lead_somewhere(page: str) -> None:
    for target in LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        assert "://" in target or (ROOT / target).exists(), target


def test_commands_and_options_of_the_readme_exist(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for line in re.findall(r"^lyricist .*", "".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL)), re.MULTILINE):
        command, _, rest = line.removeprefix("lyricist ").partition(" ")
        assert run([command, "--help"]) == 0, command
        told = capsys.readouterr().out
        for option in re.findall(r"(?<=\s)--?[a-z-]+", rest.partition("#")[0]):
            assert option in told, line


def test_every_measurement_names_its_command() -> None:
    named = False
    for line in (ROOT / "docs/measurements.md").read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            named = False
        elif line.endswith("| command |"):
            named = True
        elif named:
            assert line.split("|")[-2].strip(), line


class TestSite:
    @pytest.fixture(autouse=True)
    def _scripts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("mkdocs")
        monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])

    def test_what_is_loaded_from_other_hosts_is_found(self) -> None:
        from docs_site import outside

        for text in (
            '<script async src="https://cdn.example/a.js">',
            "<link rel=stylesheet href='//fonts.example/a.css'>",
            '<img alt="" src="http://pictures.example/a.png">',
            "@import 'https://fonts.example/a.css';",
            "p { background: url( 'https://pictures.example/a.png' ) }",
        ):
            assert len(outside(text)) == 1, text
        for text in (
            '<a href="https://example.org">a page</a>',
            '<link rel="stylesheet" href="assets/a.css">',
            "p { background: url(img/a.png) }",
            '<svg xmlns="http://www.w3.org/2000/svg">',
        ):
            assert not outside(text), text

    def test_doctests_are_shown_as_code(self) -> None:
        from docs_site import fenced

        assert fenced("What.\n\n    >>> f(1)\n    2\n\n    More.") == "What.\n\n```pycon\n>>> f(1)\n2\n```\n\nMore."

    def test_every_public_name_has_its_place(self) -> None:
        import lyricist
        from docs_site import reference

        assert re.findall(r"heading: (\w+)", reference()) == sorted(lyricist.__all__, key=str.lower)


BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


EXAMPLES = """
[[tool.mypy.overrides]]
module = "examples.*"
ignore_missing_imports = true
disallow_untyped_defs = false
disallow_incomplete_defs = false
disallow_untyped_calls = false
disable_error_code = "name-defined"
"""


WRONG = """
import lyricist
lyricist.Plan(syllabels=8)  # type: ignore[call-arg]
lyricist.Plan(max_copy="five")  # type: ignore[arg-type]
lyricist.Plan(form=3)  # type: ignore[arg-type]
lyricist.Drawing(top=3)  # type: ignore[call-arg]
lyricist.Options(presets="tiny")  # type: ignore[call-arg]
"""


@pytest.mark.full
def test_documented_python_has_the_right_types(tmp_path: Path) -> None:
    """Every block of every page; names that an earlier block defines may be anything, and functions need no types. Wrong
    arguments are found: an ignored error that there is not is one."""
    (made := tmp_path / "examples").mkdir()
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for number, block in enumerate(BLOCK.findall(page.read_text(encoding="utf-8"))):
            (made / f"{page.stem.replace('-', '_')}_{number}.py").write_text(f"import lyricist\n{block}")
    (made / "__init__.py").touch()
    (made / "wrong_arguments.py").write_text(WRONG)
    settings = tmp_path / "pyproject.toml"  # the same for the package, so that what `make check` has found is used
    settings.write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8") + EXAMPLES)
    command = [sys.executable, "-m", "mypy", "--config-file", str(settings), str(made)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
