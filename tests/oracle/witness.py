"""Plans read off witness texts: each plan comes with a text that keeps it, so that it is feasible by existence.

Witnesses are runs of lines from songs, lines of different songs put together, and lines made up word by word
from the vocabulary. All words that the writer would have to choose are in the model's vocabulary and in the CMU
dictionary. Uses the judge's phonology only, nothing of the package.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from oracle.judge import judge
from oracle.plan_form import FREE, expand, metre_slots
from oracle.sound import rhyme_key, stress_of
from oracle.texts import LONGEST, NAMES, Part, cycling_plan, from_songs, rhymed, sing
from oracle.world import FUNCTION, Said, World, keeps


@dataclass
class Witness:
    """A plan's keywords and the song that keeps it. `law`: keeps the metre law, not the writer's stricter rule;
    `ambiguous`: relies on words whose readings differ in what is asked."""

    plan: dict[str, Any]
    song: dict[str, Any]
    kind: str
    law: bool
    ambiguous: bool


def scheme_of(world: World, lines: Sequence[Said], kind: str, rng: random.Random) -> str:
    """Letters of lines that rhyme by different words; at most six, some left out."""
    groups: list[list[int]] = []
    keys = [rhyme_key(line.reading[-1], kind) for line in lines]
    for i, line in enumerate(lines):
        fits = [
            g
            for g in groups
            if keys[g[0]] == keys[i] and not any(world.alike(lines[j].words[-1], line.words[-1]) for j in g)
        ]
        if fits:
            fits[0].append(i)
        else:
            groups.append([i])
    letters, out = iter("ABCDEF"), ["X"] * len(lines)
    for group in groups:
        if rng.random() < (0.9 if len(group) > 1 else 0.3):
            letter = next(letters, "X")
            for i in group:
                out[i] = letter
    return "".join(out)


def strict_slots(said: Said, rng: random.Random, law: bool) -> str:
    """Slots that a line fills; under the writer's stricter rule unless `law`. Some left open."""
    slots: list[str] = []
    for word, reading in zip(said.words, said.reading, strict=True):
        stress = stress_of(reading)
        if len(stress) == 1:
            slots.append(rng.choice("x/") if law or word in FUNCTION else "/")
            continue
        for i, digit in enumerate(stress):
            beside = set(stress[max(0, i - 1) : i] + stress[i + 1 : i + 2])
            slots.append("/" if digit == "1" else "x" if digit == "0" and beside & {"1", "2"} else rng.choice("x/"))
    share = rng.choice((0, 0, 0.2, 0.5))
    return "".join("?" if rng.random() < share else slot for slot in slots)


def metre_of(lines: Sequence[Said], rng: random.Random) -> list[str]:
    """One entry a line: names where they fit, patterns; or nothing for the section."""
    if rng.random() < 0.35:
        return []
    law, out = rng.random() < 0.3, []
    for line in lines:
        n = len(line.stress)
        names = [name for name in NAMES if keeps(line, metre_slots(name, n), law)]
        if names and rng.random() < 0.6:
            out.append(rng.choice(names))
        else:
            out.append("?" * n if rng.random() < 0.2 else strict_slots(line, rng, law))
    return out


def keep_some(part: Part, rng: random.Random) -> None:
    """Up to half of a section's lines are given."""
    share = rng.choice((0, 0, 0, 0.1, 0.25, 0.5))
    part.kept |= set(rng.sample(range(len(part.lines)), int(share * len(part.lines) + rng.random() * (share > 0))))


