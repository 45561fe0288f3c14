"""The sung part of a score, reduced to one voice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import groupby, pairwise
from math import exp, log2
from statistics import median
from typing import NamedTuple

from lyricist.errors import InputError
from lyricist.melody.tune import WRITTEN, Lyric, Note, Part, Score

BACKING = -1.0
# Words in the name of a part, and how much they speak for or against it.
NAMES = (
    (r"vocals?|voice|voz|voix|stimme|gesang|sing(er|ing|stimme)?|canto|chant|vox|lyrics?|words|karaoke", 4.0),
    (r"melod(y|ie|ia)|mel|tune|lead(?! guitar)|solo(?! guitar)", 3.0),
    (r"sopran[oe]?|treble|descant", 2.0),
    (r"cantus|superius|choir|chorus|alto|tenor", 1.0),
    (r"back(ing|up|ground)?|harmon(y|ies)|ooh?s?|aahs?|bgv", BACKING),
    (r"guitar|gtr|piano|strings?|pad|organ|brass|horns?|chords?|arp(eggio)?|rhythm|accomp\w*|keys", -1.5),
    (r"bass|basso|drums?|perc\w*|kit|fx|effects?|click|metronome", -3.0),
)
# Names of General MIDI patches that sound like a singer or a leader, as the standard and common programs spell them.
PATCH = re.compile(
    r"(gm )?((voice|vocal|choir|space) (oo?hs?|aa?hs?|lead|pad|voice)|(synth|solo|space|halo|slow) (vox|voice|choir)"
    r"|(lead|pad) \d.*|lead (square|saw\w*|voice|synth|sine)|bass (and )?lead|(square|saw\w*|calliope|chiff|charang"
    r"|fifths|synth) lead|melodic tom)$"
)
BACKING_SINGER = 3.5  # subtracted from a singer's name if it is a backing singer's
# General MIDI programs (from 0) and their weights
SINGING = frozenset({52, 53, 54, 85})
LEADING = frozenset({22, 40, 56, 59, *range(64, 88), 110})  # instruments of one voice, often used for a singer
LOW = frozenset({*range(32, 40), 43, 57, 58, 67, 70, 87})
EFFECTS = frozenset({47, 55, *range(112, 128)})  # and percussion
PADS = frozenset({*range(48, 52), *range(88, 104)})
PROGRAM_WEIGHTS = ((SINGING, 1.0), (LEADING, 0.75), (LOW, -2.0), (EFFECTS, -2.0), (PADS, -0.75))
LOWEST, HIGHEST = 48, 84  # C3 to C6: the range of all kinds of singers
ENOUGH = 76  # E5; a higher mean pitch is not more like a voice
SINGLE = {1: 1.0, 2: 0.6}  # by the number of notes at an onset
CHORDS = 0.5  # share of the onsets with more than one note, from which a part counts as chords
FEW = 8  # notes
CHOIR = 0.6  # share of its onsets that another part has too, if both move together
LISTED = 20  # parts that an error lists
TOGETHER = Fraction(1, 32)  # quarters; notes this close are struck together
BRIEF = Fraction(1, 8)  # quarters; a shorter silence is articulation, not a rest
GATE = 0.6  # share of its written length that a player or program gives a note, at least
USUAL = 0.6  # share of the notes that must be shortened equally, to be taken as written in full

BY_HAND = 0.4  # share of the onsets off the written grid, from which a part may be played by hand
NEAR_BEATS = Fraction(1, 20)  # mean distance from sixteenths and triplets; random onsets have 1/16
JUDGED = 8  # onsets; fewer are too few to judge


# How much each feature of a part speaks for it. Those of `FITTED` were fitted by `benchmarks/sung_part.py` on half of
# the arrangements that it makes; the tables above were set by hand.
FITTED = {
    "single": 2.66,
    "range": 1.94,
    "active": 2.89,
    "below": -1.1,
    "few": -2.0,
    "step": 1.55,
    "even": -1.52,
    "pace": -1.2,
}
SURE = 0.4  # confidence, from which the choice is taken without asking


class Look(NamedTuple):
    """Features of a part without its words."""

    part: Part
    name: float  # points of its name
    program: float  # points of its instrument
    single: float  # share of the onsets with one note or its octaves; two notes count partly (`SINGLE`)
    range: float  # share of the notes that a voice can sing
    active: float  # share of the piece's sixteenths in which it sounds, less if it has fewer notes than usual
    height: float  # mean pitch of the top line
    below: float  # half octaves below the highest part that moves with it, 3 at most
    few: float  # 1 if it has fewer notes than a tune
    step: float  # share of its moves by at most a major third
    even: float  # share of its steps in time that have the commonest length
    pace: float  # octaves of its speed from one note a quarter

    @property
    def points(self) -> float:
        return self.name + self.program + sum(weight * float(getattr(self, name)) for name, weight in FITTED.items())


class Chosen(NamedTuple):
    """The part to sing, why, and how sure that is, from 0 to 1."""

    part: Part
    why: str
    sure: float = 1.0


def choose_part(score: Score, track: int | None = None) -> Chosen:
    """The part to sing; `track` is a part's number.

    Raises InputError: there is no such part, or no part with a tune.
    """
    parts = [part for part in score.parts if part.notes]
    if track is not None:
        part = next((part for part in parts if part.number == track and not part.drums), None)
        if part is None:
            wrong = "is drums" if any(part.number == track for part in parts) else "is not there"
            raise InputError(f"track {track} {wrong}; choose one of: {list_parts(parts)}")
        return Chosen(part, f"{_label(part)}, as asked{_remarks(part)}")
    tuned = [part for part in parts if not part.drums]
    if not tuned:
        what = "only drums" if parts else "no notes"
        raise InputError(f"{score.title or 'the score'}: there are {what} in it; give a file with a tune")
    worded = [part for part in tuned if part.words >= min(FEW, len(part.notes) / 2)]
    most = max((part.words for part in worded), default=0)
    singers = [part for part in worded if part.words >= 0.8 * most]
    if singers:
        part = choices(singers)[0][0].part
        why, sure = f"it has words under {part.words} of its {len(part.notes)} notes", 1.0
    elif len(tuned) == 1:
        part, why, sure = tuned[0], "the only part", 1.0
    else:
        part, why, sure = _leader(tuned)
        why += f"; {sure:.0%} sure"
    return Chosen(part, f"{_label(part)}: {why}{_remarks(part)}", sure)


def list_parts(parts: Iterable[Part]) -> str:
    """Number, name and size of the parts that can be sung, in one line.

    >>> list_parts([Part("Melody", (Note(Fraction(0), Fraction(1), 60),), 2)])
    '2 Melody (1 note)'
    """
    tuned = [part for part in parts if part.notes and not part.drums]
    said = [f"{part.number} {part.name} ({len(part.notes)} note{'s' * (len(part.notes) > 1)})" for part in tuned]
    more = [f"and {len(said) - LISTED} more"] if len(said) > LISTED else []
    return ", ".join(said[:LISTED] + more) or "there is none"


def choices(parts: Sequence[Part]) -> list[tuple[Look, float]]:
    """The parts with the confidence (0 to 1, together 1) that each is sung, the likeliest first.

    Of parts with the same notes only the likeliest: a doubled part is one tune.
    """
    different: dict[tuple[tuple[Fraction, int], ...], Look] = {}
    for look in sorted(looks_of(parts), key=lambda look: (-look.points, look.part.number)):
        different.setdefault(tuple((note.onset, note.pitch) for note in look.part.notes), look)
    looks = list(different.values())
    top = max(look.points for look in looks)
    odds = [exp(look.points - top) for look in looks]
    found = [(look, each / sum(odds)) for look, each in zip(looks, odds, strict=True)]
    return sorted(found, key=lambda each: (-each[1], each[0].part.number))


def _leader(parts: Sequence[Part]) -> tuple[Part, str, float]:
    """The likeliest part, why, and how sure."""
    found = choices(parts)
    best, sure = found[0]
    reasons = {
        "by its name": best.name > 0,
        "one note at a time": best.single > 0.9,
        "the highest": best.height == max(look.height for look, _ in found),
        "in a singer's range": best.range > 0.9,
        "sounds throughout": best.active > 0.7,
    }
    why = ", ".join(reason for reason, true in reasons.items() if true) or "the likeliest of the parts"
    return best.part, why, sure


def looks_of(parts: Sequence[Part]) -> list[Look]:
    """The features of parts, which depend on each other. No part may be empty."""
    last = max(part.notes[-1].end for part in parts)
    groups = [[list(group) for _, group in groupby(part.notes, key=lambda note: note.onset)] for part in parts]
    usual = median(len(each) for each in groups)
    looks = [_look(part, each, last, usual) for part, each in zip(parts, groups, strict=True)]
    onsets = [{group[0].onset for group in each} for each in groups]
    for i, look in enumerate(looks):
        choir = (
            b.height for b, own in zip(looks, onsets, strict=True) if len(own & onsets[i]) > CHOIR * len(onsets[i])
        )
        looks[i] = look._replace(below=min(3.0, max(0.0, min(ENOUGH, max(choir)) - look.height) / 6))
    return looks


def _look(part: Part, groups: list[list[Note]], last: Fraction, usual: float) -> Look:
    """`groups` are a part's notes by onset, `last` the end of the piece, `usual` the median number of groups."""
    tops = [max(note.pitch for note in group) for group in groups]
    scale = 16 / float(last)
    spans = ((int(scale * float(note.onset)), int(scale * float(note.end))) for note in part.notes)
    sixteenths = {i for first, end in spans for i in range(first, min(15, end) + 1)}
    moves = [b - a for a, b in pairwise(tops)]
    times = [round(float(b[0].onset - a[0].onset), 2) for a, b in pairwise(groups)]
    return Look(
        part,
        name_points(part.name),
        sum(weight for family, weight in PROGRAM_WEIGHTS if part.program in family),
        sum(SINGLE.get(len({note.pitch % 12 for note in group}), 0.0) for group in groups) / len(groups),
        sum(LOWEST <= pitch <= HIGHEST for pitch in tops) / len(tops),
        len(sixteenths) / 16 * min(1.0, len(groups) / usual),
        sum(tops) / len(tops),
        0.0,
        float(len(part.notes) < FEW),
        sum(abs(move) <= 4 for move in moves) / max(1, len(moves)),
        max(map(times.count, set(times)), default=1) / max(1, len(times)),
        abs(log2(max(median(times or [1.0]), 1 / 16))),
    )


