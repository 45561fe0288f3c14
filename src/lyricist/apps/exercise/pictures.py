"""The figures of a report, drawn from its results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lyricist.training.record import blank, save

FOLDER = "figures"
ACCURACY, FIT, EFFECTS, CURVES = (f"{FOLDER}/{name}.png" for name in ("accuracy", "fit", "effects", "validation"))
COLOURS = ("#54657e", "#d95f02", "#8da0cb")
Series = dict[str, list[float]]


def draw(found: dict[str, Any], place: Path) -> None:
    """All figures, below `place`."""
    variants = found["variants"]
    labels = [each["label"] for each in variants]
    guess = found["frequent_guess"]
    hits = {
        "among the ten likeliest": [each["foretelling"]["top10_accuracy"] for each in variants],
        "the likeliest": [each["foretelling"]["top1_accuracy"] for each in variants],
    }
    marks = [("ten most frequent words", guess["top10_accuracy"]), ("most frequent word", guess["top1_accuracy"])]
    bars(place / ACCURACY, labels, hits, "share of words", "The true next word is", marks)
    known = [each for each in variants if each["written"]]
    fits = {
        "syllables, own tune": [each["written"]["fit"]["syllables"] for each in known],
        "syllables, other tunes": [(each["written"]["fit_elsewhere"] or {}).get("syllables", 0.0) for each in known],
    }
    true = found["true_lyrics"]
    people = [("true lyrics", true["fit"]["syllables"])] if true else []
    bars(place / FIT, [each["label"] for each in known], fits, "share of lines", "A syllable for every note", people)
    names = ("first_word", "seed", "melody")
    changed: Series = {
        f"another {name.replace('_', ' ')}": [each["effects"][name] or 0.0 for each in variants] for name in names
    }
    bars(place / EFFECTS, labels, changed, "distance of words, 0 to 1", "How far lyrics differ with", [])
    curves(place / CURVES, variants)


def bars(
    path: Path, labels: Sequence[str], series: Series, axis: str, title: str, marks: Sequence[tuple[str, float]]
) -> None:
    """Groups of bars, one for every label, and dashed lines to compare with."""
    figure = blank(8, 0.55 * max(4, len(labels)) + 1.4)
    axes = figure.subplots()
    height = 0.8 / max(1, len(series))
    for k, (name, values) in enumerate(series.items()):
        places = [i + (k - (len(series) - 1) / 2) * height for i in range(len(values))]
        axes.barh(places, values, height, label=name, color=COLOURS[k % len(COLOURS)])
    for k, (name, value) in enumerate(marks):
        axes.axvline(value, linestyle=("--", ":")[k % 2], color="#333333", label=f"{name}: {value:.3f}")
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_axisbelow(True)
    axes.set(xlabel=axis, title=title)
    axes.grid(axis="x", alpha=0.3)
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    save(figure, path)


def curves(path: Path, variants: Sequence[dict[str, Any]]) -> None:
    """Validation losses over the seconds of training, each beside its first: losses are of different kinds."""
    figure = blank(8, 4)
    axes = figure.subplots()
    for each in variants:
        points = each["training"]["validation"]
        if points:
            axes.plot([s for s, _ in points], [loss / points[0][1] for _, loss in points], "o-", label=each["label"])
    axes.set(xlabel="seconds", ylabel="validation loss over its first value", title="Training")
    axes.grid(alpha=0.3)
    if axes.has_data():
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    save(figure, path)
