"""Tunes and texts for the recorded songs, literal or made from lists of notes: nothing from outside the tests."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from functools import cache

import mido

import lyricist

HILL = """X:1
T:The Little Hill
M:4/4
L:1/4
Q:1/4=120
K:C
z3 G | "C"c2 d2 | "G7"e2 c z | z3 G | e2 d2 | c2 c z |]
"""
HYMN = """X:1
T:Evening
M:3/4
L:1/4
Q:1/4=90
K:G
|: D | G2 A | B2 A | G2 E | D2 z :|
D | G2 B | d2 c | B2 A | G2 z | B | d2 d | e2 d | B2 G | A2 z | D | G2 A | B2 A | G2 F | G2 z |]
"""
JIG = """X:1
T:The Road
M:6/8
L:1/8
Q:3/8=100
K:D
|: A2 B A2 F | D2 E F3 | A2 B d2 B | A3 z3 :|
|: d2 e f2 d | e2 d B3 | (AB) d e2 d |1 d3 z3 :|2 D3 z3 |]
"""
Notes = Sequence[tuple[int, float]]  # MIDI pitch, 0 for a rest, and quarters
WALTZ: Notes = [
    (67, 1), (72, 2), (71, 1), (69, 2), (67, 1), (64, 3), (0, 2), (67, 1), (72, 2), (74, 1), (76, 2), (74, 1), (72, 3), (0, 2),
    (76, 1), (77, 2), (76, 1), (74, 2), (72, 1), (69, 3), (0, 2), (67, 1), (71, 2), (69, 1), (67, 2), (71, 1), (72, 3), (0, 2),
]  # fmt: skip
MARCH: Notes = [
    (60, 1), (62, 0.5), (64, 0.5), (65, 1), (67, 1), (69, 0.5), (67, 0.5), (65, 1), (64, 2), (62, 1), (64, 0.5), (65, 0.5),
    (67, 1), (69, 1), (71, 1), (72, 2), (0, 1), (72, 1), (71, 0.5), (69, 0.5), (67, 1), (65, 1), (64, 0.5), (62, 0.5), (64, 1),
    (60, 2),
]  # fmt: skip
TICKS = 480


def midi(notes: Notes, beats: int, words: Sequence[str] = ()) -> bytes:
    """One voice, a bass and a drum; words as lyric events."""
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    voice = mido.MidiTrack([
        mido.MetaMessage("track_name", name="Voice"), mido.MetaMessage("set_tempo", tempo=500_000),
        mido.MetaMessage("time_signature", numerator=beats, denominator=4),
    ])  # fmt: skip
    wait, sung = 0, itertools.chain(words, itertools.repeat(""))
    for pitch, quarters in notes:
        ticks = round(quarters * TICKS)
        if not pitch:
            wait += ticks
            continue
        if text := next(sung):
            voice.append(mido.MetaMessage("lyrics", text=text, time=wait))
            wait = 0
        voice.append(mido.Message("note_on", note=pitch, velocity=90, time=wait))
        voice.append(mido.Message("note_off", note=pitch, time=ticks))
        wait = 0
    bars = int(sum(quarters for _, quarters in notes) // beats)
    bass, drum = mido.MidiTrack(), mido.MidiTrack()
    for _ in range(bars):
        for track, note, channel in ((bass, 48, 1), (drum, 36, 9)):
            track.append(mido.Message("note_on", note=note, velocity=60, channel=channel))
            track.append(mido.Message("note_off", note=note, channel=channel, time=beats * TICKS))
    file.tracks += [voice, bass, drum]
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


STEPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def musicxml(notes: Notes, beats: int) -> bytes:
    """Bars of notes; a note across a bar line is tied."""
    bars: list[list[str]] = [[]]
    room = float(beats)
    for pitch, quarters in notes:
        left, first = quarters, True
        while left:
            if not room:
                bars.append([])
                room = float(beats)
            length = min(left, room)
            left, room = left - length, room - length
            bars[-1].append(xml_note(pitch, length, not first, bool(left)))
            first = False
    attributes = (
        "<attributes><divisions>2</divisions><key><fifths>0</fifths></key>"
        f"<time><beats>{beats}</beats><beat-type>4</beat-type></time></attributes>"
    )
    measures = "".join(
        f'<measure number="{i + 1}">{"" if i else attributes}{"".join(bar)}</measure>' for i, bar in enumerate(bars)
    )
    head = '<part-list><score-part id="P1"><part-name>Voice</part-name></score-part></part-list>'
    return f'<?xml version="1.0"?><score-partwise>{head}<part id="P1">{measures}</part></score-partwise>'.encode()


def xml_note(pitch: int, quarters: float, tied: bool, ties: bool) -> str:
    name = STEPS[pitch % 12]
    alter = "<alter>1</alter>" if "#" in name else ""
    what = f"<pitch><step>{name[0]}</step>{alter}<octave>{pitch // 12 - 1}</octave></pitch>" if pitch else "<rest/>"
    tie = ('<tie type="stop"/>' if tied else "") + ('<tie type="start"/>' if ties and pitch else "")
    return f"<note>{what}<duration>{round(quarters * 2)}</duration>{tie if pitch else ''}</note>"


BALLAD = """The river ran below the town
    And I was far from home
