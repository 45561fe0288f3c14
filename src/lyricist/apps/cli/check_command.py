"""`lyricist check` and `lyricist rhymes`: tables for people, JSON for programs.

On a terminal stressed syllables are bold; elsewhere they are CAPITALS, so that nothing is lost in a pipe.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from lyricist.apps.cli.plan_request import FIELDS, asked_tune, is_given, make_plan, plural, read_lexicon, report_tune
from lyricist.corpus.lyrics_file import read_bytes, read_file
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.evaluation.check import Checked, CheckedLine, CheckedSection, check, least_run
from lyricist.evaluation.rhymes import group, readable, rhymes
from lyricist.plan.plan import Plan
from lyricist.prosody import Lexicon, Reading
from lyricist.prosody.metre import FUNCTION_WORDS
from lyricist.prosody.rhyme import Rhyme
from lyricist.prosody.syllabify import syllables_of

if TYPE_CHECKING:
    from lyricist.evaluation.tune_fit import Fit

VIOLATIONS = 4  # exit code of --strict
WIDEST = 56  # characters of the text's column; longer lines push the others aside
STRESSED, UNREAD = "bold", "red"
LISTED = 20  # words named of those that cannot be read or are guessed

Piece = tuple[str, str]  # text and its style


def check_command(
    lyrics: str, options: Mapping[str, Any], against: Path | None, run: int | None, strict: bool, as_json: bool
) -> int:
    """Check and print. Returns the exit code. Raises `InputError` if there are no lyrics."""
    lexicon = read_lexicon(options.get("lexicon"))
    tune = asked_tune(options)
    plan = asked_plan(options)
    stanzas = read_bytes(sys.stdin.buffer.read(), "standard input") if lyrics == "-" else read_file(Path(lyrics))
    if not stanzas:
        raise InputError(f"{lyrics}: no lyrics in it: nothing to check")
    limit = max_copy(options, plan)
    least = run or (limit + 1 if limit else least_run(None))
    shortest = min(least, limit + 1) if strict and limit else least
    found = check(stanzas, plan, against=against, run=shortest, lexicon=lexicon)
    fitted = None
    if tune is not None:
        from lyricist.evaluation.tune_fit import fit

        fitted = fit(stanzas, tune, lexicon)
    if as_json:
        print_json(found.to_json() | {"fit": fitted.to_json() if fitted else None})
    else:
        Report(found, plan is not None, against is not None).show()
    if tune is not None and fitted is not None:
        if not as_json:
            show_fit(fitted)
        report_tune(tune)
    copied = limit and any(run.length > limit and not run.given for run in found.copied)
    return VIOLATIONS if strict and (found.violations or copied or (fitted and fitted.violations)) else 0


def show_fit(found: Fit) -> None:
    """Print the lines beside the slots of their phrases, then what does not fit."""
    for line in found.lines:
        mark = "" if line.syllables == line.slots else f"  {line.syllables} syllables on {line.slots} notes"
        print(f"{line.line:>3}  phrase {line.phrase:<3} {line.pattern}  {line.stress}{mark}")
    for m in found.misfits:
        where = f"line {m.line}" + (f", note {m.slot}" if m.slot else "")
        print(f"{where}: {m.kind}: {m.word + ': ' if m.word else ''}expected {m.expected}; found {m.found}")
    on = sum(line.strong_function for line in found.lines), sum(line.strong for line in found.lines)
    misfits = plural(len(found.violations), "misfit")
    print(f"{misfits}; little words on {on[0]} of {on[1]} strong notes", file=sys.stderr)


def asked_plan(options: Mapping[str, Any]) -> Plan | None:
    """The plan of a call; None if nothing is asked of the text but how much it may copy."""
    asked = any(is_given(name, options.get(name)) for name in FIELDS if name != "max_copy")
    return make_plan(options) if asked or options.get("plan") or options.get("like") else None


def max_copy(options: Mapping[str, Any], plan: Plan | None) -> int:
    """Words of the longest run that may be copied; 0: no limit."""
    asked: int | None = options.get("max_copy")
    if asked is not None:
        return asked
    return plan.max_copy if plan else least_run(None) - 1


def print_json(data: Mapping[str, Any]) -> None:
    """Print one line of JSON for each line of a text, so that the check of a book can be read as it comes."""
    for i, (name, value) in enumerate(data.items()):
        sys.stdout.write(f"{',' if i else '{'}\n {json.dumps(name)}: ")
        if not isinstance(value, list) or not value:
            sys.stdout.write(json.dumps(value, ensure_ascii=False))
            continue
        for j, item in enumerate(value):
            sys.stdout.write(f"{',' if j else '['}\n  {json.dumps(item, ensure_ascii=False)}")
        sys.stdout.write("\n ]")
    sys.stdout.write("\n}\n")


class Report:
    """The report for people: the lines in columns, what is wrong with them, and a summary on stderr."""

    def __init__(self, found: Checked, planned: bool, compared: bool) -> None:
        self.found, self.planned, self.compared = found, planned, compared
        self.console = Console(highlight=False, soft_wrap=True)
        self.rich = self.console.is_terminal and not self.console.no_color
        self.number = len(str(len(found.lines)))
        self.text = min(WIDEST, max((len(line.text) for line in found.lines), default=0))
        self.stress = max((min(16, line.syllables) for line in found.lines), default=0)

    def show(self) -> None:
        lines = iter(self.found.lines)
        for section in self.found.sections:
            self.print(self.heading(section))
            for line in itertools.islice(lines, section.lines):
                self.print(self.row(line))
            self.print([])
        for remark in self.remarks():
            self.print([(remark, "")])
        print(self.summary(), file=sys.stderr)

    def print(self, pieces: Sequence[Piece]) -> None:
        if self.rich:
            self.console.print(Text.assemble(*pieces))
        else:
            print("".join(text for text, _ in pieces).rstrip())

    def heading(self, section: CheckedSection) -> list[Piece]:
        name = section.name if section.labelled or len(self.found.sections) > 1 else "lyrics"
        told = f"{name}: {section.scheme}" if section.lines <= 40 else f"{name}: {section.lines} lines"
        return [(told + (f", {section.stanza}" if section.stanza else ""), "dim")]

    def row(self, line: CheckedLine) -> list[Piece]:
        words = marked(line, self.rich)
        room = self.text - (len(line.text) if line.text.isascii() else cell_len("".join(text for text, _ in words)))
        metre = f"{line.metre} {line.agreement:.0%}" if line.metre else ""
        return [
            (f"{line.line:>{self.number}}  ", ""),
            *words,
            (f"{'':<{max(0, room)}}  {line.syllables:>2}  {line.stress:<{self.stress}}  ", ""),
            (f"{metre:<15}  ", "dim"),
            (line.letter, "cyan" if line.rhymes else ""),
            (f" {line.rhymes}" if line.rhymes not in ("", "perfect") else "", "dim"),
        ]

    def remarks(self) -> Iterator[str]:
        for v in self.found.violations:
            where = f"line {v.line}" if v.line else "song"
            yield f"{where}: {v.kind}: expected {v.expected}; found {v.found}"
        for run in self.found.copied:
            again = f", {run.times} times" if run.times > 1 else ""
            what = f"line {run.line}: copied: {run.length} words, {run.text!r}"
            yield f"{what}: {run.source}, line {run.source_line}{again}"
        for what, words in (
            ("cannot be read aloud, counted as silent", [w for line in self.found.lines for w in line.unread]),
            ("not in the lexicon, pronunciation guessed", [w for line in self.found.lines for w in line.guessed]),
        ):
            if found := list(dict.fromkeys(words)):
                more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
                yield f"{what}: {', '.join(found[:LISTED])}{more}"

    def summary(self) -> str:
        told = [plural(len(self.found.lines), "line")]
        if self.planned:
            told.append(plural(len(self.found.violations), "violation"))
        if self.compared:
            longest = plural(self.found.longest_copied or 0, "word")
            told.append(f"{plural(len(self.found.copied), 'copied run')}, the longest run {longest}")
        return "; ".join(told)


def marked(line: CheckedLine, rich: bool) -> list[Piece]:
    """The line as it is written, its stressed syllables marked, words that cannot be read aloud in brackets."""
    out: list[Piece] = []
    done = 0
    for (word, surface), reading in zip(WordTokenizer().split_surface(line.text), line.reading, strict=True):
        at = line.text.find(surface, done)
        if at < 0:
            continue
        out.append((line.text[done:at], ""))
        for part, stressed in syllables(word, surface, reading):
            style = UNREAD if not reading.phones else STRESSED if stressed else ""
            shown = part if rich else f"[{part}]" if not reading.phones else part.upper() if stressed else part
            out.append((shown, style))
        done = at + len(surface)
    out.append((line.text[done:], ""))
    return out


@lru_cache(1 << 16)
def syllables(word: str, surface: str, reading: Reading) -> tuple[tuple[str, bool], ...]:
    """The parts of a written word and whether they are shown as stressed; those of function words never are."""
    if len(surface) != len(word) or not reading.phones or word in FUNCTION_WORDS:
        return ((surface, False),)
    ends = list(itertools.accumulate(len(part) for part in syllables_of(word, reading)))
    spans = zip([0, *ends], ends, reading.stress, strict=False)
    return tuple((surface[start:end], digit == "1") for start, end, digit in spans)


# -- lyricist rhymes ------------------------------------------------------------------------------------


def rhymes_command(
    word: str,
    kind: str,
    wishes: Mapping[str, Any],
    limit: int,
    model: Path | None,
    lexicon_file: Path | None,
    as_json: bool,
) -> None:
    """Print the rhymes of a word, at most `limit` of each kind and length (0: all)."""
    lexicon = read_lexicon(lexicon_file)
    found = rhymes(word, kind, words=vocabulary(model), lexicon=lexicon, **wishes)
    shown = [r for _, same in itertools.groupby(found, key=group) for r in itertools.islice(same, limit or None)]
    word = readable(word, lexicon)
    if as_json:
        print_json(rhymes_json(word, lexicon, shown))
    else:
        show_rhymes(word, lexicon, shown, found)


def vocabulary(model: Path | None) -> list[str] | None:
    """The words of a run, commonest first. Raises `InputError` for a run of characters."""
    if model is None:
        return None
    from lyricist.model.checkpoint import Run

    known = Run.open(model).vocabulary
    if known.tokenizer.name == "char":
        raise InputError(f"-m {model} knows characters, not words: name a run of the word tokenizer")
    return known.tokens


def rhymes_json(word: str, lexicon: Lexicon, found: Iterable[Rhyme]) -> dict[str, Any]:
    return {
        "format": 1,
        "word": word,
        "readings": [reading.text for reading in lexicon.readings(word)],
        "guessed": not lexicon.known(word),
        "rhymes": [
            {
                "word": rhyme.word,
                "kind": rhyme.kind,
                "near": rhyme.near,
                "syllables": rhyme.reading.syllables,
                "stress": rhyme.reading.stress,
                "reading": rhyme.reading.text,
                "with": rhyme.with_reading.text,
                "guessed": rhyme.guessed,
            }
            for rhyme in found
        ],
    }


def show_rhymes(word: str, lexicon: Lexicon, shown: Iterable[Rhyme], found: list[Rhyme]) -> None:
    """Print a line for each kind and number of syllables."""
    console = Console(highlight=False, soft_wrap=True)
    guess = "" if lexicon.known(word) else ", guessed: the lexicon does not have it"
    said = "; ".join(reading.text for reading in lexicon.readings(word))
    console.print(Text(f"{word} ({said}{guess})", style="bold"))
    for (kind, near, syllables), same in itertools.groupby(shown, key=heading):
        words = [f"{rhyme.word} (guessed)" if rhyme.guessed else rhyme.word for rhyme in same]
        head = f"{kind}{f' ({near})' if near else ''}, {plural(syllables, 'syllable')}"
        of = sum(heading(rhyme) == (kind, near, syllables) for rhyme in found)
        more = f" ... {of - len(words)} more" if of > len(words) else ""
        console.print(Text.assemble((f"{head}: ", "cyan"), ", ".join(words), (more, "dim")))
    if not found:
        print("no rhymes: try --kind near, or fewer conditions", file=sys.stderr)


def heading(rhyme: Rhyme) -> tuple[str, str | None, int]:
    return rhyme.kind, rhyme.near, rhyme.reading.syllables
