"""The weighted mean of the weights of a run and of a run that it was continued from.

    python scripts/average_runs.py RUN EARLIER -o OUT [--share 0.5]

What a network forgets of its first songs while it learns others is recovered, at a small cost (Wortsman et al. 2022).
EARLIER, which may be packed, has the same network; its vocabulary is the beginning of RUN's (or all of it). Words
that only RUN has are copied. OUT is a normal run with RUN's vocabulary, files and card; `--share` is RUN's share.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from lyricist._io import Arrays
from lyricist.errors import InputError, LyricistError
from lyricist.model.checkpoint import Run, create_run, save_checkpoint

OWN = ("config.json", "vocab.json", "latest", "history.jsonl")  # made anew, or of a training that OUT has not had


def mean(later: Arrays, earlier: Arrays, share: float) -> Arrays:
    """`share` of `later` and the rest of `earlier`; rows that only `later` has are its own.

    >>> import numpy as np
    >>> made = mean({"w": np.ones((3, 2))}, {"w": np.zeros((2, 2))}, 0.25)
    >>> made["w"][:, 0].tolist()
    [0.25, 0.25, 1.0]
    """
    made = {}
    for name, values in later.items():
        old = earlier.get(name)
        if old is None or old.shape[1:] != values.shape[1:] or len(old) > len(values):
            raise InputError(f"{name} of the earlier run is not of the same network: name the one it went on from")
        made[name] = values.copy()
        made[name][: len(old)] = share * values[: len(old)] + (1 - share) * old
    return made


def average(run: Run, earlier: Run, out: Path, share: float) -> Run:
    """The mean as a run at `out`. InputError for runs that have no mean."""
    if not 0 <= share <= 1:
        raise InputError(f"--share {share} is not from 0 to 1")
    known = earlier.vocabulary.tokens
    if run.vocabulary.tokens[: len(known)] != known:
        raise InputError(f"the vocabulary of {earlier.path} is not how that of {run.path} begins")
    weights = mean(run.weights(), earlier.weights(), share)
    config = {name: value for name, value in run.config.items() if name not in ("format", "packed")}
    made = create_run(out, config, run.vocabulary)
    for path in run.path.iterdir():
        if path.is_file() and path.name not in OWN and path.suffix != ".onnx" and path.stem != "weights":
            shutil.copyfile(path, made.path / path.name)
    save_checkpoint(made, int(run.state("use")["step"]), weights, {}, {}, best=True)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description="The weighted mean of a run and of one it once went on from.")
    parser.add_argument("run", type=Path)
    parser.add_argument("earlier", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.5, help="of RUN, 0 to 1")
    options = parser.parse_args()
    try:
        average(Run.open(options.run), Run.open(options.earlier), options.out, options.share)
    except LyricistError as e:
        sys.exit(str(e))


if __name__ == "__main__":
    main()
