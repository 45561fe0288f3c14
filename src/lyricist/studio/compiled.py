"""Plans compiled for models: kept while they are asked for, compiled once however many ask at the same time."""

from __future__ import annotations

import threading
from collections import OrderedDict

from lyricist.errors import PlanError
from lyricist.writer import Model
from lyricist.writing.plan import Plan
from lyricist.writing.planned import FRESH, PlannedWriter

KEPT = 24  # compiled plans
Key = tuple[int, Plan]


class Entry:
    """A plan and what came of compiling it."""

    def __init__(self, model: Model) -> None:
        self.model, self.lock = model, threading.Lock()  # the model is held so that its number stays its own
        self.made: PlannedWriter | str | None = None
        self.songs = 0


class Compiled:
    """The last plans that were asked for."""

    def __init__(self, kept: int = KEPT) -> None:
        self.kept, self.lock = kept, threading.Lock()
        self.entries: OrderedDict[Key, Entry] = OrderedDict()

    def get(self, model: Model, plan: Plan, songs: int = 0) -> PlannedWriter:
        """The plan compiled; `songs`: how many will be written to it. Raises `PlanError` if none can be."""
        entry = self.entry(model, plan, songs)
        with entry.lock:
            if entry.made is None:
                try:
                    entry.made = PlannedWriter(model, plan)
                except PlanError as error:
                    entry.made = str(error)
            if isinstance(entry.made, str):
                raise PlanError(entry.made)
            return entry.made

    def entry(self, model: Model, plan: Plan, songs: int) -> Entry:
        """What a compiled plan learns of its rhymes grows with its songs: after FRESH of them it is compiled anew."""
        key = (id(model), plan)
        with self.lock:
            entry = self.entries.get(key)
            if entry is None or entry.songs > FRESH:
                entry = self.entries[key] = Entry(model)
            entry.songs += songs
            self.entries.move_to_end(key)
            while len(self.entries) > self.kept:
                self.entries.popitem(last=False)
            return entry
