"""An independent judge of written songs: does a song keep what its plan asks?

Shares no code with the package: it reads the CMU dictionary itself, has its own phonology and word splitter
(sound.py) and its own expansion of a plan (plan_form.py), and knows a song only as the JSON that `lyricist write
--json` prints. A word that is not in the dictionary is judged by the reading the writer committed to, and counted
(`tally`). With `strict`, a committed reading that the dictionary does not list is replaced by those that it lists;
otherwise it is accepted.

    PYTHONPATH=tests python -m oracle.judge SONGS.json PLAN.json [--corpus songs.jsonl]

PLAN.json holds the keywords of `lyricist.Plan`. Prints one violation a line and a tally.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oracle.plan_form import expand
from oracle.sound import (
    Dictionary,
    Phones,
    bare,
    end_readings,
    entry,
    is_reading,
    letter_sound,
    load_cmudict,
    pair_readings,
    rhyme_key,
    stress_of,
    tail_of,
    tokens,
)

WHOLE_LINE = 5  # a whole line of so many words or more counts as copied


class Copies:
    """Runs of words and whole lines of the songs a model learnt from. `songs`: each a list of lines."""

    def __init__(self, songs: Iterable[Sequence[str]]) -> None:
        self.songs = [[tokens(line) for line in song] for song in songs]
        self.lines = {tuple(line) for song in self.songs for line in song if len(line) >= WHOLE_LINE}
        self.runs: dict[int, set[tuple[str, ...]]] = {}

    def of(self, length: int) -> set[tuple[str, ...]]:
        if length not in self.runs:
            flat = ([word for line in song for word in line] for song in self.songs)
            self.runs[length] = {tuple(s[i : i + length]) for s in flat for i in range(len(s) - length + 1)}
        return self.runs[length]


@dataclass(frozen=True)
class Violation:
    """`line` counts from 1 through the song; 0 is the song as a whole."""

    line: int
    kind: str
    expected: str
    found: str


@dataclass
class Spoken:
    """A line of the song as the judge reads it. `choices`: readings each word may have."""

    data: dict[str, Any]
    words: list[str]
    committed: list[Phones]
    choices: list[list[Phones]]
    ends: set[Phones]


def judge(
    song: dict[str, Any],
    plan: dict[str, Any],
    corpus: Copies | Iterable[Sequence[str]] | None = None,
    *,
    dictionary: Dictionary,
    strict: bool = False,
) -> list[Violation]:
    """The violations of a plan (in the form of `plan_form.expand`) in a song of `lyricist write --json`."""
    wanted = [line for section in plan["sections"] for line in section["lines"]]
    lines = [line for section in song["sections"] for line in section["lines"]]
    found = shape(song, plan) + [v for i, line in enumerate(lines) for v in coherent(i, line)]
    if len(wanted) != len(lines) or found:
        return found
    spoken = [hear(line, dictionary, strict) for line in lines]
    for i, (want, line) in enumerate(zip(wanted, spoken, strict=True)):
        found += one_line(i, want, line, lines)
        found += inner_rhyme(i, line, plan["kind"], dictionary) if want["internal"] else []
    for number, group in enumerate(plan["groups"]):
        members = [i for i, want in enumerate(wanted) if want["group"] == number]
        found += one_group(group, members, wanted, spoken, dictionary)
    if not plan["same_sounds"]:
        found += letters_apart(plan, wanted, spoken)
        found += ends_apart(plan["kind"], wanted, spoken)
    found += keywords(plan, [word for line in spoken for word in line.words])
    if corpus is not None and plan["max_copy"]:
        copies = corpus if isinstance(corpus, Copies) else Copies(corpus)
        found += copied(plan["max_copy"], wanted, lines, copies)
    return found


def shape(song: dict[str, Any], plan: dict[str, Any]) -> list[Violation]:
    """Names of sections and their numbers of lines."""
    wanted = [(s["name"], len(s["lines"])) for s in plan["sections"]]
    given = [(s["name"], len(s["lines"])) for s in song["sections"]]
    if [n for n, _ in wanted] != [n for n, _ in given]:
        return [Violation(0, "sections", " ".join(n for n, _ in wanted), " ".join(n for n, _ in given))]
    pairs = enumerate(zip(wanted, given, strict=True))
    return [Violation(0, "lines", f"section {i + 1}: {w[1]}", str(g[1])) for i, (w, g) in pairs if w != g]


def coherent(i: int, line: dict[str, Any]) -> list[Violation]:
    """Whether the fields of a line agree with each other."""
    words, readings = line.get("words"), line.get("reading")
    if not words or not readings or len(words) != len(readings):
        return [Violation(i + 1, "json", "one reading a word", f"{words} {readings}")]
    if [t for w in words for t in tokens(w)] != tokens(line["text"]):
        return [Violation(i + 1, "json", f"words of {line['text']!r}", " ".join(words))]
    phones = [tuple(r.split()) for r in readings]
    bad = [r for r, p in zip(readings, phones, strict=True) if not is_reading(p)]
    if bad:
        return [Violation(i + 1, "json", "ARPAbet phones", str(bad))]
    stress = "".join(map(stress_of, phones))
    told = {"syllables": len(stress), "stress": stress, "rhyme": tail_of(phones[-1])}
    return [Violation(i + 1, "json", f"{k} {v!r}", repr(line[k])) for k, v in told.items() if line[k] != v]


def hear(line: dict[str, Any], dictionary: Dictionary, strict: bool) -> Spoken:
    words = [entry(w) for w in line["words"]]
    committed = [tuple(r.split()) for r in line["reading"]]
    choices = [[c] for c in committed]
    if strict:
        for i, (word, reading) in enumerate(zip(words, committed, strict=True)):
            if word in dictionary and reading not in dictionary[word]:
                choices[i] = dictionary[word]
    return Spoken(line, words, committed, choices, set(choices[-1]))


def one_line(i: int, want: dict[str, Any], line: Spoken, lines: list[dict[str, Any]]) -> list[Violation]:
    found, text = [], line.data["text"]
    given = tokens(text)
    if want["templates"]:
        ends = {r for t in want["templates"] for r in end_readings(line.choices, t)}
        lengths = ["?" * len(t) for t in want["templates"]]
        if not ends:
            counted = any(end_readings(line.choices, t) for t in lengths)
            stress = " ".join(map(stress_of, line.committed))
            found.append(Violation(i + 1, "metre" if counted else "syllables", str(want["templates"]), stress))
        line.ends = ends or line.ends
    if want["first"] and tokens(want["first"]) != given[:1]:
        found.append(Violation(i + 1, "start", want["first"], given[0]))
    letter = next((c for c in given[0] if c.isalpha()), "")
    if want["initial"] and letter != want["initial"].lower():
        found.append(Violation(i + 1, "acrostic", want["initial"], given[0]))
    if want["text"] is not None and tokens(want["text"]) != given:
        found.append(Violation(i + 1, "kept", want["text"], text))
    elif want["text"] is not None and want["text"].strip() != text:
        found.append(Violation(i + 1, "kept-spelling", want["text"], text))
    if want["same_as"] is not None and tokens(lines[want["same_as"]]["text"]) != given:
        found.append(Violation(i + 1, "same", lines[want["same_as"]]["text"], text))
    return found


def one_group(
    group: dict[str, Any],
    members: list[int],
    wanted: list[dict[str, Any]],
    spoken: list[Spoken],
    dictionary: Dictionary,
) -> list[Violation]:
    """One rhyme for all members under one joint choice of readings, and different words."""
    kind, ends = group["kind"], [(i, last_words(spoken[i], group["kind"])) for i in members]
    keys = [{rhyme_key(r, kind) for r in end_sounds(spoken[i], kind)} for i in members]
    found, listed = [], " / ".join(word for _, word in ends)
    if group["with"]:
        model = tokens(group["with"])[-1]
        keys.append({rhyme_key(r, kind) for r in dictionary.get(model, [])})
        for i, word in ends:
            if wanted[i]["text"] is None and homophones((model, ()), (word, spoken[i].committed[-1:]), dictionary):
                found.append(Violation(i + 1, "repeat", f"another word than {model}", word))
    if keys and not set.intersection(*keys):
        found.append(Violation(members[-1] + 1, "rhyme", f"{kind} {group['with']}".strip(), listed))
    sizes = {" " in word for _, word in ends} | ({False} if group["with"] else set())
    if kind == "mosaic" and len(sizes) == 1 and len({source(wanted, i) for i in members}) + bool(group["with"]) > 1:
        found.append(Violation(members[-1] + 1, "rhyme", "one word against two", listed))
    for n, (i, word) in enumerate(ends):
        for j, other in ends[:n]:
            if " " in word + other and word != other:
                continue
            if may_repeat(wanted, i, j) and spoken[i].words == spoken[j].words:
                continue
            one, two = (word, spoken[i].committed[-1:]), (other, spoken[j].committed[-1:])
            if homophones(one, two, dictionary):
                found.append(Violation(i + 1, "repeat", f"another word than {other}", word))
    return found


def two_words(line: Spoken, kind: str) -> set[Phones]:
    """The readings of a line's last two words as one, if they end a mosaic rhyme."""
    first = line.choices[-2] if kind == "mosaic" and len(line.words) > 1 else []
    return {pair for reading in first for pair in pair_readings(reading, line.words[-1])}


