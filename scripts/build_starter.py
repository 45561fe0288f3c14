"""Turn a finished run into the starter that the package brings: the files in src/lyricist/model/starter.

The network goes into one 8-bit file; the songs it learnt from stay outside. The same run gives the same files.
Without a run, only the manifest is written again: say so after a file was added (copy index, judge of lines).

    python scripts/build_starter.py [RUN]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import zlib
from pathlib import Path

from lyricist.errors import InputError, LyricistError
from lyricist.model.checkpoint import Run, seal
from lyricist.model.convert import pack
from lyricist.model.starter import HERE

FILES_MB, WHEEL_MB = 40.0, 60.0  # what the starter's files may take together, and the package's wheel


def size(folder: Path) -> float:
    """Megabytes of the files of a folder."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) / 1e6


def deflated(folder: Path) -> float:
    """Megabytes of all files below a folder in a wheel, which is a zip archive."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return sum(len(zlib.compress(path.read_bytes(), 6)) for path in files) / 1e6


def build(run: Path, out: Path) -> None:
    """The packed run's files in `out` in place of those of an earlier starter."""
    with tempfile.TemporaryDirectory(dir=out.parent) as place:
        made = pack(Run.open(run), Path(place) / "starter").path
        if size(made) > FILES_MB:
            raise InputError(f"the files take {size(made):.1f} MB, more than {FILES_MB}: train a smaller model")
        for old in out.iterdir():
            if old.is_file() and old.suffix != ".py":
                old.unlink()
        for path in sorted(made.iterdir()):
            os.replace(path, out / path.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--out", type=Path, default=HERE, help="the package's folder, unless another is named")
    arguments = parser.parse_args()
    try:
        seal(arguments.out) if arguments.run is None else build(arguments.run, arguments.out)
    except LyricistError as e:
        sys.exit(str(e))
    for path in sorted(arguments.out.iterdir()):
        if path.is_file() and path.suffix != ".py":
            print(f"{path.stat().st_size / 1e6:8.3f} MB  {path.name}")
    wheel = deflated(HERE.parents[1])
    print(f"{size(arguments.out):8.3f} MB  together; the package in a wheel about {wheel:.1f} MB")
    if wheel > WHEEL_MB:
        sys.exit(f"the wheel is larger than {WHEEL_MB} MB")


if __name__ == "__main__":
    main()
