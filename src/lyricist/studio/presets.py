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


def section(name: str, syllables: list[int], rhyme: str, metre: str | list[str], lines: int = 0) -> dict[str, Any]:
    metres = [metre] if isinstance(metre, str) else metre
    return {
        "name": name, "lines": lines or len(syllables), "syllables": syllables, "metre": metres, "rhyme": rhyme,
    }  # fmt: skip


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
        "Three long lines a verse, all of one rhyme; sing the first one twice if you like",
        {"form": ["verse"] * 4, "lines": [3], "syllables": [10], "metre": ["iambic"], "rhyme": ["AAA"]},
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
