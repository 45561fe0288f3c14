"""Keep a corpus's whole lines from ever being written again by a run: makes RUN/lines.safetensors.

    python scripts/build_line_filter.py RUN CORPUS... [--and LINES]

For corpora too large for a copy index to be handed on. A CORPUS is a directory that `lyricist prepare` made; lines of
five words or more of all its splits go in, two bytes each (see `lyricist.model.copy_index`), and with `--and` those
of an earlier lines.safetensors. Prints the figures
that the model card states.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lyricist.corpus import open_corpus
from lyricist.model.checkpoint import Run, seal
from lyricist.model.copy_index import LINES, LineFilter


def main() -> None:
    parser = argparse.ArgumentParser(description="Keep a corpus's whole lines from being written again by a run.")
    parser.add_argument("run", type=Path)
    parser.add_argument("corpora", type=Path, nargs="+")
    parser.add_argument("--and", dest="earlier", type=Path, help="the lines.safetensors of what was read before")
    options = parser.parse_args()
    run = Run.open(options.run)
    earlier = LineFilter.load(options.earlier) if options.earlier else None
    made = LineFilter.of_songs((song for path in options.corpora for song in open_corpus(path).songs()), earlier)
    made.save(run.path / LINES)
    seal(run.path)
    figures = {
        "lines": len(made.values),
        "bytes": (run.path / LINES).stat().st_size,
        "false_positives": round(len(made.values) / 2**made.bits, 6),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
