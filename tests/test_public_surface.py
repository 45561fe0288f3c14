"""The names a program may rely on, and what importing them costs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lyricist
from lyricist.corpus import PrepareOptions
from lyricist.plan.fields import PlanValues, SectionPlan, SectionValues

SURFACE = [
    "Drawing", "InputError", "LyricistError", "MissingExtra", "Model", "Options", "Plan", "PlanError", "RunError",
    "Vocabulary", "automaton", "check", "decode", "evaluate", "export", "load", "read", "rhymes", "sample_songs", "train", "write",
]  # fmt: skip


def test_the_surface_is_what_it_was_agreed_to_be() -> None:
    assert lyricist.__all__ == SURFACE
    for name in SURFACE:
        assert callable(getattr(lyricist, name))
        assert getattr(lyricist, name).__doc__


def test_names_stay_themselves_after_everything_is_imported() -> None:
    """A public name and a submodule of the same name would shadow each other."""
    code = (
        "import pkgutil, importlib, lyricist\n"
        "for m in pkgutil.walk_packages(lyricist.__path__, 'lyricist.'):\n"
        "    if not m.name.endswith('__main__'): importlib.import_module(m.name)\n"
        "assert all(callable(getattr(lyricist, n)) for n in lyricist.__all__)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_importing_is_light() -> None:
    code = "import sys, lyricist; print([m for m in ('torch', 'numpy', 'onnxruntime', 'pandas') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def without(modules: tuple[str, ...], arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """A call of the command line in a process where these modules cannot be imported."""
    code = (
        "import sys\n"
        f"for name in {modules!r}: sys.modules[name] = None\n"
        "from lyricist.apps.cli import run\n"
        f"sys.exit(run({arguments!r}))"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_writing_needs_no_deep_learning_framework(run_dir) -> None:  # type: ignore[no-untyped-def]
    absent = ("torch", "onnx", "matplotlib", "tensorboard", "rensa", "py3langid")
    done = without(absent, ["write", "-m", str(run_dir), "--seed", "1"])
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 3


def test_a_missing_extra_names_the_pip_install(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "songs.txt").write_text("\n\n".join(f"la la la {w} na na na {w} hey" for w in "abcdef"))
    done = without(("torch",), ["train", str(tmp_path / "songs.txt"), "-o", str(tmp_path / "r")])
    assert done.returncode == 2
    assert "pip install 'lyricist[train]'" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    "call",
    [
        lambda: lyricist.load(3),
        lambda: lyricist.load("a" * 5000),
        lambda: lyricist.load("run", threads=0),
        lambda: lyricist.write("run", count=0),
        lambda: lyricist.check(None),
        lambda: lyricist.check("the sea", {"lines": 1}),
        lambda: lyricist.rhymes(3),
        lambda: lyricist.read(3),
        lambda: lyricist.read("a" * 5000),
        lambda: lyricist.read(texts=3),
        lambda: lyricist.read("songs", options={"seed": 1}),
        lambda: list(lyricist.train("songs", "out")),
        lambda: lyricist.evaluate("run", []),
        lambda: lyricist.Plan(max_copy=10**6),
        lambda: lyricist.Plan(form="verse " * 200),
        lambda: lyricist.Drawing(top=3),
        lambda: PrepareOptions(valid_share=3),
        lambda: PrepareOptions(shares=3),
        lambda: lyricist.Options(presets="tiny"),
        lambda: lyricist.Options(train=3),
        lambda: lyricist.Options(midi="\0"),
        lambda: lyricist.Vocabulary(3),
        lambda: lyricist.Vocabulary("<unk>"),
        lambda: lyricist.Vocabulary(["<unk>"], order="sideways"),
        lambda: lyricist.Vocabulary(["<unk>"], display=3),
        lambda: lyricist.Vocabulary(["<unk>"]).decode([7]),
        lambda: lyricist.Vocabulary(["<unk>"]).encode("la"),
        lambda: lyricist.load("\ud800"),
        lambda: lyricist.load("run", threads=10**30),
        lambda: lyricist.check([3]),
        lambda: lyricist.check("the sea", against=3),
        lambda: lyricist.check("the sea", against="a" * 5000),
        lambda: lyricist.check("the sea", run="six"),
        lambda: lyricist.check("the sea", lexicon=3),
        lambda: lyricist.rhymes("sea", syllables="two"),
        lambda: lyricist.rhymes("sea", stress=1),
        lambda: lyricist.rhymes("sea", words=[3]),
        lambda: lyricist.read("songs", midi=3),
        lambda: lyricist.export(3, "onnx", "o.onnx"),
        lambda: lyricist.export("run", [], "o.onnx"),
        lambda: lyricist.export("run", "onnx", 3),
        lambda: lyricist.automaton("verse", lyricist.Vocabulary(["<unk>"])),
        lambda: lyricist.automaton(lyricist.Plan(), ["sea"]),
        lambda: lyricist.automaton(lyricist.Plan(syllables=4), lyricist.Vocabulary(["<unk>", "<line>"]), None, [3]),
        lambda: lyricist.decode(3, 3),
    ],
)
def test_public_calls_raise_only_errors_of_the_package(call: Callable[[], object]) -> None:
    with pytest.raises(lyricist.LyricistError) as told:
        call()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(("kind", "values"), [(lyricist.Plan, PlanValues), (SectionPlan, SectionValues)])
def test_type_checkers_know_the_fields_that_there_are(kind: Any, values: Any) -> None:
    assert values.__annotations__.keys() == kind.model_fields.keys()


def test_a_model_raises_only_errors_of_the_package(run_dir: Path) -> None:
    model = lyricist.load(run_dir)
    for call in (model.song_plan, model.feasible, lambda plan: model.plan_of(plan, 1)):
        with pytest.raises(lyricist.InputError):
            call("verse")
    for more in ({"seeds": 3}, {"seeds": ["a"]}, {"should_stop": 3}, {"keep": 3}):
        with pytest.raises(lyricist.InputError):
            list(model.events(**more))
    for given in ({"songs": ["la"]}, {"songs": [], "written": 3}, {"songs": [], "human": ["la"]}):
        with pytest.raises(lyricist.InputError):
            lyricist.evaluate(model, **given)


@pytest.mark.parametrize(
    "more",
    [{"seed": -1}, {"seed": 2**63}, {"seed": 1.5}, {"seed": "a"}, {"count": "3"}, {"plan": "verse"}, {"drawing": {}}],
)
def test_writing_raises_only_errors_of_the_package(run_dir: Path, more: dict[str, Any]) -> None:
    with pytest.raises(lyricist.InputError) as told:
        lyricist.load(run_dir).write(**more)
    assert next(iter(more)) in str(told.value)