def section_plan(part: Part, rng: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {"name": part.name, "lines": len(part.lines)}
    counts = [len(line.stress) for line in part.lines]
    told = part.metre and not any(map(str.isalpha, "".join(part.metre).replace("x", "")))
    loose = part.kept and not part.metre and all(n in FREE for n in counts)
    if not ((told or loose) and rng.random() < 0.4):
        made["syllables"] = counts
    if part.metre:
        made["metre"] = part.metre
    if set(part.rhyme) - {"X"} or rng.random() < 0.2:
        made["rhyme"] = part.rhyme
    if part.kept:
        made["text"] = [line.text if i in part.kept else "" for i, line in enumerate(part.lines)]
    return made


def read_off(world: World, parts: list[Part], rng: random.Random) -> dict[str, Any]:
    """The plan's keywords for sections whose lines are there."""
    kind = rng.choice(("perfect", "perfect", "near", "light"))
    for part in parts:
        keep_some(part, rng)
        part.rhyme, part.metre = scheme_of(world, part.lines, kind, rng), metre_of(part.lines, rng)
    if len(parts) > 1 and rng.random() < 0.3 and sum(len(p.lines) for p in (*parts, parts[-1])) <= LONGEST:
        chorus = rng.randrange(len(parts))
        parts[chorus].name = "chorus"
        parts.append(parts[chorus])
    told = {id(part): section_plan(part, rng) for part in parts}
    sections = [told[id(part)] for part in parts]
    plan: dict[str, Any] = {"rhyme_kind": kind}
    if len(sections) == 1 and not parts[0].kept and rng.random() < 0.6:
        only = sections[0]
        plan |= {"form": [only["name"]], "lines": [only["lines"]]}
        plan |= {name: only[name] for name in ("syllables", "metre") if name in only}
        return plan | ({"rhyme": [only["rhyme"]]} if "rhyme" in only else {})
    return plan | {"sections": sections}


def add_words(world: World, plan: dict[str, Any], parts: list[Part], rng: random.Random) -> None:
    """Keywords, avoided words, first word, initials, a word to rhyme with: all true of the text."""
    lines = [line for part in parts for line in part.lines]
    free = [w for p in parts for i, line in enumerate(p.lines) if i not in p.kept for w in line.words]
    used = {w for line in lines for w in line.words}
    content = sorted({w for w in free if w not in FUNCTION and len(w) > 2})
    if content and rng.random() < 0.5:
        plan["include"] = rng.sample(content, min(len(content), rng.randint(1, 3)))
    if rng.random() < 0.3:
        others = rng.sample(world.vocabulary, min(len(world.vocabulary), rng.choice((1, 3, 20, 100))))
        plan["avoid"] = [w for w in others if w not in used and w not in FUNCTION]
    if rng.random() < 0.2:
        plan["start"] = lines[0].words[0]
    if rng.random() < 0.25:
        plan["acrostic"] = "".join(line.words[0][0] for line in lines[: rng.randint(1, len(lines))])
    add_refrain(plan, parts, rng)
    if rng.random() < 0.25:
        add_rhyme_with(world, plan, parts, rng)


def add_refrain(plan: dict[str, Any], parts: list[Part], rng: random.Random) -> None:
    bearing = [p for p in parts if p.name == "chorus"] or parts
    if rng.random() < 0.1 and len({p.lines[-1].words for p in bearing}) == 1:
        plan["refrain"] = bearing[0].lines[-1].text


def add_rhyme_with(world: World, plan: dict[str, Any], parts: list[Part], rng: random.Random) -> None:
    """A word that letter A of every section rhymes with, if there is one that is none of the line ends."""
    form, kind = expand(plan), plan["rhyme_kind"]
    wanted = [line for section in form["sections"] for line in section["lines"]]
    marked = {n for n, g in enumerate(expand(plan | {"rhyme_with": "word"})["groups"]) if g["with"]}
    said = [line for part in parts for line in part.lines]
    ends = [s for s, w in zip(said, wanted, strict=True) if w["group"] in marked]
    keys = {rhyme_key(s.reading[-1], kind) for s in ends}
    if len(keys) == 1:
        words = world.rhyming(keys.pop(), kind)
        sample = rng.sample(words, min(len(words), 20))
        fitting = [w for w in sample if not any(world.alike(w, s.words[-1]) for s in ends)]
        common = [w for w in fitting if w in world.known]
        if fitting and len(fitting[0]) > 1:
            plan["rhyme_with"] = (common or fitting)[0]
            for section, part in zip(plan.get("sections", ()), parts, strict=False):
                if not plan.get("rhyme"):  # a section that says nothing of rhyme would get a scheme
                    section["rhyme"] = part.rhyme


def add_copying(world: World, plan: dict[str, Any], song: dict[str, Any], rng: random.Random) -> None:
    """A limit of copying that the text keeps; 0 (no limit) if it keeps none."""
    for most in (rng.choice((5, 5, 5, 3, 4, 6, 8)), 5, 8, 0):
        plan["max_copy"] = most
        found = judge(song, expand(plan), world.copies, dictionary=world.dictionary)
        if not any(v.kind.startswith("copy") for v in found):
            return


def witness(world: World, rng: random.Random) -> Witness:
    """A plan and a text that keeps it."""
    while True:
        kind = rng.choice(("song", "song", "mixed", "rhymed", "synthetic", "synthetic"))
        if kind == "synthetic":
            plan = cycling_plan(rng)
            parts = sing(world, plan, rng) or []
            if parts and rng.random() < 0.3:
                for part in parts:
                    keep_some(part, rng)
                del plan["form"]
                plan["sections"] = [kept_only(part) for part in parts]
        else:
            parts = rhymed(world, rng) if kind == "rhymed" else from_songs(world, rng, kind == "mixed")
            plan = read_off(world, parts, rng) if parts else {}
        if parts:
            break
    add_words(world, plan, parts, rng)
    plan["clean"] = False
    song = {"sections": [{"name": p.name, "lines": [line.to_json() for line in p.lines]} for p in parts]}
    found = judge(song, expand(plan), dictionary=world.dictionary)
    plan["same_sounds"] = any(v.kind in ("same-sound", "same-end") for v in found)
    add_copying(world, plan, song, rng)
    return Witness(plan, song, kind, *leans(world, plan, parts))


def kept_only(part: Part) -> dict[str, Any]:
    """A section with its number of lines and given text; the rest comes from the plan's lists."""
    made: dict[str, Any] = {"name": part.name, "lines": len(part.lines)}
    if part.kept:
        made["text"] = [line.text if i in part.kept else "" for i, line in enumerate(part.lines)]
    return made


def leans(world: World, plan: dict[str, Any], parts: list[Part]) -> tuple[bool, bool]:
    """Whether lines to be written rely on the law of metre only, and on one of several readings."""
    wanted = [line for section in expand(plan)["sections"] for line in section["lines"]]
    said = [line for part in parts for line in part.lines]
    law = ambiguous = False
    for want, line in zip(wanted, said, strict=True):
        if want["text"] is not None:
            continue
        slots = next(t for t in want["templates"] if len(t) == len(line.stress))
        law |= not keeps(line, slots, law=False)
        for i, word in enumerate(line.words):
            readings = world.spoken[word]
            stresses = {
                s if len(s) > 1 and set(slots) & set("x/") else "1" * len(s) for s in map(stress_of, readings)
            }
            ends = (
                {rhyme_key(r, plan.get("rhyme_kind", "perfect")) for r in readings}
                if i == len(line.words) - 1 and want["group"] is not None
                else {""}
            )
            ambiguous |= len(stresses) > 1 or len(ends) > 1
    return law, ambiguous
