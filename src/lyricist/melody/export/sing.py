"""Words laid on the slots of a tune, and the scores with these words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate

from lyricist.errors import InputError
from lyricist.melody.tune import Control, Lyric, Metre, Note, Part, Phrase, Score, Tune

PROGRAM = 0xC  # kind of a control
Laid = tuple[tuple[Lyric | None, ...], ...]  # one verse: a syllable or None for every slot of every phrase


@dataclass(frozen=True)
class SungWord:
    """A word of a line: as written, and its written syllables, one for each slot."""

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
    """A tune with words. A verse has one line for every phrase."""

    tune: Tune
    score: Score  # every part; the sung one has the syllables of all verses, the others none
    verses: tuple[tuple[SungLine, ...], ...]
    lyrics: tuple[Laid, ...]  # verse, phrase, slot

    @property
    def performed(self) -> Score:
        """The score played once for every verse, each time with its own syllables."""
        if not self.lyrics:
            return self.score
        return repeated(under_notes(self.tune, self.lyrics), len(self.lyrics))

    @property
    def step(self) -> Fraction:
        """Quarters from the start of one verse to the start of the next."""
        return verse_step(self.score)


def sing(tune: Tune, verses: Sequence[Sequence[Sequence[SungWord]]]) -> Sung:
    """Lay words on a tune: verse, line, word; one line for every phrase, one syllable for every slot.

    A line without words leaves its phrase empty.

    Raises InputError: no verse, a wrong number of lines, or a wrong number of syllables in a line.
    """
    if not verses:
        raise InputError("no verse to sing: give at least one, with a line for every phrase of the tune")
    lines = tuple(tuple(map(sung_line, verse)) for verse in verses)
    for number, verse in enumerate(lines, 1):
        check_counts(tune, verse, f"verse {number}" if len(lines) > 1 else "the song")
    laid = tuple(lay(tune.phrases, verse, number) for number, verse in enumerate(lines, 1))
    return Sung(tune, under_notes(tune, laid), lines, laid)


def sung_line(words: Sequence[SungWord]) -> SungLine:
    *starts, _ = accumulate((len(word.parts) for word in words), initial=0)
    return SungLine(tuple(words), tuple(starts))


def check_counts(tune: Tune, verse: Sequence[SungLine], which: str) -> None:
    """Raise `InputError` if a verse's lines or their syllables are not as many as the tune's phrases or their
    notes."""
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
    """The syllables of one verse."""
    section = None
    out: list[tuple[Lyric | None, ...]] = []
    for phrase, line in zip(phrases, verse, strict=True):
        if not line.words:
            out.append((None,) * len(phrase.slots))
            continue
        opens, section = phrase.section != section, phrase.section
        parts = [(part, k, len(word.parts)) for word in line.words for k, part in enumerate(word.parts, 1)]
        laid = []
        for at, (slot, (part, k, count)) in enumerate(zip(phrase.slots, parts, strict=True)):
            hyphen = "single" if count == 1 else "begin" if k == 1 else "end" if k == count else "middle"
            laid.append(Lyric(part, hyphen, number, len(slot.notes) > 1 and k == count, at == 0, at == 0 and opens))
        out.append(tuple(laid))
    return tuple(out)


def own_words(tune: Tune) -> Sung:
    """The tune with the words of its file; slots without a syllable stay empty.

    The first verse takes syllables of other verses where it has none (a passage that only they sing). Another verse
    counts as a verse if it has at least half of the syllables.
    """
    slots = [slot for phrase in tune.phrases for slot in phrase.slots if slot.lyrics]
    found = sorted({lyric.verse for slot in slots for lyric in slot.lyrics})
    full = [verse for verse in found if 2 * sum(bool(of_verse(slot.lyrics, verse)) for slot in slots) >= len(slots)]
    laid = []
    for number, verse in enumerate(full or found[:1], 1):
        lines = []
        for phrase in tune.phrases:
            lyrics = (
                of_verse(slot.lyrics, verse) or (slot.lyrics[0] if number == 1 and slot.lyrics else None)
                for slot in phrase.slots
            )
            lines.append(tuple(replace(lyric, verse=number) if lyric else None for lyric in lyrics))
        laid.append(tuple(lines))
    return Sung(tune, tune.score, tuple(tuple(map(words_of, verse)) for verse in laid), tuple(laid))


def of_verse(lyrics: Sequence[Lyric], verse: int) -> Lyric | None:
    return next((lyric for lyric in lyrics if lyric.verse == verse), None)


def words_of(lyrics: Sequence[Lyric | None]) -> SungLine:
    """Syllables joined to words; a word that continues in the next line ends with this one."""
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
    """The tune's score with these syllables under the sung part, and no others in any part.

    The sung part stays as in the file if it contains all notes of the slots; otherwise the reduced voice replaces it.
    """
    words: dict[tuple[Fraction, int], tuple[Lyric, ...]] = {}
    for i, phrase in enumerate(tune.phrases):
        for j, slot in enumerate(phrase.slots):
            found = tuple(lyric for verse in laid if (lyric := verse[i][j]))
            for at, note in enumerate(slot.notes):
                words[note.onset, note.pitch] = () if at else found
    parts = tuple(silent(part) for part in tune.score.parts)
    number = tune.part.number
    given = next((part for part in parts if part.number == number), None)
    there = {(note.onset, note.pitch) for note in given.notes} if given else set()
    sung = given if given and words.keys() <= there else silent(tune.part)
    notes = []
    for note in sung.notes:
        lyrics = words.pop((note.onset, note.pitch), None)  # of two equal notes only the first has words
        notes.append(note if lyrics is None else replace(note, lyrics=lyrics, slurred=not lyrics))
    sung = replace(sung, notes=tuple(notes))
    if given is None:
        return replace(tune.score, parts=(sung, *parts))
    return replace(tune.score, parts=tuple(sung if part.number == number else part for part in parts))


def lead_sheet(sung: Sung) -> Score:
    """The sung part alone, one note at a time, with its words; chords, metres and tempi stay."""
    tune = replace(sung.tune, score=replace(sung.score, parts=(sung.tune.part,)))
    return under_notes(tune, sung.lyrics) if sung.verses else tune.score


def silent(part: Part) -> Part:
    """The part without words."""
    return replace(part, notes=tuple(replace(note, lyrics=()) if note.lyrics else note for note in part.notes))


def repeated(score: Score, verses: int) -> Score:
    """The score `verses` times in sequence, each time with the syllables of one verse, which becomes verse 1."""
    step = verse_step(score)
    shifts = [step * i for i in range(verses)]
    parts = []
    for part in score.parts:
        notes: list[Note] = []
        controls: list[Control] = []
        programs = any(control.kind == PROGRAM for control in part.controls)
        for number, shift in enumerate(shifts, 1):
            for note in part.notes:
                lyric = of_verse(note.lyrics, number)
                lyrics = (replace(lyric, verse=1),) if lyric else ()
                notes.append(replace(note, onset=note.onset + shift, lyrics=lyrics))
            if programs and shift and part.program is not None:  # back to the first program
                controls.append(Control(shift, PROGRAM, part.program))
            controls += [replace(control, onset=control.onset + shift) for control in part.controls]
        parts.append(replace(part, notes=tuple(notes), controls=tuple(controls)))
    further = [shift for shift in shifts[1:] if len(score.tempi) > 1]
    return replace(
        score,
        parts=tuple(parts),
        chords=tuple(replace(chord, onset=chord.onset + shift) for shift in shifts for chord in score.chords),
        repeats=tuple(sorted({at + shift for shift in shifts for at in score.repeats})),
        metres=repeated_metres(score, shifts),
        tempi=(*score.tempi, *(replace(t, onset=t.onset + shift) for shift in further for t in score.tempi)),
    )


def repeated_metres(score: Score, shifts: Sequence[Fraction]) -> tuple[Metre, ...]:
    """A further verse states its first metre only if another metre is in force."""
    out = list(score.metres)
    for shift in shifts[1:]:
        first, *others = score.metres
        if (first.beats, first.unit) != (out[-1].beats, out[-1].unit):
            out.append(replace(first, onset=shift + score.pickup))
        out += [replace(metre, onset=metre.onset + shift) for metre in others]
    return tuple(out)


def verse_step(score: Score) -> Fraction:
    """Onset of the second verse: its first full bar begins at a bar line of the last metre."""
    end = max((note.end for part in score.parts for note in part.notes), default=Fraction(0))
    last = score.metres[-1]
    origin = max(last.onset, score.pickup) if len(score.metres) > 1 else score.pickup
    bar = last.bar if last.bar > 0 else Fraction(4)
    return origin + -((origin - end - score.pickup) // bar) * bar - score.pickup
