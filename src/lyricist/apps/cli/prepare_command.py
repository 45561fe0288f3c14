"""`lyricist prepare`, and reading sources for the commands that take songs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lyricist.corpus import Corpus, PrepareOptions, is_corpus, open_corpus, prepare
from lyricist.errors import InputError
from lyricist.training.config import checked
from lyricist.training.token_arrays import token_set

SHOWN = 10  # names of a list on the terminal
RIGHTS = "You need the right to use these songs, and a model may reveal them."


def prepare_command(
    sources: Sequence[Path],
    out: Path,
    options: Mapping[str, Any],
    force: bool,
    as_json: bool,
    midi: Path | None = None,
) -> None:
    """Make a corpus and report on it. Raises `InputError` for options that clash."""
    if midi is not None and options.get("as_is"):
        raise InputError("--as-is and --midi clash: a benchmark's text is not sung; leave one out")
    corpus = prepare(list(sources), out, options=checked(PrepareOptions, options), midi=midi, force=force)
    token_set(corpus, "whitespace" if options["as_is"] else "word")
    show_report(corpus)
    if as_json:
        print(json.dumps(corpus.info, ensure_ascii=False, indent=2))


def read_sources(sources: Sequence[Path], as_is: bool = False, midi: Path | None = None) -> Corpus:
    """A corpus directory opened, or files prepared into a temporary one, with the tunes of `midi`. Raises
    `InputError` for a corpus beside other sources or tunes."""
    if len(sources) == 1 and is_corpus(sources[0]):
        if midi is not None:
            raise InputError(
                f"--midi {midi}: {sources[0]} is prepared already; name the songs, or use prepare --midi"
            )
        return open_corpus(sources[0])
    if any(is_corpus(s) for s in sources):
        raise InputError(f"{sources[0]}: give one corpus, or files and folders of songs, not both")
    corpus = prepare(list(sources), options=PrepareOptions(as_is=as_is), midi=midi)
    show_report(corpus)
    return corpus


def read_to_judge(source: Path, as_is: bool = False) -> Corpus:
    """Songs to evaluate on: every one counts, however few or alike."""
    if is_corpus(source):
        return open_corpus(source)
    whole = {"valid_share": 0, "test_share": 0, "near_duplicate": None, "related": None, "min_words": 0}
    return prepare([source], options=checked(PrepareOptions, {**whole, "as_is": as_is, "keep_duplicates": True}))


def show_report(corpus: Corpus) -> None:
    """What was read, kept, dropped and why, as a table on stderr."""
    from rich.console import Console
    from rich.table import Table

    rows = corpus.report.rows()
    table = Table(*rows[0], box=None, header_style="bold")
    for row in rows[1:]:
        table.add_row(*(str(cell) for cell in row))
    console = Console(stderr=True)
    console.print(table)
    splits = ", ".join(f"{n['songs']} {name}" for name, n in corpus.info["splits"].items())
    print(f"{corpus.info['songs']:,} songs, {corpus.info['words']:,} words kept: {splits}", file=sys.stderr)
    sung = corpus.info.get("sung", {"songs": 0, "lines": 0})
    if sung["songs"] or "tunes" in corpus.info:
        lines = f"{sung['lines']:,} of {corpus.info['lines']:,} lines, in {sung['songs']:,} songs"
        print(f"{lines}, have the notes they are sung to", file=sys.stderr)
    for note in tune_rows(corpus.info.get("tunes", {})):
        print(note, file=sys.stderr)


def tune_rows(tunes: Mapping[str, Any]) -> Iterator[str]:
    """Which songs and tunes did not come together, long lists shortened; `corpus.json` has all."""
    if not tunes:
        return
    yield f"tunes joined by name: {len(tunes['matched'])}"
    doubtful = [f"{', '.join(pair['songs'])}: {', '.join(pair['tunes'])}" for pair in tunes["ambiguous"]]
    unreadable = [reason for _, reason in tunes["unreadable"]]
    for what, names in (
        ("songs without a tune", tunes["songs_without"]),
        ("tunes without a song", tunes["tunes_without"]),
        ("ambiguous names, so not joined", doubtful),
        ("tunes that cannot be read", unreadable),
    ):
        if names:
            yield f"{what}: {len(names)}"
            yield from (f"  {name[:150]}" for name in names[:SHOWN])
            if len(names) > SHOWN:
                yield f'  and {len(names) - SHOWN} more (all of them: "tunes" in corpus.json)'
