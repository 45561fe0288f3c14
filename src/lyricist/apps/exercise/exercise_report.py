"""The report of an exercise: report.html and report.md by one template, plots, lyrics and results.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lyricist._io import replace_file
from lyricist.apps.exercise.exercise_results import sections_of
from lyricist.corpus import Song
from lyricist.errors import MissingExtra
from lyricist.training.record import blank, save

TITLE = "Lyrics for unseen melodies"
TEMPLATE = "report.jinja"
RESULTS = "results.json"
LYRICS = "lyrics"
PICTURES = {name: f"figures/{name}.png" for name in ("accuracy", "fit", "effects", "validation")}
COLOURS = ("#54657e", "#d95f02", "#8da0cb")
SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")  # characters of Markdown
START = re.compile(r"^(\d*)([-+=.)])(?=\s|$)")  # of a list, or of the rule below a heading
Found = dict[str, Any]
Series = dict[str, list[float]]


def write_report(found: Found, place: Path) -> None:
    """Write everything into the folder `place`. Raises `MissingExtra` without Jinja2."""
    draw(found, place)
    (place / LYRICS).mkdir()
    for name, text in lyric_files(found):
        replace_file(place / LYRICS / name, [text.encode()])
    replace_file(place / "report.md", [render(found, html=False).encode()])
    replace_file(place / "report.html", [render(found, html=True).encode()])
    replace_file(place / RESULTS, [(json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode()])


# --- text


def need_jinja() -> None:
    """Raise `MissingExtra` without Jinja2."""
    try:
        import jinja2  # noqa: F401
    except ImportError as e:
        raise MissingExtra("the exercise's report", "classic") from e


def render(found: Found, html: bool) -> str:
    """The report as a page of HTML without scripts, or as Markdown. No text of `found` becomes markup."""
    need_jinja()
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def in_markdown(value: object) -> object:
        return value if isinstance(value, Markup) else Markup(plain(str(value)))

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=None if html else in_markdown,
    )
    environment.filters |= {"percent": percent, "number": number, "lines": lines_of}
    environment.filters["flow"] = lambda text: Markup(" ".join(text.split()))  # a paragraph in one line
    text = environment.get_template(TEMPLATE).render(
        **found,
        html=html,
        title=TITLE,
        pictures=PICTURES,
        labels={each["key"]: each["label"] for each in found["variants"]},
        first_lyrics=lambda melody: lyrics_for(found, melody),
    )
    return text.lstrip() if html else re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def plain(text: str) -> str:
    """Text without anything that Markdown would read as markup.

    >>> plain("a <b> | *c*"), plain("1. no list")
    ('a \\\\<b\\\\> \\\\| \\\\*c\\\\*', '1\\\\. no list')
    """
    return START.sub(r"\1\\\2", SPECIAL.sub(r"\\\1", " ".join(text.split())))


def percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}%"


def number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def lyrics_for(found: Found, melody: int) -> list[Found]:
    return [lyric for lyric in found["lyrics"] if lyric["melody"] == melody and not lyric["again"]]


def lines_of(lyric: Found) -> list[str]:
    """The lines of a lyric, an empty one between sections, or why it was not written."""
    if lyric["failed"]:
        return [f"(not written: {lyric['failed']})"]
    return text_of(lyric).split("\n")


def text_of(lyric: Found) -> str:
    return Song("", "", sections_of(lyric), "").text()


def lyric_files(found: Found) -> Iterator[tuple[str, str]]:
    """(name, text) of one file for every melody, first word and variant."""
    for i, melody in enumerate(found["melodies"]):
        for lyric in lyrics_for(found, i):
            if not lyric["failed"]:
                word = f"{found['first_words'].index(lyric['first']) + 1}-{slug(lyric['first'])}"
                yield f"{i + 1:03d}-{slug(melody['name'])}-{word}-{lyric['variant']}.txt", text_of(lyric) + "\n"


def slug(name: str) -> str:
    """
    >>> slug("The Clouds - Rain / <script>")
    'the-clouds-rain-script'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50] or "untitled"


# --- plots


def draw(found: Found, place: Path) -> None:
    """All plots, in files below `place`."""
    variants = found["variants"]
    labels = [each["label"] for each in variants]
    guess = found["frequent_guess"]
    hits = {
        "among the ten likeliest": [each["foretelling"]["top10_accuracy"] for each in variants],
        "the likeliest": [each["foretelling"]["top1_accuracy"] for each in variants],
    }
    marks = [("ten most frequent words", guess["top10_accuracy"]), ("most frequent word", guess["top1_accuracy"])]
    bars(place / PICTURES["accuracy"], labels, hits, "share of words", "The true next word is", marks)
    known = [each for each in variants if each["written"]]
    fits = {
        "syllables, own tune": [each["written"]["fit"]["syllables"] for each in known],
        "syllables, other tunes": [(each["written"]["fit_elsewhere"] or {}).get("syllables", 0.0) for each in known],
    }
    true = found["true_lyrics"]
    people = [("true lyrics", true["fit"]["syllables"])] if true else []
    known_labels = [each["label"] for each in known]
    bars(place / PICTURES["fit"], known_labels, fits, "share of lines", "A syllable for every note", people)
    changed: Series = {
        f"another {name.replace('_', ' ')}": [each["effects"][name] or 0.0 for each in variants]
        for name in ("first_word", "seed", "melody")
    }
    axis = "distance of words, 0 to 1"
    bars(place / PICTURES["effects"], labels, changed, axis, "How far lyrics differ with", [])
    curves(place / PICTURES["validation"], variants)


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


def curves(path: Path, variants: Sequence[Found]) -> None:
    """Validation losses over the seconds of training, each divided by its first: losses are of different kinds."""
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
