"""The sung part of a score, and one voice of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby, pairwise
from statistics import median

from lyricist.errors import InputError
from lyricist.melody.grid import even, played
from lyricist.melody.instruments import FIXED, LEADING, LOW, PADS, SINGING
from lyricist.melody.tune import Lyric, Note, Part, Score

BACKING = -1.0
# What a part may be called, and how much that says for or against it.
NAMES = (
    (r"vocals?|voice|voz|voix|stimme|gesang|sing(er|ing|stimme)?|canto|chant|vox|lyrics?|words|karaoke", 4.0),
    (r"melod(y|ie|ia)|mel|tune|lead(?! guitar)|solo(?! guitar)", 3.0),
    (r"sopran[oe]?|treble|descant", 2.0),
    (r"cantus|superius|choir|chorus|alto|tenor", 1.0),
    (r"back(ing|up|ground)?|harmon(y|ies)|ooh?s?|aahs?|bgv", BACKING),
    (r"guitar|gtr|piano|strings?|pad|organ|brass|horns?|chords?|arp(eggio)?|rhythm|accomp\w*|keys", -1.5),
    (r"bass|basso|drums?|perc\w*|kit|fx|effects?|click|metronome", -3.0),
)
BEHIND = 3.5  # what a singer's name loses if it is a backing singer's
LOWEST, HIGHEST = 48, 84  # C3 to C6: what singers of all kinds are given
ENOUGH = 76  # E5; a mean pitch above it is no more like a voice
SINGLE = {1: 1.0, 2: 0.6}
CHORDS = 0.5  # share of the onsets with more than one note, from which a part counts as chords
FEW = 8  # notes
LISTED = 20  # parts that an error lists
TOGETHER = Fraction(1, 32)  # quarters within which notes are struck together
BRIEF = Fraction(1, 8)  # quarters; a shorter silence is articulation, not a rest
GATE = 0.6  # share of its written length that a player or program gives a note, at least
USUAL = 0.6  # share of the notes that must be cut short alike, to be taken as written full


@dataclass(frozen=True)
class _Look:
    """What can be seen of a part without its words."""

    part: Part
    name: float  # what its name says
    single: float  # share of the onsets with one note or its octaves; two count in part (`SINGLE`)
    range: float  # share of the notes that a voice can sing
    active: float  # share of the piece's sixteenths it sounds in, less if it has fewer notes than is usual
    height: float  # mean pitch of the top line


def choose_part(score: Score, track: int | None = None) -> tuple[Part, str]:
    """The part to sing, and why; `track` is a part's number. InputError where there is no such part or no tune."""
    parts = [part for part in score.parts if part.notes]
    if track is not None:
        return _numbered(parts, track)
    tuned = [part for part in parts if not part.drums]
    if not tuned:
        what = "only drums" if parts else "no notes"
        raise InputError(f"{score.title or 'the score'}: there are {what} in it; give a file with a tune")
    part, why = _best(tuned)
    return part, why + _how(part)


def _numbered(parts: Sequence[Part], track: int) -> tuple[Part, str]:
    for part in parts:
        if part.number == track and not part.drums:
            return part, f"{_label(part)}, as asked{_how(part)}"
    wrong = "is drums" if any(part.number == track for part in parts) else "is not there"
    raise InputError(f"track {track} {wrong}; choose one of: {list_parts(parts)}")


def list_parts(parts: Iterable[Part]) -> str:
    """Number, name and size of the parts that can be sung, in one line.

    >>> list_parts([Part("Melody", (Note(Fraction(0), Fraction(1), 60),), 2)])
    '2 Melody (1 note)'
    """
    tuned = [part for part in parts if part.notes and not part.drums]
    said = [f"{part.number} {part.name} ({len(part.notes)} note{'s' * (len(part.notes) > 1)})" for part in tuned]
    more = [f"and {len(said) - LISTED} more"] if len(said) > LISTED else []
    return ", ".join(said[:LISTED] + more) or "there is none"


def _best(parts: Sequence[Part]) -> tuple[Part, str]:
    worded = [part for part in parts if part.words]
    if worded:
        most = max(part.words for part in worded)
        full = [part for part in worded if part.words >= 0.8 * most]  # of several singers, the one that leads
        part = _leader(full)[0] if len(full) > 1 else full[0]
        return part, f"{_label(part)}: it has words under {part.words} of its {len(part.notes)} notes"
    if len(parts) == 1:
        return parts[0], f"{_label(parts[0])}: the only part"
    return _leader(parts)


def _leader(parts: Sequence[Part]) -> tuple[Part, str]:
    last = max(part.notes[-1].end for part in parts)
    groups = [[list(group) for _, group in groupby(part.notes, key=lambda note: note.onset)] for part in parts]
    usual = median(len(each) for each in groups)
    looks = [_look(part, each, last, usual) for part, each in zip(parts, groups, strict=True)]
    top = min(ENOUGH, max(look.height for look in looks))
    points = {id(look): _points(look, top) for look in looks}
    best = max(looks, key=lambda look: (points[id(look)], -look.part.number))
    return best.part, f"{_label(best.part)}: {_reasons(best, looks)}"


def _look(part: Part, groups: list[list[Note]], last: Fraction, usual: float) -> _Look:
    """Of a part's notes by onset; `last` is the end of the piece and `usual` how many onsets its parts have."""
    tops = [max(note.pitch for note in group) for group in groups]
    return _Look(
        part,
        name_points(part.name),
        sum(SINGLE.get(len({note.pitch % 12 for note in group}), 0.0) for group in groups) / len(groups),
        sum(LOWEST <= pitch <= HIGHEST for pitch in tops) / len(tops),
        len(_sixteenths(part.notes, last)) / 16 * min(1.0, len(groups) / usual),
        sum(tops) / len(tops),
    )


