"""`lyricist write`: lines are printed as they are made, reports go to stderr, the suffix says the kind of a file."""

from __future__ import annotations

import itertools
import json
import shlex
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lyricist._io import disk_errors, replace_file
from lyricist.apps.cli.plan_request import (
    FIELDS,
    asked_tune,
    check_place,
    is_given,
    make_plan,
    open_model,
    plural,
    read_lexicon,
    report_tune,
)
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError, UnfinishedSongs
from lyricist.generate.line_score import Score
from lyricist.generate.result import Choice, LineWritten, Outline, WrittenSong
from lyricist.generate.writer import Model, fresh_seed
from lyricist.model.checkpoint import Run
from lyricist.model.copy_index import LINE_WORDS, RUN_WORDS
from lyricist.model.starter import need_starter
from lyricist.model.tokens import Vocabulary
from lyricist.plan.parse import option
from lyricist.plan.plan import QUICK, Drawing, Plan
from lyricist.plan.resolve import as_a_song, letter
from lyricist.plan.song_spec import lay_out
from lyricist.plan.theme import is_sentence
from lyricist.prosody.lexicon import Lexicon
from lyricist.prosody.metre import pattern_of
from lyricist.prosody.scan import scan_line

if TYPE_CHECKING:
    from lyricist.melody.tune import Tune

SUFFIXES = (".txt", ".json", ".jsonl")
MAX_COUNT = 10_000_000
MAX_BEST = 10_000  # songs held in memory to choose from
MANY = 100  # songs from which it is said how to write them faster
NOT_CLASSIC = ("like", "plan", "fill", "track", "phrases", "verses", "lexicon")  # options that a classic run refuses
REPORTS = 50  # songs reported one by one
DRAWING = tuple(Drawing.model_fields)


@dataclass(frozen=True)
class Output:
    """Where songs are written and in which form."""

    out: Path | None = None
    as_json: bool = False
    as_jsonl: bool = False
    force: bool = False
    explain: bool = False
    full: bool = False  # a score of every part of a MIDI file


def write_command(
    run: Path | None,
    options: Mapping[str, Any],
    drawing: Mapping[str, Any],
    count: int,
    best_of: int,
    seed: int | None,
    output: Output,
) -> None:
    """Write `count` songs from a run (None: the starter) and report on them. Raises `PlanError` if the model cannot
    fulfil the plan. Raises `InputError` if several songs are asked for in one score."""
    tune = asked_tune(options)
    kind = output_kind(output.out, output.as_json, output.as_jsonl, output.force, tune is not None)
    check_numbers(count, best_of, seed)
    if kind == "score" and count > 1:
        raise InputError(f"--count {count} and -o {output.out} clash: a score holds one song; leave one out")
    if kind == "score" or output.full:
        check_score(tune if kind == "score" else None, output, options.get("melody"))
    run = need_starter() if run is None else run
    asked, how = make_plan(options, tune), Drawing(**drawing)
    tell_slow(how, max(count, best_of))
    model = open_model(run, options.get("lexicon"))
    tell_copies(asked, model)
    if tune is not None:
        report_tune(tune)
    asked = as_a_song(asked, options, always=model.vocabulary.order == "backward")
    if tune is not None and not options.get("plan"):
        asked = fulfillable(asked, model)
    for about in dict.fromkeys((asked.about, *(section.about for section in asked.sections))):
        tell_unknown(about, model.vocabulary)
    tell_read(asked, options.get("about"), model.vocabulary)
    first = fresh_seed() if seed is None else seed
    live = kind == "text" and output.out is None
    if best_of > 1:
        found = iter([model.best(asked, how, seed=first, of=best_of, as_it_is=True)])
        songs = shown(found) if live else found
    else:
        songs = in_order(model, asked, how, first, count, live, output.explain and asked.exact)
    tell = Reporter(
        lambda seed: model.plan_of(asked, seed),
        read_lexicon(options.get("lexicon")) if output.explain else None,
        how.profile,
    )
    if kind == "score":
        assert tune is not None
        write_scored(next(named(reported(songs, tell), asked.title)), tune, output, options["melody"])
        report_command(first)
        return
    deliver(named(songs, asked.title), kind, output.out, tell)
    report_command(first)