The evening sent the shadows down
    And left me there alone

Oh carry me, oh carry me
    Across the water wide
Oh carry me, oh carry me
    Until the morning tide

I saw a light beyond the hill
    It was not mine to keep
The road was long, the air was still
    And all the world asleep
"""
SONG = """[Verse 1]
I left my coat at the station
I left my heart by the door
Nobody knows where the train goes
Nobody asks any more

[Chorus]
Hold on, hold on to the morning
Hold on, hold on to the day
Nobody gave us a warning
Nobody showed us the way

[Verse 2]
You took the road to the harbour
You took the key and the light
Summer is over the water
Winter is coming tonight

[Chorus]
Hold on, hold on to the morning
Hold on, hold on to the day
Nobody gave us a warning
Nobody showed us the way
"""
FREE = """Lights
the whole street humming like a fridge
and you, somewhere, not calling

I count the buses
one, two
one, two, three
"""
FILL = """The river ran below the town
...
I called your name and nothing came
...

[Chorus]
Oh carry me home
...
"""
FILL_SONG = """[Verse]
...
...
I left my heart by the door
...

[Chorus]
Hold on, hold on to the morning
...

[Verse]
...
...
...
...

[Chorus]
...
...
"""
LIMERICK = """format = 1
form = ["verse"]
rhyme = ["AABBA"]
metre = ["x/xx/xx/", "x/xx/xx/", "x/xx/", "x/xx/", "x/xx/xx/"]
"""
SECTIONS = """format = 1
max-copy = 4

[[section]]
name = "verse"
lines = 4
syllables = [8, 6]
rhyme = "ABAB"

[[section]]
name = "chorus"
text = ["Carry me over the water", "...", "..."]
syllables = [8, 7, 7]
rhyme = "XAA"
"""


@cache
def files() -> dict[str, bytes]:
    """Every file that a recorded case reads, by name."""
    words = ["Oh ", "come ", "a", "way ", "with ", "me ", "love", "\r", "the ", "night "]
    bundled = itertools.islice(lyricist.sample_songs(), 3)
    texts = {f"bundled-{i + 1}.txt": song.text() for i, song in enumerate(bundled)}
    texts |= {
        "hill.abc": HILL, "hymn.abc": HYMN, "jig.abc": JIG, "ballad.txt": BALLAD, "song.txt": SONG, "free.txt": FREE,
        "words.txt": "The evening falls on the river\nAnd nobody knows\nHow the water goes\n", "fill.txt": FILL,
        "fill-song.txt": FILL_SONG, "fill-tune.txt": "The evening is long\n...\n", "limerick.toml": LIMERICK,
        "sections.toml": SECTIONS, "words.lex": "lyricist  L IH1 R AH0 S IH0 S T\n",
    }  # fmt: skip
    scores = {
        "waltz.mid": midi(WALTZ, 3), "march.mid": midi(MARCH, 4), "worded.mid": midi(WALTZ, 3, words),
        "waltz.musicxml": musicxml(WALTZ, 3), "march.musicxml": musicxml(MARCH, 4),
    }  # fmt: skip
    return {name: text.encode() for name, text in texts.items()} | scores
