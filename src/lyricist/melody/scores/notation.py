"""One written note as MusicXML elements: pitch, value, ties, slurs, tuplets, words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree import ElementTree as ET

from lyricist.melody.scores.layout import Event, Measure, Piece
from lyricist.melody.scores.names import ACCIDENTALS, in_key, spell
from lyricist.melody.tune import Lyric, Note, Part

ILLEGAL = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")  # in XML 1.0
FORTE = 90  # the velocity that <note dynamics="100"> stands for
PLAIN_VELOCITY = 80  # of a note that says nothing


@dataclass(frozen=True)
class Mark:
    """A direction or a chord symbol, between the notes."""

    at: Fraction  # quarters
    make: Callable[[int], ET.Element]  # offset in divisions -> element


@dataclass
class Context:
    """What is known while one part is written."""

    part: Part
    id: str
    sharps: int
    mode: str
    divisions: int = 1
    staff: int | None = None  # of several, the one being written on
    main: bool = True  # the first voice of its staff is being written: its rests are printed
    marks: Sequence[Mark] = ()
    # (onset, pitch, verse) of syllables at the end of a line -> end-line, end-paragraph
    ends: dict[tuple[Fraction, int, int], str] = field(default_factory=dict)

    def ticks(self, length: Fraction) -> str:
        return str(int(length * self.divisions))


def sub(parent: ET.Element, tag: str, content: object = None, /, **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, tag, {name: ILLEGAL.sub("", value) for name, value in attributes.items()})
    if content is not None:
        made.text = ILLEGAL.sub("", str(content))
    return made


def accidentals(measure: Measure, sharps: int) -> dict[tuple[int, int], str]:
    """(id of the piece, pitch) -> the sign to print, in the order in which notes sound."""
    out: dict[tuple[int, int], str] = {}
    state: dict[tuple[str, int], int] = {}
    ordered = (piece for pieces in measure.voices.values() for piece in pieces if piece.event and piece.first)
    for piece in sorted(ordered, key=lambda piece: piece.at):
        for note in piece.event.notes if piece.event else ():
            name = spell(note.pitch, sharps)
            place = (name.step, name.octave)
            if state.get(place, in_key(name.step, sharps)) != name.alter:
                out[id(piece), note.pitch] = ACCIDENTALS[name.alter]
                state[place] = name.alter
    return out


def write_piece(
    made: ET.Element, context: Context, piece: Piece, voice: int, signs: dict[tuple[int, int], str]
) -> None:
    if piece.event is None:
        write_rest(made, context, piece, voice)
        return
    for at, note in enumerate(piece.event.notes):
        element = sub(made, "note")
        if note.velocity != PLAIN_VELOCITY:
            element.set("dynamics", f"{note.velocity / FORTE * 100:.4g}")
        if at:
            sub(element, "chord")
        write_pitch(element, context, note)
        sub(element, "duration", context.ticks(piece.value.length))
        ties = [kind for kind, there in (("stop", not piece.first), ("start", not piece.last)) if there]
        for kind in ties:
            sub(element, "tie", type=kind)
        if context.part.drums:
            sub(element, "instrument", id=f"{context.id}-I{note.pitch}")
        sub(element, "voice", voice)
        write_value(element, piece, signs.get((id(piece), note.pitch)), context.staff)
        write_notations(element, piece, note, ties, main=at == 0)
        if piece.first and at == 0:
            write_lyrics(element, context, piece.event)


def write_rest(made: ET.Element, context: Context, piece: Piece, voice: int) -> None:
    """A rest; silence of a length that is not written is only passed over, like rests of further voices."""
    if not piece.value.exact or (not context.main and piece.value.actual == 1):
        sub(sub(made, "forward"), "duration", context.ticks(piece.value.length))
        return
    element = sub(made, "note")
    rest = sub(element, "rest")
    if piece.whole_bar:
        rest.set("measure", "yes")
    sub(element, "duration", context.ticks(piece.value.length))
    sub(element, "voice", voice)
    if piece.whole_bar and context.staff is not None:
        sub(element, "staff", context.staff)
    if not piece.whole_bar:
        write_value(element, piece, None, context.staff)
        write_notations(element, piece, None, (), main=True)


def write_pitch(element: ET.Element, context: Context, note: Note) -> None:
    if context.part.drums:
        unpitched = sub(element, "unpitched")
        sub(unpitched, "display-step", "C")
        sub(unpitched, "display-octave", 5)
        return
    name = spell(note.pitch, context.sharps)
    pitch = sub(element, "pitch")
    sub(pitch, "step", name.step)
    if name.alter:
        sub(pitch, "alter", name.alter)
    sub(pitch, "octave", name.octave)


def write_value(element: ET.Element, piece: Piece, sign: str | None, staff: int | None) -> None:
    value = piece.value
    sub(element, "type", value.kind)
    for _ in range(value.dots):
        sub(element, "dot")
    if sign:
        sub(element, "accidental", sign)
    if value.actual > 1:
        change = sub(element, "time-modification")
        sub(change, "actual-notes", value.actual)
        sub(change, "normal-notes", value.normal)
    if staff is not None:
        sub(element, "staff", staff)
    for number, beam in enumerate(piece.beams, 1):
        sub(element, "beam", beam, number=str(number))


def write_notations(element: ET.Element, piece: Piece, note: Note | None, ties: Sequence[str], main: bool) -> None:
    made = ET.Element("notations")
    for kind in ties:
        sub(made, "tied", type=kind)
    event = piece.event
    if main and event and piece.last and event.slur_to:
        sub(made, "slur", type="stop", number="1")
    if main and event and piece.first and event.slur_from:
        sub(made, "slur", type="start", number="1")
    if main and piece.tuplet:
        for kind in ("start", "stop") if piece.tuplet == "both" else (piece.tuplet,):
            sub(made, "tuplet", type=kind)
    if note and note.fermata and piece.last:
        sub(made, "fermata")
    if note and note.phrase_end and piece.last:
        sub(sub(made, "articulations"), "breath-mark")
    if len(made):
        element.append(made)


def write_lyrics(element: ET.Element, context: Context, event: Event) -> None:
    """The syllables of a chord all go under its first note."""
    written: set[int] = set()
    for note in event.notes:
        for lyric in note.lyrics:
            if lyric.verse not in written:
                written.add(lyric.verse)
                write_lyric(element, lyric, context.ends.get((note.onset, note.pitch, lyric.verse)))


def write_lyric(element: ET.Element, lyric: Lyric, end: str | None) -> None:
    made = sub(element, "lyric", number=str(lyric.verse))
    sub(made, "syllabic", lyric.syllabic)
    sub(made, "text", " ".join(lyric.text.split()))
    if lyric.extend:
        sub(made, "extend")
    if end:
        sub(made, "end-line")
    if end == "end-paragraph":
        sub(made, "end-paragraph")
