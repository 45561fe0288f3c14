"""Plans compiled for models: kept while they are asked for, compiled once however many ask at the same time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import suppress
from typing import Any

from lyricist.errors import PlanError, RunError
from lyricist.generate.batched_step import ConditionedBlocks
from lyricist.generate.exact_writer import FRESH, ExactWriter
from lyricist.generate.writer import Model
from lyricist.model.runtime import BlockModel, OnnxBlocks
from lyricist.plan.plan import Plan

KEPT = 24  # compiled plans
MODELS = 3  # whose graphs are open for songs of several plans
Key = tuple[int, Plan]


class Entry:
    """A plan and what came of compiling it."""

    def __init__(self, model: Model) -> None:
        self.model, self.lock = model, threading.Lock()  # the model is held so that its number stays its own
        self.made: ExactWriter | str | None = None
        self.songs = 0


class Compiled:
    """The last plans that were asked for."""

    def __init__(self, kept: int = KEPT) -> None:
        self.kept, self.lock = kept, threading.Lock()
        self.entries: OrderedDict[Key, Entry] = OrderedDict()
        self.opened: OrderedDict[int, tuple[Any, ConditionedBlocks | None]] = OrderedDict()  # by session

    def get(self, model: Model, plan: Plan, songs: int = 0) -> ExactWriter:
        """The plan compiled; `songs`: how many will be written to it. Raises `PlanError` if none can be."""
        entry = self.entry(model, plan, songs)
        with entry.lock:
            if entry.made is None:
                try:
                    entry.made = model.compile(plan)
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

    def steered(self, blocks: BlockModel) -> ConditionedBlocks | None:
        """What runs a model for songs of several plans at once; None for a model that cannot."""
        if not isinstance(blocks, OnnxBlocks):
            return None
        with self.lock:
            key = id(blocks.session)
            if key not in self.opened:
                made: ConditionedBlocks | None = None
                with suppress(RunError, OSError):
                    made = ConditionedBlocks(blocks)
                self.opened[key] = (blocks.session, made)
            self.opened.move_to_end(key)
            while len(self.opened) > MODELS:
                self.opened.popitem(last=False)
            return self.opened[key][1]
