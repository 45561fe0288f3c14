"""`prepare`: files of any kind -> a corpus directory. Two passes over the songs, none of them held in
memory.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._io import staged
from lyricist.corpus import dedupe
from lyricist.corpus.intake import NO_SIDE, Intake, Progress, read_lines
from lyricist.corpus.joining import SUFFIXES as MUSIC
from lyricist.corpus.joining import Joining, name_of, tune_files
from lyricist.corpus.options import PrepareOptions
from lyricist.corpus.report import Report
from lyricist.corpus.song import Song
from lyricist.corpus.sources import Found, find_files
from lyricist.corpus.split import SPLITS, split_songs
from lyricist.corpus.store import FORMAT, Corpus, check_target, open_corpus
from lyricist.errors import InputError

PathLike = str | os.PathLike[str]
Given = PathLike | Found


def prepare(
    sources: PathLike | Iterable[Given] = (),
    out: PathLike | None = None,
    *,
    texts: Iterable[str | dict[str, Any]] | None = None,
    options: PrepareOptions | None = None,
    midi: PathLike | None = None,
    force: bool = False,
    on_progress: Progress | None = None,
) -> Corpus:
    """Read songs from files, folders and `texts` (strings, or dicts with title, artist, lyrics) into a
    corpus.

    out: the directory to make; None makes a temporary one that goes with the returned object. midi: a folder of
    tunes, joined to songs by name. on_progress: called as (stage, done, total) with stage "reading" (bytes),
    "comparing" or "writing" (songs).

    Raises InputError if a named source cannot be read, nothing usable is found, songs are too few to split,
    `out` exists (unless `force`, which replaces a corpus and nothing else) or cannot be written, no tune has
    the name of a song;
    MissingExtra if an option needs a package that is not there. A failure leaves nothing behind.
    """
    options = options or PrepareOptions()
    if midi is not None and options.as_is:
        raise InputError("as_is and midi clash: a benchmark's text is not sung; leave one out")
    given: list[Given] = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    if out is None:
        holder = tempfile.TemporaryDirectory(prefix="lyricist-corpus-", ignore_cleanup_errors=True)
        made = make(given, Path(holder.name, "corpus"), texts, options, midi, on_progress)
        return Corpus(made.path, made.info, holder)
    return make(given, check_target(out, force), texts, options, midi, on_progress)


def make(
    given: Sequence[Given],
    target: Path,
    texts: Iterable[str | dict[str, Any]] | None,
    options: PrepareOptions,
    midi: PathLike | None,
    on_progress: Progress | None,
) -> Corpus:
    files = list(find_files(given))
    if midi is not None:
        tune_files(midi)  # a wrong name is told before hours of reading
        files = without_tunes(files, given, Path(midi))
    files.sort(
        key=lambda found: found.path.suffix.lower() not in MUSIC
    )  # of duplicates the first is kept: with notes
    with staged(target) as work:
        with Intake(work, options, on_progress) as intake:
            intake.read(files, texts)
        notes: list[str] = []
        kept, clusters = compare(intake, on_progress)
        check_enough(intake, kept, given)
        sides = choose_sides(intake, kept, clusters, notes)
        joining = Joining.of(names_of(intake, kept), midi) if midi is not None else None
        write(work, intake, kept, sides, notes, joining, on_progress)
    return open_corpus(target)


def without_tunes(files: Sequence[Found], given: Sequence[Given], midi: Path) -> list[Found]:
    """The files to read where the folder of the tunes lies in one of songs: its tunes are joined, no songs."""
    here = midi.resolve()
    places = [Path(source).resolve() for source in given if not isinstance(source, Found)]
    if not any(here != place and here.is_relative_to(place) for place in places):
        return list(files)
    return [
        replace(found, skip="a tune to be joined") if found.path.resolve().is_relative_to(here) else found
        for found in files
    ]


def compare(intake: Intake, on_progress: Progress | None) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The songs that are no near-duplicates, and for each of those the number of its cluster."""
    options, songs = intake.options, len(intake.hashes)
    every = np.arange(songs, dtype=np.int64)
    levels = [level for level in (options.near_duplicate, options.related) if level is not None]
    if options.as_is or not levels or songs < 2:
        return every, every
    signatures = dedupe.read_signatures(intake.signatures, songs)
    tell = (lambda done: on_progress("comparing", done, songs)) if on_progress else None
    pairs, index = dedupe.similar_pairs(signatures, min(levels), tell)
    kept = every
    if options.near_duplicate is not None and not options.keep_duplicates:
        words = np.asarray(intake.words, dtype=np.uint32)
        dropped = dedupe.near_duplicates(signatures, pairs, index, options.near_duplicate, words)
        examples = read_titles(intake, dropped)
        for song, title in zip(dropped, examples, strict=True):
            intake.rows[intake.homes[song]].drop("near-duplicate", title)
        kept = np.delete(every, list(dropped))
    clusters = dedupe.clusters(songs, pairs[index >= options.related] if options.related is not None else pairs[:0])
    return kept, clusters[kept]


def read_titles(intake: Intake, songs: Iterable[int]) -> Iterable[str]:
    for line in read_lines(intake.file, ((intake.offsets[at], intake.offsets[at + 1]) for at in songs)):
        song = json.loads(line)
        first = song["sections"][0]["lines"][0]
        yield (song["title"] or (first if isinstance(first, str) else first["text"]))[:60]


