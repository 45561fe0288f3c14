"""A run for others: one ONNX file, one Keras file, or a copy of the run fit to be handed on."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lyricist._io import disk_errors, link, load_arrays, new_directory, replace_file, write_synced
from lyricist.errors import InputError
from lyricist.model.checkpoint import COLUMNS, FORMAT, Run
from lyricist.model.copy_index import COPY_INDEX
from lyricist.model.line_filter import LINES
from lyricist.model.topics import TOPICS
from lyricist.model.word_facts import WORDS

SUFFIXES = {"onnx": ".onnx", "keras": ".keras"}
CARD = "card.md"
# Of the run; config.json and `latest` are written anew.
SHARED = ("vocab.json", COLUMNS, WORDS, COPY_INDEX, LINES, TOPICS, CARD)
PRIVATE = frozenset({"state.safetensors"})  # of the checkpoint: what only resuming needs
METADATA_FIELD = 14  # `metadata_props` of ONNX's ModelProto, messages of key (1) and value (2)


def export(
    run: Run | Path | str, to: str | None, out: Path | str, *, share: bool = False, force: bool = False
) -> Path:
    """Write a run's model to the file `out`, as "onnx" or "keras"; returns the path.

    With `share`, `out` is a new run directory without songs, history and what resuming needs; the file stands in
    it under the directory's name. `to` is then free to be None. Raises `InputError` for a file that is in the way
    (without `force`), an unknown suffix and a network the format does not express, `RunError` for a damaged run,
    `MissingExtra` without Keras.
    """
    out = Path(out)
    check_target(to, out, share, force)
    run = run if isinstance(run, Run) else Run.open(run)
    kind = run.config.get("kind", "lstm")
    if kind != "lstm":
        raise InputError(f"{run.path} is a {kind} run, which export does not read: it takes runs of the lstm recipe")
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
    """Refuse what cannot be meant, before anything is read."""
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
    """`--force` replaces another run's copy: not the run itself, and no directory of another kind."""
    if run.path.resolve().is_relative_to(out.resolve()):
        raise InputError(f"-o {out} is the run itself or holds it: choose another name")
    if out.exists() and not (out / "config.json").exists():
        raise InputError(f"-o {out} is not a lyricist run: --force does not replace it, choose another name")


def encoded(run: Run, to: str) -> bytes:
    """The file of a run."""
    if to == "onnx":
        return onnx_bytes(run)
    from lyricist.model.keras_file import keras_bytes

    about = {"format": FORMAT, "config": run.config["model"], **facts(run)}
    return keras_bytes(run, {"vocabulary.json": run.vocabulary.to_json(), "lyricist.json": json.dumps(about)})


def facts(run: Run) -> dict[str, Any]:
    return {"step": run.state("use").get("step"), "licence": licence_of(run)}


def licence_of(run: Run) -> str:
    """What was declared of the songs when the run was trained."""
    return str(run.config.get("licence", "undeclared: do not share"))


def onnx_bytes(run: Run) -> bytes:
    """The run's step model with `vocabulary` (the text of vocab.json) and `licence` among its metadata."""
    model = run.file("model.onnx").read_bytes()
    return model + metadata_bytes({"vocabulary": run.vocabulary.to_json(), "licence": licence_of(run)})


def metadata_bytes(entries: Mapping[str, str]) -> bytes:
    """What, written behind a serialised ONNX model, adds these to its metadata.

    Protocol Buffers join the repeated fields of messages that lie end to end, so that no ONNX package is needed.
    """
    pairs = (field(1, key.encode()) + field(2, value.encode()) for key, value in entries.items())
    return b"".join(field(METADATA_FIELD, pair) for pair in pairs)


def field(number: int, payload: bytes) -> bytes:
    """A length-delimited field of Protocol Buffers.

    >>> field(1, b"ab").hex(" ")
    '0a 02 61 62'
    """
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def varint(n: int) -> bytes:
    """Seven bits a byte, the lowest first, the high bit set where more follow.

    >>> varint(300).hex(" ")
    'ac 02'
    """
    return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + varint(n >> 7)


def share_run(run: Run, out: Path, files: Mapping[str, bytes]) -> None:
    """A copy of the run that writes, evaluates and can be fine-tuned, and more `files` beside."""
    if not (run.path / CARD).exists():
        raise InputError(f"{run.path} has no {CARD} yet, which says what it learnt from: let its training finish")
    with disk_errors(out), new_directory(out) as made:
        copy_parts(run, made)
        for name, data in files.items():
            write_synced(made / name, [data])


def copy_parts(run: Run, made: Path) -> None:
    """What a reader needs, none of it damaged."""
    corpus = {**run.config.get("corpus", {}), "path": "corpus"}  # not where the songs lie on this machine
    write_synced(made / "config.json", [json.dumps({**run.config, "corpus": corpus}, indent=2).encode()])
    for name in SHARED:
        if (run.path / name).exists():
            if name.endswith(".safetensors"):
                load_arrays(run.path / name)
            shutil.copyfile(run.path / name, made / name)
    name = run.checkpoint("use").name
    hashes = copy_checkpoint(run, made / "checkpoints" / name)
    for file in hashes:
        link(made / "checkpoints" / name / file, made / file)
    write_synced(made / "latest", [json.dumps({"use": name}).encode()])


def copy_checkpoint(run: Run, folder: Path) -> dict[str, str]:
    """The checkpoint to use without its state of training; the hashes of the files copied."""
    state = run.state("use")
    known = state.get("sha256", {})
    names = sorted({"weights.safetensors", "model.onnx", *known} - PRIVATE)
    folder.mkdir(parents=True)
    for name in names:
        shutil.copyfile(run.file(name), folder / name)
    hashes = {name: known[name] for name in names}
    kept = {"format": FORMAT, "step": state.get("step"), "sha256": hashes}
    write_synced(folder / "state.json", [json.dumps(kept).encode()])
    return hashes


def size_of(path: Path) -> int:
    """Bytes of a file or a directory, links of one file counted once."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum({(s.st_dev, s.st_ino): s.st_size for s in map(os.stat, files)}.values())
