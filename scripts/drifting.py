"""Lines in another person or tense, from which the judge of lines learns to keep to one person and tense."""

from __future__ import annotations

import random
from collections.abc import Sequence

# Words of one row stand for each other by person; a line changes all its words to one column, verbs stay as they are.
PERSONS = """
    you we they
    you're we're they're
    you've we've they've
    you'll we'll they'll
    you'd we'd they'd
    your our their
    yours ours theirs
"""
SPEAKERS = """
    i you we
    i've you've we've
    i'll you'll we'll
    i'd you'd we'd
    my your our
    me you us
    mine yours ours
"""
OTHERS = """
    he she
    he's she's
    he'd she'd
    he'll she'll
    his her
    him her
    himself herself
"""
TABLES = tuple([row.split() for row in table.split("\n") if row.strip()] for table in (SPEAKERS, PERSONS, OTHERS))
OF_I = frozenset(("am", "was", "i'm"))  # with these beside it, *I* cannot give way to *you*
# Verbs by what he does, what I do, and the past.
TENSES = """
    has have had  does do did  says say said  goes go went  comes come came  knows know knew  sees see saw
    takes take took  makes make made  stands stand stood  sings sing sang  runs run ran  gives give gave
    finds find found  keeps keep kept  holds hold held  leaves leave left  thinks think thought  feels feel felt
    tells tell told  hears hear heard  sits sit sat  falls fall fell  gets get got  walks walk walked
    looks look looked  turns turn turned  waits wait waited  wants want wanted  is am was  is are were
"""
VERBS = [VERB.split() for VERB in TENSES.replace("\n", "  ").split("  ") if VERB]
PAST = {present: past for one, other, past in VERBS for present in (one, other)} | {"is": "was"}
PRESENT = {past: (one, other) for one, other, past in VERBS}
PRESENT["were"] = ("are", "are")
PLURAL = frozenset(("i", "you", "we", "they"))
# A verb behind one of these has no tense of its own.
NO_TENSE = """
    to will would can could shall should may might must do does did don't doesn't didn't can't won't let i've we've
    you've they've he's she's has have had having been be
"""
FIRM = frozenset(NO_TENSE.split())


def another_person(words: Sequence[str], chance: random.Random) -> list[str] | None:
    """The line with its *I* as *you* or *we*, its *he* as *she* and so on; None if nothing can change.

    >>> another_person("he said his dog was lost".split(), random.Random(0))
    ['she', 'said', 'her', 'dog', 'was', 'lost']
    """
    tables = [rows for rows in TABLES if not (rows[0][0] == "i" and OF_I & set(words))]
    for rows in chance.sample(tables, len(tables)):
        columns = list(range(len(rows[0])))
        said = {k for row in rows for k in columns if row[k] in words}
        if said:
            old = chance.choice(sorted(said))
            new = chance.choice([k for k in columns if k != old])
            changes = {row[old]: row[new] for row in reversed(rows)}
            return [changes.get(word, word) for word in words]
    return None


def another_tense(words: Sequence[str]) -> list[str] | None:
    """The line with its verbs in the past if they are in the present, or the other way; None if it has none known.

    >>> another_tense("he comes to see the boats".split())
    ['he', 'came', 'to', 'see', 'the', 'boats']
    >>> another_tense("the morning train".split()) is None
    True
    """
    before = ["", *words]
    for table in (PAST, PRESENT):
        loose = {i for i, word in enumerate(words) if word in table and not is_firm(before[i])}
        if loose:
            return [tensed(word, before[i]) if i in loose else word for i, word in enumerate(words)]
    return None


def is_firm(word: str) -> bool:
    """Whether the verb behind a word has no tense of its own.

    >>> is_firm("you'd"), is_firm("you")
    (True, False)
    """
    return word in FIRM or word.endswith(("'d", "'ll", "n't"))


def tensed(word: str, before: str) -> str:
    """A verb in the other tense, as it is behind the word before it."""
    return PAST[word] if word in PAST else PRESENT[word][before in PLURAL]
