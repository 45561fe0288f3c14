"""Plans to begin with, one a kind of song."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    name: str
    label: str
    about: str
    plan: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def section(
    name: str, syllables: list[int], rhyme: str, metre: str, again: list[int] | None = None
) -> dict[str, Any]:
    made = {"name": name, "lines": len(syllables), "syllables": syllables, "metre": [metre], "rhyme": rhyme}
    return made if again is None else {**made, "again": again}


PRESETS = (
    Preset(
        "hymn",
        "Hymn",
        "Common metre: four verses of eight and six syllables, iambic, every other line rhyming",
        {"form": ["verse"] * 4, "lines": [4], "syllables": [8, 6], "metre": ["iambic"], "rhyme": ["ABAB"]},
    ),
    Preset(
        "ballad",
        "Ballad",
        "A story in quatrains with a refrain: only the second and the fourth line rhyme",
        {
            "sections": [
                section("verse", [8, 6, 8, 6], "XAXA", "iambic"),
                section("refrain", [8, 6, 8, 6], "XAXA", "iambic"),
                section("verse", [8, 6, 8, 6], "XAXA", "iambic"),
                section("refrain", [8, 6, 8, 6], "XAXA", "iambic"),
            ],
        },
    ),
    Preset(
        "pop",
        "Pop song",
        "Verse, pre-chorus and a chorus whose first line comes back; a bridge before the last chorus",
        {
            "form": ["verse", "prechorus", "chorus", "verse", "prechorus", "chorus", "bridge", "chorus"],
            "lines": [4, 2, 4, 4, 2, 4, 4, 4],
            "syllables": [8],
            "metre": ["iambic"],
            "rhyme": ["ABAB", "AA", "AABA", "ABAB", "AA", "AABA", "AABB", "AABA"],
            "rhyme_kind": "near",
            "hook": True,
        },
    ),
    Preset(
        "blues",
        "Blues",
        "Four verses of three long lines: the first is sung twice, the third answers it and rhymes",
        {"sections": [section("verse", [10] * 3, "AAA", "iambic", again=[0, 3 * k + 1, 0]) for k in range(4)]},
    ),
    Preset(
        "villanelle",
        "Villanelle",
        "Nineteen lines on two rhymes; the first and the third come back by turns, and both of them end it",
        {
            "sections": [
                section(
                    "verse",
                    [10] * 19,
                    "ABA" * 5 + "ABAA",
                    "iambic",
                    again=[0, 0, 0, 0, 0, 1, 0, 0, 3, 0, 0, 1, 0, 0, 3, 0, 0, 1, 3],
                ),
            ],
        },
    ),
    Preset(
        "limerick",
        "Limerick",
        "Five lines that trip along: two long, two short, one long",
        {
            "form": ["verse"],
            "lines": [5],
            "syllables": [8, 8, 5, 5, 8],
            "metre": ["x/xx/xx/", "x/xx/xx/", "x/xx/", "x/xx/", "x/xx/xx/"],
            "rhyme": ["AABBA"],
        },
    ),
    Preset(
        "rap",
        "Rap",
        "Long couplets in near rhyme, eight to a verse, and a hook",
        {
            "form": ["verse", "hook", "verse", "hook"],
            "lines": [8, 4],
            "syllables": [12],
            "rhyme": ["AABBCCDD", "AAAA"],
            "rhyme_kind": "near",
        },
    ),
)
