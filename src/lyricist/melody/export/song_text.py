"""Songs as text: plain lines, LRC with times, ChordPro with chords."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence

from lyricist.melody.export.sing import Sung, SungLine
from lyricist.melody.notation import alteration, spell
from lyricist.melody.tune import Clock, Phrase, Tune

KINDS = ("verse", "chorus", "bridge")  # sections with a ChordPro directive
Places = dict[tuple[int, int], list[str]]  # (phrase, slot) -> chords before it; the slot after the last ends the line


def worded_lines(sung: Sung) -> Iterator[tuple[int, int, SungLine, bool]]:
    """(verse from 0, phrase, line, whether a section begins) of every line with words."""
    section: tuple[int, int] | None = None
    for number, verse in enumerate(sung.verses):
        for i, (phrase, line) in enumerate(zip(sung.tune.phrases, verse, strict=True)):
            if line.words:
                yield number, i, line, section != (number, phrase.section)
                section = number, phrase.section


def joined(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def without(text: str, marks: str) -> str:
    """The text on one line, without characters that have a meaning in the format."""
    return " ".join(text.translate({ord(mark): None for mark in marks}).split())


def text(sung: Sung) -> bytes:
    """Words only: one line per phrase with words, an empty line between sections and verses."""
    out: list[str] = []
    for _, _, line, opens in worded_lines(sung):
        out += [""] * (opens and bool(out)) + [" ".join(line.text.split())]
    return joined(out)


def lrc(sung: Sung) -> bytes:
    """Enhanced LRC, with times of lines and words: `[00:12.00]<00:12.00>Hello <00:12.50>world<00:13.20>`.

    The last time of a line is the end of its last note. The verses are in performed order, as in the MIDI file.
    """
    tags = [("ti", sung.score.title), ("au", sung.score.composer), ("by", "lyricist")]
    out = [f"[{tag}:{' '.join(value.split())}]" for tag, value in tags if value.strip()]
    clock, step, head = Clock(sung.performed.tempi), sung.step, len(out)
    for number, i, line, opens in worded_lines(sung):
        slots = sung.tune.phrases[i].slots
        times = [stamp(clock.at(slots[start].onset + number * step)) for start in line.starts]
        end = stamp(clock.at(slots[-1].onset + slots[-1].duration + number * step))
        words = (f"<{time}>{without(word.text, '[]<>')}" for time, word in zip(times, line.words, strict=True))
        out += [""] * (opens and len(out) > head) + [f"[{times[0]}]{' '.join(words)}<{end}>"]
    return joined(out)


def stamp(seconds: float) -> str:
    """
    >>> stamp(59.999), stamp(3601.5)
    ('01:00.00', '60:01.50')
    """
    minutes, rest = divmod(max(0, round(seconds * 100)), 6000)
    return f"{minutes:02}:{rest // 100:02}.{rest % 100:02}"


def cho(sung: Sung) -> bytes:
    """ChordPro: sections as directives, chords in brackets before the syllable where they change."""
    tune, out, opened = sung.tune, list(chordpro_head(sung)), ""
    before, interludes = chord_places(tune)
    for _, i, line, opens in worded_lines(sung):
        if opens:
            name = tune.names[section].lower() if (section := tune.phrases[i].section) < len(tune.names) else "verse"
            kind = next((kind for kind in KINDS if kind in name), "verse")
            out += [f"{{end_of_{opened}}}"] * bool(opened) + ["", f"{{start_of_{kind}}}"]
            opened = kind
        if i in interludes:
            out.append(" ".join(f"[{symbol}]" for symbol in interludes[i]))
        out.append(with_chords(i, line, before))
    return joined([*out, *[f"{{end_of_{opened}}}"] * bool(opened)])


def chordpro_head(sung: Sung) -> Iterator[str]:
    score = sung.score
    metre, (sharps, mode) = score.metres[0], score.key
    tonic = spell((sharps * 7 + (9 if mode == "minor" else 0)) % 12, sharps)
    key = tonic.step + alteration(tonic.alter) + ("m" if mode == "minor" else "")
    known = [("title", score.title), ("composer", score.composer), ("copyright", score.copyright), ("key", key)]
    known += [("time", f"{metre.beats}/{metre.unit}"), ("tempo", f"{score.tempi[0].quarters:.4g}")]
    for name, value in known:
        if value.strip():
            yield f"{{{name}: {without(value, '[]{}')}}}"


def chord_places(tune: Tune) -> tuple[Places, dict[int, list[str]]]:
    """Chords by the slot after them, and instrumental chords between phrases by the phrase after them.

    A chord at the start of a syllable or in the silence before it stands before it; a chord that changes during a
    syllable stands after it. Of several chords in the silence before a line, the last one stands in the line.
    """
    slots = [(slot, i, j) for i, phrase in enumerate(tune.phrases) for j, slot in enumerate(phrase.slots)]
    onsets = [slot.onset for slot, _, _ in slots]
    before: Places = defaultdict(list)
    waiting: dict[int, list[str]] = defaultdict(list)  # by the index of the slot after them
    for chord in sorted(tune.score.chords, key=lambda chord: chord.onset):
        at = bisect_right(onsets, chord.onset) - 1
        symbol = without(chord.symbol, "[]{}")
        if at >= 0 and (chord.onset == onsets[at] or chord.onset < slots[at][0].onset + slots[at][0].duration):
            _, i, j = slots[at]
            before[i, j if chord.onset == onsets[at] else j + 1].append(symbol)
        else:
            waiting[at + 1].append(symbol)
    return before, settle(waiting, [(i, j) for _, i, j in slots], tune.phrases, before)


def settle(
    waiting: dict[int, list[str]], places: Sequence[tuple[int, int]], phrases: Sequence[Phrase], before: Places
) -> dict[int, list[str]]:
    """Put chords in silence before the slot after them. If a line begins there with a chord of its own, all of them
    stand on a separate line before it."""
    interludes: dict[int, list[str]] = {}
    for at, symbols in waiting.items():
        if at == len(places):
            before[len(phrases) - 1, len(phrases[-1].slots) if phrases else 0] += symbols
            continue
        i, j = places[at]
        if j > 0:
            before[i, j][:0] = symbols
            continue
        if not before.get((i, j)):
            before[i, j] = [symbols[-1]]
            symbols = symbols[:-1]
        if symbols:
            interludes[i] = symbols
    return interludes


def with_chords(phrase: int, line: SungLine, before: Places) -> str:
    """
    >>> from lyricist.melody.export.sing import SungWord
    >>> line = SungLine((SungWord("Hello", ("Hel", "lo")), SungWord("you", ("you",))), (0, 2))
    >>> with_chords(0, line, {(0, 1): ["Am"], (0, 2): ["C"], (0, 3): ["G"]})
    'Hel[Am]lo [C]you [G]'
    """
    out, written = [], 0
    for at, word in zip(line.starts, line.words, strict=True):
        whole = "".join(word.parts) != word.text  # the syllables are not the written word
        parts = [without(part, "[]{}") for part in ((word.text,) if whole else word.parts)]
        chords = [chords_until(phrase, written, at, before)]
        chords += [chords_until(phrase, k, k, before) for k in range(at + 1, at + len(parts))]
        out.append("".join(chord + part for chord, part in zip(chords, parts, strict=True)))
        written = at + len(parts)
    rest = chords_until(phrase, written, 1 << 30, before)
    return " ".join([*out, rest] if rest else out)


def chords_until(phrase: int, first: int, last: int, before: Places) -> str:
    """All chords of the slots `first` to `last`, also of slots without a syllable."""
    places = sorted(j for i, j in before if i == phrase and first <= j <= last)
    return "".join(f"[{symbol}]" for j in places for symbol in before[phrase, j])
