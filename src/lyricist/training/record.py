"""The record of a training: history.jsonl, TensorBoard events, plots, the model card."""

from __future__ import annotations

import io
import json
import math
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from lyricist._io import disk_errors, parse_json, read_plain, replace_file
from lyricist.errors import RunError
from lyricist.model.checkpoint import Run
from lyricist.prosody.features import CHOICES, width
from lyricist.training import events

MOST_HISTORY = 1 << 26  # bytes
PROGRESS_SECONDS = 2.0  # between two recorded training losses


class History:
    """Appends a run's losses to history.jsonl and to TensorBoard; rows after `step` are removed first."""

    def __init__(self, run: Run, step: int) -> None:
        self.run, self.last = run, -math.inf
        path = run.path / "history.jsonl"
        kept = [row for row in read_history(run.path) if row["step"] <= step]
        with disk_errors(path):
            replace_file(path, ((json.dumps(row) + "\n").encode() for row in kept))
            self.file: IO[str] = open(path, "a", encoding="utf-8")  # noqa: SIM115 (closed in close())
        self.board = tensorboard(run.path / "tensorboard", step)

    def write(self, e: events.Progress | events.Evaluated, train_loss: float, **more: Any) -> None:
        """Append a row and flush it. Raises `InputError` if the disk is full."""
        row = {"step": e.step, "epoch": round(e.epoch, 4), "seconds": round(e.seconds, 2)}
        row |= {"train_loss": round(train_loss, 5), **more}
        with disk_errors(self.run.path / "history.jsonl"):
            self.file.write(json.dumps(row) + "\n")
            self.file.flush()
        for name in ("train_loss", "valid_loss", "learning_rate", "words_per_second"):
            if name in row:
                self.board.add_scalar(name, row[name], e.step)

    def progress(self, e: events.Progress) -> None:
        """Record a training loss, at most every PROGRESS_SECONDS."""
        if e.seconds - self.last >= PROGRESS_SECONDS:
            self.last, speed = e.seconds, round(e.words_per_second, 1)
            self.write(e, e.loss, learning_rate=e.learning_rate, words_per_second=speed)

    def evaluated(self, e: events.Evaluated) -> None:
        """Record a validation loss."""
        self.write(e, e.train_loss, valid_loss=round(e.valid_loss, 5), best=e.best)

    def close(self) -> None:
        self.file.close()
        self.board.close()


def tensorboard(folder: Path, step: int) -> Any:
    """A writer of TensorBoard's files that does not import TensorFlow, which would take seconds of a budget."""
    sys.modules.setdefault("tensorboard.compat.notf", ModuleType("notf"))  # tells TensorBoard to do without
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder), purge_step=step or None)


def read_history(run: Path) -> list[dict[str, Any]]:
    """Rows of history.jsonl; a line that a crash cut off is ignored."""
    path = run / "history.jsonl"
    rows = []
    for line in read_plain(path, MOST_HISTORY).splitlines() if path.exists() else []:
        try:
            row = parse_json(line, path, finite=False)
            facts = {name: value for name, value in row.items() if isinstance(value, int | float)}
            if {"step", "epoch", "train_loss"} <= facts.keys():
                rows.append(facts)
        except (RunError, AttributeError):
            continue
    return rows


def perplexity(loss: float) -> float:
    """The perplexity of a loss in nats; the loss is capped so that the result stays finite."""
    return math.exp(min(loss, 100.0))


def plot_loss(run: Path) -> Path:
    """plots/loss.png: training and validation perplexity per token over the epochs."""
    rows = read_history(run)
    figure = blank(7, 4)
    axes = figure.subplots()
    train = [(r["epoch"], perplexity(r["train_loss"])) for r in rows if "valid_loss" not in r]
    valid = [(r["epoch"], perplexity(r["valid_loss"])) for r in rows if "valid_loss" in r]
    axes.plot(*zip(*train, strict=True) if train else ([], []), label="training (smoothed)", color="#8da0cb")
    axes.plot(*zip(*valid, strict=True) if valid else ([], []), "o-", label="validation", color="#d95f02")
    axes.set(xlabel="epoch", ylabel="perplexity per token", yscale="log", title="How training went")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    return save(figure, run / "plots" / "loss.png")


def plot_architecture(run: Path, model: Mapping[str, Any], parameters: Mapping[str, tuple[int, ...]]) -> Path:
    """plots/architecture.png: the layers from word to word, with shapes and parameter counts."""
    return draw_boxes(run, architecture(model, parameters))


def draw_boxes(run: Path, layers: Sequence[tuple[str, str, int]]) -> Path:
    """plots/architecture.png: what `draw_layers` draws."""
    return save(draw_layers(layers), run / "plots" / "architecture.png")


def draw_layers(layers: Sequence[tuple[str, str, int]]) -> Any:
    """A matplotlib figure of (layer, shape in words, parameters), as `architecture` gives them, the input first."""
    figure = blank(6.5, 0.95 * len(layers) + 0.6)
    axes = figure.subplots()
    for i, (name, shape, count) in enumerate(layers):
        axes.text(
            0.5,
            -i,
            f"{name}\n{shape}" + (f"   {count:,} parameters" if count else ""),
            ha="center",
            va="center",
            bbox={"boxstyle": "round,pad=0.5", "fc": "#eef3fb" if count else "#fdf3e7", "ec": "#54657e"},
        )
        if i:
            axes.annotate("", (0.5, -i + 0.32), (0.5, -i + 0.68), arrowprops={"arrowstyle": "->", "color": "#54657e"})
    total = sum(parameters for _, _, parameters in layers)
    axes.set(xlim=(0, 1), ylim=(-len(layers) + 0.4, 0.6), title=f"{total:,} parameters")
    axes.axis("off")
    return figure


