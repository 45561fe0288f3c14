"""ChordPro: sections as directives, chords in brackets before the syllable where they change."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence

from lyricist.melody.scores.names import spell
from lyricist.melody.scores.sing import Sung, SungLine, SungWord
from lyricist.melody.tune import Phrase, Tune

KINDS = ("verse", "chorus", "bridge")  # that ChordPro has directives for
Places = dict[tuple[int, int], list[str]]  # (phrase, slot) -> chords before it; one slot more ends the line


def cho(sung: Sung) -> bytes:
    return ("\n".join([*head(sung), *body(sung)]).rstrip() + "\n").encode()


def head(sung: Sung) -> Iterator[str]:
    score = sung.score
    metre, quarters = score.metres[0], score.tempi[0].quarters
    sharps, mode = score.key
    tonic = spell((sharps * 7 + (9 if mode == "minor" else 0)) % 12, sharps)
    key = tonic.step + {-1: "b", 0: "", 1: "#"}.get(tonic.alter, "") + ("m" if mode == "minor" else "")
    known = [("title", score.title), ("composer", score.composer), ("copyright", score.copyright), ("key", key)]
    known += [("time", f"{metre.beats}/{metre.unit}"), ("tempo", f"{quarters:.4g}")]
    for name, value in known:
        if value.strip():
            yield f"{{{name}: {plain(value)}}}"


def body(sung: Sung) -> Iterator[str]:
    tune = sung.tune
    before, interludes = chord_places(tune)
    for verse in sung.verses:
        opened: int | None = None
        for i, (phrase, line) in enumerate(zip(tune.phrases, verse, strict=True)):
            if not line.words:
                continue
            if phrase.section != opened:
                if opened is not None:
                    yield f"{{end_of_{kind_of(tune, opened)}}}"
                yield from ("", f"{{start_of_{kind_of(tune, phrase.section)}}}")
                opened = phrase.section
            if i in interludes:
                yield " ".join(f"[{symbol}]" for symbol in interludes[i])
            yield with_chords(i, line, before)
        if opened is not None:
            yield f"{{end_of_{kind_of(tune, opened)}}}"


def kind_of(tune: Tune, section: int) -> str:
    name = tune.names[section].lower() if section < len(tune.names) else "verse"
    return next((kind for kind in KINDS if kind in name), "verse")


def chord_places(tune: Tune) -> tuple[Places, dict[int, list[str]]]:
    """Chords by the slot they precede, and the instrumental ones between phrases by the phrase that follows.

    A chord on a syllable or before it is written before it, one that changes while it is held, behind it. Of several
    in the silence before a line the last stands in the line.
    """
    slots = [(slot, i, j) for i, phrase in enumerate(tune.phrases) for j, slot in enumerate(phrase.slots)]
    onsets = [slot.onset for slot, _, _ in slots]
    before: Places = defaultdict(list)
    waiting: dict[int, list[str]] = defaultdict(list)  # by the slot they wait for
    for chord in sorted(tune.score.chords, key=lambda chord: chord.onset):
        at = bisect_right(onsets, chord.onset) - 1
        if at >= 0 and (chord.onset == onsets[at] or chord.onset < slots[at][0].onset + slots[at][0].duration):
            _, i, j = slots[at]
            before[i, j if chord.onset == onsets[at] else j + 1].append(plain(chord.symbol))
        else:
            waiting[at + 1].append(plain(chord.symbol))
    interludes = settle(waiting, [(i, j) for _, i, j in slots], tune.phrases, before)
    return before, interludes


def settle(
    waiting: dict[int, list[str]], places: Sequence[tuple[int, int]], phrases: Sequence[Phrase], before: Places
) -> dict[int, list[str]]:
    """Chords in silence: to the slot that follows, if it sets a chord of its own all of them before its line."""
    interludes: dict[int, list[str]] = {}
    for at, symbols in waiting.items():
        if at == len(places):
            before[len(phrases) - 1, len(phrases[-1].slots) if phrases else 0] += symbols
            continue
        i, j = places[at]
        if j > 0:
            before[i, j][:0] = symbols
            continue
        own = before.get((i, j))
        if not own:
            before[i, j] = [symbols[-1]]
            symbols = symbols[:-1]
        if symbols:
            interludes[i] = symbols
    return interludes


def with_chords(phrase: int, line: SungLine, before: Places) -> str:
    """
    >>> line = SungLine((SungWord("Hello", ("Hel", "lo")), SungWord("you", ("you",))), (0, 2))
    >>> with_chords(0, line, {(0, 1): ["Am"], (0, 2): ["C"], (0, 3): ["G"]})
    'Hel[Am]lo [C]you [G]'
    """
    out, written = [], 0
    for at, word in zip(line.starts, line.words, strict=True):
        text = ""
        for part_at, part in enumerate(parts_of(word)):
            reach = at + part_at
            text += chords_until(phrase, written, reach, before) + part
            written = reach + 1
        out.append(text)
        written = max(written, at + len(word.parts)) if len(parts_of(word)) > 1 else written
    rest = chords_until(phrase, written, 1 << 30, before)
    return " ".join([*out, rest] if rest else out)


def parts_of(word: SungWord) -> tuple[str, ...]:
    """The syllables, where they make up the word as it is written."""
    fits = "".join(word.parts) == word.text
    return tuple(map(plain, word.parts if fits else (word.text,)))


def chords_until(phrase: int, first: int, last: int, before: Places) -> str:
    """All chords of the slots `first` to `last`, those of slots without a syllable included."""
    places = sorted(j for i, j in before if i == phrase and first <= j <= last)
    return "".join(f"[{symbol}]" for j in places for symbol in before[phrase, j])


def plain(text: str) -> str:
    """Without what would be read as a chord or a directive."""
    return " ".join(text.translate({ord(mark): None for mark in "[]{}"}).split())
