"""What a sweep found out: rows as trials.csv and sweep.json, which settings matter, plots."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lyricist._io import disk_errors, replace_file
from lyricist.apps.sweep.study import Row

if TYPE_CHECKING:
    from lyricist.apps.sweep.crew import Place
    from lyricist.apps.sweep.study import Slots

RESULTS = ("seconds", "epochs", "steps", "parameters", "words_per_second")
ENOUGH = 8  # different losses from which importance is told
TOP = 0.25  # share of trials that count as good; Optuna's tenth leaves too few of small sweeps


def write(place: Place, rows: Sequence[Row], plots: bool) -> dict[str, Any]:
    """trials.csv, sweep.json and, at the end, plots/; returns what sweep.json says."""
    folder = place.folder
    varied = list(place.slots.sweep.space)
    with disk_errors(folder.path):
        replace_file(folder.path / "trials.csv", [table_csv(rows, varied).encode()])
    weights = importance(place.slots, rows) if plots else {}
    folder.write(**summary(place, rows, weights))
    if plots:
        from lyricist.apps.sweep import pictures

        pictures.draw(folder.path / "plots", rows, place.slots.sweep, weights)
    return folder.about()


def summary(place: Place, rows: Sequence[Row], weights: dict[str, float]) -> dict[str, Any]:
    """The results part of sweep.json."""
    states = [row.state for row in rows]
    top = best(rows)
    return {
        "storage": os.path.basename(place.storage) if place.storage.startswith("sqlite") else place.storage,
        "study": place.slots.name,
        "count": len(rows),
        "states": {state: states.count(state) for state in ("complete", "pruned", "failed", "running", "waiting")},
        "best": as_json(top) if top else None,
        "importance": weights,
        "trials": [as_json(row) for row in rows],
    }


def as_json(row: Row) -> dict[str, Any]:
    data = asdict(row)
    data["result"] = {k: v for k, v in (row.result or {}).items() if k != "curve"}
    for key in ("number", "place"):
        del data[key]
    return data


def best(rows: Sequence[Row]) -> Row | None:
    """The complete trial with the lowest validation loss."""
    done = [row for row in rows if row.state == "complete" and row.valid_loss is not None]
    return min(done, key=lambda row: row.valid_loss or math.inf, default=None)


def ranked(rows: Sequence[Row]) -> list[Row]:
    """Complete trials from the best on, then pruned ones, failed ones, and those still open."""
    states = ("complete", "pruned", "failed", "running", "waiting")
    return sorted(rows, key=lambda r: (states.index(r.state), math.inf if r.valid_loss is None else r.valid_loss))


def table_csv(rows: Sequence[Row], names: Sequence[str]) -> str:
    """Every trial, in order."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["trial", "state", "valid_loss", "perplexity", *names, *RESULTS, "host", "error"])
    for row in rows:
        loss, result = row.valid_loss, row.result or {}
        writer.writerow(
            [
                row.trial,
                row.state,
                "" if loss is None else loss,
                "" if loss is None else round(math.exp(min(loss, 30)), 2),
                *(row.params.get(name, "") for name in names),
                *(result.get(name, "") for name in RESULTS),
                row.host,
                row.error,
            ]
        )
    return out.getvalue()


def importance(slots: Slots, rows: Sequence[Row]) -> dict[str, float]:
    """Share of each varied field in what makes trials good, by PED-ANOVA (Watanabe et al. 2023); {} for too few."""
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    losses = {row.valid_loss for row in rows if row.state == "complete"}
    varied = slots.sweep.varied
    if len(losses) < ENOUGH or not varied:
        return {}
    with slots.reach():
        try:
            found = get_param_importances(
                slots.study, evaluator=PedAnovaImportanceEvaluator(target_quantile=TOP), params=varied
            )
        except (ValueError, RuntimeError):  # too alike to tell
            return {}
    return {name: round(float(value), 4) for name, value in found.items() if math.isfinite(value)}
