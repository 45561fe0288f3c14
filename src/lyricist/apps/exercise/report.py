"""The report of an exercise: report.md, report.html, figures, lyrics and results.json, from what was found."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lyricist._io import replace_file
from lyricist.apps.exercise import pictures
from lyricist.apps.exercise.document import (
    Block,
    Bullets,
    Fold,
    Heading,
    Picture,
    Side,
    Table,
    Text,
    Verse,
    markdown,
    page,
)  # fmt: skip
from lyricist.apps.exercise.results import sections_of
from lyricist.corpus import Song

TITLE = "Lyrics for unseen melodies"
RESULTS = "results.json"
LYRICS = "lyrics"
Found = dict[str, Any]

# How each figure is measured, as the report tells it.
MEASURES = (
    "Ten likeliest, likeliest: the true next word of the unseen songs is among the ten words that the variant thinks "
    "likeliest (the classic recipe: nearest), or is the first of them. Every word counts but the first that is read "
    "of each song; one that a variant does not know is a miss. The project's model is told nothing of the song's "
    "plan; except for the forward one, it reads each line from its last word.",
    "Always the most frequent: the same for guessing the most frequent words of the training songs everywhere.",
    "Perplexity: per word and line break, for variants that give probabilities. The classic recipe gives none.",
    "Every note: lines that have exactly one syllable for every note of their phrase. No fault: lines that "
    "moreover put no stressed syllable of a longer word on a weak note and cut no word by a rest. Other tunes: "
    "every note, with the same words laid on up to three of the other melodies. Of the true lyrics, every note: "
    "lines whose notes the files tell or the alignment found.",
    "True words: share of a lyric's different words that the true lyric has, too. Known pairs: share of its "
    "pairs of neighbouring words that stand in a training song. Copied run: the most words in a row that stand "
    "in one.",
    "Distinct pairs: different pairs of neighbouring words over all pairs (distinct-2) within each lyric, where "
    "short lyrics have it easy; together: over as many pairs of each variant, all its lyrics taken together.",
    "Another first word, seed, melody: one less the weighted Jaccard index of two lyrics' words, 0 the same and "
    "1 nothing in common, over pairs of lyrics that differ in that one thing; another melody has another seed as "
    "well.",
    "Words/s in training: words read over all seconds of training, its preparation included; in writing: words "
    "written over all seconds, the plan of each tune included; many: of 32 lyrics for one melody in one call (a "
    "quick run: of 2).",
)


def write_report(found: Found, place: Path) -> None:
    """Everything, into the folder `place`."""
    pictures.draw(found, place)
    blocks = list(report(found))
    (place / LYRICS).mkdir()
    for name, text in lyric_files(found):
        replace_file(place / LYRICS / name, [text.encode()])
    replace_file(place / "report.md", [markdown(blocks).encode()])
    replace_file(place / "report.html", [page(TITLE, blocks).encode()])
    replace_file(place / RESULTS, [(json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode()])


def report(found: Found) -> Iterator[Block]:
    yield Heading(1, TITLE)
    yield from opening(found)
    yield Heading(2, "Foretelling unseen songs")
    yield foretelling(found)
    yield Picture(pictures.ACCURACY, "Accuracy of every variant beside guessing the most frequent words")
    yield Heading(2, "What is written")
    yield written(found)
    yield Picture(pictures.FIT, "Share of lines with a syllable for every note, on their own tune and on others")
    yield Heading(2, "What first word and melody change")
    yield effects(found)
    yield Picture(pictures.EFFECTS, "Distance of lyrics that differ in first word, seed or melody")
    yield from tunes_help(found)
    yield Heading(2, "Training")
    yield training(found)
    yield Picture(pictures.CURVES, "Validation losses over the seconds of training")
    yield Heading(2, "A sample")
    yield from sample(found)
    yield Heading(2, "All lyrics")
    yield from (Fold(melody["name"], list(melody_blocks(found, i))) for i, melody in enumerate(found["melodies"]))
    yield Heading(2, "How it was measured")
    yield Bullets(MEASURES)
    yield from provenance(found)


def opening(found: Found) -> Iterator[Block]:
    data, settings = found["data"], found["settings"]
    words = ", ".join(found["first_words"])
    yield Text(
        f"{len(found['variants'])} variants learnt from the same {data['train']['with_tune']} songs "
        f"({data['train']['words']:,} words) for {settings['budget']:g} seconds each, were judged by "
        f"{data['test']['with_tune']} songs that they had not seen, and wrote for {len(found['melodies'])} of their "
        f"melodies, beginning with {words}."
    )
    if settings["quick"]:
        yield Text("A quick run with small networks, to see that everything works: its figures mean nothing.")
    if found["missed"]:
        yield Heading(2, "What did not come together")
        yield Bullets([f"{what} ({len(names)}): {'; '.join(names)}" for what, names in found["missed"].items()])


# --- tables


def foretelling(found: Found) -> Table:
    rows = []
    for each in found["variants"]:
        told = each["foretelling"]
        rows.append([each["label"], *accuracy(told), number(told["perplexity"], 1), f"{told['positions']:,}"])
    guess = found["frequent_guess"]
    rows.append(["always the most frequent", *accuracy(guess), "-", f"{guess['positions']:,}"])
    return Table(["", "ten likeliest", "likeliest", "perplexity", "words judged"], rows)


def accuracy(told: Found) -> list[str]:
    return [percent(told["top10_accuracy"]), percent(told["top1_accuracy"])]


def written(found: Found) -> Table:
    head = ["", "every note", "no fault", "other tunes", "true words", "known pairs", "copied run, mean", "longest",
            "distinct pairs", "together", "words/s", "words/s, many", "not written"]  # fmt: skip
    rows = [
        written_row(each["label"], each["written"], rates(each), str(each["failed"])) for each in found["variants"]
    ]
    return Table(head, [*rows, written_row("the true lyrics", found["true_lyrics"], ["-", "-"], "-")])


def written_row(label: str, made: Found | None, rates: list[str], failed: str) -> list[str]:
    if made is None:
        return [label, *["-"] * 9, *rates, failed]
    elsewhere = made["fit_elsewhere"]
    return [
        label,
        percent(made["fit"]["syllables"]),
        percent(made["fit"]["lines"]),
        percent(elsewhere["syllables"]) if elsewhere else "-",
        percent(made["words_in_true"]),
        percent(made["pairs_in_training"]),
        number(made["longest_copied_run"], 1),
        str(made["longest_copied_run_of_all"]),
        percent(made["distinct_2"]),
        percent(made.get("distinct_2_together")),
        *rates,
        failed,
    ]


def rates(variant: Found) -> list[str]:
    return [number(variant[name], 0) for name in ("words_per_second", "words_per_second_together")]


def effects(found: Found) -> Table:
    rows = [
        [each["label"], *(number(each["effects"][name], 3) for name in ("first_word", "seed", "melody"))]
        for each in found["variants"]
    ]
    return Table(["", "another first word", "another seed", "another melody"], rows)


def tunes_help(found: Found) -> Iterator[Block]:
    """What hearing the right tune is worth in foretelling."""
    rows = []
    for each in found["variants"]:
        tune = each["foretelling"]["tune"]
        if tune:
            right, wrong = tune["right"], tune["wrong"]
            rows.append([each["label"], tune["measure"], f"{right:.4f}", f"{wrong:.4f}", f"{right - wrong:+.4f}"])
    if rows:
        yield Text("Unseen songs foretold with their own tune and with a wrong one:")
        yield Table(["", "measure", "right tune", "wrong tune", "difference"], rows)


def training(found: Found) -> Table:
    rows = []
    for each in found["variants"]:
        made = each["training"]
        sizes = [f"{made['words_per_second']:,.0f}", f"{made['epochs']:.1f}", f"{made['parameters']:,}"]
        rows.append([each["label"], f"{made['seconds']:.1f}", *sizes, f"{made['vocabulary']:,}", each["told"]])
    return Table(["", "seconds", "words/s", "epochs", "parameters", "vocabulary", "what it is"], rows)


def percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}%"


def number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


# --- lyrics


def sample(found: Found) -> Iterator[Block]:
    """What every variant made of the first melody and the first of the words."""
    if not found["melodies"]:
        return
    melody, word = found["melodies"][0], found["first_words"][0]
    yield Text(f"For the melody of {melody['name']} ({melody['phrases']} phrases), beginning with {word}:")
    yield Side([verse(found, lyric) for lyric in lyrics_for(found, 0) if lyric["first"] == word])


def lyrics_for(found: Found, melody: int) -> list[Found]:
    return [lyric for lyric in found["lyrics"] if lyric["melody"] == melody and not lyric["again"]]


def verse(found: Found, lyric: Found) -> Verse:
    label = next(each["label"] for each in found["variants"] if each["key"] == lyric["variant"])
    if lyric["failed"]:
        return Verse(label, [f"(not written: {lyric['failed']})"])
    return Verse(label, Song("", "", sections_of(lyric), "").text().split("\n"))


def melody_blocks(found: Found, melody: int) -> Iterator[Block]:
    facts = found["melodies"][melody]
    yield Text(f"{facts['tune']}: {facts['phrases']} phrases, {facts['slots']} notes to sing on.")
    lyrics = lyrics_for(found, melody)
    for word in found["first_words"]:
        yield Heading(4, f"beginning with {word}")
        here = [lyric for lyric in lyrics if lyric["first"] == word]
        yield Side([verse(found, lyric) for lyric in here])
        notes = [f"{v.title}: {'; '.join(x['notes'])}" for x in here if x["notes"] for v in [verse(found, x)]]
        if notes:
            yield Bullets(notes)


def lyric_files(found: Found) -> Iterator[tuple[str, str]]:
    """(name, text) of one file for every melody, first word and variant."""
    for i, melody in enumerate(found["melodies"]):
        for lyric in lyrics_for(found, i):
            if not lyric["failed"]:
                word = f"{found['first_words'].index(lyric['first']) + 1}-{slug(lyric['first'])}"
                name = f"{i + 1:03d}-{slug(melody['name'])}-{word}-{lyric['variant']}.txt"
                yield name, Song("", "", sections_of(lyric), "").text() + "\n"


def slug(name: str) -> str:
    """
    >>> slug("The Clouds - Rain / <script>")
    'the-clouds-rain-script'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:50] or "untitled"


# --- where it comes from


def provenance(found: Found) -> Iterator[Block]:
    data, settings = found["data"], found["settings"]
    yield Heading(2, "Where it comes from")
    tables = [(name, data[name]) for name in ("train", "test")]
    rows = [
        [name, t["file"], f"{t['songs']}", f"{t['with_tune']}", f"{t['words']:,}", t["sha256"]] for name, t in tables
    ]
    yield Table(["table", "file", "songs", "with a tune", "words", "SHA-256"], rows)
    yield Text(
        f"Tunes: {data['tunes']['files']} files in {data['tunes']['folder']}; SHA-256 over the hashes of those used, "
        f"in the order of their names: {data['tunes']['used_sha256']}. "
        f"Of the training songs {data['validation_songs']} told when to stop."
    )
    versions = ", ".join(f"{name} {value}" for name, value in found["versions"].items() if value)
    yield Text(f"Seed {settings['seed']}; {versions}.")
    if found["command"]:
        yield Verse("Command", [found["command"]])
