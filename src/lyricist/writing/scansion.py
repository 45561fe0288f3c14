"""The readings a written song commits to: per line one reading a word, such that slots and rhymes hold together."""

from __future__ import annotations

from collections.abc import Sequence

from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.metre import fits
from lyricist.prosody.phones import Reading
from lyricist.prosody.rhyme import key
from lyricist.prosody.scan import Scansion, scan_line
from lyricist.writing.layout import GroupSpec, Layout, LineSpec


class Usual:
    """Lines read with the usual reading of every word; what is known of a word is kept."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.known: dict[str, tuple[Reading, str, str]] = {}

    def word(self, word: str) -> tuple[Reading, str, str]:
        """Its usual reading, stress digits and rhyme."""
        if word not in self.known:
            reading = self.lexicon.readings(word)[0]
            self.known[word] = (reading, reading.stress, reading.tail)
        return self.known[word]

    def line(self, words: Sequence[str]) -> Scansion:
        found = [self.word(w) for w in words]
        stress = "".join(s for _, s, _ in found)
        return Scansion(tuple(r for r, _, _ in found), len(stress), stress, found[-1][2])


def scan_song(lines: Sequence[Sequence[str]], layout: Layout, lexicon: Lexicon) -> list[Scansion]:
    """One scansion for each line of a song that was written to a layout."""
    out = [scan_to(words, spec, lexicon) for words, spec in zip(lines, layout.lines, strict=True)]
    for g, group in enumerate(layout.groups):
        members = [i for i, spec in enumerate(layout.lines) if spec.group == g]
        rhymed = scan_group([lines[i] for i in members], [layout.lines[i] for i in members], group, lexicon)
        for i, scansion in zip(members, rhymed, strict=False):
            out[i] = scansion
    return out


def scan_to(words: Sequence[str], spec: LineSpec, lexicon: Lexicon, level: str = "", cls: str = "") -> Scansion:
    """A line read so that one of its templates holds and, if a class is given, its end is of that class."""

    def ends_so(reading: Reading) -> bool:
        return key(reading, level) == cls  # type: ignore[arg-type]

    first = None
    for template in spec.templates:
        made = scan_line(words, lexicon, template, len(template), ends_so if cls else None)
        first = first or made
        rhymes = not cls or ends_so(made.readings[-1])
        if rhymes and made.syllables == len(template) and lawful(words, made, template):
            return made
    assert first is not None
    return first


def scan_group(
    lines: Sequence[Sequence[str]], specs: Sequence[LineSpec], group: GroupSpec, lexicon: Lexicon
) -> list[Scansion]:
    """The lines of a group read so that they rhyme; [] if no class holds for all (given lines may break a plan)."""
    ends = [words[-1] for words in lines] + [group.with_word] * bool(group.with_word)
    for level in ("perfect",) if group.kind == "perfect" else ("perfect", "family", "assonance"):
        for cls in shared_classes(ends, level, lexicon):
            made = [scan_to(words, spec, lexicon, level, cls) for words, spec in zip(lines, specs, strict=True)]
            if all(key(m.readings[-1], level) == cls for m in made):  # type: ignore[arg-type]
                return made
    return []


def shared_classes(ends: Sequence[str], level: str, lexicon: Lexicon) -> list[str]:
    """Classes that some reading of every last word has, the first word's usual one first."""
    keys = [[key(r, level) for r in lexicon.readings(word) if r.syllables] for word in ends]  # type: ignore[arg-type]
    return [k for k in dict.fromkeys(keys[0]) if all(k in other for other in keys[1:])] if keys else []


def lawful(words: Sequence[str], made: Scansion, template: str) -> bool:
    """Whether a scansion keeps the law of metre."""
    at = 0
    for _, reading in zip(words, made.readings, strict=True):
        if not fits(reading.stress, template[at : at + reading.syllables], free=True):
            return False
        at += reading.syllables
    return True
