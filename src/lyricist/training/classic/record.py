"""What a classic run leaves to look at: the plot of its loss, the picture of its network, its card."""

from __future__ import annotations

import math
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lyricist._io import disk_errors, load_arrays, read_json, replace_file
from lyricist.model.checkpoint import Run
from lyricist.training import record
from lyricist.training.classic.config import PROJECTED
from lyricist.training.classic.features import WIDTH


def describe(run: Run) -> None:
    """Plots and card, once training has ended."""
    plot_loss(run)
    draw_network(run)
    write_card(run)


def plot_loss(run: Run) -> Path:
    """plots/loss.png: training and validation L1 loss over the epochs."""
    rows = record.read_history(run.path)
    figure = record.blank(7, 4)
    axes = figure.subplots()
    for name, style, label in (("train_loss", "-", "training (smoothed)"), ("valid_loss", "o-", "validation")):
        points = [(r["epoch"], r[name]) for r in rows if name in r]
        axes.plot([x for x, _ in points], [y for _, y in points], style, label=label)
    axes.set(xlabel="epoch", ylabel="L1, per number of a vector", title="How training went")
    axes.grid(alpha=0.3)
    axes.legend()
    return record.save(figure, run.path / "plots" / "loss.png")


def layers(model: dict[str, Any], shapes: dict[str, tuple[int, ...]]) -> list[tuple[str, str, int]]:
    """(layer, shape in words, parameters) from the input to the output, as `record.architecture` gives them."""

    def count(prefix: str) -> int:
        return sum(math.prod(shape) for name, shape in shapes.items() if name.startswith(prefix))

    size, hidden, cell = model["embedding"], model["hidden"], model["cell"].upper()
    rows = [("word vector, given", f"({size})", 0), ("melody of the word", f"({WIDTH})", 0)]
    width = size + WIDTH
    if count("melody"):
        width = size + PROJECTED
        rows.append(("dense layer, ReLU, for the melody", f"({WIDTH})  ->  ({PROJECTED})", count("melody")))
    rows.append(("concatenated", f"({width})", 0))
    rows.append((f"{model['layers']} x {cell}", f"({width})  ->  ({hidden})", count("rnn")))
    rows.append(("dense layer", f"({hidden})  ->  ({size})", count("output")))
    return [*rows, ("the next word", "one of the ten nearest vectors", 0)]


def draw_network(run: Run) -> Path:
    """plots/architecture.png."""
    weights = load_arrays(run.file("weights.safetensors"))
    boxes = layers(run.config["model"], {name: w.shape for name, w in weights.items()})
    return record.draw_boxes(run.path, boxes)


def write_card(run: Run) -> Path:
    """card.md: what the model is, what it learnt from, under which licence, how well it does."""
    config = run.config
    rows = [r for r in record.read_history(run.path) if "valid_loss" in r]
    best = min((r["valid_loss"] for r in rows), default=math.nan)
    model, corpus, heard = config["model"], config["corpus"], config["heard"]
    out = [f"- {name}: {why}" for name, why in config["left_out"]]
    text = f"""# {run.path.name}

The classic recipe, from a word vector and its melody to the next word's vector, trained with lyricist
{version("lyricist")}. It is kept as a baseline; see docs/classic.md.

**Licence:** {config["licence"]}

It learnt from songs and can reveal parts of them.

| | |
|---|---|
| network | {model["layers"]} x {model["hidden"]} {model["cell"].upper()}, melody input {model["melody_input"]} |
| context | {record.counted(model["context"], "word")} |
| word vectors | {model["embedding"]} numbers each, from {config["vectors"]["source"]} |
| vocabulary | {model["vocab_size"]:,} |
| songs with a tune | {heard["train"]} to train on, {heard["valid"]} to validate, {heard["test"]} to test |
| songs left out | {len(out)} of {corpus["songs"]}; corpus sha256 {corpus["fingerprint"][:16]}... |
| step used | {read_json(run.checkpoint("use") / "state.json")["step"]:,} |
| best validation loss | {best:.4f} (L1 per number of a vector) |
| seed | {config["train"]["seed"]} |
| made with | Python {platform.python_version()}, PyTorch {version("torch")} |

## Left out

{chr(10).join(out) or "None."}

## Sources

{record.source_list(corpus) or "- given by a program"}
"""
    with disk_errors(run.path):
        replace_file(run.path / "card.md", [text.encode()])
    return run.path / "card.md"