def _sixteenths(notes: Sequence[Note], last: Fraction) -> set[int]:
    """Which sixteenths of the piece's length the notes sound in."""
    scale = 16 / float(last)
    spans = ((int(scale * float(note.onset)), int(scale * float(note.end))) for note in notes)
    return {i for first, end in spans for i in range(first, min(15, end) + 1)}


def name_points(name: str) -> float:
    """What a name says for its part's being sung; the strongest word counts.

    >>> name_points("Lead Vocal"), name_points("Piano"), name_points("Track 3")
    (4.0, -1.5, 0.0)
    """
    found = [points for pattern, points in NAMES if re.search(rf"(?<![^\W\d_])({pattern})(?![^\W\d_])", name, re.I)]
    best = max(found, key=abs, default=0.0)
    return best - BEHIND if best > 0 and BACKING in found else best


def _points(look: _Look, top: float) -> float:
    """Weights found by hand on hymns in four parts and pop files; a plain name outweighs the rest."""
    program = look.part.program
    points = look.name + 2.0 * look.single + 2.0 * look.range + 2.5 * look.active
    points -= min(3.0, max(0.0, top - look.height) / 6)
    points -= 2.0 * (len(look.part.notes) < FEW)
    if program is None:
        return points
    for family, weight in ((SINGING, 1.0), (LEADING, 0.75), (LOW, -2.0), (FIXED, -2.0), (PADS, -0.75)):
        points += weight * (program in family)
    return points


def _reasons(look: _Look, looks: Sequence[_Look]) -> str:
    said = []
    if look.name > 0:
        said.append("by its name")
    if look.single > 0.9:
        said.append("one note at a time")
    if look.height == max(other.height for other in looks):
        said.append("the highest")
    if look.range > 0.9:
        said.append("in a singer's range")
    if look.active > 0.7:
        said.append("sounds throughout")
    return ", ".join(said) or "the likeliest of the parts"


def _label(part: Part) -> str:
    return f"track {part.number} ({part.name})" if part.name else f"track {part.number}"


def _how(part: Part) -> str:
    groups = [len({note.pitch % 12 for note in group}) for _, group in groupby(part.notes, key=lambda n: n.onset)]
    many = sum(count > 1 for count in groups) >= CHORDS * len(groups)
    said = "; it plays chords: their top line is sung" if many else ""
    if played(part.notes):
        said += "; it is played by hand: set on the nearest sixteenths or triplets"
    return said


def one_voice(part: Part) -> Part:
    """The part with one note at a time: the top of chords and doubled octaves, words kept, overlaps ended.

    What was played by hand is set on the beats. Silences that only come from articulation are filled: all notes are
    cut short alike, or a note by less than a 32nd.
    """
    ordered = sorted(part.notes, key=lambda note: (note.onset, note.pitch))
    line = _unlapped(_tops(ordered), bool(part.words))
    return replace(part, notes=tuple(_filled(even(line) if played(line) else line)))


def _tops(notes: Sequence[Note]) -> list[Note]:
    """One note for all that are struck together."""
    groups: list[list[Note]] = []
    for note in notes:
        if groups and note.onset - groups[-1][0].onset <= TOGETHER:
            groups[-1].append(note)
        else:
            groups.append([note])
    return [group[0] if len(group) == 1 else _top(group) for group in groups]


def _top(group: Sequence[Note]) -> Note:
    """The highest that is no ornament, with the words and marks of all."""
    longest = max(note.duration for note in group)
    top = max((note for note in group if 4 * note.duration >= longest), key=lambda note: (note.pitch, note.duration))
    lyrics: dict[int, Lyric] = {}
    for note in (top, *group):
        for lyric in note.lyrics:
            lyrics.setdefault(lyric.verse, lyric)
    return replace(
        top,
        onset=group[0].onset,
        duration=top.end - group[0].onset,
        lyrics=tuple(lyrics[verse] for verse in sorted(lyrics)),
        slurred=not lyrics and any(note.slurred for note in group),
        fermata=any(note.fermata for note in group),
        phrase_end=any(note.phrase_end for note in group),
    )


def _unlapped(notes: Sequence[Note], worded: bool) -> list[Note]:
    """Notes under (or, in a part with words, beside) a held one are left out; other overlaps are ended."""
    out: list[Note] = []
    for note in notes:
        held = out[-1] if out else None
        if held is not None and held.end > note.onset:
            if _beside(note, held, worded):
                continue
            out[-1] = replace(held, duration=note.onset - held.onset)
        out.append(note)
    return out


def _beside(note: Note, held: Note, worded: bool) -> bool:
    """Whether a note that begins while another is held belongs to another voice."""
    if note.lyrics or note.slurred:
        return False
    overlap = held.end - note.onset
    within = 2 * overlap > note.duration and 4 * overlap > held.duration
    return within and ((worded and bool(held.lyrics)) or note.pitch < held.pitch)


def _filled(notes: list[Note]) -> list[Note]:
    """Notes lengthened to the next one where the silence between is articulation."""
    pairs = list(pairwise(notes))
    gates = [float(a.duration / (b.onset - a.onset)) for a, b in pairs]
    gate = median(gates) if gates else 1.0
    alike = sum(abs(other - gate) < 0.04 for other in gates) >= USUAL * len(gates)
    least = gate - 0.04 if alike and GATE <= gate < 0.99 else 1.0
    out = list(notes)
    for i, (a, b) in enumerate(pairs):
        if a.end < b.onset and (b.onset - a.end <= BRIEF or gates[i] >= least):
            out[i] = replace(a, duration=b.onset - a.onset)
    return out
