"""Small files of music with and without words, for tests."""

from __future__ import annotations

import io
from collections.abc import Sequence

import mido

QUARTER = 480


def midi(syllables: Sequence[str | None], pitches: Sequence[int] = (), kind: str = "lyrics", long: int = 0) -> bytes:
    """A note a quarter long for each syllable, the text as it stands in the event ("wa-", "ter "); None: no text.
    Every `long`-th note lasts two quarters and a quarter of silence follows."""
    file, track = mido.MidiFile(type=0, ticks_per_beat=QUARTER), mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("time_signature", numerator=4, denominator=4, time=0))
    wait = 0
    for i, syllable in enumerate(syllables):
        pitch = pitches[i % len(pitches)] if pitches else 60 + i % 8
        if syllable is not None:
            track.append(mido.MetaMessage(kind, text=syllable, time=wait))
            wait = 0
        ends = long and (i + 1) % long == 0
        track.append(mido.Message("note_on", note=pitch, velocity=80, time=wait))
        track.append(mido.Message("note_off", note=pitch, velocity=0, time=QUARTER * (2 if ends else 1)))
        wait = QUARTER if ends else 0
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def sung(line: str) -> list[str]:
    """The events of words with hyphens between their syllables.

    >>> sung("Wa-ter falls")
    ['Wa-', 'ter ', 'falls ']
    """
    return [
        part + ("-" if part != parts[-1] else " ")
        for word in line.split()
        for parts in [word.split("-")]
        for part in parts
    ]


def xml_note(pitch: str, *lyrics: str, quarters: int = 1, slur: str = "") -> str:
    """`lyrics`: a syllable for each verse, hyphens where its word goes on; "" for none."""
    words = "".join(xml_lyric(text, verse) for verse, text in enumerate(lyrics, 1) if text)
    notation = f'<notations><slur type="{slur}"/></notations>' if slur else ""
    return (
        f"<note><pitch><step>{pitch[0]}</step><octave>{pitch[1]}</octave></pitch>"
        f"<duration>{quarters}</duration>{notation}{words}</note>"
    )


def xml_lyric(text: str, verse: int) -> str:
    kind = {(False, False): "single", (False, True): "begin", (True, True): "middle", (True, False): "end"}
    syllabic = kind[text.startswith("-"), text.endswith("-")]
    return f'<lyric number="{verse}"><syllabic>{syllabic}</syllabic><text>{text.strip("-")}</text></lyric>'


def musicxml(*bars: Sequence[str], title: str = "", repeat: bool = False) -> bytes:
    """Bars of `xml_note`, four quarters each; with `repeat` all of them are played twice."""
    head = "<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
    last = '<barline location="right"><repeat direction="backward"/></barline>' if repeat else ""
    measures = "".join(
        f'<measure number="{i}">{head if i == 1 else ""}{"".join(bar)}{last if i == len(bars) else ""}</measure>'
        for i, bar in enumerate(bars, 1)
    )
    return (
        f'<score-partwise version="4.0"><work><work-title>{title}</work-title></work><part-list><score-part id="P1">'
        f'<part-name>Voice</part-name></score-part></part-list><part id="P1">{measures}</part></score-partwise>'
    ).encode()


ABC = """X:1
T:The Water
M:4/4
L:1/4
K:C
CDEF|G2z2|GFED|C2z2|
w:1.~Wa-ter falls and flows, wa-ter goes and goes.
w:2.~Sum-mer's sun is low, "Oh," it~says, "I do know."
cBAG|F2z2|GFED|C2z2|
w:O ri-ver, ri-ver, run now to the sun!
"""
