"""Plans that cannot be fulfilled, each with one known blocker and the words its refusal must contain.

Each maker takes a world and a generator and gives keywords of `lyricist.Plan`, or None where the vocabulary
does not lend itself. `WORDS` says, per blocker, which words a refusal must hold: one of every tuple; names of
the plan's own words are added by the maker under "blocker".
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from oracle.plan_form import metre_slots
from oracle.sound import bare, may_stand, stress_of, tail_of
from oracle.texts import NAMES
from oracle.world import FUNCTION, World

UNRHYMED = (
    "orange",
    "silver",
    "month",
    "wolf",
    "bulb",
    "ninth",
    "twelfth",
    "gulf",
    "depth",
    "film",
    "angst",
    "chaos",
)
SIZES = (5, 6, 7, 8, 9, 10)


@dataclass
class Blocked:
    """`names`: one of each tuple must occur in the refusal."""

    plan: dict[str, Any]
    names: list[tuple[str, ...]]


def base(rng: random.Random, **more: Any) -> dict[str, Any]:
    """A small plan that is feasible in itself."""
    plan = {"form": ["verse"], "lines": [4], "syllables": [rng.choice(SIZES)], "clean": False, "max_copy": 5}
    return plan | more


def words_by_tail(world: World) -> dict[str, set[str]]:
    """Tail -> words of the vocabulary that can sound so."""
    found: dict[str, set[str]] = defaultdict(set)
    for word, readings in world.heard.items():
        for reading in readings:
            found[tail_of(reading)].add(word)
    return found


def sound_alike(world: World, a: str, b: str) -> bool:
    one, two = ({bare(r) for r in {*world.dictionary.get(w, ()), *world.lexicon(w)}} for w in (a, b))
    return a == b or bool(one & two)


def no_rhyme(world: World, rng: random.Random) -> Blocked | None:
    """A word to rhyme with that has no rhyme in the vocabulary."""
    tails = words_by_tail(world)
    for _ in range(200):
        word = rng.choice(UNRHYMED) if rng.random() < 0.5 else rng.choice(world.vocabulary)
        readings = {*world.dictionary.get(word, ()), *world.lexicon(word)}
        rhymes = {w for r in readings for w in tails.get(tail_of(r), ()) if not sound_alike(world, w, word)}
        if readings and not rhymes and len(word) > 2:
            return Blocked(base(rng, rhyme=["ABAB"], rhyme_with=word), [("rhyme",), (word,)])
    return None


def too_many_keywords(world: World, rng: random.Random) -> Blocked | None:
    """Keywords with more syllables than the song has slots."""
    n, count = rng.randint(2, 4), rng.randint(1, 2)
    include: list[str] = []
    pool = [w for w in world.vocabulary if len(w) > 3 and min(len(stress_of(r)) for r in world.heard[w])]
    while sum(min(len(stress_of(r)) for r in world.heard[w]) for w in include) <= n * count:
        include.append(rng.choice([w for w in rng.sample(pool, 50) if w not in include]))
    names = [("include", "keyword", *include), ("syllable", "slot", "room", "fit", "place")]
    return Blocked(base(rng, lines=[count], syllables=[n], include=include), names)


def avoided_keyword(world: World, rng: random.Random) -> Blocked | None:
    words = rng.sample([w for w in world.vocabulary if len(w) > 2], 5)
    return Blocked(
        base(rng, include=words[:2], avoid=[words[1], *words[2:]]), [("include",), ("avoid",), (words[1],)]
    )


def letter_without_words(world: World, rng: random.Random) -> Blocked | None:
    """An initial that begins no word left in the vocabulary."""
    by_letter: dict[str, list[str]] = defaultdict(list)
    for word in world.all_words:
        letter = next((c for c in word if c.isalpha()), "")
        if "a" <= letter <= "z":
            by_letter[letter].append(word)
    rare = [c for c in "abcdefghijklmnopqrstuvwxyz" if len(by_letter[c]) < 60]
    if not rare:
        return None
    letter = rng.choice(rare)
    others = [rng.choice("stw") for _ in range(4)]
    others[rng.randrange(4)] = letter
    return Blocked(base(rng, acrostic="".join(others), avoid=by_letter[letter]), [("acrostic", "letter"), (letter,)])


def unmistakable(world: World) -> dict[str, tuple[str, str]]:
    """(stress, tail) of the words that have one only."""
    told = {w: {(stress_of(r), tail_of(r)) for r in world.heard[w]} for w in world.vocabulary}
    return {w: next(iter(ways)) for w, ways in told.items() if len(ways) == 1 and len(w) > 2}


def line_of(world: World, rng: random.Random, syllables: int, end: str | None = None) -> str:
    """A line of words whose syllables are unambiguous."""
    sure = unmistakable(world)
    words = [end] if end else []
    left = syllables - sum(len(sure[w][0]) for w in words)
    while left > 0:
        word = rng.choice(sorted(sure))
        if 0 < len(sure[word][0]) <= left:
            words.insert(0, word)
            left -= len(sure[word][0])
    return " ".join(words)


def unrhymed_kept(world: World, rng: random.Random) -> Blocked | None:
    """Two given lines under one letter whose ends do not rhyme."""
    sure, n = unmistakable(world), rng.choice(SIZES)
    while True:
        a, b = rng.sample(sorted(sure), 2)
        vowels = [sure[w][1].split()[0] for w in (a, b)]
        if vowels[0] != vowels[1] and max(len(sure[w][0]) for w in (a, b)) < n:
            break
    text = [line_of(world, rng, n, a), "", line_of(world, rng, n, b), ""]
    section = {"name": "verse", "lines": 4, "syllables": [n], "rhyme": "ABAB", "text": text}
    plan = {"sections": [section], "rhyme_kind": rng.choice(("perfect", "near")), "clean": False}
    return Blocked(plan, [("rhyme",), (a, text[0]), (b, text[2])])


def kept_too_long(world: World, rng: random.Random) -> Blocked | None:
    """A given line with another number of syllables than the plan asks for."""
    n = rng.choice(SIZES)
    kept = line_of(world, rng, n + rng.choice((-2, -1, 1, 2, 3)))
    text = ["", kept, "", ""] if rng.random() < 0.5 else [kept, "", "", ""]
    section = {"name": "verse", "lines": 4, "syllables": [n], "rhyme": "XAXA", "text": text}
    return Blocked({"sections": [section], "clean": False}, [("syllable",), (kept, kept.capitalize())])


def start_against_acrostic(world: World, rng: random.Random) -> Blocked | None:
    word = rng.choice([w for w in world.vocabulary if len(w) > 2])
    other = rng.choice([c for c in "abcdefghilmnoprstw" if c != word[0]])
    return Blocked(base(rng, start=word, acrostic=other + "st"), [("start", "first word"), ("acrostic",), (word,)])


def keyword_fits_nowhere(world: World, rng: random.Random) -> Blocked | None:
    """A keyword whose stress fits the metre of no line."""
    for _ in range(300):
        n, word = rng.randint(2, 6), rng.choice(world.vocabulary)
        metre = rng.choice((*NAMES, "".join(rng.choice("xx/") for _ in range(n))))
        slots = metre_slots(metre, n)
        stresses = [stress_of(r) for r in world.heard[word]]
        if not min(map(len, stresses)) or max(map(len, stresses)) > n:
            continue
        if not any(may_stand(s, slots[i : i + len(s)]) for s in stresses for i in range(n - len(s) + 1)):
            if set(slots) == {"x"}:  # no stricter rule may be in the way of the plan without its keyword
                continue
            plan = base(rng, lines=[rng.randint(1, 4)], syllables=[n], metre=[metre], include=[word])
            return Blocked(plan, [(word,), ("metre", "stress", "fit", "include", "keyword")])
    return None


def too_few_rhymes(world: World, rng: random.Random) -> Blocked | None:
    """More lines under a letter than there are rhyming words left."""
    tails = words_by_tail(world)
    rich = [t for t, words in tails.items() if 4 <= len(words) <= 200]
    for tail in rng.sample(rich, min(50, len(rich))):
        words = sorted(w for w in tails[tail] if w in world.known and w not in FUNCTION and len(w) > 2)
        models = [w for w in words if len({tail_of(r) for r in world.heard[w]}) == 1]
        if len(words) < 4 or not models:
            continue
        model = rng.choice(models)
        left = rng.sample([w for w in words if not sound_alike(world, w, model)] or words, 2)
        avoid = tails[tail] - {model, *left}
        if len(avoid) < 900:
            count = rng.randint(3, 4)
            plan = base(rng, lines=[count], rhyme=["A" * count], rhyme_with=model, avoid=sorted(avoid))
            return Blocked(plan, [("rhyme",), (model, "letter A", "group", " A")])
    return None


MAKERS: dict[str, Callable[[World, random.Random], Blocked | None]] = {
    "rhyme-with word without rhymes": no_rhyme,
    "more keyword syllables than slots": too_many_keywords,
    "keyword that is avoided": avoided_keyword,
    "acrostic letter without words": letter_without_words,
    "kept lines that do not rhyme": unrhymed_kept,
    "kept line of wrong length": kept_too_long,
    "first word against acrostic": start_against_acrostic,
    "keyword that fits no template": keyword_fits_nowhere,
    "more lines than rhymes": too_few_rhymes,
}


def blocked(world: World, rng: random.Random, number: int) -> tuple[str, Blocked]:
    """One kind of blocker after the other; where this vocabulary does not allow one, the next."""
    kinds = list(MAKERS)
    for step in range(len(kinds)):
        kind = kinds[(number + step) % len(kinds)]
        made = MAKERS[kind](world, rng)
        if made:
            return kind, made
    raise SystemExit("no blocked plan can be made of this vocabulary")
