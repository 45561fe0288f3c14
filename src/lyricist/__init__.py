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
import os
from typing import TYPE_CHECKING, Any

# ONNX Runtime writes a device id and a database of events under the user's home and may send them, unless this is set
# before it is imported. Every entry and every child process imports this package first, so this is the one place.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

if TYPE_CHECKING:
    from lyricist.corpus import prepare as read
    from lyricist.corpus.samples import sample_songs
    from lyricist.errors import InputError, LyricistError, MissingExtra, PlanError, RunError
    from lyricist.evaluation.check import check
    from lyricist.evaluation.metrics import evaluate
    from lyricist.evaluation.rhymes import rhymes
    from lyricist.evaluation.train import train_songs as train
    from lyricist.generate.exact_writer import automaton, decode
    from lyricist.generate.open_run import load, write
    from lyricist.generate.writer import Model
    from lyricist.model.convert import export
    from lyricist.model.tokens import Vocabulary
    from lyricist.plan.plan import Drawing, Plan
    from lyricist.training import events as events
    from lyricist.training.config import Options

_HOME = {
    "Drawing": "lyricist.plan.plan:Drawing",
    "InputError": "lyricist.errors:InputError",
    "LyricistError": "lyricist.errors:LyricistError",
    "MissingExtra": "lyricist.errors:MissingExtra",
    "Model": "lyricist.generate.writer:Model",
    "Options": "lyricist.training.config:Options",
    "Plan": "lyricist.plan.plan:Plan",
    "PlanError": "lyricist.errors:PlanError",
    "RunError": "lyricist.errors:RunError",
    "Vocabulary": "lyricist.model.tokens:Vocabulary",
    "automaton": "lyricist.generate.exact_writer:automaton",
    "check": "lyricist.evaluation.check:check",
    "decode": "lyricist.generate.exact_writer:decode",
    "evaluate": "lyricist.evaluation.metrics:evaluate",
    "export": "lyricist.model.convert:export",
    "load": "lyricist.generate.open_run:load",
    "read": "lyricist.corpus:prepare",
    "rhymes": "lyricist.evaluation.rhymes:rhymes",
    "sample_songs": "lyricist.corpus.samples:sample_songs",
    "train": "lyricist.evaluation.train:train_songs",
    "write": "lyricist.generate.open_run:write",
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
    if name == "events":  # `from lyricist import events`: the classes of what `train` yields
        return importlib.import_module("lyricist.training.events")
    if name not in _HOME:
        raise AttributeError(f"module 'lyricist' has no attribute {name!r}")
    module, _, attribute = _HOME[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