def last_words(line: Spoken, kind: str) -> str:
    return " ".join(line.words[-2:]) if two_words(line, kind) else line.words[-1]


def end_sounds(line: Spoken, kind: str) -> set[Phones]:
    return two_words(line, kind) or line.ends


def inner_rhyme(i: int, line: Spoken, kind: str, dictionary: Dictionary) -> list[Violation]:
    """Whether a word that ends within a syllable and a half of the line's middle rhymes with its last word."""
    counts = [len(stress_of(phones)) for phones in line.committed]
    last = (line.words[-1], line.committed[-1:])
    for j in range(len(counts) - 1):
        word = (line.words[j], line.committed[j : j + 1])
        central = abs(2 * sum(counts[: j + 1]) - sum(counts)) <= 3
        rhymes = rhyme_key(line.committed[j], kind) == rhyme_key(line.committed[-1], kind)
        if central and rhymes and not homophones(word, last, dictionary):
            return []
    return [Violation(i + 1, "internal-rhyme", f"a {kind} rhyme with {last[0]}", " ".join(line.words))]


REACH = 12  # lines; farther apart different letters may sound alike


def letters_apart(plan: dict[str, Any], wanted: list[dict[str, Any]], spoken: list[Spoken]) -> list[Violation]:
    """Different letters of a section have different vowels under some choice of readings; given lines may not."""
    members: dict[int, list[int]] = {}
    for i, want in enumerate(wanted):
        if want["group"] is not None:
            members.setdefault(want["group"], []).append(i)
    kinds = {g: plan["groups"][g]["kind"] for g in members}
    sounds = {g: group_sounds(kinds[g], [end_sounds(spoken[i], kinds[g]) for i in own]) for g, own in members.items()}
    fixed = {g for g, own in members.items() if plan["groups"][g]["with"] or any(is_given(wanted, i) for i in own)}
    found = []
    for g, own in members.items():
        for h in range(g):
            near = [
                (i, j)
                for i in own
                for j in members.get(h, ())
                if wanted[i]["section"] == wanted[j]["section"] and abs(i - j) <= REACH
            ]
            if near and not {g, h} <= fixed and sounds[g] == sounds[h] and len(sounds[g]) == 1:
                i, j = near[0]
                found.append(Violation(i + 1, "same-sound", f"not the sound of line {j + 1}", spoken[i].words[-1]))
    return found


