"""Bad files of music, and what is said of each; and some that are odd, but tunes."""

from __future__ import annotations

import io
import zipfile

LONG = b"\xff\xff\xff\x7f"  # the longest time between two events, 268,435,455 ticks
NOTE, END = b"\0\x90\x3c\x40\x60\x80\x3c\x00", b"\0\xff\x2f\0"
PART = '<part-list><score-part id="P1"><part-name>V</part-name></score-part></part-list>'


def track(body: bytes) -> bytes:
    return b"MTrk" + len(body + END).to_bytes(4) + body + END


def midi(*bodies: bytes, division: int = 480) -> bytes:
    head = b"\0\1" + len(bodies).to_bytes(2) + division.to_bytes(2)
    return b"MThd\0\0\0\6" + head + b"".join(map(track, bodies))


def xml(inside: str, before: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{before}<score-partwise>{PART}<part id="P1">{inside}</part></score-partwise>'.encode()
    )


def bomb(megabytes: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("score.xml", b" " * megabytes * 2**20)
    return out.getvalue()


SUNG = "<measure><attributes><divisions>1</divisions></attributes>{}</measure>"
C = "<note><pitch><step>C</step><octave>5</octave></pitch><duration>1</duration></note>"
REFUSED: dict[str, tuple[bytes, str]] = {
    "empty.mid": (b"", "is empty"),
    "cut.mid": (midi(NOTE)[:12], "ends within its header"),
    "division.mid": (midi(NOTE, division=0), "0 ticks to a quarter"),
    "tracks.mid": (midi(*[NOTE] * 300), "more than 256 tracks"),
    "events.mid": (midi(b"\0\x90\x3c\x40" * 50_001), "more than 50,000 notes"),
    "ticks.mid": (midi(b"\0\x90\x3c\x40" + (LONG + b"\xb0\7\1") * 15 + LONG + b"\x80\x3c\0"), "hours"),
    "hours.mid": (midi((LONG + NOTE[1:]) * 100), "hours"),
    "silent.mid": (midi(b"\0\xff\1\2hi"), "no notes"),
    "drums.mid": (midi(NOTE.replace(b"\x90", b"\x99").replace(b"\x80", b"\x89")), "only drums"),
    "cut.musicxml": (xml(SUNG.format(C))[:-40], "cut.musicxml"),
    "entities.musicxml": (xml(SUNG.format(C), '<!DOCTYPE a [<!ENTITY b "b"><!ENTITY c "&b;&b;">]>'), "entities"),
    "outside.musicxml": (xml(SUNG.format(C), '<!DOCTYPE a [<!ENTITY b SYSTEM "http://127.0.0.1:9/">]>'), "entities"),
    "division.musicxml": (xml(SUNG.replace("1<", "0<").format(C)), "must be a number above 0"),
    "silent.musicxml": (xml(SUNG.format("")), "no notes"),
    "bomb.mxl": (bomb(64), "bomb.mxl"),
    "cut.mxl": (bomb(1)[:-30], "cut.mxl"),
    "nothing.abc": (b"X:1\nT:None\nK:C\n", "no notes"),
}
TAKEN = {  # odd, but tunes
    "chords.mid": midi(b"\0\x90\x3c\x40\0\x90\x40\x40\x60\x80\x3c\0\0\x80\x40\0" * 8),
    "notempo.mid": midi(NOTE * 8),
    "one.mid": midi(NOTE),
}
