"""Which part is sung, in arrangements made from tunes with words: is it found, and how sure is the choice?

    python benchmarks/sung_part.py [--data FOLDER] [--every 1] [--fit]

Each tune loses its words and gains what pop files have: a bass, drums, pads, broken chords, a second voice, riffs, an
instrument that plays an introduction and the tune; it is also taken as it is. Parts have their own names, none, or
the names of General MIDI patches, and any program. Weights were fitted on half 0 (`--fit` prints new ones); figures
are of half 1.
"""

from __future__ import annotations

import random
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from common import parser, report, tune_files
from lyricist.errors import InputError
from lyricist.melody.read import read_score
from lyricist.melody.read.midi_file import PROGRAMS
from lyricist.melody.tune import Note, Part, Score
from lyricist.melody.voice import SURE, choices, looks_of, one_voice

SUNG_BY = (0, 4, 22, 25, 26, 40, 52, 53, 54, 56, 65, 66, 68, 71, 73, 75, 79, 80, 81, 82, 85, 87)
NAMES = ("own", "none", "patch", "bad")
BY_HAND = {
    "single": 2.0,
    "range": 2.0,
    "active": 2.5,
    "below": -1.0,
    "few": -2.0,
    "step": 0.0,
    "even": 0.0,
    "pace": 0.0,
}
KEPT = 0.02  # how strongly the weights are drawn to those set by hand, as arrangements are not all of pop
BEAT, EIGHTH = Fraction(1), Fraction(1, 2)


def bare(part: Part) -> Part:
    return replace(part, notes=tuple(map(without_words, part.notes)))


def without_words(note: Note) -> Note:
    return replace(note, lyrics=(), slurred=False, phrase_end=False)