def group_sounds(kind: str, ends: Sequence[set[Phones]]) -> set[str]:
    """The vowels that the lines of a letter can share, for each sound in which they rhyme."""
    keys = set.intersection(*({rhyme_key(r, kind) for r in each} for each in ends))
    return {letter_sound(r, kind) for r in ends[0] if rhyme_key(r, kind) in keys}


def ends_apart(kind: str, wanted: list[dict[str, Any]], spoken: list[Spoken]) -> list[Violation]:
    """No line ends on the last word of another, but for given lines and lines that the plan repeats. Two words of a
    mosaic rhyme count as one."""
    ends = [
        last_words(line, kind if want["group"] is not None else "") for want, line in zip(wanted, spoken, strict=True)
    ]
    found = []
    for i, line in enumerate(spoken):
        for j in range(i):
            alike = source(wanted, i) == source(wanted, j) or (is_given(wanted, i) and is_given(wanted, j))
            group = wanted[i]["group"]  # two ends of one letter are judged by `one_group`
            alike |= group is not None and group == wanted[j]["group"]
            if not alike and ends[i] == ends[j]:
                found.append(Violation(i + 1, "same-end", f"not the end of line {j + 1}", line.words[-1]))
                break
    return found


def source(wanted: list[dict[str, Any]], i: int) -> int:
    """The first line with the words that line i repeats."""
    while wanted[i]["same_as"] is not None:
        i = wanted[i]["same_as"]
    return i


