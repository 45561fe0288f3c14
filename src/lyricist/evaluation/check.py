"""`check`: the scansion of any text, its violations of a plan, and what it shares with a corpus.

A check is a pure function of the text, the lexicon, the plan and the corpus; it writes nothing but the index in a
corpus directory. Lines are counted from 1 over all sung lines: labels and blank lines do not count.
"""

from __future__ import annotations

import itertools
import os
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import Any

from lyricist.corpus import Corpus, PrepareOptions, Song, open_corpus, prepare
from lyricist.corpus.lyrics_file import Stanza, read_lyrics
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.corpus.word_lists import is_unclean
from lyricist.errors import InputError, expect, expect_all, expect_path
from lyricist.evaluation.copies import copies_of
from lyricist.evaluation.violations import Option, TextLine, TextSection, Verdict, Violation, judge, last_readings
from lyricist.plan.forms import named
from lyricist.plan.plan import Plan
from lyricist.prosody import Lexicon, Reading, default_lexicon, scan_line
from lyricist.prosody.rhyme import phrase_readings
from lyricist.prosody.scan import SILENT
from lyricist.prosody.scheme import find_scheme, nearest_metre, rhyme_kinds, shape, stanza_name

FORMAT = 1
LEAST_RUN = 6  # words of the shortest run that counts as copied, unless a plan says otherwise
TOGETHER = 2_000  # lines whose words are looked up in one pass
EVERY_SONG = PrepareOptions(
    near_duplicate=None, related=None, keep_duplicates=True, min_words=0, valid_share=0, test_share=0
)

Options = Callable[[str], tuple[Option, ...]]


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """One line with its scansion. `reading` has one entry per word, without phones if the word cannot be read."""

    line: int  # from 1
    section: int  # from 1
    text: str
    words: tuple[str, ...]
    reading: tuple[Reading, ...]
    syllables: int
    stress: str  # digits of all syllables
    rhyme: str  # tail of the last word, "" if it cannot be read
    letter: str  # in the scheme
    rhymes: str  # kind of rhyme with the closest line of its letter; "" for none
    metre: str  # the nearest one
    agreement: float  # share of slots that agree with it, 0 to 1
    unread: tuple[str, ...]  # words and emoji that cannot be read

    @property
    def guessed(self) -> tuple[str, ...]:
        """Words in no lexicon, read by the pronunciation model."""
        return tuple(w for w, r in zip(self.words, self.reading, strict=True) if r.source == "model")

    def to_json(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in self.__slots__}
        reading = [reading.text for reading in self.reading]
        lists = {"words": list(self.words), "reading": reading, "unread": list(self.unread)}
        return {**own, **lists, "guessed": list(self.guessed)}


@dataclass(frozen=True, slots=True)
class CheckedSection:
    """A section. `labelled`: the text gives its name; `first`: its first line."""

    name: str
    labelled: bool
    first: int
    lines: int
    scheme: str
    stanza: str  # name of the stanza form, such as common metre; "" for most

    to_json = asdict


@dataclass(frozen=True, slots=True)
class Copied:
    """A run of words that occurs in the corpus."""

    line: int  # of its first word
    text: str  # the words
    length: int  # in words
    source: str  # title and artist of the song, or its file
    source_line: int  # from 1, in that song
    times: int  # how often it occurs in the corpus
    given: bool  # the plan gives all its words

    to_json = asdict


@dataclass(frozen=True)
class Checked:
    """The result of `check`. `longest_copied` is None if no corpus was given."""

    lines: tuple[CheckedLine, ...]
    sections: tuple[CheckedSection, ...]
    violations: tuple[Violation, ...]
    copied: tuple[Copied, ...] = ()
    longest_copied: int | None = None

    @property
    def scheme(self) -> str:
        """A letter per line, X for no rhyme, a space between sections: "ABAB XAXA"."""
        return " ".join(section.scheme for section in self.sections)

    def to_json(self) -> dict[str, Any]:
        """In the form of the package's `check.json` schema."""
        return {
            "format": FORMAT,
            "lines": [line.to_json() for line in self.lines],
            "scheme": self.scheme,
            "sections": [section.to_json() for section in self.sections],
            "violations": [violation.to_json() for violation in self.violations],
            "copied": [run.to_json() for run in self.copied],
            "longest_copied": self.longest_copied,
        }


