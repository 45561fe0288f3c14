"""`lyricist write`: lines on stdout as they are made, the report on stderr, files by their suffix."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lyricist._io import disk_errors, replace_file
from lyricist.apps.cli.display import plural
from lyricist.apps.cli.planning import make_plan, read_lexicon
from lyricist.apps.cli.tunes import asked_tune, report_tune
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.generate.line_score import Score
from lyricist.generate.open_run import load
from lyricist.generate.result import Choice, LineWritten, WrittenSong
from lyricist.generate.writer import Model, fresh_seed
from lyricist.model.starter import need_starter
from lyricist.model.tokens import Vocabulary
from lyricist.plan.plan import Drawing, Plan
from lyricist.plan.resolve import as_a_song, letter
from lyricist.plan.song_spec import lay_out
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.metre import pattern_of
from lyricist.prosody.scan import scan_line
from lyricist.training.config import checked

if TYPE_CHECKING:
    from lyricist.melody.tune import Tune

SUFFIXES = (".txt", ".json", ".jsonl")
MAX_COUNT = 10_000_000
MAX_BEST = 10_000  # songs held in memory to choose from
DRAFTS, FEW = 32, 100  # drafts of each song, where there are no more than so many songs
CANDIDATES = 20  # and no more of which the best is taken
REPORTS = 50  # songs reported one by one
DRAWING = tuple(Drawing.model_fields)


@dataclass(frozen=True)
class Output:
    """Where songs go and how."""

    out: Path | None = None
    as_json: bool = False
    as_jsonl: bool = False
    force: bool = False
    explain: bool = False


def write_command(
    run: Path | None,
    options: Mapping[str, Any],
    drawing: Mapping[str, Any],
    count: int,
    best_of: int,
    seed: int | None,
    output: Output,
) -> None:
    tune = asked_tune(options)
    kind = output_kind(output.out, output.as_json, output.as_jsonl, output.force, tune is not None)
    check_numbers(count, best_of, seed)
    if kind == "score" and count > 1:
        raise InputError(f"--count {count} and -o {output.out} clash: a score holds one song; leave one out")
    run = need_starter() if run is None else run
    asked, how = make_plan(options, tune), checked(Drawing, drawing)
    model = open_model(run, options.get("lexicon"))
    if tune is not None:
        report_tune(tune)
    asked = as_a_song(asked, options, always=model.vocabulary.order == "backward")
    if tune is not None and not options.get("plan"):
        asked = fulfillable(asked, model)
    tell_unknown(asked.about, model.vocabulary)
    first = fresh_seed() if seed is None else seed
    live = kind == "text" and output.out is None
    if best_of > 1:
        found = iter([model.best(asked, how, seed=first, of=best_of)])
        songs = shown(found) if live else found
    else:
        songs = in_order(model, asked, how, first, count, live, output.explain and asked.exact)
    tell = Reporter(asked, read_lexicon(options.get("lexicon")) if output.explain else None)
    if kind == "score":
        assert output.out is not None and tune is not None
        write_scored(next(named(reported(songs, tell), asked.title)), tune, output.out, output.force)
        report_command(first)
        return
    deliver(named(songs, asked.title), kind, output.out, tell)
    report_command(first)


def tell_unknown(about: Sequence[str], vocabulary: Vocabulary) -> None:
    """The words of a theme that the model has never met, on stderr; if it knows none, writing says so."""
    unknown = [word for word in about if word not in vocabulary]
    if 0 < len(unknown) < len(about):
        print(f"--about: the model does not know {', '.join(unknown)}: only the other words steer", file=sys.stderr)


def drafts(asked: int | None, count: int, best_of: int) -> int:
    """Drafts of each song: fewer in bulk, which is said, as the same seeds then make other songs."""
    if asked is not None:
        return asked
    if count <= FEW and best_of <= CANDIDATES:
        return DRAFTS
    few = Drawing().particles
    most = FEW if count > FEW else CANDIDATES
    print(f"{few} drafts a song, as there are more than {most}: --particles {DRAFTS} takes longer", file=sys.stderr)
    return few


def check_numbers(count: int, best_of: int, seed: int | None) -> None:
    if not 1 <= count <= MAX_COUNT:
        raise InputError(f"--count {count} is not from 1 to {MAX_COUNT}")
    if not 1 <= best_of <= MAX_BEST:
        raise InputError(f"--best-of {best_of} is not from 1 to {MAX_BEST}")
    if best_of > 1 and count > 1:
        raise InputError(f"--best-of {best_of} and --count {count} clash: it keeps one song; leave one out")
    if seed is not None and not 0 <= seed < 2**63:
        raise InputError(f"--seed {seed} is not from 0 to 2^63 - 1")


def fulfillable(plan: Plan, model: Model) -> Plan:
    """A tune's plan with as little given up as the model needs; what that is, on stderr."""
    from lyricist.plan.from_tune import relaxed

    plan, told = relaxed(plan, model.feasible)
    for given_up in told:
        print(f"relaxed: {given_up}", file=sys.stderr)
    return plan


