"""What `test_same_songs.py` records: plans of every kind with their seeds, by group, and how each is written.

Only the public names of `lyricist` and `python -m lyricist` are used, so that the cases outlive any move of the modules.
A group maps the name of a case to a function that returns JSON.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import runpy
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

import lyricist
from lyricist import Drawing, Plan
from songtunes import files

GOLDEN = Path(__file__).parent / "golden"
Case = Callable[[], Any]
Fields = dict[str, Any]

# -- plans for the starter: syllables, metre, rhyme


def measured() -> Iterator[tuple[str, Fields]]:
    """Metres, lengths, schemes and rhymes: one verse each."""
    for metre in ("iambic", "trochaic", "dactylic", "anapestic"):
        for syllables in ("6", "8", "8,6", "9", "10"):
            for rhyme in ("ABAB", "AABB"):
                yield f"{metre} {syllables} {rhyme}", {"metre": metre, "syllables": syllables, "rhyme": rhyme}
    for scheme in ("AABB", "ABBA", "AABA", "AAAA", "AABBA", "XAXA", "ABAC", "ABABCC", "ABCABC", "ABABBCBCC"):
        yield f"scheme {scheme}", {"rhyme": scheme, "syllables": 8}
        yield f"near {scheme}", {"rhyme": scheme, "syllables": 7, "rhyme_kind": "near"}
    for count in (*range(1, 14), 16, 20):
        yield f"{count} syllables", {"syllables": count, "lines": 2}
    for pattern in (
        "x/x/x/", "/xx/xx/x", "x/x|/x/", "????/x", "x?x?x/", "//", "/x/x|/x/", "xx/xx/xx/", "?/?/?", "/x|/x|/x",
    ):  # fmt: skip
        yield f"pattern {pattern}", {"metre": pattern, "rhyme": "AA", "lines": 2}
    yield "limerick", {"rhyme": "AABBA", "metre": ("x/xx/xx/", "x/xx/xx/", "x/xx/", "x/xx/", "x/xx/xx/")}
    yield "haiku", {"syllables": "5,7,5", "lines": 3}
    for word in ("love", "river", "day", "night", "fire", "time", "heart", "moon", "window", "tomorrow"):
        yield f"with {word}", {"rhyme_with": word, "syllables": 7}
        yield f"near with {word}", {"rhyme_with": word, "rhyme_kind": "near", "rhyme": "AXAX", "syllables": 8}


def worded() -> Iterator[tuple[str, Fields]]:
    """Themes, words that must or must not occur, first words, letters, lines that come back: whole songs."""
    themes = ("river, night", "love", "winter, snow", "train, station, home", "sea", "money, work", "mother", "dance")
    for theme in themes:
        yield f"about {theme}", {"about": theme}
        yield f"about {theme} in metre", {"about": theme, "metre": "iambic", "rhyme": "AABB", "form": "verse"}
    for words in ("river, night", "don't", "na-na", "window", "salt, sugar, water", "tomorrow", "lyricist"):
        yield f"include {words}", {"include": words, "form": "verse chorus"}
    yield "include and avoid", {"about": "sea", "include": "salt", "avoid": "water, blue"}
    yield "avoid", {"avoid": "the, and, i", "syllables": 6, "form": "verse"}
    yield "not clean", {"clean": False, "syllables": 8, "form": "verse"}
    for word in ("rain", "nobody", "I", "oh", "tomorrow", "zyzzyva"):
        yield f"start {word}", {"start": word, "syllables": 8, "form": "verse"}
    for letters in ("RIVER", "love", "QUIZ", "ABCDEFGH", "MMMM"):
        yield f"acrostic {letters}", {"acrostic": letters, "rhyme": "ABAB"}
    yield "acrostic and start", {"acrostic": "RIVERS", "start": "rain"}
    yield "refrain", {"refrain": 'Carry me, "river", home \N{EM DASH} o\'er'}
    yield "refrain in metre", {"refrain": "I'll carry you along", "syllables": 6, "metre": "iambic"}
    yield "refrain without chorus", {"form": "verse verse", "refrain": "Carry me home", "rhyme": "AA", "allow": True}
    for rhyme in ("AABB", "ABAB", "AAAA"):
        yield f"hook {rhyme}", {"hook": True, "rhyme": rhyme, "syllables": 7}
    yield "hook and refrain", {"hook": True, "refrain": "Carry me home", "lines": 6}
    yield "title", {"title": "The Long Way", "syllables": 8, "form": "verse chorus"}
    for most in (0, 1, 2, 3, 8):
        yield f"max copy {most}", {"max_copy": most, "syllables": "8,6", "form": "verse"}
    for form in ("chorus chorus", "chorus verse chorus verse chorus", "verse prechorus chorus bridge chorus outro"):
        yield f"form {form}", {"form": form, "lines": "2,4", "syllables": 6}
        yield f"changing {form}", {"form": form, "keep_chorus": False, "rhyme": "AA XX"}
    for nats in (1, 5):
        yield f"emphasis {nats}", {"emphasis": nats, "metre": "iambic", "syllables": 8, "form": "verse"}
        yield f"long words {nats}", {"long_words": min(nats, 3), "syllables": 10, "form": "verse"}
    for words in ("thou", "river"):
        yield f"all words {words}", {"all_words": True, "include": words, "rhyme": "ABAB", "form": "verse"}
    yield "everything", {
        "form": "intro verse chorus verse chorus bridge chorus outro", "lines": (2, 4, 4, 4, 4, 3, 4, 1),
        "syllables": (7, 5), "metre": ("trochaic", "?????"), "rhyme_kind": "near", "rhyme_with": "day",
        "rhyme": ("XX", "ABAB", "AABB", "ABAB", "AABB", "AAA", "AABB", "X"), "about": "sea", "include": "salt",
        "avoid": "sugar", "clean": False, "start": "oh", "acrostic": "OH", "refrain": "Over the water",
        "title": 'Say "sea" \\ C:\\', "max_copy": 0, "allow": True,
    }  # fmt: skip
    yield "much", {
        "form": "intro verse chorus verse chorus bridge chorus", "lines": (2, 4, 4, 4, 4, 3, 4), "about": "sea, harbour",
        "syllables": (8, 6), "metre": "iambic", "rhyme": ("XX", "ABAB", "AABB", "ABAB", "AABB", "AAA", "AABB"),
        "include": "salt", "avoid": "sugar", "acrostic": "OH", "start": "oh", "emphasis": 1, "max_copy": 4,
    }  # fmt: skip
    yield "nothing", {}
    yield "form alone", {"form": ("verse", "chorus"), "lines": (4, 2), "start": "nobody", "title": "Rain"}


NOTES = [[1, 67, 4, 0], [0.5, 69, 1, 0], [1.5, 72, 3, 0], [0.5, 71, 1, 0], [1, 67, 4, 0], [3, 74, 2, 1]]


def sectioned() -> Iterator[tuple[str, Fields]]:
    """Sections one by one: kept lines, lines said again, tunes as notes."""
    verse = {"name": "verse", "text": ["The river ran below the town", "", "I called your name", "..."]}
    chorus = {"name": "chorus", "lines": 2, "syllables": 6, "metre": "x/x/x/", "rhyme": "AA"}
    yield "draft", {
        "include": "light", "sections": [verse, chorus, {"name": "verse", "lines": 4, "rhyme": "ABBA"}, {"name": "chorus"}]
    }  # fmt: skip
    yield (
        "draft with a theme",
        {
            "about": "sea",
            "sections": [{"name": "verse", "text": ["Blue", ""]}, {"name": "bridge"}],
        },
    )
    yield "draft in metre", {"syllables": "8,6", "rhyme": "ABAB", "sections": [
        {"name": "verse", "text": ["The river ran below the town"], "lines": 4}]}  # fmt: skip
    yield "allowed draft", {"allow": True, "metre": "iambic", "syllables": 8, "rhyme": "AABB", "sections": [
        {"name": "verse", "text": "Nobody\n...\nSomebody sang in the morning\n..."}]}  # fmt: skip
    yield (
        "chorus filled in later",
        {"sections": [{"name": "chorus", "text": ["", "Oh river"]}, {"name": "chorus", "text": ["Oh sea", "..."]}]},
    )
    yield "lines again", {"sections": [
        {"name": "verse", "lines": 4, "syllables": 6, "rhyme": "ABAB"},
        {"name": "verse", "lines": 4, "syllables": 6, "again": "0,0,1,4"}]}  # fmt: skip
    for fields in ({}, {"open_vowels": 3}, {"emphasis": 2, "open_vowels": 1}, {"about": "river"}):
        section = {"name": "verse", "lines": 4, "metre": "/x/x/x", "rhyme": "AABB", "tune": [NOTES]}
        yield f"tune {sorted(fields)}", {**fields, "sections": [section]}


def drawings() -> Iterator[tuple[str, Fields]]:
    for name, values in {
        "temperature": (0.3, 1.2), "top_k": (3, 40), "top_p": (0.5, 0.9), "min_p": (0.0, 0.2), "repetition": (0, 2),
        "rhyme_temperature": (0.7, 3), "archaic": (0, 8), "long_words": (0, 2.5), "balance": (0, 2), "fresh": (0.5, 2),
        "merit": (0, 4), "judge": (0, 8), "particles": (1, 3, 8, 32, 65),
    }.items():  # fmt: skip
        for value in values:
            yield f"{name} {value}", {"particles": 8, name: value}


# -- the other runs

FREE: dict[str, Fields] = {
    "nothing": {},
    "form": {"form": "verse chorus verse chorus", "lines": 4},
    "two lines": {"form": "verse chorus bridge chorus outro", "lines": "2,3"},
    "no lines": {"form": "intro verse"},
    "choruses": {"form": "chorus chorus chorus", "lines": 1},
    "start": {"start": "sing"},
    "changing": {"form": "verse chorus verse chorus", "keep_chorus": False},
    "copying": {"max_copy": 0},
    "little copying": {"max_copy": 2, "form": "verse", "lines": 4},
    "title": {"title": "Rain", "form": "verse"},
}
FORWARD: dict[str, Fields] = {  # exact plans for a run of 61 words
    "syllables": {"syllables": "8,6", "rhyme": "X", "max_copy": 0},
    "iambic": {"syllables": 8, "metre": "iambic", "rhyme": "X", "form": "verse", "max_copy": 0},
    "rhyme": {"syllables": 8, "rhyme": "AXAX", "rhyme_kind": "near", "form": "verse", "max_copy": 0},
    "about": {"about": "river", "rhyme": "X", "syllables": 7, "max_copy": 0},
    "include": {"include": "river, harbour", "rhyme": "X", "syllables": 7, "max_copy": 0},
    "acrostic": {"acrostic": "SING", "rhyme": "X", "syllables": 7, "max_copy": 0},
    "refrain": {"refrain": "Carry me home", "rhyme": "X", "syllables": 7, "max_copy": 0, "allow": True},
    "given": {
        "max_copy": 0,
        "sections": [{"name": "verse", "text": ["The river was open", "", "..."], "syllables": 6}],
    },
}
TEMPERED = {"plain": {}, "cold": {"temperature": 0.4}, "bold": {"temperature": 1.3, "min_p": 0, "top_p": 0.9},
            "repeating": {"repetition": 0, "top_k": 5}}  # fmt: skip


@cache
def model(name: str = "") -> Any:
    return lyricist.load(GOLDEN / name if name else None)


def free(run: str) -> Iterator[tuple[str, Case]]:
    whole = "features" in run or "run" in run
    for name, fields in FREE.items():
        if "form" in fields and not whole and run == "whitespace-1":
            continue
        for manner, drawing in TEMPERED.items():
            yield f"{run} {name} {manner}", partial(written, run, fields, drawing, seed=len(name))


def small() -> Iterator[tuple[str, Case]]:
    for run in ("run-1", "char-1", "whitespace-1"):
        yield from free(run)
        yield f"{run} batch of 70", partial(batch, run, {}, 70)
    for name, fields in FORWARD.items():
        yield f"run-1 exact {name}", partial(written, "run-1", fields, seed=5)
    plans = dict([*measured(), *worded(), *sectioned()])
    for number, (name, fields) in enumerate(plans.items()):
        if number % 3 == 0:
            yield f"features-1 {name}", partial(written, "features-1", {**fields, "max_copy": 3}, seed=number)


# -- how a case is written


def line_of(line: Fields) -> Any:
    """A line as it is recorded: its text, or [text, readings, stress, rhyme]."""
    if line["reading"] is None:
        return line["text"]
    return [line["text"], " | ".join(line["reading"]), line["stress"], line["rhyme"]]


def record(song: Any) -> Fields:
    made = song.to_json()
    sections = [{s["name"]: [line_of(line) for line in s["lines"]]} for s in made.pop("sections")]
    nll = round(made.pop("nll_per_word"), 4)
    score = {name: round(value, 4) for name, value in made.pop("score", {}).items()}
    kept = {**made, "nll": nll, "copied": song.copied, "unmet": song.unmet}
    return {**kept, **({"score": score} if score else {}), "sections": sections}


def refused(error: lyricist.LyricistError) -> Fields:
    return {"refused": type(error).__name__, "code": error.exit_code, "message": str(error)}


def written(
    run: str, fields: Fields, drawing: Fields | None = None, *, seed: int = 1, count: int = 1, **further: Any
) -> Any:
    """Songs of a plan, or how it is refused."""
    try:
        songs = model(run).write(Plan(**fields), Drawing(**drawing or {}), seed=seed, count=count, **further)
    except lyricist.LyricistError as error:
        return refused(error)
    found = [record(song) for song in songs]
    if further.get("explain"):
        found[0]["choices"] = [choice_of(choice) for choice in songs[0].choices]
    return found[0] if count == 1 else found


def choice_of(choice: Any) -> list[Any]:
    beside = [[c.word, round(c.p, 4), round(c.drawn_p, 4), c.forbidden] for c in choice.candidates[:3]]
    return [choice.line, choice.word, round(choice.mass, 4), *beside]


def batch(run: str, fields: Fields, count: int, drawing: Fields | None = None) -> list[str]:
    """Many songs at once, in short: the title and a digest of the rest."""
    songs = written(run, fields, drawing, seed=1000, count=count)
    if isinstance(songs, dict):
        return [json.dumps(songs)]
    return [f"{s['seed']} {hashlib.sha256(json.dumps(s).encode()).hexdigest()[:16]} {s['title']}" for s in songs]


def streamed(run: str, fields: Fields, count: int) -> list[str]:
    """Lines and songs in the order in which they come, as `lyricist.write` gives them."""
    events = lyricist.write(model(run), Plan(**fields), seed=3, count=count)
    return [
        f"{e.seed} {e.title!r}" if hasattr(e, "sections") else f"{e.seed} {e.opens} {e.first} {e.text}"
        for e in events
    ]


def best(run: str, fields: Fields, of: int) -> Fields:
    return record(model(run).best(Plan(**fields), seed=1, of=of))


# -- constraints, conditions and models of one's own


class NoAlliteration:
    """No word begins with the letter that the word before it begins with."""

    def start(self) -> str:
        return ""

    def step(self, state: str, word: str) -> str | None:
        return None if word[0] == state else word[0]

    def final(self, state: str) -> bool:
        return True


class EvenWords:
    """The line has an even number of words."""

    def start(self) -> bool:
        return True

    def step(self, state: bool, word: str) -> bool:
        return not state

    def final(self, state: bool) -> bool:
        return state


WORDS = (
    "the a my and on in to of sea me river shiver light night went came left ran over never again alone tree day way"
)
KNOWN = ["<unk>", "<song>", "<line>", "<verse>", "<chorus>", "<bridge>", "<outro>", "<end>", *WORDS.split()]


class Hashed:
    """A step model without a network: logits by the last word and the number of steps."""

    def __init__(self, size: int, scale: float = 1.5) -> None:
        self.vocab_size = size
        self.table = (scale * np.random.default_rng(0).normal(size=(size, size))).astype(np.float32)

    def initial_state(self, batch: int) -> tuple[Any, ...]:
        return (np.zeros((1, batch, 1), dtype=np.float32),)

    def step(self, ids: Any, state: tuple[Any, ...], features: Any = None) -> tuple[Any, tuple[Any, ...]]:
        turns = state[0][0, :, 0].astype(int)
        rows = [np.roll(self.table[i], t % 7) for i, t in zip(ids, turns, strict=True)]
        return np.array(rows, dtype=np.float32).reshape(len(ids), -1), (state[0] + 1,)


def decoded(
    fields: Fields, drawing: Fields, order: str, constraints: Sequence[Any] = (), guarded: bool = False
) -> Any:
    """Songs of `decode` with the automaton of a plan over a small vocabulary."""
    known = lyricist.Vocabulary(KNOWN, order=order)  # type: ignore[arg-type]
    try:
        made = lyricist.automaton(Plan(**fields), known, constraints=constraints)
    except lyricist.LyricistError as error:
        return refused(error)
    guard = model("run-1").copy_index if guarded else None
    events = lyricist.decode(Hashed(len(known)), made, Drawing(**drawing), seeds=range(3), guard=guard)
    songs = sorted((e for e in events if hasattr(e, "ids")), key=lambda e: e.seed)
    words = [" ".join(known.tokens[i] for i in song.ids) for song in songs]
    return [[s.seed, w, round(s.nll_per_word, 4), round(s.log_form, 4)] for s, w in zip(songs, words, strict=True)]


def wrapped(fields: Fields) -> Any:
    """The same model, not bound to a plan, as a `Model`."""
    known = lyricist.Vocabulary(KNOWN)
    return [record(song) for song in lyricist.Model(Hashed(len(known)), known).write(Plan(**fields), seed=1, count=3)]


def own() -> Iterator[tuple[str, Case]]:
    verse = {"form": "verse", "syllables": "8,6", "rhyme": "ABAB"}
    for name, rules in {
        "letters": [NoAlliteration()],
        "even": [EvenWords()],
        "both": [EvenWords(), NoAlliteration()],
    }.items():
        for run in ("", "features-1"):
            yield f"constraints {name} {run}", partial(written, run, verse, seed=4, constraints=rules)
        yield (
            f"keep and {name}",
            partial(
                written, "", verse, seed=4, count=2, constraints=rules, keep=lambda words: words[0] in ("i", "you")
            ),
        )
    for run in ("", "run-1", "features-1"):
        yield f"explain {run}", partial(written, run, {"syllables": 6, "rhyme": "X", "form": "verse"}, explain=True)
        yield (
            f"explain a theme {run}",
            partial(written, run, {"about": "river", "form": "verse"}, {"particles": 4}, explain=True),
        )
    yield "keep in vain", partial(written, "", verse, {"particles": 2}, keep=lambda words: words[0] == "zebra")
    yield "stream", partial(streamed, "", {"form": "verse chorus", "lines": 2}, 3)
    yield "stream of a small run", partial(streamed, "run-1", {"form": "verse chorus", "lines": 2}, 3)
    for run in ("", "run-1", "features-1"):
        yield f"best {run}", partial(best, run, {"form": "verse", "lines": 4, "max_copy": 3}, 12)
    plans: dict[str, Fields] = {
        "metre": {"form": "verse", "syllables": "8,6", "metre": "iambic", "rhyme": "ABAB"},
        "near": {"form": "verse", "syllables": 6, "rhyme": "AABB", "rhyme_kind": "near"},
        "include": {"form": "verse chorus", "syllables": 6, "rhyme": "X", "include": "river"},
        "given": {"sections": [{"name": "verse", "text": ["The river ran", "..."], "syllables": 4}]},
        "start": {"form": "verse", "lines": 2, "syllables": 5, "start": "never", "acrostic": "NO"},
        "impossible": {"form": "verse", "rhyme": "AA", "rhyme_with": "orange"},
    }
    for order in ("forward", "backward"):
        for name, fields in plans.items():
            for drawing in ({"particles": 1}, {"particles": 6, "temperature": 1.0}):
                yield f"decode {order} {name} {drawing['particles']}", partial(decoded, fields, drawing, order)
        yield f"decode {order} rules", partial(decoded, plans["metre"], {}, order, [NoAlliteration()])
        yield f"decode {order} guarded", partial(decoded, {**plans["near"], "max_copy": 2}, {}, order, guarded=True)
    for name in ("nothing", "form", "two lines", "choruses", "changing"):
        yield f"wrapped {name}", partial(wrapped, FREE[name])
    yield "wrapped exact", partial(wrapped, plans["metre"])


# -- the command line

NOT_RECORDED = ("again: ",)  # reports that hold nothing but the call


def lines_of(text: str, folder: Path) -> list[str]:
    known = text.replace(str(GOLDEN), "GOLDEN").replace(str(folder), ".")
    return [line.rstrip() for line in known.splitlines() if not line.startswith(NOT_RECORDED)]


def call(*arguments: object, out: str | None = None) -> Fields:
    """A call of `python -m lyricist` in this process: exit code, both outputs, the file that was written."""
    folder = Path.cwd()
    streams, before = (io.StringIO(), io.StringIO()), sys.argv
    given = [str(a) for a in arguments] + (["-o", out, "--force"] if out else [])
    sys.argv = ["lyricist", *given]
    try:
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            runpy.run_module("lyricist", run_name="__main__")
        code: Any = 0
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv = before
    found = {
        "code": code,
        "out": lines_of(streams[0].getvalue(), folder),
        "err": lines_of(streams[1].getvalue(), folder),
    }
    return found if out is None or code else {**found, "file": file_of(Path(out))}


def file_of(path: Path) -> Any:
    if path.suffix in (".mid", ".kar"):
        import mido

        return [str(m) for track in mido.MidiFile(path).tracks for m in track if m.type != "control_change"]
    return path.read_text(encoding="utf-8").splitlines()


def tunes() -> Iterator[tuple[str, Case]]:
    """Words for tunes of every format, to MusicXML, MIDI, karaoke, LRC, ChordPro and text."""
    names = [name for name in files() if name.endswith((".abc", ".mid", ".musicxml"))]
    for number, name in enumerate(names):
        yield f"plan {name}", partial(call, "plan", name, "--json")
        yield f"write {name}", partial(call, "write", "--melody", name, "--seed", number, "--json")
        yield f"check {name}", partial(call, "check", "words.txt", "--melody", name)
    write = ("write", "--melody", "hill.abc", "--seed", 5)
    for suffix in ("musicxml", "mid", "kar", "lrc", "cho", "txt", "json", "jsonl"):
        yield f"score {suffix}", partial(call, *write, out=f"hill.{suffix}")
        yield f"waltz {suffix}", partial(call, *write, "--melody", "waltz.mid", "--verses", 2, out=f"waltz.{suffix}")
    for name, asked in {
        "theme": ("--about", "river, night"), "verses": ("--verses", 3), "phrases": ("--phrases", "5"),
        "rhyme": ("--rhyme", "AA"), "include": ("--include", "river"), "acrostic": ("--acrostic", "OH"),
        "fill": ("--fill", "fill-tune.txt"), "near": ("--rhyme-kind", "near", "--rhyme-with", "day"),
        "track": ("--track", 1), "best": ("--best-of", 4), "clash": ("--syllables", 8), "no track": ("--track", 9),
        "two": ("--count", 2), "explain": ("--explain",),
    }.items():  # fmt: skip
        yield f"tune and {name}", partial(call, *write, *asked)
    yield "tune and a small run", partial(call, *write, "-m", GOLDEN / "features-1", "--max-copy", 0)
    for number, (name, asked) in enumerate(CLASSIC.items()):
        run = ("write", "-m", GOLDEN / "classic-1", "--melody", "waltz.mid", "--seed", number)
        yield f"classic {name}", partial(call, *run, *asked)


CLASSIC: dict[str, tuple[object, ...]] = {
    "plain": (),
    "form": ("--form", "verse chorus verse chorus", "--lines", 2),
    "start": ("--start", "river"),
    "cold": ("--temperature", 0.3),
    "json": ("--json", "--count", 3),
    "title": ("--title", "Rain"),
    "explain": ("--explain", "--lines", 1),
    "changing": ("--form", "chorus chorus", "--no-keep-chorus"),
    "syllables": ("--syllables", 8),
    "unknown": ("--start", "zebra"),
}


def texts() -> Iterator[tuple[str, Case]]:
    """Songs like others, drafts, plan files, batches and reports of the command line; the reading of texts."""
    for number, name in enumerate(("ballad", "song", "free", "bundled-1", "bundled-2", "bundled-3")):
        like = ("--like", f"{name}.txt", "--seed", number)
        yield f"like {name}", partial(call, "write", *like, "--json")
        yield (
            f"like {name} by a small run",
            partial(call, "write", "-m", GOLDEN / "features-1", *like, "--max-copy", 0),
        )
        yield f"plan like {name}", partial(call, "plan", "--like", f"{name}.txt", out="like.toml")
        yield f"check {name}", partial(call, "check", f"{name}.txt")
        yield (
            f"check {name} against itself",
            partial(call, "check", f"{name}.txt", "--against", f"{name}.txt", "--json"),
        )
    for name, asked in {
        "theme": ("--about", "sea"), "rhyme": ("--rhyme", "AABB"), "metre": ("--metre", "iambic"),
        "near": ("--rhyme-kind", "near"), "refrain": ("--refrain", "Carry me home"), "form": ("--form", "verse"),
        "explain": ("--explain",),
    }.items():  # fmt: skip
        yield f"like and {name}", partial(call, "write", "--like", "ballad.txt", *asked, "--seed", 2)
    for name, asked in {
        "plain": (), "metre": ("--syllables", "8,6", "--metre", "iambic", "--allow"), "theme": ("--about", "river"),
        "strict": ("--syllables", "3"), "json": ("--json", "--rhyme", "ABAB AA"), "best": ("--best-of", 3),
        "small": ("-m", GOLDEN / "features-1", "--max-copy", 0), "like": ("--like", "song.txt"),
    }.items():  # fmt: skip
        yield f"fill and {name}", partial(call, "write", "--fill", "fill.txt", *asked, "--seed", 3)
    yield "fill a whole song", partial(call, "write", "--fill", "fill-song.txt", "--seed", 1)
    yield "plan a draft", partial(call, "plan", "--fill", "fill.txt", "-m", GOLDEN / "features-1", out="fill.toml")
    yield "plan file", partial(call, "write", "--plan", "limerick.toml", "--seed", 4, "--explain")
    yield "plan file, theme", partial(call, "write", "--plan", "sections.toml", "--about", "night", "--seed", 4)
    yield "plan of a file", partial(call, "plan", "--plan", "sections.toml", "--json")
    yield "own words", partial(call, "write", "--lexicon", "words.lex", "--include", "lyricist", "--seed", 1)
    write = ("write", "--seed", 9)
    for name, given in {
        "nothing": (), "about": ("--about", "river, night"), "unknown theme": ("--about", "river, blorptide"),
        "two": ("--count", 2, "--form", "verse"), "jsonl": ("--count", 3, "--jsonl", "--form", "chorus"),
        "many": ("--count", 120, "--form", "verse", "--lines", 2), "best": ("--best-of", 8, "--form", "verse"),
        "best of many": ("--best-of", 30, "--form", "verse", "--lines", 2), "explain": ("--explain", "--form", "verse"),
        "drawing": ("--temperature", 1.2, "--top-k", 9, "--top-p", 0.8, "--min-p", 0.01, "--particles", 3),
        "hook": ("--hook", "--rhyme", "AABB"), "no hook": ("--no-hook",), "short": ("--lines", 2, "--syllables", 5),
    }.items():  # fmt: skip
        yield f"write {name}", partial(call, *write, *given)
        for run in ("run-1", "char-1") if name in ("nothing", "jsonl", "explain", "best") else ():
            yield f"write {name} by {run}", partial(call, *write, *given, "-m", GOLDEN / run)
    for word in ("river", "orange", "love", "blorptide"):
        yield f"rhymes {word}", partial(call, "rhymes", word)
        yield f"rhymes {word} json", partial(call, "rhymes", word, "--kind", "near", "--limit", 5, "--json")
    yield "rhymes of a run", partial(call, "rhymes", "night", "-m", GOLDEN / "features-1", "--syllables", 1)
    for name, asked in {"plan": ("--syllables", "8,6", "--metre", "iambic", "--rhyme", "ABAB"), "like": ("--like", "song.txt"),
                        "file": ("--plan", "limerick.toml"), "words": ("--include", "zebra", "--avoid", "river")}.items():  # fmt: skip
        yield f"check against {name}", partial(call, "check", "ballad.txt", *asked, "--strict")
    yield "evaluate", partial(call, "evaluate", GOLDEN / "run-1", "ballad.txt", "--songs", 5, "--json")


# -- refusals

REFUSED: dict[str, Fields] = {
    "no rhyme": {"form": "verse", "rhyme": "AABB", "rhyme_with": "orange"},
    "avoided": {"avoid": "sea", "include": "sea"},
    "syllable short": {"syllables": 1, "include": "tomorrow"},
    "metre and word": {
        "metre": "iambic",
        "syllables": 4,
        "include": "heavenly, wonderful, beautiful",
        "form": "verse",
        "lines": 1,
    },
    "letters": {"acrostic": "XXXX", "syllables": 1, "metre": "x", "rhyme": "AAAA"},
    "given breaks metre": {"metre": "iambic", "sections": [{"name": "verse", "text": ["Over and over"]}]},
    "given breaks rhyme": {"rhyme": "AA", "sections": [{"name": "verse", "text": ["The sea", "The dog"]}]},
    "refrain too long": {"refrain": "Carry me home again tonight", "syllables": 4},
    "start against letter": {"start": "rain", "acrostic": "ABC"},
    "chorus of two lengths": {"form": "verse chorus verse chorus", "lines": (2, 4, 2, 6), "syllables": 6},
    "syllables against metre": {"syllables": 7, "metre": "x/x/x/"},
    "too many letters": {"acrostic": "ABCDEFGHIJKL", "form": "verse", "lines": 2},
    "no such letter": {"acrostic": "X", "syllables": 1, "form": "verse", "rhyme_with": "sea"},
    "no words left": {"syllables": 12, "metre": "/" * 12, "form": "verse"},
    "rhyme and start": {
        "form": "verse",
        "lines": 1,
        "rhyme": "A",
        "rhyme_with": "sea",
        "syllables": 1,
        "start": "day",
    },
    "no section": {"form": "solo"},
    "no metre": {"metre": "iambik"},
    "no field": {"sylables": 8},
    "no number": {"syllables": "8,x"},
    "too many words kept": {"sections": [{"name": "verse", "lines": 1, "text": ["a", "b"]}]},
}
BAD_CALLS: dict[str, tuple[object, ...]] = {
    "rhyme": ("write", "--rhyme", "AABB", "--rhyme-with", "orange", "--form", "verse"),
    "plan": ("plan", "--rhyme", "AABB", "--rhyme-with", "orange", "-m", GOLDEN / "features-1"),
    "no option": ("write", "--rhime", "ABAB"),
    "no command": ("wirte",),
    "no run": ("write", "-m", "nowhere"),
    "count": ("write", "--count", 0),
    "clash": ("write", "--json", "--jsonl"),
    "best": ("write", "--best-of", 3, "--count", 3),
    "seed": ("write", "--seed", -1),
    "like and fill": ("write", "--like", "song.txt", "--plan", "limerick.toml"),
    "like and form": ("write", "--like", "song.txt", "--form", "verse"),
    "characters": ("write", "-m", GOLDEN / "char-1", "--syllables", 8),
    "no tune": ("write", "--melody", "words.txt"),
    "no file": ("write", "--fill", "nowhere.txt"),
    "classic": ("write", "-m", GOLDEN / "classic-1"),
    "suffix": ("write", "-o", "song.musicxml"),
    "temperature": ("write", "--temperature", 0),
}


def refusals() -> Iterator[tuple[str, Case]]:
    for name, fields in REFUSED.items():
        for run in ("", "run-1", "features-1"):
            yield f"{name} {run}", partial(written, run, fields)
    for name, arguments in BAD_CALLS.items():
        yield f"call {name}", partial(call, *arguments)


# -- help

COMMANDS = (
    "", "demo", "prepare", "train", "write", "plan", "evaluate", "check", "rhymes", "export", "exercise", "sweep", "studio",
)  # fmt: skip


def helps() -> Iterator[tuple[str, Case]]:
    for command in COMMANDS:
        yield command or "lyricist", partial(call, *command.split(), "--help")


# -- all of it


def plans(found: Callable[[], Iterator[tuple[str, Fields]]]) -> Iterator[tuple[str, Case]]:
    for number, (name, fields) in enumerate(found()):
        drawing = {"particles": 32} if number % 5 == 0 else {}
        yield name, partial(written, "", fields, drawing, seed=number)


def drawn() -> Iterator[tuple[str, Case]]:
    plan = {"about": "river, night", "form": "verse chorus"}
    for number, (name, drawing) in enumerate(drawings()):
        yield name, partial(written, "", plan, drawing, seed=number)
    verse = {"form": "verse", "syllables": "8,6", "rhyme": "ABAB"}
    for particles in (1, 2, 8):
        yield f"batch of 64, {particles}", partial(batch, "", verse, 64, {"particles": particles})
    yield "batch of 64 in metre", partial(batch, "", {**verse, "metre": "iambic", "about": "sea"}, 64)
    yield "batch of 64 by a small run", partial(batch, "features-1", verse, 64)
    yield "three by hand", partial(written, "", verse, seed=1062, count=3)


GROUPS: dict[str, Callable[[], Iterator[tuple[str, Case]]]] = {
    "measured": lambda: plans(measured),
    "worded": lambda: plans(worded),
    "sectioned": lambda: plans(sectioned),
    "drawn": drawn,
    "small": small,
    "own": own,
    "tunes": tunes,
    "texts": texts,
    "refusals": refusals,
    "help": helps,
}


def made(group: str) -> dict[str, Any]:
    """Every case of a group, written in the present folder."""
    os.environ.update(COLUMNS="100", TERMINAL_WIDTH="100", NO_COLOR="1", TERM="dumb")
    for name, content in files().items():
        Path(name).write_bytes(content)
    cases = list(GROUPS[group]())
    assert len(dict(cases)) == len(cases), "two cases of one name"
    return {name: case() for name, case in cases}
