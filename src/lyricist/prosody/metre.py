"""Metre: templates of slots, the rule that words obey in them, and the function words.

A template has one slot per syllable: `x` weak, `/` strong, `?` any; a word must end before `|` (a rest divides no
word). Inside the program a slot after `|` is one letter: `X`, `!` and `*` are `x`, `/` and `?` that begin a word.
The rule is about words of two syllables or more; words of one syllable fit every slot, because the line sets their
stress (Kiparsky 1977, "The rhythmic structure of English verse", Linguistic Inquiry 8: only the stress of
polysyllables is checked against the metre).
"""

from __future__ import annotations

import re

from lyricist.errors import InputError

# One row per metre: its foot, and whether whole feet are counted from the line's end instead of its start.
METRES: dict[str, tuple[str, bool]] = {
    "iambic": ("x/", False),
    "trochaic": ("/x", False),
    "dactylic": ("/xx", False),
    "anapestic": ("xx/", True),
}
SLOTS = frozenset("x/?")
BEGINNING = {"x": "X", "/": "!", "?": "*"}  # slots at which a word must begin
MIDDLE = 3  # half syllables, at most, between the middle of a line and the end of the word at its middle
BEGINS = frozenset(BEGINNING.values())
KINDS = str.maketrans({begins: slot for slot, begins in BEGINNING.items()})

# Grammatical words of one syllable. Words of the functional categories have a strong and a weak form (Selkirk
# 1984, "Phonology and Syntax", ch. 7; 1996, "The prosodic structure of function words"), so a line may stress
# them or not. Nouns, verbs, adjectives, adverbs (now, here, just) and words that stand alone (yes, oh) are lexical,
# however common, and are not among them. Of particles that are both (down, out) the preposition counts.
FUNCTION_TABLE = {
    "articles and determiners": "a an the th' this that these those some each all both such no what which whose",
    "pronouns": """
        i me my mine you your yours he him his she her hers it its we us our ours they them their theirs who whom
        thou thee thy thine ye 'em em ya yer
    """,
    "prepositions": """
        at by down for from in like near of off on out past per round since than through thro thro' thru till to
        toward up with o'er o' i' t' wi' 'til til 'round 'neath neath 'mid mid 'mong mong 'gainst gainst 'twixt
        twixt 'tween tween 'bout bout fore 'fore ere
    """,
    "conjunctions": """
        and an' 'n 'n' n' n as but if lest nor or so that though tho tho' till when where while whilst yet
        'cause cause 'cos cos 'coz coz
    """,
    "auxiliaries": """
        am are art be been is was were wast wert do did does dost doth didst have has had hast hath hadst can
        could couldst may mayst may'st might must shall shalt should shouldst will wilt would wouldst canst let
        can't don't won't ain't aren't weren't shan't
    """,
    "contractions": """
        i'm i'll i'd i've you're you'll you'd you've he's he'll he'd she's she'll she'd it's we're we'll
        we'd we've they're they'll they'd they've that's there's there'd who's who'll who'd what's
        where's when's how's here's let's thou'rt thou'lt thou'st thou'dst thou's ye'll ye're ye've i'se we'se
        'tis tis 'twas twas 'twere twere 'twill twill 'twould twould y'all
    """,
    "particles": "not to there then",
    "scots": "frae tae nae an sae ae gin hae maun yon",
}
FUNCTION_WORDS: frozenset[str] = frozenset(word for row in FUNCTION_TABLE.values() for word in row.split())


def fits(stress: str, template: str, *, free: bool) -> bool:
    """Whether the stress digits of one word may be on these slots of a template.

    `free` applies the rule alone; without it a word of one syllable may not stand on a weak slot either, which the
    writer demands of lexical words (use `free=True` for those in `FUNCTION_WORDS`). Strings of unequal length do not
    fit.

    >>> fits("10", "/x", free=True), fits("10", "x/", free=True)
    (True, False)
    >>> fits("100", "/x/", free=True), fits("10", "//", free=True)
    (True, False)
    >>> fits("1", "x", free=True), fits("1", "x", free=False)
    (True, False)
    >>> fits("10", "!x", free=True), fits("10", "/X", free=True)
    (True, False)
    """
    if len(stress) != len(template) or not BEGINS.isdisjoint(template[1:]):
        return False
    template = template.translate(KINDS)
    if len(stress) == 1:
        return free or template != "x"
    return not any(breaks(stress, i, slot) for i, slot in enumerate(template))


def breaks(stress: str, i: int, slot: str) -> bool:
    """Whether syllable `i` of a polysyllable breaks the rule on `slot`.

    A syllable with main stress may not be on a weak slot. An unstressed syllable may not be on a strong slot beside a
    stressed syllable of its word: -ing in loving may not, the end of memory may.
    """
    if slot == "x":
        return stress[i] == "1"
    if slot == "/" and stress[i] == "0":
        return any(digit in "12" for digit in (*stress[max(i - 1, 0) : i], *stress[i + 1 : i + 2]))
    return False


def middles(slots: str) -> list[int]:
    """After how many syllables the middle of a line may be: first where the slot is as strong as the line's last, of
    these first the nearest to half.

    >>> middles("x/x/x/x/"), middles("x/x/x/"), middles("???????")
    ([4, 5, 3], [4, 2, 3], [4, 3, 5, 2])
    """
    n, plain = len(slots), slots.translate(KINDS)
    near = [m for m in range(1, n) if abs(2 * m - n) <= MIDDLE]
    return sorted(near, key=lambda m: (plain[m - 1] != plain[-1], abs(2 * m - n), -m))


def slots_of(pattern: str) -> str:
    """A pattern with `|` as one letter for each slot.

    >>> slots_of("x/|x/"), slots_of("/x")
    ('x/X/', '/x')
    """
    return re.sub(r"\|+(.)", lambda found: BEGINNING.get(found[1], found[1]), pattern).rstrip("|")


def pattern_of(slots: str) -> str:
    """A line's slots in the notation for people; the inverse of `slots_of`.

    >>> pattern_of("x/X/")
    'x/|x/'
    """
    return re.sub("[X!*]", lambda found: "|" + found[0].translate(KINDS), slots)


def template(name: str, syllables: int) -> str:
    """The slots of a line: a metre by name, or a pattern over `x`, `/` and `?`, repeated and cut.

    A pattern shorter than the line is repeated from its start, a longer one is cut. Raises `InputError` for an
    unknown name and for fewer than one syllable.

    >>> template("iambic", 8), template("trochaic", 7), template("dactylic", 5)
    ('x/x/x/x/', '/x/x/x/', '/xx/x')
    >>> template("anapestic", 8), template("x/?", 5)
    ('x/xx/xx/', 'x/?x/')
    """
    if syllables < 1:
        raise InputError(f"a line of {syllables} syllables cannot have a metre: ask for 1 or more")
    foot, from_end = METRES.get(name, (name, False))
    if not foot or not SLOTS.issuperset(foot):
        raise InputError(f"metre {name!r} is unknown: use {', '.join(METRES)}, or a pattern of x, / and ?")
    slots = foot * (syllables // len(foot) + 1)
    return slots[-syllables:] if from_end else slots[:syllables]