def check(
    lyrics: str | os.PathLike[str] | Song | Sequence[Stanza],
    plan: Plan | None = None,
    *,
    against: Corpus | str | os.PathLike[str] | None = None,
    run: int | None = None,
    lexicon: Lexicon | None = None,
) -> Checked:
    """Scan a text (a string, a file as a path object, or a song) line by line; compare it with a plan and a corpus.

    against: a corpus, its directory, or a file or folder of songs. run: words of the shortest run to report as
    copied, by default one more than the plan's `max_copy`. Raises InputError if something cannot be read.

    >>> found = check("The river ran below the town\\nAnd carried all the houses down")
    >>> found.scheme, [line.syllables for line in found.lines]
    ('AA', [8, 8])
    """
    expect(lyrics, (str, os.PathLike, Song, Sequence), "lyrics", "a text, a file or a song")
    expect(plan, (Plan, type(None)), "plan", "a lyricist.Plan")
    if isinstance(lyrics, str | os.PathLike | Song):
        stanzas = read_lyrics(lyrics)
    else:
        stanzas = expect_all(lyrics, Stanza, "lyrics", "a text, a file or a song")
    expect(run, (int, type(None)), "run", "a number of words")
    expect(lexicon, (Lexicon, type(None)), "lexicon", "a Lexicon")
    expect(against, (Corpus, str, os.PathLike, type(None)), "against", "a corpus or its path")
    if isinstance(against, str | os.PathLike):
        expect_path(against, "against")
    if run is not None and run < 1:
        raise InputError(f"run {run}: copied runs have 1 word or more")
    lexicon = lexicon or default_lexicon()
    stanzas = recut(stanzas, plan) if plan else stanzas
    options = options_of(lexicon.readings)
    sections = read_aloud(stanzas, lexicon, options)
    verdict = judge(plan, sections, is_unclean, options, options_of(lexicon.sung)) if plan and sections else Verdict()
    checked, lines = [], []
    for number, (stanza, section) in enumerate(zip(stanzas, sections, strict=True), 1):
        made = scanned(number, stanza, section, verdict, lexicon)
        lines += made
        checked.append(described(stanza, made))
    result = Checked(tuple(lines), tuple(checked), tuple(verdict.violations))
    if against is None:
        return result
    copied, longest = copied_runs(sections, songs_of(against), run or least_run(plan), verdict.given)
    return replace(result, copied=tuple(copied), longest_copied=longest)


def recut(stanzas: Sequence[Stanza], plan: Plan) -> list[Stanza]:
    """A text without labels, divided as the plan's named form is, wherever its blank lines stand; a text of another
    length only if the form is one section."""
    lines = [line for stanza in stanzas for line in stanza.lines]
    form = named(plan.form)
    if form is None or any(stanza.labelled for stanza in stanzas):
        return list(stanzas)
    lengths = form.lengths if len(form.lengths) > 1 else [len(lines)]
    if sum(lengths) != len(lines) or not lines:
        return list(stanzas)
    starts = itertools.accumulate(lengths, initial=0)
    names = (section["name"] for section in form.sections)
    return [Stanza(name, tuple(lines[i : i + n])) for name, i, n in zip(names, starts, lengths, strict=False)]


def least_run(plan: Plan | None) -> int:
    return plan.max_copy + 1 if plan and plan.max_copy else LEAST_RUN


def options_of(readings: Callable[[str], tuple[Reading, ...]]) -> Options:
    """A cached function from a word to its readings as options."""

    @lru_cache(1 << 18)
    def options(word: str) -> tuple[Option, ...]:
        return tuple(Option(reading.stress, reading) for reading in readings(word))

    return options


def read_aloud(stanzas: Sequence[Stanza], lexicon: Lexicon, options: Options) -> list[TextSection]:
    """The words of each line with their readings; lines are numbered over all sections. A word that occurs often is
    kept once."""
    split, number = WordTokenizer().split, 0
    made = []
    for batch in batches(stanzas):
        words = [[tuple(map(intern, split(line))) for line in stanza.lines] for stanza in batch]
        lexicon.many([word for lines in words for line in lines for word in line])
        for stanza, lines in zip(batch, words, strict=True):
            numbered = enumerate(lines, number + 1)
            read = tuple(TextLine(n, line, tuple(map(options, line))) for n, line in numbered)
            made.append(TextSection(stanza.name, stanza.labelled, read))
            number += len(lines)
    return made


def batches(stanzas: Iterable[Stanza]) -> Iterator[list[Stanza]]:
    """The stanzas in lists of at least `TOGETHER` lines; the last may have fewer."""
    batch: list[Stanza] = []
    lines = 0
    for stanza in stanzas:
        batch.append(stanza)
        lines += len(stanza.lines)
        if lines >= TOGETHER:
            yield batch
            batch, lines = [], 0
    if batch:
        yield batch