def name_points(name: str) -> float:
    """How much a part's name suggests that it is sung; the strongest word counts.

    A name of a patch says what a part is played with, as its program does, and not what it is.

    >>> name_points("Lead Vocal"), name_points("Piano"), name_points("Track 3"), name_points("Voice Oohs")
    (4.0, -1.5, 0.0, -1.0)
    """
    found = [points for pattern, points in NAMES if re.search(rf"(?<![^\W\d_])({pattern})(?![^\W\d_])", name, re.I)]
    if PATCH.match(re.sub(r"\W+", " ", name.split("(channel")[0].lower()).strip()):
        found = [points for points in found if points < 0]
    best = max(found, key=abs, default=0.0)
    return best - BACKING_SINGER if best > 0 and BACKING in found else best


def _label(part: Part) -> str:
    return f"track {part.number} ({part.name})" if part.name else f"track {part.number}"


def _remarks(part: Part) -> str:
    groups = [len({note.pitch % 12 for note in group}) for _, group in groupby(part.notes, key=lambda n: n.onset)]
    chords = sum(count > 1 for count in groups) >= CHORDS * len(groups)
    said = "; it plays chords: their top line is sung" if chords else ""
    if _is_played(part.notes):
        said += "; it is played by hand: set on the nearest sixteenths or triplets"
    return said