def write_classic(
    path: Path,
    options: Mapping[str, Any],
    typed: Collection[str],
    count: int,
    best_of: int,
    seed: int | None,
    output: Output,
) -> None:
    """`write` from a classic run; `typed`: names of the options of drawing that were given. Raises `InputError`
    without a tune, and for a file of another kind."""
    from lyricist.generate.classic_model import ClassicModel  # here, as it takes a while and is rarely needed

    plan = free_plan(options, typed, best_of)
    if output.out is not None and output.out.suffix not in SUFFIXES:
        raise InputError(f"-o {output.out}: what a classic run writes fits no notes: use {', '.join(SUFFIXES)}")
    kind = output_kind(output.out, output.as_json, output.as_jsonl, output.force)
    check_numbers(count, best_of, seed)
    if options.get("melody") is None:
        raise InputError(f"{path} is a classic run, which writes to a tune: name one with --melody")
    model = ClassicModel(Run.open(path)).hearing(options["melody"])
    drawing = Drawing(temperature=options["temperature"] if "temperature" in typed else 1.0)
    first = fresh_seed() if seed is None else seed
    songs = in_order(model, plan, drawing, first, count, live=kind == "text" and output.out is None)
    tell = Reporter(lambda seed: plan, read_lexicon(None) if output.explain else None)
    deliver(named(songs, plan.title), kind, output.out, tell)
    report_command(first)


def free_plan(options: Mapping[str, Any], typed: Collection[str], best_of: int) -> Plan:
    """The plan of a call. Raises `InputError` that names the first option a classic run cannot follow."""
    from lyricist.generate.classic_model import FREE, refuse

    for name in (*(n for n in FIELDS if n not in FREE), *NOT_CLASSIC):
        if is_given(name, options.get(name)):
            refuse(option(name))
    for name in typed:
        if name != "temperature":
            refuse(option(name))
    if best_of > 1:
        refuse("--best-of")
    return Plan(**{name: options[name] for name in FREE if is_given(name, options.get(name))})


def tell_unknown(about: Sequence[str], vocabulary: Vocabulary) -> None:
    """Say on stderr which words of a theme the model does not know. (If it knows none, writing refuses.)"""
    unknown = [word for word in about if word not in vocabulary]
    if 0 < len(unknown) < len(about):
        print(f"--about: the model does not know {', '.join(unknown)}: only the other words steer", file=sys.stderr)


def tell_read(asked: Plan, about: Any, vocabulary: Vocabulary) -> None:
    """Say on stderr what a sentence of `--about` is read as. (If the model knows no word of it, writing refuses.)"""
    if is_sentence(about) and any(word in vocabulary for word in asked.about):
        hints = [hint for hint in (asked.person_hint, asked.tense_hint) if hint]
        hinted = f"; hints: {', '.join(hints)}" if hints else ""
        print(f"--about is read as: {', '.join(asked.about)}{hinted}", file=sys.stderr)


def tell_copies(asked: Plan, model: Model) -> None:
    """Say on stderr what a `--max-copy` that was typed covers, if that is not all that the model has read."""
    index, most = model.copy_index, asked.max_copy
    if not most or "max_copy" not in asked.model_fields_set or (index is not None and model.line_filter is None):
        return
    held = plural(0 if index is None else int((index.hashes != 0).sum()), "word")
    table = "" if model.run_filter is None else f" and, from {RUN_WORDS} words on, for the runs of its table"
    lines = f"no whole line of {LINE_WORDS} words or more is written, but longer runs may be"
    told = (
        f"--max-copy {most} holds for the {held} of the run's copy index{table}; of all else that the model has read"
    )
    print(f"{told} {lines if model.line_filter else 'any run may be written'}", file=sys.stderr)


def tell_slow(drawing: Drawing, songs: int) -> None:
    """Say on stderr how many songs are written faster."""
    if songs > MANY and drawing.particles > QUICK.particles:
        few = QUICK.particles
        told = f"{drawing.particles} drafts a song; --particles {few} is much faster and writes other songs"
        print(told, file=sys.stderr)


def check_numbers(count: int, best_of: int, seed: int | None) -> None:
    """Raise `InputError` for a number out of its range."""
    if not 1 <= count <= MAX_COUNT:
        raise InputError(f"--count {count} is not from 1 to {MAX_COUNT}")
    if not 1 <= best_of <= MAX_BEST:
        raise InputError(f"--best-of {best_of} is not from 1 to {MAX_BEST}")
    if best_of > 1 and count > 1:
        raise InputError(f"--best-of {best_of} and --count {count} clash: it keeps one song; leave one out")
    if seed is not None and not 0 <= seed < 2**63:
        raise InputError(f"--seed {seed} is not from 0 to 2^63 - 1")