def scanned(
    number: int, stanza: Stanza, section: TextSection, verdict: Verdict, lexicon: Lexicon
) -> list[CheckedLine]:
    """The lines of a section, read so that they satisfy the plan and rhyme if possible."""
    ends = [end_readings(line, verdict) for line in section.lines]
    phrases = [end_phrases(line) for line in section.lines]
    found = find_scheme(ends, [line.words for line in section.lines], phrases)
    sounds = zip(found.letters, rhyme_kinds(found, ends), strict=True)
    made = []
    for i, (text, line, (letter, kind)) in enumerate(zip(stanza.lines, section.lines, sounds, strict=True)):
        end = ends[i][found.reading[i]] if ends[i] else None
        reading = read_line(line, verdict.slots.get(line.number), end, lexicon)
        stresses = list(map(stress_of, reading))
        metre = nearest_metre("".join(map(shape, line.words, stresses)))
        stress, rhyme = intern("".join(stresses)), tail_of(reading[-1]) if reading else ""
        spoken = (line.words, reading, len(stress), stress, rhyme, letter, kind or "", *metre)
        made.append(CheckedLine(line.number, number, text, *spoken, unread(text, line)))
    return made


stress_of = lru_cache(1 << 16)(lambda reading: reading.stress)
tail_of = lru_cache(1 << 16)(lambda reading: reading.tail)


def end_readings(line: TextLine, verdict: Verdict) -> list[Reading]:
    """The readings the last word may have: the one its rhyme needs, else those that fit the line's slots."""
    if line.number in verdict.ends:
        return [verdict.ends[line.number]]
    slots = verdict.slots.get(line.number)
    fitting = last_readings(line, slots) if slots else []
    return fitting or [option.reading for option in (line.options[-1] if line.options else ())]


def end_phrases(line: TextLine) -> list[Reading]:
    """The readings of a line's last two words as one, if the last is weak."""
    if len(line.words) < 2:
        return []
    return phrase_readings([option.reading for option in line.options[-2]], line.words[-1])


def read_line(line: TextLine, slots: str | None, end: Reading | None, lexicon: Lexicon) -> tuple[Reading, ...]:
    """A reading per word: the usual one, unless the slots or the rhyme need another."""
    usual = tuple(options[0].reading if options else SILENT for options in line.options)
    if slots is None and (end is None or end == usual[-1]):
        return usual
    wanted = None if end is None else end.__eq__
    return scan_line(line.words, lexicon, slots, end=wanted).readings


def unread(text: str, line: TextLine) -> tuple[str, ...]:
    """Words that cannot be read, and emoji."""
    words = [word for word, options in zip(line.words, line.options, strict=True) if not options]
    if not text.isascii():
        words += [part for part in text.split() if is_picture(part)]
    return tuple(words)


def is_picture(part: str) -> bool:
    """
    >>> is_picture("\N{SNOWMAN}"), is_picture("--"), is_picture("caf\N{LATIN SMALL LETTER E WITH ACUTE}")
    (True, False, False)
    """
    return any(unicodedata.category(c) == "So" for c in part) and not WordTokenizer().split(part)


def described(stanza: Stanza, lines: Sequence[CheckedLine]) -> CheckedSection:
    scheme = "".join(line.letter for line in lines)
    name = stanza_name([line.syllables for line in lines], scheme, [line.metre for line in lines])
    return CheckedSection(stanza.name, stanza.labelled, lines[0].line, len(lines), scheme, name)


def songs_of(against: Corpus | str | os.PathLike[str]) -> Corpus:
    """The corpus itself, the one in this directory, or a temporary one of these files. Raises InputError."""
    if isinstance(against, Corpus):
        return against
    for folder in (Path(against), Path(against, "corpus")):  # a corpus, or the run that it was prepared for
        if (folder / "corpus.json").exists():
            return open_corpus(folder)
    if Path(against, "config.json").exists():
        raise InputError(
            f"{os.fspath(against)} is a run that keeps no corpus of its own: name the corpus it was trained on"
        )
    return prepare([against], options=EVERY_SONG)


def copied_runs(
    sections: Sequence[TextSection], corpus: Corpus, least: int, given: Container[int]
) -> tuple[list[Copied], int]:
    """The runs of at least `least` words that occur in the corpus, and the length of the longest one."""
    lines = [line for section in sections for line in section.lines]
    words = [word for line in lines for word in line.words]
    line_of = [line.number for line in lines for _ in line.words]
    index = copies_of(corpus)
    runs, longest = index.runs(words, least)
    copied = []
    for run in runs:
        song, source_line = index.where(run.place)
        span = slice(run.start, run.start + run.length)
        free = [n for n in line_of[span] if n not in given]
        text, source = " ".join(words[span]), song_name(corpus[song])
        copied.append(Copied(line_of[run.start], text, run.length, source, source_line, run.times, not free))
    return copied, longest


def song_name(song: Song) -> str:
    """Title and artist, or the song's file.

    >>> song_name(Song("Rain", "Jo", (), "a.txt")), song_name(Song("", "", (), "a.txt"))
    ('Rain (Jo)', 'a.txt')
    """
    return f"{song.title} ({song.artist})" if song.title and song.artist else song.title or song.source