def write_scored(song: WrittenSong, tune: Tune, out: Path, force: bool) -> None:
    """The song under the notes of its tune."""
    from lyricist.generate.singing import sung
    from lyricist.melody.export import write_score

    for path in write_score(out, sung(song, tune), title=song.title, force=force):
        print(f"wrote {path}", file=sys.stderr)


def open_model(run: Path, lexicon: Path | None) -> Model:
    """The model of a run, its words said as the lexicon and the user's own file have them."""
    return load(run, lexicon=None if lexicon is None else read_lexicon(lexicon))


def output_kind(out: Path | None, as_json: bool, as_jsonl: bool, force: bool, tune: bool = False) -> str:
    """ "text", "json", "jsonl" or, for a tune, "score". Refuses clashes and existing files."""
    if as_json and as_jsonl:
        raise InputError("--json and --jsonl clash: choose one")
    asked = "json" if as_json else "jsonl" if as_jsonl else ""
    if out is None:
        return asked or "text"
    by_suffix = {".txt": "text"}.get(out.suffix, out.suffix[1:]) if out.suffix in SUFFIXES else score_kind(out, tune)
    if asked and asked != by_suffix:
        raise InputError(f"--{asked} and -o {out} clash: leave one out")
    if out.exists() and not force:
        raise InputError(f"-o {out} exists: choose another name or add --force")
    if not out.parent.is_dir():
        raise InputError(f"-o {out}: there is no folder {out.parent}")
    return by_suffix


def score_kind(out: Path, tune: bool) -> str:
    """ "score", if the suffix is one of a score and there is a tune."""
    from lyricist.melody.export import SUFFIXES as SCORES

    if out.suffix not in SCORES:
        known = dict.fromkeys((*SUFFIXES, *(SCORES if tune else ())))
        raise InputError(f"-o {out}: {out.suffix or 'no suffix'} is not one of {', '.join(known)}")
    if not tune:
        raise InputError(f"-o {out}: a score needs a tune: name one with --melody")
    return "score"


def in_order(
    model: Model, plan: Plan, drawing: Drawing, first: int, count: int, live: bool, explain: bool = False
) -> Iterator[WrittenSong]:
    """Songs by seed, though they finish in any order; `live` prints the lines of the one that is next."""
    waiting: dict[int, WrittenSong] = {}
    pending: dict[int, list[LineWritten]] = {}
    current = first
    for event in model.events(plan, drawing, range(first, first + count), explain=explain):
        if isinstance(event, WrittenSong):
            waiting[event.seed] = event
        elif live:
            pending.setdefault(event.seed, []).append(event)
        if live:
            print_lines(pending.pop(current, []))
        while current in waiting:
            yield waiting.pop(current)
            current += 1
            if live:
                print_lines(pending.pop(current, []))


def shown(songs: Iterator[WrittenSong]) -> Iterator[WrittenSong]:
    """Songs that are printed whole, as `in_order` prints them line by line."""
    for song in songs:
        print(song.text)
        yield song


def print_lines(lines: list[LineWritten]) -> None:
    for line in lines:
        print(("\n" if line.opens and not line.first else "") + line.text, flush=True)


def named(songs: Iterator[WrittenSong], title: str | None) -> Iterator[WrittenSong]:
    return (replace(s, title=title) for s in songs) if title else songs


@dataclass(frozen=True)
class Reporter:
    """What is said of each song on stderr; with a lexicon, line by line."""

    plan: Plan
    lexicon: Lexicon | None = None

    def song(self, song: WrittenSong, index: int) -> None:
        report_song(song, index)
        if self.lexicon is not None and index < REPORTS:
            for row in explained(song, self.plan, self.lexicon):
                print(row, file=sys.stderr)