def architecture(model: Mapping[str, Any], parameters: Mapping[str, tuple[int, ...]]) -> list[tuple[str, str, int]]:
    """(layer, shape in words, parameters) from the input down to the output; B rows, T steps."""
    v, e, h, cell = model["vocab_size"], model["embedding"], model["hidden"], model["cell"].upper()

    def count(prefix: str) -> int:
        return sum(math.prod(s) for n, s in parameters.items() if n.startswith(prefix))

    rows = [("words", "ids (T, B)", 0), ("embedding", f"({v:,}, {e})  ->  (T, B, {e})", count("embedding"))]
    for i in range(model["layers"]):
        rows.append((f"{cell} {i + 1}", f"(T, B, {e if i == 0 else h})  ->  (T, B, {h})", count(f"layers.{i}.")))
    if count("project"):
        rows.append(("projection", f"(T, B, {h})  ->  (T, B, {e})", count("project")))
    tied = "tied to the embedding" if model["tied"] else "own weights"
    width = e if model["tied"] else h
    if count("plan"):
        rows.append(("plan, added", f"(T, B, {model['features']})  ->  (T, B, {width})", count("plan")))
    rows.append((f"softmax, {tied}", f"(T, B, {width})  ->  (T, B, {v:,})", count("output") + count("bias")))
    return [*rows, ("the next word", "probabilities (T, B, V)", 0)]


def blank(width: float, height: float) -> Any:
    """An empty figure, in inches; without pyplot, whose backend may be a calling notebook's."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Any, path: Path) -> Path:
    """Write a figure and return its path. Raises `InputError` if it cannot be written."""
    with disk_errors(path):
        path.parent.mkdir(exist_ok=True)
        figure.savefig(made := io.BytesIO(), dpi=110)
        replace_file(path, [made.getvalue()])
    return path


def counted(n: int, what: str) -> str:
    """
    >>> counted(1, "song"), counted(2, "song")
    ('1 song', '2 songs')
    """
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def source_list(corpus: Mapping[str, Any]) -> str:
    """The files a corpus was made from, as items of Markdown."""
    return "\n".join(
        f"- {s['source']} ({counted(s['kept'], 'song')}, sha256 {s['sha256'][:16]}...)"
        for s in corpus.get("sources", [])
    )


def origin(config: Mapping[str, Any]) -> str:
    """What a run started from, for the card."""
    known = config.get("base_sha256")
    return f"{config.get('base') or 'scratch'}{f', sha256 {known[:16]}...' if known else ''}"


def went_on(end: events.Finished | None) -> str:
    """Rows of the card of a fine-tuned run: its loss before, and what it copies."""
    if end is None or math.isnan(end.before):
        return ""
    told = f"\n| held-out perplexity before | {perplexity(end.before):.1f}, with the base's weights |"
    if not math.isnan(end.copied_written):
        shares = f"{end.copied_written:.0%} of the words it writes, {end.copied_held_out:.0%} of held-out songs"
        told += f"\n| in runs of 4 words of the songs | {shares} |"
    return told


def write_card(run: Run, end: events.Finished | None = None) -> Path:
    """card.md: the model, its sources, their licence, its losses."""
    config, state = run.config, run.state("use")
    best = min((r["valid_loss"] for r in read_history(run.path) if "valid_loss" in r), default=math.nan)
    model, corpus = config["model"], config["corpus"]
    sources = source_list(corpus)
    shape = f"{model['layers']} x {model['hidden']} {model['cell'].upper()}, embeddings {model['embedding']}"
    sees = {n: name for name, groups in CHOICES.items() if (n := width(groups))}.get(model.get("features", 0))
    shape += f", sees {sees} of a plan" if sees else ""
    songs = f"{corpus['songs']:,} songs ({corpus['words']:,} words), split by song"
    text = f"""# {run.path.name}

A word-level {model["cell"].upper()} language model for song lyrics, trained with lyricist {version("lyricist")}.

**Licence:** {config["licence"]}

It learnt from songs and can reveal parts of them. What it writes is checked against them while writing;
that guarantee is about runs of words of the indexed songs, not about originality.

| | |
|---|---|
| network | {shape}, vocabulary {model["vocab_size"]:,} |
| songs | {songs}; corpus sha256 {corpus["fingerprint"][:16]}... |
| tokeniser | {run.vocabulary.tokenizer.name} |
| started from | {origin(config)} |{went_on(end)}
| step used | {state["step"]:,} |
| best validation loss | {best:.3f} nats per token, perplexity {perplexity(best):.1f} |
| seed | {config["train"]["seed"]} |
| made with | Python {platform.python_version()}, PyTorch {version("torch")} |
{f"{chr(10)}{end.advice}{chr(10)}" if end is not None and end.advice else ""}
## Sources

{sources or "- given by a program"}
"""
    with disk_errors(run.path):
        replace_file(run.path / "card.md", [text.encode()])
    return run.path / "card.md"
