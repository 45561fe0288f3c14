"""The results of a sweep: trials.csv, sweep.json, which settings matter, and plots/."""

from __future__ import annotations

import csv
import io
import math
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lyricist.apps.sweep.search_space import value_text
from lyricist.apps.sweep.study_storage import without_password
from lyricist.apps.sweep.sweep_folder import SweepFolder
from lyricist.apps.sweep.trial_queue import Row, TrialQueue
from lyricist.training.record import blank, save

# isort: split
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.visualization.matplotlib import plot_parallel_coordinate, plot_param_importances

STATES = ("complete", "pruned", "failed", "running", "waiting")
RESULTS = ("seconds", "epochs", "steps", "parameters", "words_per_second")
ENOUGH = 8  # different losses from which importance is computed
TOP = 0.25  # share of trials that count as good; Optuna's tenth leaves too few of small sweeps
NAMED = 5  # of the best trials get a colour and a place in the legend
LOSS = "validation loss"


def write_report(folder: SweepFolder, queue: TrialQueue, rows: Sequence[Row], plots: bool) -> None:
    """Write trials.csv, sweep.json and, with `plots`, importance and plots/."""
    weights = importance(queue, rows) if plots else {}
    folder.write(table_csv(rows, list(queue.sweep.space)), summary(queue, rows, weights))
    if plots:
        draw(folder.path / "plots", queue, rows, bool(weights))


def summary(queue: TrialQueue, rows: Sequence[Row], weights: dict[str, float]) -> dict[str, Any]:
    """The results part of sweep.json."""
    states = [row.state for row in rows]
    storage, top = without_password(queue.url), best(rows)
    return {
        "storage": os.path.basename(storage) if storage.startswith("sqlite") else storage,
        "study": queue.name,
        "count": len(rows),
        "states": {state: states.count(state) for state in STATES},
        "best": as_json(top) if top else None,
        "importance": weights,
        "trials": [as_json(row) for row in rows],
    }


def as_json(row: Row) -> dict[str, Any]:
    data = {key: value for key, value in vars(row).items() if key not in ("number", "place")}
    return data | {"result": {key: value for key, value in (row.result or {}).items() if key != "curve"}}


def best(rows: Sequence[Row]) -> Row | None:
    """The complete trial with the lowest validation loss."""
    return next((row for row in ranked(rows) if row.state == "complete"), None)


def ranked(rows: Sequence[Row]) -> list[Row]:
    """Complete trials from the best on, then pruned ones, failed ones, and those still open."""
    return sorted(rows, key=lambda r: (STATES.index(r.state), math.inf if r.valid_loss is None else r.valid_loss))


def table_csv(rows: Sequence[Row], names: Sequence[str]) -> str:
    """Every trial, in order."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["trial", "state", "valid_loss", "perplexity", *names, *RESULTS, "host", "error"])
    for row in rows:
        loss, result = row.valid_loss, row.result or {}
        losses = ["", ""] if loss is None else [loss, round(math.exp(min(loss, 30)), 2)]
        settings = (row.params.get(name, "") for name in names)
        numbers = (result.get(name, "") for name in RESULTS)
        writer.writerow([row.trial, row.state, *losses, *settings, *numbers, row.host, row.error])
    return out.getvalue()


def evaluator() -> PedAnovaImportanceEvaluator:
    """PED-ANOVA (Watanabe et al. 2023)."""
    return PedAnovaImportanceEvaluator(target_quantile=TOP)


def importance(queue: TrialQueue, rows: Sequence[Row]) -> dict[str, float]:
    """Share of each varied field in what makes trials good; {} for too few trials."""
    varied = queue.sweep.varied
    if not varied or len({row.valid_loss for row in rows if row.state == "complete"}) < ENOUGH:
        return {}
    with queue.reach():
        try:
            found = get_param_importances(queue.study, evaluator=evaluator(), params=varied)
        except (ValueError, RuntimeError):  # the trials are too alike
            return {}
    return {name: round(float(value), 4) for name, value in found.items() if math.isfinite(value)}


def draw(folder: Path, queue: TrialQueue, rows: Sequence[Row], importances: bool) -> None:
    """Learning curves, importance of the settings and parallel coordinates, as far as there is something to see."""
    varied, seen = queue.sweep.varied, [row for row in ranked(rows) if row.valid_loss is not None]
    if seen:
        save(curves(seen, varied), folder / "learning_curves.png")
    if importances:
        save_plot(folder / "importance.png", queue, plot_param_importances, evaluator=evaluator())
    if varied and best(rows):
        save_plot(folder / "parallel_coordinates.png", queue, plot_parallel_coordinate)


def save_plot(path: Path, queue: TrialQueue, plot: Callable[..., Any], **options: Any) -> None:
    """One of Optuna's plots. It uses pyplot, whose style and open figures are the caller's."""
    from matplotlib import pyplot, rc_context

    with queue.reach(), rc_context({"savefig.bbox": "tight"}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # equal values: their axis is expanded
        figure = plot(queue.study, params=queue.sweep.varied, target_name=LOSS, **options).figure
        save(figure, path)
        pyplot.close(figure)


def curves(rows: Sequence[Row], varied: Sequence[str]) -> Any:
    """A figure of validation loss over seconds, of ranked rows; pruned trials are dashed."""
    figure = blank(8, 5)
    axes = figure.subplots()
    for place, row in reversed(list(enumerate(rows))):
        points = [(seconds, loss) for _, seconds, loss in (row.result or {}).get("curve", [])]
        named = place < NAMED and row.state == "complete"
        settings = " ".join(value_text(row.params.get(name)) for name in varied)
        axes.plot(
            *(zip(*points, strict=True) if points else ([], [])),
            "-" if row.state == "complete" else "--",
            color=f"C{place}" if named else "#bbbbbb",
            linewidth=1.8 if named else 0.8,
            marker="." if len(points) == 1 else "",
            zorder=2 + named,
            label=f"{row.trial}: {settings} ({row.valid_loss:.3f})" if named else None,
        )
    axes.set(xlabel="seconds of the trial", ylabel=f"{LOSS}, nats per token", title="Learning curves")
    axes.grid(alpha=0.3)
    axes.legend(reverse=True, fontsize="small")
    return figure
