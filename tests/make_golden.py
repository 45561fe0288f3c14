"""Make tests/golden/run-1, the run of format 1 that later releases must read. Run once a format."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from conftest import literal_songs
from lyricist.corpus import PrepareOptions, prepare
from lyricist.start import Options, train_songs

GOLDEN = Path(__file__).parent / "golden"
KEPT = ("config.json", "vocab.json", "latest", "copyindex.safetensors")


def main() -> None:
    place = Path("golden-making")
    corpus = prepare(
        texts=literal_songs(), out=place / "c", options=PrepareOptions(near_duplicate=None, related=None)
    )
    model = {"hidden": 16, "embedding": 12}
    train = {"epochs": 8.0, "batch": 8, "steps": 16, "learning_rate": 0.02, "evaluations": 2}
    list(train_songs(corpus, place / "run", Options(preset="tiny", model=model, train=train, licence="CC0 1.0")))
    for source, target in (("c", "corpus-1"), ("run", "run-1")):
        shutil.rmtree(GOLDEN / target, ignore_errors=True)
        shutil.copytree(place / source, GOLDEN / target)
    for path in (GOLDEN / "run-1").iterdir():
        if path.name not in (*KEPT, "checkpoints"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    config = GOLDEN / "run-1" / "config.json"
    config.write_text(config.read_text().replace(str(corpus.path), "../corpus-1"))
    shutil.rmtree(GOLDEN / "corpus-1" / "tokens")
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
