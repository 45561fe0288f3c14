"""A run in a form for others: one ONNX file, one Keras file, a copy to share, or a packed run in 8 bits."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lyricist._io import disk_errors, link, new_directory, read_plain, replace_file, write_synced
from lyricist.errors import InputError, expect, expect_path
from lyricist.model import onnx_bytes
from lyricist.model.checkpoint import COLUMNS, FOR_READERS, FORMAT, Run, write_manifest
from lyricist.model.copy_index import COPY_INDEX, LINES, RUNS
from lyricist.model.habits import HABITS
from lyricist.model.runtime import STORIES
from lyricist.model.stock import STOCK
from lyricist.model.topics import TOPICS
from lyricist.model.word_facts import WORDS

SUFFIXES = {"onnx": ".onnx", "keras": ".keras"}
MODEL = "model.onnx"  # of a packed run
CARD = "card.md"
# Files copied from a run to share, and to a packed run; config.json and `latest` are written anew.
SHARED = ("vocab.json", COLUMNS, WORDS, COPY_INDEX, LINES, RUNS, STOCK, HABITS, TOPICS, STORIES, CARD)
PACKED = ("vocab.json", COLUMNS, CARD, LINES, RUNS, STOCK, TOPICS, WORDS, STORIES)


def export(
    run: Run | Path | str, to: str | None, out: Path | str, *, share: bool = False, force: bool = False
) -> Path:
    """Write a run's model to the file `out`, as "onnx" or "keras"; returns the path.

    With `share`, `out` is a new run directory without songs, history and what only resuming needs. It also gets the
    model file, named after the directory, unless `to` is None. Raises `InputError` if a file exists already
    (without `force`), for an unknown suffix and for a network the format cannot express, `RunError` for a damaged
    run, `MissingExtra` without Keras.
    """
    expect(run, (Run, str, os.PathLike), "run", "a run or its folder")
    expect(to, (str, type(None)), "to", "onnx or keras")
    for path, name in ((out, "out"), (run.path if isinstance(run, Run) else run, "run")):
        expect_path(path, name)
    out = Path(out)
    check_target(to, out, share, force)
    run = run if isinstance(run, Run) else Run.open(run)
    if run.kind != "lstm":
        raise InputError(f"{run.path} is a {run.kind} run, which cannot be exported: name a run of the lstm recipe")
    if run.packed:
        raise InputError(f"{run.path} is packed: copy the directory as it is, or fine-tune it and export that run")
    if share:
        refuse_replacing(run, out)
        share_run(run, out, {} if to is None else {out.name + SUFFIXES[to]: encoded(run, to)})
    else:
        assert to is not None
        data = encoded(run, to)
        with disk_errors(out):
            replace_file(out, [data])
    return out


def check_target(to: str | None, out: Path, share: bool, force: bool) -> None:
    """Check the options before anything is read. Raises `InputError`."""
    suffix = out.suffix.lower()
    if to is not None and to not in SUFFIXES:
        raise InputError(f"--to {to!r} is unknown: use one of {', '.join(SUFFIXES)}")
    if to is None and not share:
        raise InputError(f"nothing to write to {out}: add --to {' or --to '.join(SUFFIXES)}, or --share")
    if share and suffix in SUFFIXES.values():
        raise InputError(f"--share and -o {out} clash: --share writes a directory; leave out {suffix}")
    if to is not None and not share and suffix != SUFFIXES[to]:
        raise InputError(f"-o {out}: --to {to} writes a {SUFFIXES[to]} file, not {suffix or 'one without suffix'!r}")
    if out.exists() and not force:
        raise InputError(f"-o {out} exists: choose another name or add --force")
    if not share and not out.parent.is_dir():
        raise InputError(f"-o {out}: there is no folder {out.parent}")


def refuse_replacing(run: Run, out: Path) -> None:
    """Refuse to replace the run itself or a directory that is no run. Raises `InputError`."""
    if run.path.resolve().is_relative_to(out.resolve()):
        raise InputError(f"-o {out} is the run itself or holds it: choose another name")
    if out.exists() and not (out / "config.json").exists():
        raise InputError(f"-o {out} is not a lyricist run: --force does not replace it, choose another name")


def encoded(run: Run, to: str) -> bytes:
    """The content of the exported file."""
    vocabulary, licence = run.vocabulary.to_json(), licence_of(run)
    if to == "onnx":
        return run.graph("model.onnx") + onnx_bytes.metadata({"vocabulary": vocabulary, "licence": licence})
    from lyricist.model.keras_file import keras_bytes

    about = {
        "format": FORMAT,
        "config": run.config["model"],
        "step": run.state("use").get("step"),
        "licence": licence,
    }
    return keras_bytes(run, {"vocabulary.json": vocabulary, "lyricist.json": json.dumps(about)})


def licence_of(run: Run) -> str:
    """The licence of the songs, as declared when the run was trained."""
    return str(run.config.get("licence", "undeclared: do not share"))


def share_run(run: Run, out: Path, files: Mapping[str, bytes]) -> None:
    """Copy what writing, evaluating and fine-tuning need of the run to `out`, and write `files` beside it. Raises
    `InputError` if the run has no card yet."""
    if not (run.path / CARD).exists():
        raise InputError(f"{run.path} has no {CARD} yet, which says what it learnt from: let its training finish")
    with disk_errors(out), new_directory(out) as made:
        write_synced(made / "config.json", [json.dumps(public_config(run, "corpus"), indent=2).encode()])
        copy_files(run, made, SHARED)
        name = run.checkpoint("use").name
        hashes = copy_checkpoint(run, made / "checkpoints" / name)
        for file in hashes:
            link(made / "checkpoints" / name / file, made / file)
        for file, data in files.items():
            write_synced(made / file, [data])
        write_manifest(made, run.config, {"use": name})


def public_config(run: Run, corpus: str) -> dict[str, Any]:
    """The run's config with `corpus` in place of the path of the songs on this machine."""
    return {**run.config, "corpus": {**run.config.get("corpus", {}), "path": corpus}}


