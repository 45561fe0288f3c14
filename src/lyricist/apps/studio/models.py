"""The models one may write with: the starter, those of a folder, an owner's own; the last ones used stay loaded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from lyricist.apps.studio.access import owner
from lyricist.apps.studio.answers import CardAnswer, ChosenAnswer, ModelsAnswer
from lyricist.apps.studio.bodies import Body
from lyricist.apps.studio.errors import Refused
from lyricist.apps.studio.store import Store, Thing, shown
from lyricist.apps.studio.trainee import RUN
from lyricist.apps.studio.trainings import Trainings
from lyricist.errors import LyricistError
from lyricist.generate.open_run import load
from lyricist.generate.writer import Model
from lyricist.model.checkpoint import Run
from lyricist.model.starter import NAME, need_starter, starter_path
from lyricist.prosody.planfeatures import groups_of

router = APIRouter(prefix="/api/models", tags=["models"])
Owner = Annotated[str, Depends(owner)]
STARTER = "The starter"
MOST_FACTS = 200  # runs of which facts are kept
Stamp = tuple[str, int]  # a run's folder and when its files to use were last replaced


@dataclass(frozen=True)
class Entry:
    """One model to choose. `kind`: starter, folder or own."""

    name: str
    kind: str
    label: str
    path: Path


@dataclass
class Models:
    """What models there are, and the last ones used, loaded. Methods block; safe to use from several threads."""

    store: Store
    trainings: Trainings
    folder: Path | None = None
    threads: int | None = 1  # of each model
    loaded: OrderedDict[Stamp, Model] = field(default_factory=OrderedDict)
    loading: dict[Stamp, threading.Lock] = field(default_factory=dict)
    facts: dict[Stamp, dict[str, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, owner: str, name: str | None = None) -> Model:
        """A model to write with; None: the owner's current one. `Refused` not_found, `RunError` for a damaged run."""
        entry = self.find(owner, self.current(owner) if name is None else name)
        stamp = stamp_of(entry.path)
        with self.lock:
            known = self.known(stamp)
            if known is not None:
                return known
            turn = self.loading.setdefault(stamp, threading.Lock())
        try:
            with turn:  # who comes second finds it loaded
                with self.lock:
                    known = self.known(stamp)
                return known or self.keep(stamp, load(entry.path, threads=self.threads))
        finally:
            with self.lock:
                self.loading.pop(stamp, None)

    def run_of(self, model: Model) -> Path | None:
        """The folder of a model that is loaded."""
        with self.lock:
            return next((Path(stamp[0]) for stamp, known in self.loaded.items() if known is model), None)

    def known(self, stamp: Stamp) -> Model | None:
        found = self.loaded.get(stamp)
        if found is not None:
            self.loaded.move_to_end(stamp)
        return found

    def keep(self, stamp: Stamp, model: Model) -> Model:
        with self.lock:
            self.loaded[stamp] = model
            while len(self.loaded) > self.store.limits.models_loaded:
                self.loaded.popitem(last=False)
        return model

    # -- which there are --------------------------------------------------------------------------------------------

    def all(self, owner: str) -> Iterator[Entry]:
        if (starter := starter_path()) is not None:
            yield Entry(NAME, "starter", STARTER, starter)
        yield from self.of_folder()
        for thing in self.store.all(owner, "trainings"):
            yield from self.of_training(thing)

    def of_folder(self) -> Iterator[Entry]:
        if self.folder is not None and self.folder.is_dir():
            for path in sorted(self.folder.iterdir()):
                if (path / "config.json").is_file() and not path.name.startswith("."):
                    yield Entry(path.name, "folder", shown(path.name), path)

    def of_training(self, thing: Thing) -> Iterator[Entry]:
        """The model of a training, if it has one and is not at work on it."""
        if self.trainings.model(thing):
            yield Entry(thing.id, "own", str(thing.meta.get("name", "")), thing.path / RUN)

    def find(self, owner: str, name: str) -> Entry:
        """The model of a name. `Refused` not_found, also for one of another owner."""
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
        """The name of an owner's current model: as chosen, if it is still there, else the first."""
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
        stamp = stamp_of(entry.path)
        known = self.facts.get(stamp)
        if known is None:
            try:
                known = facts_of(Run.open(entry.path))
            except LyricistError as error:
                known = {"problem": str(error).replace(str(entry.path), entry.label)}
            if len(self.facts) >= MOST_FACTS:
                self.facts.clear()
            self.facts[stamp] = known
        return {**named, **known, "current": entry.name == current}

    def card(self, owner: str, name: str) -> str:
        """What a model is, in Markdown, under the name it has here."""
        entry = self.find(owner, name)
        try:
            text = (entry.path / "card.md").read_text(encoding="utf-8", errors="replace")
        except OSError:
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


def facts_of(run: Run) -> dict[str, Any]:
    model = run.config["model"]
    count = int(model.get("features", 0))
    return {
        "recipe": run.kind,
        "parameters": parameters(model) if run.kind == "lstm" else None,
        "vocabulary": len(run.vocabulary),
        "direction": run.vocabulary.order,
        "features": list(groups_of(count)) if run.kind == "lstm" else [],
        "licence": str(run.config.get("licence", "")),
    }


def parameters(model: Mapping[str, Any]) -> int:
    """Numbers in the network that a run's config describes.

    >>> parameters({"vocab_size": 10, "embedding": 2, "hidden": 3, "layers": 1, "cell": "lstm", "tied": True})
    122
    """
    size, embedding, hidden = model["vocab_size"], model["embedding"], model["hidden"]
    gates = 4 if model.get("cell", "lstm") == "lstm" else 3
    inputs = [embedding, *[hidden] * (model["layers"] - 1)]
    layers = sum(gates * hidden * (width + hidden + 2) for width in inputs)
    tied = model.get("tied", True)
    joint = (hidden + 1) * embedding * (hidden != embedding) if tied else size * hidden
    return int(size * embedding + layers + joint + size + model.get("features", 0) * (embedding if tied else hidden))


# -- over HTTP ------------------------------------------------------------------------------------------------------


class Chosen(Body):
    """A model's name."""

    name: str = Field(max_length=200)


def models_of(request: Request) -> Models:
    models = request.app.state.rooms.models
    assert isinstance(models, Models)
    return models


@router.get("", response_model=ModelsAnswer)
def list_models(request: Request, owner: Owner) -> dict[str, Any]:
    """The models you may write with, and which is current."""
    models = models_of(request)
    current = models.current(owner)
    return {"models": [models.json(owner, entry, current) for entry in models.all(owner)]}


@router.get("/{name}/card", response_model=CardAnswer)
def get_card(request: Request, owner: Owner, name: str) -> dict[str, str]:
    """What a model is, what it learnt from, under which licence: Markdown."""
    return {"markdown": models_of(request).card(owner, name)}


@router.put("/current", response_model=ChosenAnswer)
def choose_model(request: Request, owner: Owner, chosen: Chosen) -> dict[str, str]:
    """Write with another model from now on, where a request names none."""
    models_of(request).choose(owner, chosen.name)
    return {"name": chosen.name}