def fulfillable(plan: Plan, model: Model) -> Plan:
    """A tune's plan, relaxed as little as the model needs; stderr says where."""
    from lyricist.plan.from_tune import relaxed

    plan, told = relaxed(plan, model.feasible)
    for given_up in told:
        print(f"relaxed: {given_up}", file=sys.stderr)
    return plan


def check_score(tune: Tune | None, output: Output, melody: Path | None) -> None:
    """Raise `InputError`, before a song is written, for a score that words cannot be put into, and for `--full` where
    it changes nothing. No tune: no score is asked for."""
    from lyricist.melody.export import DOCUMENTS, own_words, pages_of

    engraved = tune is not None and output.out is not None and output.out.suffix in DOCUMENTS
    if output.full and not (engraved and tune and tune.score.kind == "midi"):
        raise InputError(
            "--full is for a score of all parts of a MIDI file: name one with --melody and -o a.musicxml"
        )
    if engraved and tune and output.out and tune.score.kind == "musicxml":
        pages_of(own_words(tune), ".mxl" if output.out.suffix == ".mxl" else ".musicxml", melody)


def write_scored(song: WrittenSong, tune: Tune, output: Output, melody: Path) -> None:
    """Write the song under the notes of its tune, into a score of its own or that of the file `melody`."""
    from lyricist.evaluation.tune_fit import sung
    from lyricist.melody.export import write_score

    assert output.out is not None
    laid = sung(song, tune)
    for path in write_score(output.out, laid, title=song.title, force=output.force, onto=melody, full=output.full):
        print(f"wrote {path}", file=sys.stderr)


def output_kind(out: Path | None, as_json: bool, as_jsonl: bool, force: bool, tune: bool = False) -> str:
    """ "text", "json", "jsonl" or, for a tune, "score". Raises `InputError` for clashes and existing files."""
    if as_json and as_jsonl:
        raise InputError("--json and --jsonl clash: choose one")
    asked = "json" if as_json else "jsonl" if as_jsonl else ""
    if out is None:
        return asked or "text"
    by_suffix = {".txt": "text", ".json": "json", ".jsonl": "jsonl"}.get(out.suffix) or score_kind(out, tune)
    if asked and asked != by_suffix:
        raise InputError(f"--{asked} and -o {out} clash: leave one out")
    check_place(out, force)
    return by_suffix


def score_kind(out: Path, tune: bool) -> str:
    """ "score". Raises `InputError` if the suffix is not one of a score, or there is no tune."""
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
    """Songs in the order of their seeds, whichever is finished first. `live`: print the lines of the next one. Raises
    `UnfinishedSongs` after the last, if some cannot be finished."""
    waiting: dict[int, WrittenSong] = {}
    pending: dict[int, list[LineWritten]] = {}
    current = first
    try:
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
    except UnfinishedSongs:
        for seed in sorted(waiting):  # those after the first that cannot be finished
            print_lines(pending.pop(seed, []))
            yield waiting[seed]
        raise


def shown(songs: Iterator[WrittenSong]) -> Iterator[WrittenSong]:
    """Songs, each printed when it comes."""
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
    """Reports on each song on stderr; with a lexicon, line by line. `plan_of`: the plan of a song by its seed."""

    plan_of: Callable[[int], Plan]
    lexicon: Lexicon | None = None
    profile: str = ""  # of the drawing

    def song(self, song: WrittenSong, index: int) -> None:
        if index >= REPORTS:
            return
        plan = self.plan_of(song.seed)
        report_song(song, index, plan.about, self.profile)
        if self.lexicon is not None:
            for row in explained(song, plan, self.lexicon):
                print(row, file=sys.stderr)


def explained(song: WrittenSong, plan: Plan, lexicon: Lexicon) -> Iterator[str]:
    """Rows that explain a song: each line's syllables, its stresses, the slots asked for and its rhyme; below it how
    each word was chosen, if the writer recorded that."""
    if song.outline is not None:
        yield from outlined(song.outline)
    if song.score is not None:
        yield scored(song.score)
    laid = lay_out(plan) if plan.exact else None
    lines = [line for section in song.to_json()["sections"] for line in section["lines"]]
    for i, line in enumerate(lines):
        stress, rhyme = line["stress"], line["rhyme"]
        if stress is None:
            read = scan_line(WordTokenizer().split(line["text"]), lexicon)
            stress, rhyme = read.stress, read.rhyme
        patterns = [t for t in laid.lines[i].templates if len(t) == len(stress)] if laid else []
        slots = f" on {pattern_of(patterns[0])}" if patterns else ""
        mark = letter(laid, i) if laid else "-"
        yield f"{i + 1:>3}  {len(stress):>2}  {stress}{slots}  {mark} ({rhyme or '-'})  {line['text']}"
        yield from (f"       {chosen(choice)}" for choice in song.choices if choice.line == i + 1)