def one_voice(part: Part) -> Part:
    """The part with one note at a time: the top of chords, with their words, and no overlaps.

    Notes played by hand are set on the beats. Silences that are only articulation are filled: if all notes are
    shortened equally, or a note by less than a 32nd.
    """
    ordered = sorted(part.notes, key=lambda note: (note.onset, note.pitch))
    groups: list[list[Note]] = []
    for note in ordered:
        if groups and note.onset - groups[-1][0].onset <= TOGETHER:
            groups[-1].append(note)
        else:
            groups.append([note])
    line = _without_overlaps([group[0] if len(group) == 1 else _top(group) for group in groups], bool(part.words))
    return replace(part, notes=tuple(_filled(_quantised(line) if _is_played(line) else line)))


def _top(group: Sequence[Note]) -> Note:
    """The highest note that is not an ornament, with the words and marks of all."""
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


def _without_overlaps(notes: Sequence[Note], worded: bool) -> list[Note]:
    """Notes of another voice during a held note are left out; other overlaps end the held note."""
    out: list[Note] = []
    for note in notes:
        held = out[-1] if out else None
        if held is not None and held.end > note.onset:
            if _in_other_voice(note, held, worded):
                continue
            out[-1] = replace(held, duration=note.onset - held.onset)
        out.append(note)
    return out


