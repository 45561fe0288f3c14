"""How the package is built: its rooms, and no circles of imports between its modules."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
CHILDREN = 14  # of the package, at most


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name; a package by that of its folder."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(tree: ast.Module) -> Iterator[str]:
    """The names that a module imports, those inside functions and under `TYPE_CHECKING` included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def import_graph(known: dict[str, Path]) -> dict[str, set[str]]:
    """The modules of the package that each module imports. A module's own package is none: it is imported anyway."""
    graph: dict[str, set[str]] = {}
    for module, path in known.items():
        targets = graph[module] = set()
        for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
            while name and name not in known:
                name = name.rpartition(".")[0]
            if name and name != module and not module.startswith(name + "."):
                targets.add(name)
    return graph


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Strongly connected components of two or more modules (Tarjan 1972)."""
    order: dict[str, int] = {}  # module: when it was met
    lowest: dict[str, int] = {}  # the earliest module on the stack that can be reached from it
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        stack.append(module)
        for target in sorted(graph[module]):
            if target not in order:
                visit(target)
                lowest[module] = min(lowest[module], lowest[target])
            elif target in stack:
                lowest[module] = min(lowest[module], order[target])
        if lowest[module] == order[module]:
            component = set(stack[stack.index(module) :])
            del stack[stack.index(module) :]
            if len(component) > 1:
                found.append(component)

    for module in graph:
        if module not in order:
            visit(module)
    return found


def rooms() -> list[str]:
    """The children of the package that the first contract of import-linter has a place for."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    return [room.strip(" ()") for layer in layers for room in layer.split("|")]


def test_circles_are_found() -> None:
    chain = {"a": {"b"}, "b": {"c"}, "c": set()}
    assert circles(chain) == []
    assert circles(chain | {"c": {"a"}, "d": {"a", "e"}, "e": {"d"}}) == [{"a", "b", "c"}, {"d", "e"}]


def test_modules_do_not_import_each_other_in_circles() -> None:
    assert [sorted(circle) for circle in circles(import_graph(modules()))] == []


def test_every_module_belongs_to_a_room() -> None:
    names = {module.split(".")[1] for module in modules() if "." in module}
    assert names <= set(rooms())
    assert len(names) <= CHILDREN


def test_every_room_has_a_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = {contract["name"].partition(":")[0] for contract in settings["tool"]["importlinter"]["contracts"]}
    folders = {path.name for path in (SOURCE / "lyricist").iterdir() if (path / "__init__.py").exists()}
    assert names == folders | {"rooms"}
    assert len(folders) == 9
