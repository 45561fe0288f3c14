"""The models to write with: the starter, those of a folder, an owner's own. Those used last stay loaded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyricist._io import read_plain
from lyricist.apps.studio.event_log import RUN
from lyricist.apps.studio.http_io import Refused, shown
from lyricist.apps.studio.jobs import Recent
from lyricist.apps.studio.owner_store import Item, Store
from lyricist.apps.studio.training_jobs import TrainingJobs
from lyricist.errors import LyricistError, RunError
from lyricist.generate.open_run import load
from lyricist.generate.writer import Model
from lyricist.model.checkpoint import Run, network_shapes
from lyricist.model.starter import NAME, need_starter, starter_path
from lyricist.prosody.features import groups_of

STARTER = "The starter"
MOST_CARD = 1 << 22  # bytes
MOST_FACTS = 200  # runs of which facts are kept
Stamp = tuple[str, int]  # a run's folder, and when its files were last replaced


@dataclass(frozen=True)
class Entry:
    """One model to choose. `kind`: starter, folder or own."""

    name: str
    kind: str
    label: str
    path: Path


@dataclass
class Models:
    """The models there are; those used last stay loaded. Methods block, and are safe to use from several threads."""

    store: Store
    trainings: TrainingJobs
    folder: Path | None = None
    threads: int | None = 1  # of each model

    def __post_init__(self) -> None:
        self.loaded: Recent[Stamp, Model] = Recent(self.store.limits.models_loaded)
        self.facts: Recent[Stamp, dict[str, Any]] = Recent(MOST_FACTS)

    def get(self, owner: str, name: str | None = None) -> Model:
        """A model to write with; None: the owner's current one. `Refused` not_found, `RunError` for a damaged run."""
        entry = self.find(owner, self.current(owner) if name is None else name)
        stamp = stamp_of(entry.path)
        return self.loaded.get(stamp, lambda: load(entry.path, threads=self.threads))

    def run_of(self, model: Model) -> Path | None:
        """The folder of a loaded model; None if it is no longer kept."""
        return next((Path(stamp[0]) for stamp, known in self.loaded.items() if known is model), None)

    # -- which there are --------------------------------------------------------------------------------------------

    def all(self, owner: str) -> Iterator[Entry]:
        if (starter := starter_path()) is not None:
            yield Entry(NAME, "starter", STARTER, starter)
        yield from self.of_folder()
        for item in self.store.all(owner, "trainings"):
            yield from self.of_training(item)

    def of_folder(self) -> Iterator[Entry]:
        if self.folder is not None and self.folder.is_dir():
            for path in sorted(self.folder.iterdir()):
                if (path / "config.json").is_file() and not path.name.startswith("."):
                    yield Entry(path.name, "folder", shown(path.name), path)

    def of_training(self, item: Item) -> Iterator[Entry]:
        """The model of a training, if it has one and is not running."""
        if self.trainings.model(item):
            yield Entry(item.id, "own", str(item.meta.get("name", "")), item.path / RUN)

    def find(self, owner: str, name: str) -> Entry:
        """The model of a name. `Refused` not_found, also for a model of another owner."""
        if name == NAME:
            return Entry(NAME, "starter", STARTER, need_starter())
        for entry in self.of_folder():
            if entry.name == name:
                return entry
        with suppress(Refused):
            for entry in self.of_training(self.store.get(owner, "trainings", name)):
                return entry
        raise Refused("not_found", f"no model {shown(name)!r} here: /api/models lists them")

    def current(self, owner: str) -> str:
        """The name of an owner's current model: the chosen one if it still exists, else the first."""
        chosen = self.store.prefs(owner).get("model")
        with suppress(Refused):
            return self.find(owner, chosen).name if isinstance(chosen, str) else self.first(owner)
        return self.first(owner)

    def first(self, owner: str) -> str:
        return next((entry.name for entry in self.all(owner)), NAME)

    def choose(self, owner: str, name: str) -> None:
        self.find(owner, name)
        self.store.prefer(owner, {"model": name})

    # -- what they are ----------------------------------------------------------------------------------------------

    def json(self, owner: str, entry: Entry, current: str) -> dict[str, Any]:
        named = {"name": entry.name, "kind": entry.kind, "label": entry.label}
        known = self.facts.get(stamp_of(entry.path), lambda: facts_of(entry))
        return {**named, **known, "current": entry.name == current}

    def card(self, owner: str, name: str) -> str:
        """The card of a model in Markdown, under its name in the studio."""
        entry = self.find(owner, name)
        try:
            text = read_plain(entry.path / "card.md", MOST_CARD).decode(errors="replace")
        except RunError:
            facts = self.json(owner, entry, "")
            text = "#\n\nIts training has not ended, so it has no card yet.\n\n"
            text += "".join(f"- {key}: {value}\n" for key, value in facts.items() if key not in ("current", "label"))
        _, _, rest = text.partition("\n")
        return f"# {entry.label}\n{rest}"


def stamp_of(path: Path) -> Stamp:
    latest = path / "latest"
    file = latest if latest.exists() else path / "config.json"
    try:
        return str(path), file.stat().st_mtime_ns
    except OSError:
        return str(path), 0


def facts_of(entry: Entry) -> dict[str, Any]:
    """Facts about a run; for a damaged run only its `problem`."""
    try:
        run = Run.open(entry.path)
    except LyricistError as error:
        return {"problem": str(error).replace(str(entry.path), entry.label)}
    model = run.config["model"]
    lstm = run.kind == "lstm"
    return {
        "recipe": run.kind,
        "parameters": parameters(model) if lstm else None,
        "vocabulary": len(run.vocabulary),
        "direction": run.vocabulary.order,
        "features": list(groups_of(int(model.get("features", 0)))) if lstm else [],
        "licence": str(run.config.get("licence", "")),
    }


def parameters(model: Mapping[str, Any]) -> int:
    """The number of parameters of the network that a run's config describes.

    >>> parameters({"vocab_size": 10, "embedding": 2, "hidden": 3, "layers": 1, "cell": "lstm", "tied": True})
    122
    """
    return sum(math.prod(shape) for shape in network_shapes(model).values())
