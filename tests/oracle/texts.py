"""Witness texts: runs of lines from songs, lines of different songs put together, lines made up word by word."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from oracle.plan_form import expand
from oracle.sound import Phones, rhyme_key, stress_of, tail_of
from oracle.world import Said, World, keeps

LONGEST, MOST_SYLLABLES, FEWEST_SYLLABLES, MOST_WORDS = 24, 16, 2, 12
NAMES = ("iambic", "trochaic", "dactylic", "anapestic")
SECTIONS = ("verse", "bridge", "prechorus", "outro", "verse", "verse")
SCHEMES = (
    "ABAB",
    "AABB",
    "XAXA",
    "ABCB",
    "AA",
    "ABBA",
    "AABBA",
    "ABABCC",
    "ABCABC",
    "AAXA",
    "ABCDEF",
    "ABACDCX",
    "X",
)


@dataclass
class Part:
    """A section of a witness: `kept` are the indices of given lines; `metre` one entry a line, or empty."""

    name: str
    lines: list[Said]
    kept: set[int] = field(default_factory=set)
    rhyme: str = ""
    metre: list[str] = field(default_factory=list)


# Text first, its plan is read off


def usable(said: Said) -> bool:
    return FEWEST_SYLLABLES <= len(said.stress) <= MOST_SYLLABLES and len(said.words) <= MOST_WORDS


def from_songs(world: World, rng: random.Random, mixed: bool) -> list[Part]:
    """Sections of consecutive lines, or of lines of any songs. A line with unknown words is kept."""
    pool = bool(rng.random() < 0.25 and world.runs[True]) or not world.runs[False]
    parts: list[Part] = []
    budget = rng.randint(1, LONGEST)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        if mixed:
            chosen = [rng.choice(world.lines[pool]) for _ in range(rng.randint(1, 8))]
        else:
            run = max((rng.choice(world.runs[pool]) for _ in range(4)), key=len)
            length = rng.randint(1, min(len(run), 16))
            at = rng.randint(0, len(run) - length)
            chosen = run[at : at + length]
        chosen = chosen[: budget - sum(len(p.lines) for p in parts)]
        said = [(world.say(text, rng), known) for text, known in chosen]
        said = [(s, known) for s, known in said if usable(s) and (known or rng.random() < 0.15)]
        if said:
            kept = {i for i, (_, known) in enumerate(said) if not known}
            parts.append(Part(rng.choice(SECTIONS), [s for s, _ in said], kept))
    return parts


def rhymed(world: World, rng: random.Random) -> list[Part]:
    """Lines of different songs put together so that they rhyme."""
    pool = bool(rng.random() < 0.25 and world.lines[True]) or not world.lines[False]
    ends: dict[str, list[Said]] = defaultdict(list)
    for text, known in rng.sample(world.lines[pool], min(1500, len(world.lines[pool]))):
        said = world.say(text, rng)
        if known and usable(said):
            ends[tail_of(said.reading[-1])].append(said)
    rich = [lines for lines in ends.values() if len({line.words[-1] for line in lines}) > 1]
    lines: list[Said] = []
    for _ in range(rng.randint(1, 6)):
        group = rng.choice(rich)
        by_word = list({line.words[-1]: line for line in group}.values())
        lines += rng.sample(by_word, min(len(by_word), rng.randint(2, 4)))
    lines = lines[:LONGEST]
    if rng.random() < 0.7:
        rng.shuffle(lines)
    cut = rng.randint(1, len(lines))
    pieces = [piece for piece in (lines[:cut], lines[cut:]) if piece]
    return [Part(rng.choice(SECTIONS), piece) for piece in pieces]


# Plan first, a text is made for it


def cycling_plan(rng: random.Random) -> dict[str, Any]:
    """Keywords in the short form, lists cycling over sections and lines."""
    form = [rng.choice(SECTIONS) for _ in range(rng.randint(1, 4))]
    lines = [rng.randint(1, LONGEST // len(form)) for _ in range(rng.randint(1, min(2, len(form))))]
    plan: dict[str, Any] = {
        "form": form,
        "lines": lines,
        "rhyme_kind": rng.choice(("perfect", "perfect", "near", "light")),
    }
    plan["syllables"] = [
        rng.choice((4, 6, 7, 8, 8, 10, rng.randint(FEWEST_SYLLABLES, MOST_SYLLABLES)))
        for _ in range(rng.randint(1, 4))
    ]
    if rng.random() < 0.6:
        plan["metre"] = [rng.choice(NAMES) for _ in range(rng.randint(1, 2))]
    elif rng.random() < 0.5:
        plan["metre"] = ["".join(rng.choice("x/?") for _ in range(n)) for n in plan["syllables"]]
    if rng.random() < 0.85:
        random_scheme = "".join(rng.choice("ABCDEFX") for _ in range(rng.randint(1, 8)))
        fitting = [s for s in (*SCHEMES, random_scheme) if len(s) <= min(lines)]
        plan["rhyme"] = [rng.choice(fitting) for _ in range(rng.randint(1, 2))]
    return plan


def sing(world: World, plan: dict[str, Any], rng: random.Random) -> list[Part] | None:
    """A made-up text that keeps a plan of `cycling_plan`, or None where no rhymes were found for it."""
    form = expand(plan)
    classes: dict[int, list[tuple[str, Phones]]] = {}
    parts = []
    for section in form["sections"]:
        said = []
        for line in section["lines"]:
            end = end_for(world, line, form["groups"], classes, rng)
            if end is None:
                return None
            said.append(fill(world, line["templates"][0], end, rng))
        parts.append(Part(section["name"], said))
    return parts


def end_for(
    world: World,
    line: dict[str, Any],
    groups: list[dict[str, str]],
    classes: dict[int, list[tuple[str, Phones]]],
    rng: random.Random,
) -> tuple[str, Phones] | None:
    """An end word for a line: any, or one that rhymes with those its group has."""
    slots, group = line["templates"][0], line["group"]
    if group is None:
        return pick(world, slots[-3:], rng, at_end=True)
    index, used = world.by_key[groups[group]["kind"]], classes.setdefault(group, [])
    keys = [rhyme_key(used[0][1], groups[group]["kind"])] if used else rng.sample(sorted(index), 40)
    for key in keys:
        fits = [
            (w, r)
            for w, r in index[key]
            if at_end(w, r, slots) and not any(world.alike(w, other) for other, _ in used)
        ]
        if len(fits) > (0 if used else 4):
            used.append(rng.choice(fits))
            return used[-1]
    return None


def at_end(word: str, reading: Phones, slots: str) -> bool:
    n = len(stress_of(reading))
    return 0 < n <= len(slots) and keeps(Said("", (word,), (reading,)), slots[-n:], law=False)


def pick(world: World, slots: str, rng: random.Random, at_end: bool = False) -> tuple[str, Phones]:
    """A word that stands at the beginning (or the end) of the slots, the commoner the likelier."""
    for word in rng.choices(world.vocabulary, world.weights, k=400):
        reading = rng.choice(world.spoken[word])
        n = len(stress_of(reading))
        mine = slots[len(slots) - n :] if at_end else slots[:n]
        if 0 < n <= len(slots) and keeps(Said("", (word,), (reading,)), mine, law=False):
            return word, reading
    return "the", world.spoken["the"][0]


def fill(world: World, slots: str, end: tuple[str, Phones], rng: random.Random) -> Said:
    chosen, left = [], slots[: len(slots) - len(stress_of(end[1]))]
    while left:
        chosen.append(pick(world, left, rng))
        left = left[len(stress_of(chosen[-1][1])) :]
    words, readings = zip(*chosen, end, strict=True)
    return Said(" ".join(words), words, readings)