def names_of(intake: Intake, songs: npt.NDArray[np.int64]) -> Iterator[tuple[int, tuple[str, str]]]:
    """Each song's number and the name by which its tune is looked for."""
    pieces = ((intake.offsets[at], intake.offsets[at + 1]) for at in songs)
    for at, line in zip(songs.tolist(), read_lines(intake.file, pieces), strict=True):
        yield at, name_of(Song.from_json(json.loads(line)))


def check_enough(intake: Intake, kept: npt.NDArray[np.int64], given: Sequence[Given]) -> None:
    """InputError if nothing is left, or too little to split."""
    options = intake.options
    dropped = Report(intake.rows).summary()
    if not len(kept):
        names = ", ".join(each.name if isinstance(each, Found) else str(each) for each in given) or "texts"
        why = f"dropped: {dropped}" if dropped else "no songs found"
        raise InputError(
            f"nothing usable in {names[:200]} ({why}); give lyrics of at least {options.min_words} words"
        )
    needed = 1 + (options.valid_share > 0) + (options.test_share > 0)
    if len(kept) < needed and not options.as_is:
        count = "one song only" if len(kept) == 1 else f"{len(kept)} songs only"
        also = f" (dropped: {dropped})" if dropped else ""
        raise InputError(
            f"{count}{also}: at least {needed} are needed to split; add songs, or if the file holds several, "
            "say --songs-by blank"
        )


def choose_sides(
    intake: Intake, kept: npt.NDArray[np.int64], clusters: npt.NDArray[np.int64], notes: list[str]
) -> npt.NDArray[np.uint8]:
    """The split of each kept song: as its file's name says (as_is), else by its cluster's hash."""
    options = intake.options
    hashes = np.asarray(intake.hashes, dtype=np.uint64)[kept]
    sides = np.asarray(intake.sides, dtype=np.uint8)[kept]
    free = np.flatnonzero(sides == NO_SIDE)
    needed = 1 + (options.valid_share > 0) + (options.test_share > 0)
    if not options.as_is and len(np.unique(clusters)) < needed:
        clusters = np.arange(len(kept), dtype=np.int64)
        notes.append("all songs are versions of fewer than three: the splits share related songs")
    if len(free):
        sides[free] = split_songs(
            clusters[free],
            hashes[free],
            valid=options.valid_share,
            test=options.test_share,
            seed=options.seed,
        )
    return sides


def write(
    work: Path,
    intake: Intake,
    kept: npt.NDArray[np.int64],
    sides: npt.NDArray[np.uint8],
    notes: list[str],
    joining: Joining | None,
    on_progress: Progress | None,
) -> None:
    """The three files of the corpus; the temporary ones go."""
    order = kept[np.argsort(sides, kind="stable")]
    pieces = ((intake.offsets[at], intake.offsets[at + 1]) for at in order)
    names = (SPLITS[side] for side in np.sort(sides))
    ends = np.zeros(len(order) + 1, dtype=np.int64)
    sha = hashlib.sha256()
    sung = [0, 0]  # songs and lines that have slots
    with (work / "songs.jsonl").open("wb", buffering=1 << 20) as handle:
        for at, (number, line, name) in enumerate(zip(order, read_lines(intake.file, pieces), names, strict=True)):
            line = joining.line(int(number), line) if joining else line
            slotted = line.count(b'"slots":[')
            sung = [sung[0] + bool(slotted), sung[1] + slotted]
            data = b'{"split":"' + name.encode() + b'",' + line[1:]
            handle.write(data)
            sha.update(data)
            ends[at + 1] = ends[at] + len(data)
            if on_progress and at % 1000 == 999:
                on_progress("writing", at + 1, len(order))
    array = io.BytesIO()  # np.save to a file would hide why a full disk fails
    np.save(array, ends)
    (work / "offsets.npy").write_bytes(array.getbuffer())
    info = describe(intake, kept, sides, notes)
    info["sung"] = {"songs": sung[0], "lines": sung[1]}
    if joining:
        info["tunes"] = joining.to_json()
    info["sha256"] = sha.hexdigest()
    info["created"] = datetime.now(UTC).isoformat(timespec="seconds")
    (work / "corpus.json").write_text(json.dumps(info, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for temporary in (intake.file, intake.signatures):
        temporary.unlink(missing_ok=True)


def describe(
    intake: Intake, kept: npt.NDArray[np.int64], sides: npt.NDArray[np.uint8], notes: list[str]
) -> dict[str, Any]:
    lines = np.asarray(intake.lines, dtype=np.int64)[kept]
    words = np.asarray(intake.words, dtype=np.int64)[kept]
    homes = np.bincount(np.asarray(intake.homes, dtype=np.int64)[kept], minlength=len(intake.rows))
    for row, count in zip(intake.rows, homes.tolist(), strict=True):
        row.kept = count

    def counts(chosen: npt.NDArray[np.bool_]) -> dict[str, int]:
        return {
            "songs": int(chosen.sum()),
            "lines": int(lines[chosen].sum()),
            "words": int(words[chosen].sum()),
        }

    return {
        "format": FORMAT,
        **counts(np.ones(len(kept), dtype=bool)),
        "splits": {name: counts(sides == side) for side, name in enumerate(SPLITS)},
        "options": intake.options.model_dump(),
        "sources": [row.to_json() for row in intake.rows],
        "dropped": Report(intake.rows).dropped(),
        "notes": notes,
    }
