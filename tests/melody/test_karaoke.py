"""Words in lyric and text events: marks of lines, joins of syllables, letters of every encoding."""

from __future__ import annotations

import pytest
from midibytes import chunk, meta, smf, texts, tune

from lyricist.melody.read.midi_file import read_midi
from lyricist.melody.tune import Lyric, Note

HEAD = [(0, meta(1, text)) for text in ("@KMIDI KARAOKE FILE", "@LENGL", "@TAmazing Grace", "@TNewton")]

# one and the same text in every manner: the kind of event and the events
MANNERS = {
    "kar": (1, ["\\A", "maz", "ing", " grace", "/how", " sweet"]),
    "kar, blanks behind": (1, ["\\A", "maz", "ing ", "grace ", "/how ", "sweet"]),
    "kar, numbered": (1, ["/1. A", "maz", "ing", " grace", "/how", " sweet"]),
    "lyrics, hyphens": (5, ["A-", "maz-", "ing", "grace\r", "how", "sweet"]),
    "lyrics, hyphens and blanks": (5, ["A-", "maz-", "ing ", "grace ", "\rhow ", "sweet "]),
    "lyrics, hyphens before": (5, ["A", "-maz", "-ing ", "grace ", "\nhow ", "sweet "]),
    "lyrics, blanks": (5, ["A", "maz", "ing ", "grace\r\n", "how ", "sweet"]),
}


def lyrics(events: list[tuple[int, bytes]]) -> list[Lyric]:
    """The syllables of a file with these text events, and a note under each; headers have none."""
    ticks = sorted({tick for tick, _ in events if tick or events[0] != HEAD[0]})
    notes = [event for i, tick in enumerate(ticks) for event in tune([60 + i], start=tick, step=240)]
    score = read_midi(smf(chunk(notes), chunk(events)), "a.kar")
    return [lyric for note in score.parts[0].notes for lyric in note.lyrics]


@pytest.mark.parametrize("manner", MANNERS)
def test_every_manner_of_joins(manner: str) -> None:
    kind, events = MANNERS[manner]
    found = lyrics([*(HEAD if kind == 1 else []), *texts(events, kind, start=480)])
    assert [lyric.text for lyric in found] == ["A", "maz", "ing", "grace", "how", "sweet"]
    assert [lyric.syllabic for lyric in found] == ["begin", "middle", "end", "single", "single", "single"]
    assert [lyric.line_start for lyric in found][1:] == [False, False, False, True, False]


def test_without_any_join_words_stand_alone() -> None:
    assert {lyric.syllabic for lyric in lyrics(texts(["Glo", "ri", "a"]))} == {"single"}


def test_paragraphs_and_lines() -> None:
    found = lyrics([*HEAD, *texts(["\\Glo", "ri", "a", "/in", " ex", "/cel", "sis", "\\De", "o"], 1, start=480)])
    assert [lyric.text for lyric in found if lyric.paragraph] == ["Glo", "De"]
    assert [lyric.text for lyric in found if lyric.line_start] == ["Glo", "in", "cel", "De"]
    bare = lyrics(texts(["Oh", "\n\n", "yes", "\r", "I"], 5))
    assert [(lyric.text, lyric.line_start) for lyric in bare] == [("Oh", False), ("yes", True), ("I", True)]


def test_marks_of_lines_of_music_are_not_marks_of_words() -> None:
    """abc2midi's: a blank behind them where a word begins, and they stand within words too."""
    within = ["/1. Glo", "ry", " to", "/ God", "\\in", " the", "\\ highest"]
    found = lyrics([*HEAD, *texts([*within, "\\est"], 1, start=480)])
    assert [lyric.text for lyric in found if lyric.line_start] == ["Glo"]
    assert [lyric.syllabic for lyric in found][3:] == ["begin", "end", "single", "begin", "end"]
    true = lyrics([*HEAD, *texts(["/1. Glo", "ry", "\\ To", " God", "/ And", " peace"], 1, start=480)])
    assert [lyric.text for lyric in true if lyric.line_start] == ["Glo", "To", "And"]
    assert not any(lyric.paragraph for lyric in true)


@pytest.mark.parametrize("hold", [" ", "_", "-", "\u2014"])
def test_a_hold_is_a_slur(hold: str) -> None:
    score = read_midi(smf(chunk([*tune([60, 62, 64]), *texts(["love ", hold, "me "])])), "a.mid")
    first, second, third = score.parts[0].notes
    assert (first.lyrics[0].text, first.lyrics[0].extend, second.lyrics, second.slurred) == ("love", True, (), True)
    assert third.lyrics[0].text == "me" and not third.slurred