def copy_files(run: Run, made: Path, names: tuple[str, ...]) -> None:
    """Copy those of these files that the run has. Raises `RunError` for damaged files."""
    for name in names:
        path = run.path / CARD if name == CARD else run.beside(name)
        if path is not None and path.exists():
            write_synced(made / name, [read_plain(path)])


def copy_checkpoint(run: Run, folder: Path) -> dict[str, str]:
    """Copy the checkpoint to use without its training state; returns the hashes of the files copied."""
    state = run.state("use")
    known = state["sha256"]
    names = [name for name in FOR_READERS if name in known or name != "writer.onnx"]
    folder.mkdir(parents=True)
    for name in names:
        write_synced(folder / name, [read_plain(run.file(name))])
    hashes = {name: known[name] for name in names}
    kept = {"format": FORMAT, "step": state.get("step"), "sha256": hashes}
    write_synced(folder / "state.json", [json.dumps(kept).encode()])
    return hashes


def size_of(path: Path) -> int:
    """Bytes of a file or a directory; hard links to one file count once."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum({(s.st_dev, s.st_ino): s.st_size for s in map(os.stat, files)}.values())


# --- packed runs: one 8-bit graph that ONNX Runtime runs and that fine-tuning reads the weights from


def pack(run: Run, out: Path) -> Run:
    """Write a run to a new directory `out` as a packed run. The same run gives the same bytes.

    Raises `InputError` if the run cannot be packed or `out` exists.
    """
    from lyricist.model.onnx_graph import block_model, metadata_for

    if run.packed or run.kind != "lstm" or run.beside(COLUMNS) is None:
        raise InputError(f"{run.path} cannot be packed: name a run of whole words of the lstm recipe")
    if out.exists():
        raise InputError(f"{out} exists: choose another place")
    config, step = run.config["model"], int(run.state("use")["step"])
    columns = run.columns()
    assert columns is not None
    with disk_errors(out), new_directory(out) as made:
        graph = block_model(config, run.weights(), columns, metadata_for(config, step), packed=True)
        write_synced(made / MODEL, [graph])
        copy_files(run, made, PACKED)
        write_manifest(made, {"format": FORMAT, **public_config(run, ""), "packed": {"step": step}}, {})
    return Run.open(out)
