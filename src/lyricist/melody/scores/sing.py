"""Syllables laid on the slots of a tune, and the score that comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from lyricist.errors import InputError
from lyricist.melody.tune import Chord, Control, Lyric, Metre, Note, Part, Phrase, Score, Slot, Tempo, Tune

PROGRAM = 0xC  # kind of a control
Laid = tuple[tuple[Lyric | None, ...], ...]  # one verse: a syllable or none for every slot of every phrase


@dataclass(frozen=True)
class SungWord:
    """A word of a line: as it is written, and divided into one written syllable a slot."""

    text: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class SungLine:
    """The words of one phrase; `starts[i]` is the slot of the first syllable of `words[i]`."""

    words: tuple[SungWord, ...]
    starts: tuple[int, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True)
class Sung:
    """A tune with words. All tuples of verses count from the first; a verse has a line for every phrase."""

    tune: Tune
    score: Score  # every part; the sung one has the syllables of all verses, the others none
    verses: tuple[tuple[SungLine, ...], ...]
    lyrics: tuple[Laid, ...]  # verse, phrase, slot

    @property
    def performed(self) -> Score:
        """The score played once for every verse, one after the other, each with its own syllables."""
        if not self.lyrics:
            return self.score
        return unfold(under_notes(self.tune, self.lyrics), len(self.lyrics))

    @property
    def step(self) -> Fraction:
        """Quarters from the beginning of one verse to the beginning of the next."""
        return verse_step(self.score)


def sing(tune: Tune, verses: Sequence[Sequence[Sequence[SungWord]]]) -> Sung:
    """Lay words on a tune: verse, line, word; a line for every phrase, a syllable for every slot.

    A line without words leaves its phrase bare. Raises InputError where a verse or a line does not fit.
    """
    if not verses:
        raise InputError("no verse to sing: give at least one, with a line for every phrase of the tune")
    lines = tuple(tuple(map(sung_line, verse)) for verse in verses)
    for number, verse in enumerate(lines, 1):
        check_counts(tune, verse, f"verse {number}" if len(lines) > 1 else "the song")
    laid = tuple(lay(tune.phrases, verse, number) for number, verse in enumerate(lines, 1))
    return Sung(tune, under_notes(tune, laid), lines, laid)


def sung_line(words: Sequence[SungWord]) -> SungLine:
    starts, at = [], 0
    for word in words:
        starts.append(at)
        at += len(word.parts)
    return SungLine(tuple(words), tuple(starts))


def check_counts(tune: Tune, verse: Sequence[SungLine], which: str) -> None:
    if len(verse) != len(tune.phrases):
        raise InputError(
            f"{which} has {len(verse)} lines for {len(tune.phrases)} phrases of the tune: give one for each"
        )
    for number, (line, phrase) in enumerate(zip(verse, tune.phrases, strict=True), 1):
        found, wanted = sum(len(word.parts) for word in line.words), len(phrase.slots)
        if found != wanted and line.words:
            raise InputError(
                f"line {number} of {which} has {found} syllables and its phrase {wanted} notes to sing: {line.text!r}"
            )


def lay(phrases: Sequence[Phrase], verse: Sequence[SungLine], number: int) -> Laid:
    section = None
    out: list[tuple[Lyric | None, ...]] = []
    for phrase, line in zip(phrases, verse, strict=True):
        if not line.words:
            out.append((None,) * len(phrase.slots))
            continue
        opens = phrase.section != section
        section = phrase.section
        parts = ((part, hyphen) for word in line.words for part, hyphen in hyphenated(word.parts))
        out.append(
            tuple(
                Lyric(part, hyphen, number, held(slot, hyphen), at == 0, at == 0 and opens)
                for at, (slot, (part, hyphen)) in enumerate(zip(phrase.slots, parts, strict=True))
            )
        )
    return tuple(out)


def hyphenated(parts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each syllable and where it stands in its word.

    >>> list(hyphenated(["but", "ter", "fly"]))
    [('but', 'begin'), ('ter', 'middle'), ('fly', 'end')]
    """
    last = len(parts) - 1
    for at, part in enumerate(parts):
        yield part, "single" if last == 0 else "begin" if at == 0 else "end" if at == last else "middle"


def held(slot: Slot, hyphen: str) -> bool:
    return len(slot.notes) > 1 and hyphen in ("single", "end")


def own_words(tune: Tune) -> Sung:
    """The tune with the words its file has; slots without a syllable stay bare.

    The first verse borrows from others where it has none (a passage that only they sing); others count as verses
    where they have half of its syllables.
    """
    slots = [slot for phrase in tune.phrases for slot in phrase.slots if slot.lyrics]
    found = sorted({lyric.verse for slot in slots for lyric in slot.lyrics})
    full = [verse for verse in found if 2 * sum(bool(of_verse(slot.lyrics, verse)) for slot in slots) >= len(slots)]
    chosen = full or found[:1]
    laid = tuple(
        tuple(
            tuple(renumbered(slot.lyrics, verse, number, borrow=number == 1) for slot in phrase.slots)
            for phrase in tune.phrases
        )
        for number, verse in enumerate(chosen, 1)
    )
    return Sung(tune, tune.score, tuple(tuple(map(words_of, verse)) for verse in laid), laid)


def renumbered(lyrics: Sequence[Lyric], verse: int, number: int, borrow: bool) -> Lyric | None:
    found = of_verse(lyrics, verse) or (lyrics[0] if borrow and lyrics else None)
    return replace(found, verse=number) if found else None