def _in_other_voice(note: Note, held: Note, worded: bool) -> bool:
    """Whether a note that begins during a held one belongs to another voice: a lower one, or one without words."""
    if note.lyrics or note.slurred:
        return False
    overlap = held.end - note.onset
    within = 2 * overlap > note.duration and 4 * overlap > held.duration
    return within and ((worded and bool(held.lyrics)) or note.pitch < held.pitch)


def _filled(notes: list[Note]) -> list[Note]:
    """Notes extended to the next one if the silence between is articulation."""
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


# Notes played by hand


def _is_played(notes: Sequence[Note]) -> bool:
    """Whether the notes were played by hand to a beat: many are off the written grid, yet near it."""
    onsets = sorted({note.onset for note in notes})
    off = sum(onset.denominator > WRITTEN for onset in onsets)
    if len(onsets) < JUDGED or off < BY_HAND * len(onsets):
        return False
    distance = sum(abs(onset - _nearest(onset, parts)) for onset, parts in _with_divisions(onsets)) / len(onsets)
    return distance < NEAR_BEATS


def _quantised(notes: Sequence[Note]) -> list[Note]:
    """The notes of one voice on sixteenths or, in some beats, on triplets; each keeps an onset of its own."""
    onsets: dict[Fraction, Fraction] = {}
    last = Fraction(-1)
    for onset, parts in _with_divisions(sorted({note.onset for note in notes})):
        choices = (_nearest(onset, parts), _nearest(onset, 8), onset, last + Fraction(1, 16))
        last = next(choice for choice in choices if choice > last)
        onsets[onset] = last
    out = []
    for note in notes:
        onset, end = onsets[note.onset], onsets.get(note.end, _nearest(note.end, 4))
        length = end - onset if end > onset else max(note.duration, Fraction(1, 16))
        out.append(replace(note, onset=onset, duration=length))
    for i, (a, b) in enumerate(pairwise(out)):
        if a.end > b.onset > a.onset:
            out[i] = replace(a, duration=b.onset - a.onset)
    return out


def _with_divisions(onsets: Sequence[Fraction]) -> Iterator[tuple[Fraction, int]]:
    """Each onset with the division of its beat, 4 or 3."""
    for _, group in groupby(onsets, key=lambda onset: (onset + Fraction(1, 8)) // 1):
        beat = list(group)
        straight, triplet = (sum(abs(onset - _nearest(onset, parts)) for onset in beat) for parts in (4, 3))
        division = 3 if len(beat) > 1 and 2 * triplet < straight else 4
        yield from ((onset, division) for onset in beat)


def _nearest(onset: Fraction, parts: int) -> Fraction:
    return Fraction(round(onset * parts), parts)
