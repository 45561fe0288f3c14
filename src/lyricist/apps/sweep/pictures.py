"""plots/ of a sweep: learning curves, importance of the settings, parallel coordinates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lyricist.apps.sweep.space import Range, Sweep
from lyricist.apps.sweep.study import Row
from lyricist.training.record import blank, save

NAMED = 5  # of the best trials get a colour and a place in the legend
PAPER = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.0}
SPREAD = 0.2  # of the lines through one value, in the distance to the next
Axis = tuple[list[float], list[tuple[float, str]]]  # places of the rows (0 to 1), ticks with their labels


def draw(folder: Path, rows: Sequence[Row], sweep: Sweep, weights: Mapping[str, float]) -> list[Path]:
    """All three pictures, as far as there is something to see."""
    from lyricist.apps.sweep.results import ranked

    seen = [row for row in ranked(rows) if row.valid_loss is not None]
    if not seen:
        return []
    made = [curves(folder / "learning_curves.png", seen, sweep.varied)]
    complete = [row for row in seen if row.state == "complete"]
    if weights:
        made.append(bars(folder / "importance.png", weights, len(complete)))
    if sweep.varied and complete:
        made.append(parallel(folder / "parallel_coordinates.png", complete, sweep))
    return made


def curves(path: Path, rows: Sequence[Row], varied: Sequence[str]) -> Path:
    """Validation loss over seconds, the best first; pruned trials are dashed."""
    from matplotlib import colormaps

    figure, colours = blank(8, 5), colormaps["tab10"]
    axes = figure.subplots()
    for place, row in reversed(list(enumerate(rows))):
        points = [(seconds, loss) for _, seconds, loss in (row.result or {}).get("curve", [])]
        if not points:
            continue
        named = place < NAMED and row.state == "complete"
        axes.plot(
            *zip(*points, strict=True),
            "-" if row.state == "complete" else "--",
            color=colours(place) if named else "#bbbbbb",
            linewidth=1.8 if named else 0.8,
            marker="." if len(points) == 1 else "",
            zorder=2 + named,
            label=f"{row.trial}: {said(row, varied)} ({row.valid_loss:.3f})" if named else None,
        )
    axes.set(xlabel="seconds of the trial", ylabel="validation loss, nats per token", title="Learning curves")
    axes.grid(alpha=0.3)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], fontsize="small")
    return save(figure, path)


def bars(path: Path, weights: Mapping[str, float], trials: int) -> Path:
    """The share of every field, the largest on top."""
    figure = blank(6, 0.45 * len(weights) + 1.3)
    axes = figure.subplots()
    names = sorted(weights, key=lambda name: weights[name])
    drawn = axes.barh(names, [weights[name] for name in names], color="#54657e")
    axes.bar_label(drawn, fmt="%.2f", padding=3)
    axes.set(xlabel="share", xlim=(0, 1.1 * max(weights.values()) + 0.02), title=f"What mattered, of {trials} trials")
    return save(figure, path)


def parallel(path: Path, rows: Sequence[Row], sweep: Sweep) -> Path:
    """One line a trial through its settings to its loss; the colour is the loss."""
    from matplotlib import cm, colormaps, colors

    names = sweep.varied
    axis_of: list[Axis] = [axis(name, rows, sweep) for name in names]
    losses = [row.valid_loss or 0.0 for row in rows]
    axis_of.append(numbers(losses, False))
    figure = blank(1.6 * len(axis_of) + 1.5, 5)
    axes = figure.subplots()
    norm, colours = colors.Normalize(min(losses), max(losses) + 1e-9), colormaps["viridis_r"]
    for i in reversed(range(len(rows))):  # the best on top
        heights = [places[i] for places, _ in axis_of]
        axes.plot(range(len(axis_of)), heights, color=colours(norm(losses[i])), alpha=0.8, linewidth=1.3)
    for x, (_, ticks) in enumerate(axis_of):
        axes.axvline(x, color="#333333", linewidth=0.8)
        for height, label in ticks:
            axes.annotate(label, (x, height), (5, 0), textcoords="offset points", va="center", bbox=PAPER)
    axes.set(xlim=(-0.1, len(axis_of) - 0.5), ylim=(-0.12, 1.12), yticks=[], title="Settings and validation loss")
    axes.set_xticks(range(len(axis_of)), [*names, "validation\nloss"])
    axes.spines[:].set_visible(False)
    figure.colorbar(cm.ScalarMappable(norm, colours), ax=axes, label="nats per token")
    return save(figure, path)


def axis(name: str, rows: Sequence[Row], sweep: Sweep) -> Axis:
    """Heights of the rows on the axis of one field."""
    values = sweep.space[name]
    if isinstance(values, Range):
        return numbers([float(row.params[name] or 0) for row in rows], values.log)
    order = {value: i for i, value in enumerate(values.values)}
    top = max(1, len(order) - 1)
    fan = [SPREAD / top * (i / max(1, len(rows) - 1) - 0.5) for i in range(len(rows))]  # the best lowest, as its loss
    heights = [order[row.params[name]] / top + shift for row, shift in zip(rows, fan, strict=True)]
    return heights, [(i / top, text(value)) for value, i in order.items()]


def numbers(values: Sequence[float], log: bool) -> Axis:
    """Heights of numbers between their smallest and largest, with five ticks."""
    scaled = [math.log(v) if log else v for v in values]
    low, high = min(scaled), max(scaled)
    width = (high - low) or 1.0
    ticks = [(i / 4, low + width * i / 4) for i in range(5)]
    return [(v - low) / width for v in scaled], [(h, text(math.exp(v) if log else v)) for h, v in ticks]


def text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def said(row: Row, varied: Sequence[str]) -> str:
    return " ".join(text(row.params[name]) for name in varied if name in row.params)
