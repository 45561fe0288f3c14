"""`decode`: any word-level step model under an automaton of this package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from lyricist.generate.engine import FreeEngine, Pick, by_seed
from lyricist.generate.exact_engine import ExactEngine
from lyricist.generate.free import FreeSongAutomaton
from lyricist.generate.nocopy import CopyBan, CopyGuard
from lyricist.generate.result import LineWritten, SongWritten
from lyricist.generate.song import ExactSongAutomaton
from lyricist.model.copy_index import CopyIndex
from lyricist.model.runtime import HostBlocks, StepModel
from lyricist.plan.plan import Drawing

__all__ = ["LineWritten", "SongWritten", "decode"]


def decode(
    model: StepModel,
    automaton: FreeSongAutomaton | ExactSongAutomaton,
    drawing: Drawing | None = None,
    *,
    seeds: Iterable[int] = (0,),
    guard: CopyGuard | CopyIndex | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    pick: Pick = by_seed,
) -> Iterator[LineWritten | SongWritten]:
    """Write one song for each seed; finished lines and songs come out as they are made.

    Any `StepModel` over the automaton's vocabulary will do. A `ExactSongAutomaton` is fulfilled exactly; `guard` is
    then the index of songs not to copy. Memory is bounded by the songs written side by side. `should_stop` is asked
    at every step and ends the writing. `pick` draws the tokens of free songs.
    """
    drawing = drawing or Drawing()
    if isinstance(automaton, ExactSongAutomaton):
        ban = CopyBan(guard if isinstance(guard, CopyIndex) else None, automaton.table.words, automaton.max_copy)
        return ExactEngine(HostBlocks(model, automaton.columns), automaton, drawing, ban).write(seeds, should_stop)
    assert guard is None or isinstance(guard, CopyGuard)
    return FreeEngine(model, automaton, drawing, guard, pick).write(seeds, should_stop)
