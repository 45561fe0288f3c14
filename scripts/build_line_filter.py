"""Keep a corpus's whole lines or runs of six words from ever being written again by a run.

    python scripts/build_line_filter.py RUN CORPUS... [--and LINES]     makes RUN/lines.safetensors
    python scripts/build_line_filter.py RUN --runs SONGS...             makes RUN/runs.npy

For corpora too large for a copy index to be handed on. A CORPUS is a directory that `lyricist prepare` made; lines of
five words or more of all its splits go in, two bytes each (see `lyricist.model.copy_index`), and with `--and` those
of an earlier lines.safetensors. SONGS are files or folders of songs; their runs of six words, across the ends of
lines, take some two bytes each. Prints the figures that the model card states.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from lyricist import read
from lyricist.corpus import open_corpus
from lyricist.evaluation.check import EVERY_SONG
from lyricist.model.checkpoint import Run, seal
from lyricist.model.copy_index import BITS, LINES, PROBES, RUNS, LineFilter, RunFilter


def main() -> None:
    parser = argparse.ArgumentParser(description="Keep a corpus's lines or runs from being written again by a run.")
    parser.add_argument("run", type=Path)
    parser.add_argument("corpora", type=Path, nargs="*")
    parser.add_argument("--and", dest="earlier", type=Path, help="the lines.safetensors of what was read before")
    parser.add_argument("--runs", type=Path, nargs="+", metavar="SONGS", help="files or folders of songs")
    options = parser.parse_args()
    run = Run.open(options.run)
    figures = {}
    if options.runs:
        songs = read(options.runs, options=EVERY_SONG)
        kept = RunFilter.of_songs(songs.songs())
        kept.save(run.path / RUNS)
        figures |= {"words": songs.info["words"], "runs": 8 * len(kept.data) // BITS, "runs_bytes": len(kept.data)}
        figures |= {"false_runs": round(float(np.unpackbits(kept.data).mean()) ** PROBES, 6)}
    if options.corpora:
        earlier = LineFilter.load(options.earlier) if options.earlier else None
        made = LineFilter.of_songs((song for path in options.corpora for song in open_corpus(path).songs()), earlier)
        made.save(run.path / LINES)
        figures |= {"lines": len(made.values), "lines_bytes": (run.path / LINES).stat().st_size}
        figures |= {"false_lines": round(len(made.values) / 2**made.bits, 6)}
    seal(run.path)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
