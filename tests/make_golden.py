"""Make tests/golden/run-1, classic-1, char-1, whitespace-1 and features-1, the runs of format 1 that later releases must
read. Run once a format, with the names of those to make. Songs recorded from a run (test_same_songs.py) must be recorded
again after it is made again."""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "classic"))

from classicsongs import exercise
from tests.conftest import literal_songs

from lyricist.corpus import PrepareOptions, prepare
from lyricist.corpus.samples import sample_songs
from lyricist.evaluation.train import train_songs
from lyricist.model.checkpoint import Run
from lyricist.training.config import Options

GOLDEN = Path(__file__).parent / "golden"
KEPT = ("config.json", "vocab.json", "latest", "copyindex.safetensors", "vectors.safetensors", "songs.safetensors")
KEPT_SMALL = (*KEPT, "columns.safetensors", "words.safetensors", "topics.safetensors")
STILL = {"dropout_input": 0.0, "dropout_output": 0.0}
SMALL = {  # runs to write from only: without what resuming needs
    "char-1": Options(
        tokenizer="char",
        model={"hidden": 24, "embedding": 16, **STILL},
        train={"epochs": 3.0, "batch": 8, "steps": 48, "learning_rate": 0.02, "evaluations": 1},
    ),
    "whitespace-1": Options(
        tokenizer="whitespace",
        model={"cell": "gru", "hidden": 16, "embedding": 12, **STILL},
        train={"epochs": 8.0, "batch": 8, "steps": 16, "learning_rate": 0.02, "evaluations": 1},
    ),
    "features-1": Options(
        features="all",
        vocabulary=560,
        model={"layers": 2, "hidden": 16, "embedding": 12, **STILL},
        train={"epochs": 20.0, "batch": 8, "learning_rate": 0.02, "evaluations": 1},
    ),
}


def main() -> None:
    makers = {"run-1": make_run, "classic-1": make_classic}
    for name in sys.argv[1:] or (*makers, *SMALL):
        if name in SMALL:
            make_small(name)
        else:
            makers[name]()


def make_classic() -> None:
    place = Path("golden-making")
    place.mkdir()
    songs, tunes = exercise(place)
    corpus = prepare([songs], out=place / "c", options=PrepareOptions(near_duplicate=None, related=None))
    train = {"epochs": 4.0, "batch": 8, "learning_rate": 0.01, "evaluations": 2}
    model = {"hidden": 8, "embedding": 8, "melody_input": "project", "context": 4}
    options = Options(recipe="classic", midi=tunes, model=model, train=train, licence="CC0 1.0")
    list(train_songs(corpus, place / "run", options))
    keep(place / "run", "classic-1")
    shutil.rmtree(place)


def make_small(name: str) -> None:
    place = Path("golden-making")
    texts = (
        [song.text() for song in itertools.islice(sample_songs(), 60)] if name == "features-1" else literal_songs()
    )
    corpus = prepare(texts=texts, out=place / "c", options=PrepareOptions(near_duplicate=None, related=None))
    options = dataclasses.replace(SMALL[name], preset="tiny", base="scratch", licence="CC0 1.0")
    list(train_songs(corpus, place / "run", options))
    used = Run.open(place / "run").checkpoint("use")
    for path in (place / "run" / "checkpoints").iterdir():
        if path.name != used.name:
            shutil.rmtree(path)
    (used / "state.safetensors").unlink()
    (place / "run" / "latest").write_text(json.dumps({"resume": None, "use": used.name}))
    keep(place / "run", name, KEPT_SMALL)
    shutil.rmtree(place)


def keep(made: Path, name: str, kept: tuple[str, ...] = KEPT) -> None:
    """Put a run among the golden files, without what can be made again."""
    shutil.rmtree(GOLDEN / name, ignore_errors=True)
    shutil.copytree(made, GOLDEN / name)
    for path in (GOLDEN / name).iterdir():
        if path.name not in (*kept, "checkpoints"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def make_run() -> None:
    place = Path("golden-making")
    corpus = prepare(
        texts=literal_songs(), out=place / "c", options=PrepareOptions(near_duplicate=None, related=None)
    )
    model = {"hidden": 16, "embedding": 12}
    train = {"epochs": 8.0, "batch": 8, "steps": 16, "learning_rate": 0.02, "evaluations": 2}
    list(train_songs(corpus, place / "run", Options(preset="tiny", model=model, train=train, licence="CC0 1.0")))
    shutil.rmtree(GOLDEN / "corpus-1", ignore_errors=True)
    shutil.copytree(place / "c", GOLDEN / "corpus-1")
    keep(place / "run", "run-1")
    config = GOLDEN / "run-1" / "config.json"
    config.write_text(config.read_text().replace(str(corpus.path), "../corpus-1"))
    shutil.rmtree(GOLDEN / "corpus-1" / "tokens")
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