def of_verse(lyrics: Sequence[Lyric], verse: int) -> Lyric | None:
    return next((lyric for lyric in lyrics if lyric.verse == verse), None)


def words_of(lyrics: Sequence[Lyric | None]) -> SungLine:
    """Syllables back to words; a word that the line breaks off ends with it."""
    groups: list[tuple[int, list[str]]] = []
    within = False
    for at, lyric in enumerate(lyrics):
        if lyric is None:
            continue
        if within and lyric.syllabic in ("middle", "end"):
            groups[-1][1].append(lyric.text)
        else:
            groups.append((at, [lyric.text]))
        within = lyric.syllabic in ("begin", "middle")
    words = tuple(SungWord("".join(parts), tuple(parts)) for _, parts in groups)
    return SungLine(words, tuple(at for at, _ in groups))


def under_notes(tune: Tune, laid: Sequence[Laid]) -> Score:
    """The tune's score with these syllables under the sung part, and no others anywhere.

    The part stays as the file has it where all notes of the slots are in it; otherwise the reduced voice takes its
    place.
    """
    words: dict[tuple[Fraction, int], tuple[Lyric, ...]] = {}
    for i, phrase in enumerate(tune.phrases):
        for j, slot in enumerate(phrase.slots):
            found = (verse[i][j] for verse in laid)
            for at, note in enumerate(slot.notes):
                words[note.onset, note.pitch] = () if at else tuple(lyric for lyric in found if lyric)
    parts = tuple(silent(part) for part in tune.score.parts)
    number = tune.part.number
    given = next((part for part in parts if part.number == number), None)
    there = {(note.onset, note.pitch) for note in given.notes} if given else set()
    sung = given if given and words.keys() <= there else silent(tune.part)
    sung = replace(sung, notes=tuple(with_words(sung.notes, words)))
    if given is None:
        return replace(tune.score, parts=(sung, *parts))
    return replace(tune.score, parts=tuple(sung if part.number == number else part for part in parts))


def silent(part: Part) -> Part:
    return replace(part, notes=tuple(replace(note, lyrics=()) if note.lyrics else note for note in part.notes))


def with_words(notes: Sequence[Note], words: dict[tuple[Fraction, int], tuple[Lyric, ...]]) -> Iterator[Note]:
    """Each slot's syllables on one note; of two notes that are alike only the first gets them."""
    left = dict(words)
    for note in notes:
        found = left.pop((note.onset, note.pitch), None)
        yield note if found is None else replace(note, lyrics=found, slurred=not found)


def unfold(score: Score, verses: int) -> Score:
    """`verses` times the score, each time with the syllables of one verse, now verse 1."""
    step = verse_step(score)
    shifts = [step * i for i in range(verses)]
    parts = tuple(
        replace(
            part,
            notes=tuple(
                replace(note, onset=note.onset + shift, lyrics=verse_only(note.lyrics, number))
                for number, shift in enumerate(shifts, 1)
                for note in part.notes
            ),
            controls=tuple(unfold_controls(part, shifts)),
        )
        for part in score.parts
    )
    chords = tuple(Chord(chord.onset + shift, chord.symbol) for shift in shifts for chord in score.chords)
    repeats = tuple(sorted({at + shift for shift in shifts for at in score.repeats}))
    metres, tempi = unfold_metres(score, shifts), unfold_tempi(score.tempi, shifts)
    return replace(score, parts=parts, chords=chords, repeats=repeats, metres=metres, tempi=tempi)


def unfold_controls(part: Part, shifts: Sequence[Fraction]) -> Iterator[Control]:
    """Every verse begins with the part's first program again, if it changes."""
    changes = part.program is not None and any(control.kind == PROGRAM for control in part.controls)
    for shift in shifts:
        if changes and shift and part.program is not None:
            yield Control(shift, PROGRAM, part.program)
        yield from (replace(control, onset=control.onset + shift) for control in part.controls)


def verse_only(lyrics: Sequence[Lyric], verse: int) -> tuple[Lyric, ...]:
    lyric = of_verse(lyrics, verse)
    return (replace(lyric, verse=1),) if lyric else ()


def unfold_metres(score: Score, shifts: Sequence[Fraction]) -> tuple[Metre, ...]:
    """Further verses state a metre again only where it differs from the one in force."""
    out = list(score.metres)
    for shift in shifts[1:]:
        first, *others = score.metres
        if (first.beats, first.unit) != (out[-1].beats, out[-1].unit):
            out.append(replace(first, onset=shift + score.pickup))
        out += [replace(metre, onset=metre.onset + shift) for metre in others]
    return tuple(out)


def unfold_tempi(tempi: Sequence[Tempo], shifts: Sequence[Fraction]) -> tuple[Tempo, ...]:
    out = list(tempi)
    for shift in shifts[1:]:
        if len(tempi) > 1:
            out += [replace(tempo, onset=tempo.onset + shift) for tempo in tempi]
    return tuple(out)


def verse_step(score: Score) -> Fraction:
    """Where the next verse begins: its first full bar stands where the last metre has a bar line."""
    end = max((note.end for part in score.parts for note in part.notes), default=Fraction(0))
    last = score.metres[-1]
    origin = max(last.onset, score.pickup) if len(score.metres) > 1 else score.pickup
    bar = last.bar if last.bar > 0 else Fraction(4)
    return origin + -((origin - end - score.pickup) // bar) * bar - score.pickup
