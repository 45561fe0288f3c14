"""A plan's keywords -> what each line must be, in plain dicts: the judge's own reading of a plan.

`expand` takes the keywords of `lyricist.Plan` (sections as dicts) and gives

    {"sections": [{"name": "verse", "lines": [{"templates": ["x/x/"], "group": 0, "text": None,
                                               "initial": "", "first": "", "same_as": None, "section": 0}]}],
     "groups": [{"kind": "perfect", "with": ""}], "include": [], "avoid": [], "max_copy": 5, "same_sounds": False}

`templates`: permitted slots, empty for a given line that nothing else binds; `group`: an index into groups
or None; `text`: a given line; `same_as`: the earlier line (0-based) this one repeats. Plans that leave the
number of lines to the model have no such form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

FREE = range(4, 13)  # syllables of a line that nothing binds
USUAL = 8  # syllables of a line that only a metre's name binds
RETURNING = ("chorus", "refrain")


def metre_slots(metre: str, syllables: int) -> str:
    """The first `syllables` slots of a named metre (anapestic: the last).

    >>> [metre_slots(m, 5) for m in ("iambic", "trochaic", "dactylic", "anapestic", "x/x?x")]
    ['x/x/x', '/x/x/', '/xx/x', 'x/xx/', 'x/x?x']
    """
    if metre == "anapestic":
        return ("xx/" * syllables)[-syllables:]
    feet = {"iambic": "x/", "trochaic": "/x", "dactylic": "/xx"}
    return (feet.get(metre, metre) * syllables)[:syllables]


def is_name(metre: str) -> bool:
    return not set(metre) <= set("x/?")


def templates(syllables: int | str | None, metre: str | None) -> list[str]:
    """Permitted slots of a line.

    >>> templates(3, None), templates(None, "x/x/"), templates(4, "trochaic"), templates("2-3", "iambic")
    (['???'], ['x/x/'], ['/x/x'], ['x/', 'x/x'])
    """
    first, _, last = str(syllables or "").partition("-")
    counts = range(int(first), int(last or first) + 1) if first else None
    if metre and not is_name(metre):
        if counts is not None and len(metre) not in counts:
            raise ValueError(f"metre {metre!r} has not {syllables} slots")
        return [metre]
    if metre:
        return [metre_slots(metre, n) for n in counts or [USUAL]]
    return ["?" * n for n in (FREE if counts is None else counts)]


def cycled(values: Sequence[Any], at: int) -> Any:
    return values[at % len(values)] if values else None


def section_list(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Every section with its own values, the plan's where it has none."""
    given = plan.get("sections") or [{"name": name} for name in plan["form"]]
    made = []
    for at, section in enumerate(given):
        text = list(section.get("text") or ())
        count = section.get("lines") or cycled(plan.get("lines", ()), at) or len(text)
        if not count:
            raise ValueError(f"section {at + 1} leaves its number of lines open")
        text = [t if t not in ("", "...") else None for t in text]
        made.append(
            {
                "name": section["name"],
                "count": count,
                "text": (text + [None] * count)[:count],
                "syllables": section.get("syllables") or plan.get("syllables", ()),
                "metre": section.get("metre") or plan.get("metre", ()),
                "rhyme": section.get("rhyme") or cycled(plan.get("rhyme", ()), at) or "",
            }
        )
    return made


def add_refrain(sections: list[dict[str, Any]], refrain: str | None) -> None:
    """The refrain as last line of choruses and refrains, or of all sections where there are none."""
    if refrain:
        bearing = [s for s in sections if s["name"] in RETURNING] or sections
        for section in bearing:
            section["text"][-1] = refrain


def expand(plan: dict[str, Any]) -> dict[str, Any]:
    """See the module's docstring. ValueError where the keywords clash or leave lines open."""
    sections, groups, out = section_list(plan), [], []
    add_refrain(sections, plan.get("refrain"))
    letters = [c for c in (plan.get("acrostic") or "").lower() if c.isalpha()]
    number, returning = 0, {}
    for section in sections:
        name, begins, lines = section["name"], number, []
        home = returning.setdefault(name, begins) if name in RETURNING and plan.get("keep_chorus", True) else begins
        letter_groups: dict[tuple[int, str], int] = {}
        for i in range(section["count"]):
            lines.append(
                {
                    "templates": templates(cycled(section["syllables"], i), cycled(section["metre"], i)),
                    "group": group_of(section["rhyme"], i, letter_groups, groups, plan),
                    "text": section["text"][i],
                    "initial": letters[number] if number < len(letters) else "",
                    "first": (plan.get("start") or "") if number == 0 else "",
                    "same_as": home + i if home != begins else None,
                    "section": len(out),
                    "internal": section["text"][i] is None and i + 1 in plan.get("internal", ()),
                }
            )
            if lines[-1]["text"] and not section["syllables"] and not section["metre"]:
                lines[-1]["templates"] = []
            number += 1
        out.append({"name": name, "lines": lines})
    return {
        "sections": out,
        "groups": groups,
        "include": list(plan.get("include", ())),
        "avoid": list(plan.get("avoid", ())),
        "max_copy": plan.get("max_copy", 5),
        "same_sounds": plan.get("same_sounds", False),
        "kind": plan.get("rhyme_kind", "perfect"),
    }


def group_of(
    scheme: str, i: int, seen: dict[tuple[int, str], int], groups: list[dict[str, str]], plan: dict[str, Any]
) -> int | None:
    """The group of a section's line i; a scheme that begins again takes fresh letters."""
    if not scheme or scheme[i % len(scheme)] == "X":
        return None
    place = (i // len(scheme), scheme[i % len(scheme)])
    if place not in seen:
        word = (plan.get("rhyme_with") or "") if place == (0, "A") else ""
        seen[place] = len(groups)
        groups.append({"kind": plan.get("rhyme_kind", "perfect"), "with": word})
    return seen[place]