def explained(song: WrittenSong, plan: Plan, lexicon: Lexicon) -> Iterator[str]:
    """Every line with its syllables, its stresses on the slots asked for and its rhyme; below it, how each of its
    words was chosen, where the writer recorded that."""
    if song.score is not None:
        yield scored(song.score)
    laid = lay_out(plan) if plan.exact else None
    lines = [line for section in song.to_json()["sections"] for line in section["lines"]]
    for i, line in enumerate(lines):
        stress, rhyme = line["stress"], line["rhyme"]
        if stress is None:
            read = scan_line(WordTokenizer().split(line["text"]), lexicon)
            stress, rhyme = read.stress, read.rhyme
        slots = f" on {pattern_of(laid.lines[i].templates[0])}" if laid and len(laid.lines[i].templates) == 1 else ""
        mark = letter(laid, i) if laid else "-"
        yield f"{i + 1:>3}  {len(stress):>2}  {stress}{slots}  {mark} ({rhyme or '-'})  {line['text']}"
        yield from (f"       {chosen(choice)}" for choice in song.choices if choice.line == i + 1)


def scored(score: Score) -> str:
    """
    >>> scored(Score(1.5, 2, -0.25, 0))
    'score 3.25 a line: sense 1.50, coherence 2.00, rhyme -0.25, again 0.00, judged 0.00'
    """
    parts = ", ".join(f"{name} {value:.2f}" for name, value in score.to_json().items() if name != "total")
    return f"score {score.total:.2f} a line: {parts}"


def chosen(choice: Choice) -> str:
    """A word, the share of the model's probability that was allowed in its place, and what stood beside it.

    >>> from lyricist.generate.result import Candidate
    >>> chosen(Choice(1, "sea", 0.25, (Candidate("sea", 0.1, 0.4), Candidate("day", 0.3, 0, "rhyme"))))
    'sea: 25% allowed; sea 0.100 -> 0.400, day 0.300 (rhyme)'
    """
    beside = ", ".join(
        f"{c.word} {c.p:.3f} ({c.forbidden})" if c.forbidden else f"{c.word} {c.p:.3f} -> {c.drawn_p:.3f}"
        for c in choice.candidates
    )
    return f"{choice.word}: {choice.mass:.0%} allowed" + (f"; {beside}" if beside else "")


def deliver(songs: Iterator[WrittenSong], kind: str, out: Path | None, tell: Reporter) -> None:
    """To stdout or, complete, into a file; the report on each song to stderr."""
    if out is None and kind == "text":
        for i, song in enumerate(songs):
            print(flush=True)
            tell.song(song, i)
        return
    pieces = {"text": text_pieces, "json": json_pieces, "jsonl": jsonl_pieces}[kind](reported(songs, tell))
    if out is None:
        for piece in pieces:
            sys.stdout.write(piece)
        return
    with disk_errors(out):
        replace_file(out, (piece.encode() for piece in pieces))


def reported(songs: Iterator[WrittenSong], tell: Reporter) -> Iterator[WrittenSong]:
    for i, song in enumerate(songs):
        tell.song(song, i)
        yield song


def text_pieces(songs: Iterator[WrittenSong]) -> Iterator[str]:
    for i, song in enumerate(songs):
        yield ("\n\n" if i else "") + song.text + "\n"


def json_pieces(songs: Iterator[WrittenSong]) -> Iterator[str]:
    """Nothing before the first song is there: a plan that cannot be fulfilled leaves no output."""
    before = '{"format": 1, "songs": [\n'
    for song in songs:
        yield before + json.dumps(song.to_json(), ensure_ascii=False)
        before = ",\n"
    yield "\n]}\n"


def jsonl_pieces(songs: Iterator[WrittenSong]) -> Iterator[str]:
    for song in songs:
        yield json.dumps({"format": 1, **song.to_json()}, ensure_ascii=False) + "\n"


def report_song(song: WrittenSong, index: int) -> None:
    """Title, form and longest copied run; of many songs the first REPORTS only."""
    copied = "not known for this run" if song.copied is None else plural(song.copied, "word")
    if index < REPORTS:
        print(f"[{song.title}]  form: {song.form}; longest copied run: {copied}; seed {song.seed}", file=sys.stderr)


def report_command(first: int) -> None:
    """The command that writes the same again."""
    arguments = [a for a in sys.argv[1:] if a]
    if "--seed" not in arguments and not any(a.startswith("--seed=") for a in arguments):
        arguments += ["--seed", str(first)]
    print(f"again: lyricist {shlex.join(arguments)}", file=sys.stderr)


def print_song(song: WrittenSong) -> None:
    """A finished song with its report, as `demo` shows it."""
    print(song.text + "\n", flush=True)
    report_song(song, 0)