def outlined(outline: Outline) -> Iterator[str]:
    """What a song says, line by line.

    >>> told = Outline("she", "past", ("bread",), (("dark", "woke"), ()), (("i", "her"), ("", "")))
    >>> list(outlined(told))
    ['says: she past, about bread', '  1  i, her: woke dark', '  2  -']
    """
    about = f", about {', '.join(outline.theme)}" if outline.theme else ""
    yield f"says: {outline.person} {outline.tense}{about}"
    for i, words in enumerate(outline.lines):
        people = ", ".join(filter(None, outline.people[i])) if i < len(outline.people) else ""
        said = " ".join(filter(None, (*words[1:], *words[:1]))) or "-"
        yield f"{i + 1:>3}  {people and f'{people}: '}{said}"


def scored(score: Score) -> str:
    """
    >>> scored(Score(1.5, 2, -0.25, 0))
    'score 3.25 a line: sense 1.50, coherence 2.00, rhyme -0.25, again 0.00, judged 0.00, stock 0.00, told 0.00'
    """
    parts = ", ".join(f"{name} {value:.2f}" for name, value in score.to_json().items() if name != "total")
    return f"score {score.total:.2f} a line: {parts}"


def chosen(choice: Choice) -> str:
    """A word, the share of the model's probability that was allowed in its place, and the other candidates.

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
    """Print songs, or write all of them into a file; report on each song on stderr. Raises `UnfinishedSongs` after
    the last, if some cannot be finished."""
    if out is None and kind == "text":
        for i, song in enumerate(songs):
            print(flush=True)
            tell.song(song, i)
        return
    unfinished: list[UnfinishedSongs] = []
    output = pieces(reported(finished(songs, unfinished), tell), kind)
    begin = list(itertools.islice(output, 1))  # none: no song at all
    if out is None:
        sys.stdout.writelines(itertools.chain(begin, output))
    elif begin:
        with disk_errors(out):
            replace_file(out, (piece.encode() for piece in itertools.chain(begin, output)))
    for error in unfinished:
        raise error


def finished(songs: Iterator[WrittenSong], unfinished: list[UnfinishedSongs]) -> Iterator[WrittenSong]:
    """The songs; the error after the last, if there is one, goes to `unfinished`."""
    try:
        yield from songs
    except UnfinishedSongs as error:
        unfinished.append(error)


def reported(songs: Iterator[WrittenSong], tell: Reporter) -> Iterator[WrittenSong]:
    for i, song in enumerate(songs):
        tell.song(song, i)
        yield song


def pieces(songs: Iterable[WrittenSong], kind: str) -> Iterator[str]:
    """The output song by song. Nothing comes before the first song, so that a plan that cannot be fulfilled leaves no
    output."""
    i = -1
    for i, song in enumerate(songs):
        if kind == "text":
            yield ("\n\n" if i else "") + song.text + "\n"
        elif kind == "jsonl":
            yield json.dumps({"format": 1, **song.to_json()}, ensure_ascii=False) + "\n"
        else:
            yield (",\n" if i else '{"format": 1, "songs": [\n') + json.dumps(song.to_json(), ensure_ascii=False)
    if kind == "json" and i >= 0:
        yield "\n]}\n"


def report_song(song: WrittenSong, index: int, about: Sequence[str] = (), profile: str = "") -> None:
    """Say title, form, theme, longest copied run, seed and drawing profile on stderr, for the first REPORTS songs."""
    copied = "not known for this run" if song.copied is None else plural(song.copied, "word")
    if index < REPORTS:
        theme = f"; about: {', '.join(about)}" if about else ""
        print(
            f"[{song.title}]  form: {song.form}{theme}; longest copied run: {copied}; seed {song.seed}"
            + (f"; profile {profile}" if profile else ""),
            file=sys.stderr,
        )


def report_command(first: int) -> None:
    """Say on stderr which command writes the same again."""
    arguments = [a for a in sys.argv[1:] if a]
    if "--seed" not in arguments and not any(a.startswith("--seed=") for a in arguments):
        arguments += ["--seed", str(first)]
    print(f"again: lyricist {shlex.join(arguments)}", file=sys.stderr)
