"""lyricist: train an LSTM on songs and write new ones, on your own machine.

    >>> import lyricist                                            # doctest: +SKIP
    >>> songs = lyricist.read("my_songs/")                         # doctest: +SKIP
    >>> for event in lyricist.train(songs, "my-run"): print(event)  # doctest: +SKIP
    >>> print(lyricist.load("my-run").write(seed=1)[0].text)       # doctest: +SKIP

Everything else (command line, studio, notebook) is built on these names. They are imported when they
are first used, so that `import lyricist` is quick and needs no deep-learning framework.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lyricist.checking import check
    from lyricist.corpus import prepare as read
    from lyricist.dictionary import rhymes
    from lyricist.errors import InputError, LyricistError, MissingExtra, PlanError, RunError
    from lyricist.exporting import export
    from lyricist.metrics import evaluate
    from lyricist.samples import sample_songs
    from lyricist.start import Options
    from lyricist.start import train_songs as train
    from lyricist.tokens import Vocabulary
    from lyricist.writer import Model, load, write
    from lyricist.writing.decode import decode
    from lyricist.writing.plan import Drawing, Plan
    from lyricist.writing.planned import automaton

_HOME = {
    "Drawing": "lyricist.writing.plan:Drawing",
    "InputError": "lyricist.errors:InputError",
    "LyricistError": "lyricist.errors:LyricistError",
    "MissingExtra": "lyricist.errors:MissingExtra",
    "Model": "lyricist.writer:Model",
    "Options": "lyricist.start:Options",
    "Plan": "lyricist.writing.plan:Plan",
    "PlanError": "lyricist.errors:PlanError",
    "RunError": "lyricist.errors:RunError",
    "Vocabulary": "lyricist.tokens:Vocabulary",
    "automaton": "lyricist.writing.planned:automaton",
    "check": "lyricist.checking:check",
    "decode": "lyricist.writing.decode:decode",
    "evaluate": "lyricist.metrics:evaluate",
    "export": "lyricist.exporting:export",
    "load": "lyricist.writer:load",
    "read": "lyricist.corpus:prepare",
    "rhymes": "lyricist.dictionary:rhymes",
    "sample_songs": "lyricist.samples:sample_songs",
    "train": "lyricist.start:train_songs",
    "write": "lyricist.writer:write",
}

__all__ = [
    "Drawing",
    "InputError",
    "LyricistError",
    "MissingExtra",
    "Model",
    "Options",
    "Plan",
    "PlanError",
    "RunError",
    "Vocabulary",
    "automaton",
    "check",
    "decode",
    "evaluate",
    "export",
    "load",
    "read",
    "rhymes",
    "sample_songs",
    "train",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'lyricist' has no attribute {name!r}")
    module, _, attribute = _HOME[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