def chords_of(parts: Sequence[Part], end: Fraction) -> list[tuple[Fraction, list[int]]]:
    """The pitches that sound at every second beat."""
    notes = [note for part in parts for note in part.notes]
    held: dict[Fraction, set[int]] = {}
    for note in notes:
        beat = (note.onset // 2) * 2
        held.setdefault(beat, set()).add(note.pitch)
    return [(beat, sorted(held[beat])) for beat in sorted(held)]


def band(voice: Part, others: Sequence[Part], draw: random.Random) -> list[Part]:
    """Parts of a pop arrangement, made from the notes of a song."""
    end = voice.notes[-1].end
    chords = chords_of([voice, *others], end)
    made = [Part("Bass", tuple(Note(at + i, BEAT, 36 + c[0] % 12) for at, c in chords for i in (0, 1)), program=33)]
    if draw.random() < 0.8:
        pad = tuple(Note(at, Fraction(2), 55 + p % 12) for at, c in chords for p in {p % 12 for p in c})
        made.append(Part("Strings", pad, program=draw.choice((48, 50, 89, 91))))
    if draw.random() < 0.7:
        top = draw.choice((52, 60, 64))
        notes = tuple(Note(at + i * EIGHTH, EIGHTH, top + c[i % len(c)] % 12) for at, c in chords for i in range(4))
        made.append(Part("Guitar", notes, program=draw.choice((24, 25, 27, 46, 81))))
    if draw.random() < 0.6:
        made.append(Part("Backing", second_voice(voice, draw), program=draw.choice((52, 53, 54, 48))))
    if draw.random() < 0.6:
        made.append(Part("Solo", solo(voice, chords, draw), program=draw.choice((29, 30, 56, 65, 73, 81))))
    if draw.random() < 0.5:
        made.append(Part("Riff", riff(chords, draw), program=draw.choice((7, 30, 61, 80, 81))))
    beats = range(int(end))
    made.append(Part("Drums", tuple(Note(Fraction(i), EIGHTH, 36 + 2 * (i % 2)) for i in beats), drums=True))
    return [part for part in made if part.notes]


def second_voice(voice: Part, draw: random.Random) -> tuple[Note, ...]:
    """A third or a sixth below in some of the phrases."""
    down = draw.choice((-4, -3, -9, 5))
    return tuple(replace(n, pitch=n.pitch + down) for n in voice.notes if int(n.onset) // 16 % 2)


def solo(voice: Part, chords: list[tuple[Fraction, list[int]]], draw: random.Random) -> tuple[Note, ...]:
    """An introduction's worth of the tune an octave up, and fills in the rests of the voice."""
    up = [replace(n, pitch=n.pitch + 12) for n in voice.notes if n.onset < draw.choice((16, 32))]
    fills = []
    for a, b in zip(voice.notes, voice.notes[1:], strict=False):
        if b.onset - a.end >= 1:
            tones = next((c for at, c in reversed(chords) if at <= a.end), [60])
            count = int((b.onset - a.end) / EIGHTH)
            fills += [Note(a.end + i * EIGHTH, EIGHTH, 72 + draw.choice(tones) % 12) for i in range(count)]
    return tuple(sorted([*up, *fills], key=lambda n: n.onset))


def riff(chords: list[tuple[Fraction, list[int]]], draw: random.Random) -> tuple[Note, ...]:
    shape = [(Fraction(i, 2), draw.randrange(4)) for i in range(4) if draw.random() < 0.7] or [(Fraction(0), 0)]
    return tuple(Note(at + i, EIGHTH, 60 + c[k % len(c)] % 12) for at, c in chords for i, k in shape)


def arranged(score: Score, singer: int, seed: int) -> tuple[Score, int]:
    """A pop arrangement of a score, and the number of the sung part in it."""
    draw = random.Random(seed)
    voice = next(part for part in score.parts if part.number == singer)
    voice = one_voice(replace(voice, notes=tuple(map(without_words, voice.notes))))
    others = [bare(part) for part in score.parts if part.number != singer and part.notes and not part.drums]
    intro = Fraction(draw.choice((0, 0, 8, 16)))
    shift = draw.choice((0, 0, 0, -12, 12, -5))
    voice = replace(voice, name=draw.choice(("Melody", "Vocals", "Lead")), program=draw.choice(SUNG_BY))
    made = band(voice, others, draw) + (others if draw.random() < 0.5 else [])
    late = tuple(replace(n, onset=n.onset + intro, pitch=max(30, min(100, n.pitch + shift))) for n in voice.notes)
    voice = replace(voice, notes=late)
    made = [moved(part, intro) for part in made]
    parts = [voice, *made]
    draw.shuffle(parts)
    names = draw.choices(NAMES, (1, 3, 3, 1))[0]
    at = next(i for i, part in enumerate(parts) if part is voice)
    parts = [named(part, names, i, draw) for i, part in enumerate(parts, 1)]
    return replace(score, parts=tuple(parts)), at + 1


def moved(part: Part, by: Fraction) -> Part:
    """Later by an introduction, which the part plays with its own first notes."""
    first = tuple(note for note in part.notes if note.onset < by)
    return replace(part, notes=(*first, *(replace(note, onset=note.onset + by) for note in part.notes)))


def named(part: Part, names: str, number: int, draw: random.Random) -> Part:
    name = part.name
    if names == "none":
        name = draw.choice(("", f"Track {number}"))
    elif names == "patch":
        name = "Drums" if part.drums else PROGRAMS[part.program or 0]
    elif names == "bad":
        name = draw.choice(("Voice Oohs", "Choir Aahs", "Track 1", "untitled", "Synth Voice"))
    return replace(part, name=name, number=number)


def made_from(score: Score, key: str, times: int = 2) -> Iterator[tuple[Score, int]]:
    """A score without its words and names, and arrangements of it."""
    singer = max(score.parts, key=lambda part: part.words)
    if singer.words >= 20:
        yield replace(score, parts=tuple(replace(bare(p), name="") for p in score.parts if p.notes)), singer.number
        for i in range(times):
            yield arranged(score, singer.number, zlib.crc32(f"{key} {i}".encode()))


def fit(cases: Sequence[tuple[Score, int]]) -> dict[str, float]:
    """Weights of the features, by the likelihood of the sung part among the parts of each arrangement."""
    rows = []
    for score, number in cases:
        looks = looks_of([part for part in score.parts if not part.drums])
        x = np.array([[getattr(look, name) for name in BY_HAND] for look in looks])
        given = np.array([look.name + look.program for look in looks])
        rows.append((x, given, next(i for i, look in enumerate(looks) if look.part.number == number)))
    prior = np.array(list(BY_HAND.values()))
    w, step = prior.copy(), 0.3
    for _ in range(300):
        grad = KEPT * (w - prior)
        for x, given, y in rows:
            points = given + x @ w
            p = np.exp(points - points.max())
            grad -= (x[y] - (p / p.sum()) @ x) / len(rows)
        w -= step * grad
    return dict(zip(BY_HAND, (round(float(v), 2) for v in w), strict=True))


def judge(cases: Sequence[tuple[Score, int]]) -> dict[str, Any]:
    count: Counter[str] = Counter()
    for score, number in cases:
        look, sure = choices([part for part in score.parts if not part.drums])[0]
        part = look.part
        notes = {p.number: len(one_voice(p).notes) for p in score.parts}
        right, asked = part.number == number, sure < SURE
        count.update(["made", "right" if right else "wrong"])
        count["implausible"] += not notes[number] / 2 <= notes[part.number] <= 2 * notes[number]
        count["asked"] += asked
        count["wrong and not asked"] += not right and not asked
        count["implausible and not asked"] += not asked and (
            not notes[number] / 2 <= notes[part.number] <= 2 * notes[number]
        )
    return dict(count)


def main() -> None:
    made = parser(__doc__, tunes=True)
    made.add_argument("--fit", action="store_true", help="print weights fitted on half 0")
    options = made.parse_args()
    halves: tuple[list[tuple[Score, int]], list[tuple[Score, int]]] = ([], [])
    for folder in ("lieder-musicxml", "hymns-midi"):
        for path in tune_files(options.data / folder, options.every):
            try:
                score = read_score(path)
            except InputError:
                continue
            halves[zlib.crc32(path.name.encode()) % 2].extend(made_from(score, path.name))
    if options.fit:
        print(fit(halves[0]))
    report("sung_part", judge(halves[1]))


if __name__ == "__main__":
    main()