def may_repeat(wanted: list[dict[str, Any]], i: int, j: int) -> bool:
    """Whether the plan itself makes line i repeat line j: both given, or one a repetition of the other."""
    given = wanted[i]["text"] is not None and wanted[j]["text"] is not None
    return given or wanted[i]["same_as"] is not None or wanted[j]["same_as"] is not None


def homophones(a: tuple[str, Sequence[Phones]], b: tuple[str, Sequence[Phones]], dictionary: Dictionary) -> bool:
    """Whether two (word, committed readings) can sound the same, stress aside."""
    if a[0] == b[0]:
        return True
    one, two = ({bare(r) for r in (*dictionary.get(w, ()), *extra)} for w, extra in (a, b))
    return bool(one & two)


def keywords(plan: dict[str, Any], words: list[str]) -> list[Violation]:
    have = {t for w in words for t in tokens(w)} | set(words)
    missing = [w for w in plan["include"] if not set(tokens(w)) <= have]
    present = [w for w in plan["avoid"] if entry(w) in have]
    return [Violation(0, "include", w, "nowhere") for w in missing] + [
        Violation(0, "avoid", f"no {w}", w) for w in present
    ]


def copied(most: int, wanted: list[dict[str, Any]], lines: list[dict[str, Any]], copies: Copies) -> list[Violation]:
    """Runs of `most` + 1 words and whole lines of the corpus, except in what the user gave."""
    given = [is_given(wanted, i) for i in range(len(wanted))]
    flat = [(word, i) for i, line in enumerate(lines) for word in tokens(line["text"])]
    found, runs = [], copies.of(most + 1)
    for at in range(len(flat) - most):
        window = flat[at : at + most + 1]
        run = tuple(word for word, _ in window)
        if run in runs and not all(given[i] for _, i in window):
            found.append(Violation(window[-1][1] + 1, "copy-run", f"at most {most} words", " ".join(run)))
    for i, line in enumerate(lines):
        if tuple(tokens(line["text"])) in copies.lines and not given[i]:
            found.append(Violation(i + 1, "copy-line", "no whole line", line["text"]))
    return found


def is_given(wanted: list[dict[str, Any]], i: int) -> bool:
    while wanted[i]["text"] is None and wanted[i]["same_as"] is not None:
        i = wanted[i]["same_as"]
    return wanted[i]["text"] is not None


def tally(song: dict[str, Any], dictionary: Dictionary) -> Counter[str]:
    """Counts of words: all, absent from the dictionary, and with a committed reading it does not list."""
    count: Counter[str] = Counter()
    for section in song["sections"]:
        for line in section["lines"]:
            for word, reading in zip(map(entry, line["words"]), line["reading"] or (), strict=False):
                count["words"] += 1
                count["absent"] += word not in dictionary
                count["unlisted"] += word in dictionary and tuple(reading.split()) not in dictionary[word]
    return count


def songs_of(path: Path, split: str = "train") -> Iterable[list[str]]:
    """The songs of a split of a corpus's songs.jsonl, as lists of lines."""
    with path.open(encoding="utf-8") as handle:
        for record in map(json.loads, handle):
            if record.get("split", "train") == split:
                lines = [line for section in record["sections"] for line in section["lines"]]
                yield [line if isinstance(line, str) else line["text"] for line in lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("songs", type=Path)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--cmudict", type=Path)
    parser.add_argument("--strict", action="store_true")
    options = parser.parse_args()
    dictionary, plan = load_cmudict(options.cmudict), expand(json.loads(options.plan.read_text()))
    copies = Copies(songs_of(options.corpus)) if options.corpus else None
    total: Counter[str] = Counter()
    for number, song in enumerate(json.loads(options.songs.read_text())["songs"], 1):
        total += tally(song, dictionary)
        for v in judge(song, plan, copies, dictionary=dictionary, strict=options.strict):
            total["violations"] += 1
            print(f"song {number} line {v.line}: {v.kind}: expected {v.expected}, found {v.found}")
    print(json.dumps(total))


if __name__ == "__main__":
    main()
