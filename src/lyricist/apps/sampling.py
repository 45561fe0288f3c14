"""What a model writes while it is trained: a line or two from its present state."""

from __future__ import annotations

from itertools import islice

from lyricist.errors import PlanError
from lyricist.training.events import SampleDue


def sample_lines(event: SampleDue, lines: int = 2) -> str:
    """The first lines of a song that the model would write now, parted by " / "; "" if it can write none yet."""
    from lyricist.generate.result import LineWritten
    from lyricist.generate.writer import Model
    from lyricist.model.runtime import OnnxModel
    from lyricist.plan.plan import QUICK

    model = Model(OnnxModel(event.model(), threads=1), event.vocabulary)
    written = (e.text for e in model.events(None, QUICK, [event.step]) if isinstance(e, LineWritten))
    try:
        return " / ".join(islice(written, lines))
    except PlanError:  # few songs hold no words that rhyme: no reason to end their training
        return ""
