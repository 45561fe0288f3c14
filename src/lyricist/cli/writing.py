"""`lyricist write`: lines on stdout as they are made, the report on stderr, files by their suffix."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from lyricist.checkpoint import disk_errors, replace_file
from lyricist.errors import InputError
from lyricist.start import checked
from lyricist.writer import Model, fresh_seed, load
from lyricist.writing.decode import LineWritten
from lyricist.writing.plan import MAX_LINES, Drawing, Plan, parse_counts, parse_form
from lyricist.writing.result import WrittenSong

SUFFIXES = (".txt", ".json", ".jsonl")
MAX_COUNT = 10_000_000
MAX_BEST = 10_000  # songs held in memory to choose from
REPORTS = 50  # songs reported one by one


def write_command(
    run: Path | None,
    plan: Mapping[str, Any],
    drawing: Mapping[str, Any],
    title: str | None,
    count: int,
    best_of: int,
    seed: int | None,
    out: Path | None,
    as_json: bool,
    as_jsonl: bool,
    force: bool,
) -> None:
    kind = output_kind(out, as_json, as_jsonl, force)
    if not 1 <= count <= MAX_COUNT:
        raise InputError(f"--count {count} is not from 1 to {MAX_COUNT}")
    if not 1 <= best_of <= MAX_BEST:
        raise InputError(f"--best-of {best_of} is not from 1 to {MAX_BEST}")
    if best_of > 1 and count > 1:
        raise InputError(f"--best-of {best_of} and --count {count} clash: it keeps one song; leave one out")
    if seed is not None and not 0 <= seed < 2**63:
        raise InputError(f"--seed {seed} is not from 0 to 2^63 - 1")
    if run is None:
        raise InputError("no model named: add -m RUN ('lyricist demo' or 'lyricist train' makes one)")
    asked, how = make_plan(plan), checked(Drawing, drawing)
    model = load(run)
    first = fresh_seed() if seed is None else seed
    live = kind == "text" and out is None
    if best_of > 1:
        found = iter([model.best(asked, how, seed=first, of=best_of)])
        songs = shown(found) if live else found
    else:
        songs = in_order(model, asked, how, first, count, live)
    deliver(named(songs, title), kind, out)
    report_command(first)


def make_plan(options: Mapping[str, Any]) -> Plan:
    made: dict[str, Any] = {"start": options["start"], "max_copy": options["max_copy"]}
    if options["form"] is not None:
        made["form"] = parse_form(options["form"])
    if options["lines"] is not None:
        made["lines"] = parse_counts(options["lines"], "--lines", MAX_LINES)
    plan = checked(Plan, made)
    assert isinstance(plan, Plan)
    return plan


def output_kind(out: Path | None, as_json: bool, as_jsonl: bool, force: bool) -> str:
    """ "text", "json" or "jsonl"; clashes and existing files are refused before anything is written."""
    if as_json and as_jsonl:
        raise InputError("--json and --jsonl clash: choose one")
    asked = "json" if as_json else "jsonl" if as_jsonl else ""
    if out is None:
        return asked or "text"
    if out.suffix not in SUFFIXES:
        raise InputError(f"-o {out}: {out.suffix or 'no suffix'} is not one of {', '.join(SUFFIXES)}")
    by_suffix = {".txt": "text"}.get(out.suffix, out.suffix[1:])
    if asked and asked != by_suffix:
        raise InputError(f"--{asked} and -o {out} clash: leave one out")
    if out.exists() and not force:
        raise InputError(f"-o {out} exists: choose another name or add --force")
    if not out.parent.is_dir():
        raise InputError(f"-o {out}: there is no folder {out.parent}")
    return by_suffix


def in_order(model: Model, plan: Plan, drawing: Drawing, first: int, count: int, live: bool) -> Iterator[WrittenSong]:
    """Songs by seed, though they finish in any order; `live` prints the lines of the one that is next."""
    waiting: dict[int, WrittenSong] = {}
    pending: dict[int, list[LineWritten]] = {}
    current = first
    for event in model.events(plan, drawing, range(first, first + count)):
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


def deliver(songs: Iterator[WrittenSong], kind: str, out: Path | None) -> None:
    """To stdout or, complete, into a file; the report on each song to stderr."""
    if out is None and kind == "text":
        for i, song in enumerate(songs):
            print(flush=True)
            report_song(song, i)
        return
    pieces = {"text": text_pieces, "json": json_pieces, "jsonl": jsonl_pieces}[kind](reported(songs))
    if out is None:
        for piece in pieces:
            sys.stdout.write(piece)
        return
    with disk_errors(out):
        replace_file(out, (piece.encode() for piece in pieces))


def reported(songs: Iterator[WrittenSong]) -> Iterator[WrittenSong]:
    for i, song in enumerate(songs):
        report_song(song, i)
        yield song


def text_pieces(songs: Iterator[WrittenSong]) -> Iterator[str]:
    for i, song in enumerate(songs):
        yield ("\n\n" if i else "") + song.text + "\n"


def json_pieces(songs: Iterator[WrittenSong]) -> Iterator[str]:
    yield '{"format": 1, "songs": ['
    for i, song in enumerate(songs):
        yield (",\n" if i else "\n") + json.dumps(song.to_json(), ensure_ascii=False)
    yield "\n]}\n"


def jsonl_pieces(songs: Iterator[WrittenSong]) -> Iterator[str]:
    for song in songs:
        yield json.dumps({"format": 1, **song.to_json()}, ensure_ascii=False) + "\n"


def report_song(song: WrittenSong, index: int) -> None:
    """Title, form and longest copied run; of many songs the first REPORTS only."""
    copied = "not known for this run" if song.copied is None else f"{song.copied} words"
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
