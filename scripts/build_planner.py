"""Pack a run that has read outlines as the planner of another run: RUN/planner.onnx.

python scripts/build_planner.py OUTLINES_RUN RUN
"""

from __future__ import annotations

import argparse
from pathlib import Path

from lyricist._io import replace_file
from lyricist.model.checkpoint import Run
from lyricist.model.onnx_graph import metadata_for, planner_model
from lyricist.model.runtime import PLANNER


def main() -> None:
    parser = argparse.ArgumentParser(description="Pack a run that has read outlines as the planner of another run.")
    parser.add_argument("outlines", type=Path)
    parser.add_argument("run", type=Path)
    options = parser.parse_args()
    run = Run.open(options.outlines)
    config = run.config["model"]
    facts = {**metadata_for(config, int(run.state("use")["step"])), "vocabulary": run.vocabulary.to_json()}
    replace_file(options.run / PLANNER, [planner_model(config, run.weights(), facts)])
    print(f"{(options.run / PLANNER).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