def test_headers_and_remarks_are_not_sung() -> None:
    remarks = [(0, meta(1, text)) for text in ("@IMusic: 'New Britain'", "notes/lyric track", " default length")]
    late = [(960, meta(1, " 5")), (960, meta(1, "W:2. Through many dangers")), (1000, meta(1, "x" * 300))]
    words = texts(["/A", "maz", "ing", " grace"], 1, start=1)
    score = read_midi(smf(chunk(tune([60, 62, 64, 65], start=1)), chunk([*HEAD, *remarks, *late, *words])), "a.kar")
    assert texts_of(score.parts[0].notes) == ["A", "maz", "ing", "grace"]
    assert (score.title, score.composer) == ("Amazing Grace", "'New Britain'")
    assert read_midi(smf(chunk(HEAD), chunk(tune([60]))), "a.kar").composer == "Newton"


def copyright_of(data: bytes) -> str:
    return read_midi(smf(chunk([(0, meta(2, data)), *tune([60])])), "a.mid").copyright


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
def test_letters_of_every_encoding(encoding: str) -> None:
    assert copyright_of("blessèd Köln, naïve".encode(encoding)) == "blessèd Köln, naïve"


def test_quotes_of_windows_and_bytes_of_nothing() -> None:
    assert copyright_of(b"\x93Oh\x94, don\x92t") == "“Oh”, don’t"
    assert copyright_of(b"\x81\xff\0") == "\x81ÿ"


def texts_of(notes: tuple[Note, ...]) -> list[str]:
    return ["/".join(lyric.text for lyric in note.lyrics) for note in notes]


def test_words_in_a_track_of_their_own_go_to_the_line_they_fit() -> None:
    bass, chords = (
        tune([40, 41], step=960),
        [(tick, event) for pitch in (60, 64) for tick, event in tune([pitch] * 8, 1, step=240)],
    )
    late = texts(["/Oh", " say", " can", " you"], 1, start=20)
    score = read_midi(
        smf(chunk(HEAD), chunk(late), chunk(bass), chunk(chords), chunk(tune([72, 74, 76, 77], 3))), "a.kar"
    )
    assert [part.words for part in score.parts] == [0, 0, 4]
    assert texts_of(score.parts[2].notes) == ["Oh", "say", "can", "you"]


def test_words_in_a_track_with_notes_stay_there() -> None:
    thirds = sorted([*tune([60, 62, 64]), *tune([64, 65, 67])], key=lambda event: (event[0], event[1][0] >= 0x90))
    score = read_midi(smf(chunk([*thirds, *texts(["Oh ", "say ", "can "])]), chunk(tune([72, 74, 76], 1))), "a.mid")
    assert [part.words for part in score.parts] == [3, 0]


def test_of_lyrics_and_texts_the_better_are_taken() -> None:
    notes = tune(range(60, 68))
    full, poor = ["/Oh", " say", " can", " you", "/see", " by", " the", " dawn"], ["Oh ", "say "]
    for kinds in ((5, 1), (1, 5)):
        track = [*notes, *texts(full, kinds[0]), *texts(poor, kinds[1])]
        score = read_midi(smf(chunk(HEAD), chunk([(0, meta(3, "Song")), *track])), "a.kar")
        assert score.parts[0].words == 8, kinds


def test_several_verses_at_one_time() -> None:
    events = [*tune([60, 62, 64]), *texts(["Oh ", "my ", "love "]), *texts(["Hark ", "the ", "bell "])]
    score = read_midi(smf(chunk(events)), "a.mid")
    assert texts_of(score.parts[0].notes) == ["Oh/Hark", "my/the", "love/bell"]
    assert [lyric.verse for lyric in score.parts[0].notes[0].lyrics] == [1, 2]


def test_words_crowded_under_chords_are_spread_in_turn() -> None:
    chords, said = [], []
    for i in range(6):  # each chord takes two words of six, the second a little late, so that they run out at half
        chords += [(480 * i, on) for _, on in tune([60 + i])[:1]] + [(480 * i + 470, tune([60 + i])[1][1])]
        chords += [(480 * i + 10, on) for _, on in tune([67 + i])[:1]] + [(480 * i + 470, tune([67 + i])[1][1])]
    for i, (one, two) in enumerate([("/The", " law"), (" of", " God"), (" is", " good")]):
        said += [(480 * i, meta(1, one)), (480 * i + 10, meta(1, two))]
    score = read_midi(smf(chunk(HEAD), chunk([*chords, *said])), "a.kar")
    assert [text for text in texts_of(score.parts[0].notes) if text] == ["The", "law", "of", "God", "is", "good"]


def test_words_that_fit_no_notes_are_told() -> None:
    score = read_midi(smf(chunk([*tune([60, 62]), *texts(["oh "] * 12, start=4000, step=977)])), "a.mid")
    assert score.parts[0].words == 0 and any("12 syllables" in warning for warning in score.warnings)


def test_words_by_the_line_mark_lines_only() -> None:
    lines = [
        (480 * i, meta(5, text))
        for i, text in ((0, "Oh say can you"), (4, "see by the dawn's"), (8, "early light what so"))
    ]
    score = read_midi(smf(chunk([*tune(range(60, 72)), *lines])), "a.mid")
    assert score.parts[0].words == 0 and any("one time per line" in warning for warning in score.warnings)
    assert [i for i, note in enumerate(score.parts[0].notes) if note.phrase_end] == [3, 7]
