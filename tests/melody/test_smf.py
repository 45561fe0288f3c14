"""The tolerant reader: what players play is read; the rest is refused in one line."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest
from midibytes import chunk, meta, off, on, smf, tune, varlen

from lyricist.errors import InputError
from lyricist.melody.read import smf as reader
from lyricist.melody.read.midi_file import read_midi
from lyricist.melody.voice import choose_part, one_voice

LITERAL = bytes.fromhex(
    "4d546864 00000006 0001 0002 0060"  # MThd, format 1, two tracks, 96 ticks a quarter
    "4d54726b 00000017"  # MTrk
    "00 ff5103 07a120"  # 120 quarters a minute
    "00 ff5804 03021808"  # 3/4
    "00 ff2f00 0000 0000"  # the end, and four bytes of nothing
    "4d54726b 0000001d"
    "00 ff0302 4c61"  # named La
    "00 ff0502 4c61"  # sung la
    "00 90 3c40 60 3c00"  # C4 for a quarter, under running status
    "00 3e40 60 3e00"  # D4
    "00 ff2f00"
)


def test_a_literal_file() -> None:
    score = read_midi(LITERAL, "la.mid")
    (part,) = score.parts
    assert (part.name, score.tempi[0].quarters, score.metres[0].beats, score.warnings) == ("La", 120, 3, ())
    assert [(note.onset, note.duration, note.pitch) for note in part.notes] == [(0, 1, 60), (1, 1, 62)]
    assert [lyric.text for note in part.notes for lyric in note.lyrics] == ["La"]


@pytest.mark.parametrize("form", [0, 1, 2, 7])
def test_every_format_is_read(form: int) -> None:
    assert len(read_midi(smf(chunk(tune([60, 62])), form=form), "a.mid").parts[0].notes) == 2


def test_other_chunks_and_what_stands_before_are_stepped_over() -> None:
    data = smf(b"XFIH\0\0\0\2hi" + chunk(tune([60])) + b"JUNK\0\0\0\1!" + chunk(tune([62])), form=1)
    parts = read_midi(b"RIFF....RMIDdata...." + data, "a.rmi").parts
    assert [[note.pitch for note in part.notes] for part in parts] == [[60], [62]]


def test_system_messages_controllers_and_unknown_marks_are_stepped_over() -> None:
    noise = [
        (0, b"\xf0\x03\x01\x02\xf7"),
        (0, b"\xf7\x02\x01\x02"),
        (0, b"\xf2\x01\x02"),
        (0, b"\xb0\x07\x64"),
        (0, meta(0x7F, b"??")),
    ]
    score = read_midi(smf(chunk([*noise, (0, b"\xe0\x00\x40"), (0, b"\xd0\x10"), *tune([60])])), "a.mid")
    assert [note.pitch for note in score.parts[0].notes] == [60] and not score.warnings


@pytest.mark.parametrize("cut", range(1, 10))
def test_a_cut_end_is_mended(cut: int) -> None:
    data = smf(chunk(tune([60, 62, 64])))[:-cut]
    score = read_midi(data, "cut.mid")
    assert [note.pitch for note in score.parts[0].notes] == [60, 62, 64] and score.warnings


def test_wrong_lengths_of_chunks_are_seen_through() -> None:
    one, two = chunk(tune([60])), chunk(tune([62]))
    for length in (3, len(one) + 1, 10**6):
        wrong = one[:4] + length.to_bytes(4) + one[8:]
        found = [[note.pitch for note in part.notes] for part in read_midi(smf(wrong, two), "a.mid").parts]
        assert found == ([[62]] if length == 3 else [[60], [62]]), length


def test_values_above_127_are_read_as_127() -> None:
    score = read_midi(smf(chunk([(0, bytes([0x90, 60, 200])), (480, off(60))])), "a.mid")
    assert score.parts[0].notes[0].velocity == 127 and "above 127" in score.warnings[0]


HEAD = smf(chunk([]))[:14]
REFUSED = {
    "empty": (b"", "empty"),
    "text": (b"no music, only words, again and again", "not a MIDI file"),
    "header": (HEAD[:11], "ends within its header"),
    "zero division": (smf(chunk(tune([60])), division=0), "0 ticks"),
    "zero ticks in a frame": (smf(chunk(tune([60])), division=0xE700), "0 ticks"),
    "no tracks": (HEAD, "no notes"),
    "no notes": (smf(chunk([(0, meta(3, "Nothing"))])), "no notes"),
    "only drums": (smf(chunk(tune([36, 38], channel=9))), "only drums"),
    "tracks": (smf(*[chunk(tune([60]))] * 300), "tracks"),
    "hours": (smf(chunk([(0, on(60)), (0x0FFFFFFF, off(60))])), "hours of music"),
    "hours with a fast tempo": (
        smf(chunk([(0, meta(0x51, b"\0\0\1")), (0, on(60)), (0x0FFFFFFF, off(60))])),
        "beats of music",
    ),
    "32 bits": (smf(chunk([(k * 0x0FFFFFFF, e) for k, e in enumerate([on(60), off(60)] * 9)])), "hours of music"),
    "size": (smf(chunk(tune([60]))) + bytes(reader.MAX_BYTES), "bytes"),
    "events": (smf(chunk([(0, b"\xb0\x07\x64" + b"\0\x07\x64" * reader.MAX_EVENTS)])), "MIDI events"),
    "notes": (smf(chunk([(0, on(60) + b"\1\x3c\0\0\x3c\x40" * (reader.MAX_NOTES + 1))])), "notes"),
    "texts": (smf(chunk([(0, b"\xff\1\0" + b"\0\xff\1\0" * reader.MAX_TEXTS)])), "texts"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_tune_is_refused_in_one_line(case: str) -> None:
    data, says = REFUSED[case]
    with pytest.raises(InputError) as error:
        read_midi(data, "bad.mid")
    assert says in str(error.value) and "\n" not in str(error.value) and "bad.mid" in str(error.value)


def test_a_small_file_of_deltas_ends_at_once() -> None:
    long = b"".join(varlen(0x0FFFFFFF) + on(60 + k % 12) for k in range(150))
    with pytest.raises(InputError, match="hours"):
        read_midi(smf(b"MTrk" + len(long).to_bytes(4) + long), "long.mid")


def mutated(data: bytes, rng: random.Random) -> bytes:
    """A few bytes changed, cut out or put in."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(out))
        choice = rng.randrange(4)
        if choice == 0:
            out[at] = rng.randrange(256)
        elif choice == 1:
            out[at] ^= 1 << rng.randrange(8)
        elif choice == 2:
            del out[at : at + rng.randint(1, 8)]
        else:
            out[at:at] = rng.randbytes(rng.randint(1, 8))
    return bytes(out)


def test_mutated_files_are_read_or_refused() -> None:
    outcomes = Counter(outcome for seed in range(20) for outcome in outcomes_of(seed))
    assert outcomes == {"read": 1218, "refused": 782}  # a reader that refuses more, or less, has changed


def outcomes_of(seed: int) -> Iterator[str]:
    rng = random.Random(seed)
    sung = [
        *tune(range(60, 72)),
        *[
            (480 * i, meta(5, word))
            for i, word in enumerate(("A-", "maz-", "ing\r", "grace", "how", "/sweet", "\\the"))
        ],
    ]
    for source in (
        LITERAL,
        smf(chunk([(0, meta(1, "@KMIDI")), (0, b"\xc0\x34")]), chunk(sung), chunk(tune([36], 9))),
    ):
        for _ in range(50):
            try:
                score = read_midi(mutated(source, rng), "fuzz.mid")
                part = one_voice(choose_part(score)[0])
            except InputError as error:
                yield "refused" if "\n" not in str(error) else "refused in several lines"
                continue
            assert part.notes and all(note.duration > 0 for each in score.parts for note in each.notes)
            assert all(a.end <= b.onset for a, b in zip(part.notes, part.notes[1:], strict=False))
            yield "read"
