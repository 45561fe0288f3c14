"""`prepare`: files of any kind -> a corpus directory, in two passes; songs are never all in memory."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._io import TemporaryFolder, staged
from lyricist._numbers import uniforms
from lyricist.corpus import dedupe
from lyricist.corpus.intake import NO_SIDE, Found, Intake, Progress, find_files
from lyricist.corpus.readers.base import PrepareOptions
from lyricist.corpus.store import FORMAT, SPLITS, Corpus, Report, check_target, open_corpus
from lyricist.corpus.tune_match import SUFFIXES as MUSIC
from lyricist.corpus.tune_match import TuneJoin, name_of, tune_files
from lyricist.errors import InputError, expect, expect_path

PathLike = str | os.PathLike[str]
Given = PathLike | Found
Sides = npt.NDArray[np.uint8]  # the split of each song

TRAIN, VALID, TEST = range(3)
SMALL = 3  # songs; a cluster up to this size may leave train, however small the share


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
    """Read songs from files, folders and `texts` (strings, or dicts with title, artist, lyrics) into a corpus.

    out: the directory to make; None makes a temporary one that is removed with the returned object. midi: a folder
    of tunes, joined to songs by name. on_progress: called as (stage, done, total) with stage "reading" (bytes),
    "comparing" or "writing" (songs).

    Raises InputError if a named source cannot be read, nothing usable is found, songs are too few to split,
    `out` exists (unless `force`, which replaces a corpus and nothing else) or cannot be written, or no tune has the
    name of a song; MissingExtra if an option needs a package that is not installed. A failure leaves nothing behind.
    """
    expect(sources, (str, os.PathLike, Iterable), "sources", "a path or a list of paths")
    expect(texts, (Iterable, type(None)), "texts", "a list of songs")
    expect(options, (PrepareOptions, type(None)), "options", "PrepareOptions")
    for path, name in ((out, "out"), (midi, "midi")):
        if path is not None:
            expect_path(path, name)
    options = options or PrepareOptions()
    if midi is not None and options.as_is:
        raise InputError("as_is and midi clash: a benchmark's text is not sung; leave one out")
    given: list[Given] = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    if out is None:
        holder = TemporaryFolder("corpus")
        target = Path(holder.name, "corpus")
    else:
        holder = None
        target = check_target(out, force)
    files = files_to_read(given, midi)
    with staged(target) as work:
        with Intake(work, options, on_progress) as intake:
            intake.read(files, texts)
        kept, clusters = compare(intake, on_progress)
        check_enough(intake, kept, given)
        sides, notes = choose_sides(intake, kept, clusters)
        names = ((number, name_of(song)) for number, song in intake.songs(kept.tolist()))
        tunes = TuneJoin.of(names, midi) if midi is not None else None
        write(work, intake, kept, sides, notes, tunes, on_progress)
    made = open_corpus(target)
    return made if holder is None else Corpus(made.path, made.info, holder)


def files_to_read(given: Sequence[Given], midi: PathLike | None) -> list[Found]:
    """The files of all sources. Files with notes come first; among duplicates, the first is kept.

    Tunes of a folder `midi` that lies in a folder of songs are skipped: they are joined, not read as songs.
    """
    files = sorted(find_files(given), key=lambda found: found.path.suffix.lower() not in MUSIC)
    if midi is None:
        return files
    tune_files(midi)  # a wrong name is reported before hours of reading
    here = Path(midi).resolve()
    places = [Path(source).resolve() for source in given if not isinstance(source, Found)]
    if not any(here != place and here.is_relative_to(place) for place in places):
        return files
    inside = {found for found in files if found.path.resolve().is_relative_to(here)}
    return [replace(found, skip="a tune to be joined") if found in inside else found for found in files]


def compare(intake: Intake, on_progress: Progress | None) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(K,) the songs that are no near-duplicates, and (K,) the number of the cluster of each."""
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
        for number, song in intake.songs(dropped):
            title = song.title or next(song.lines()).text
            intake.rows[intake.homes[number]].dropped.add("near-duplicate", title[:60])
        kept = np.delete(every, list(dropped))
    clusters = dedupe.clusters(songs, pairs[index >= options.related] if options.related is not None else pairs[:0])
    return kept, clusters[kept]


def check_enough(intake: Intake, kept: npt.NDArray[np.int64], given: Sequence[Given]) -> None:
    """Raise `InputError` if no song is left in `kept` (K,), or too few to split."""
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
    intake: Intake, kept: npt.NDArray[np.int64], clusters: npt.NDArray[np.int64]
) -> tuple[Sides, list[str]]:
    """(K,) the split of each kept song, by its file's name (as_is) or its cluster's hash; and remarks on it."""
    options, notes = intake.options, []
    hashes = np.asarray(intake.hashes, dtype=np.uint64)[kept]
    sides = np.asarray(intake.sides, dtype=np.uint8)[kept]
    free = np.flatnonzero(sides == NO_SIDE)
    needed = 1 + (options.valid_share > 0) + (options.test_share > 0)
    if not options.as_is and len(np.unique(clusters)) < needed:
        clusters = np.arange(len(kept), dtype=np.int64)
        notes.append("all songs are versions of fewer than three: the splits share related songs")
    if len(free):
        shares = {"valid": options.valid_share, "test": options.test_share}
        sides[free] = split_songs(clusters[free], hashes[free], **shares, seed=options.seed)
    return sides, notes


def split_songs(
    clusters: npt.NDArray[np.int64], hashes: npt.NDArray[np.uint64], *, valid: float, test: float, seed: int
) -> Sides:
    """The split (0 train, 1 valid, 2 test) of each song; songs with the same number in `clusters` stay together.

    clusters and hashes (N,); the result is (N,). A hash of a cluster's content and the seed, in [0, 1), decides its
    split: songs that are added later do not move others. Clusters larger than the share (and than 3 songs) stay in
    train. If there are enough clusters, no split that was asked for is empty: it gets the one with the lowest hash.
    """
    _, home, sizes = np.unique(clusters, return_inverse=True, return_counts=True)
    content = np.full(len(sizes), np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(content, home, hashes)
    keys = uniforms(content, seed % 2**64)
    sides = np.zeros(len(sizes), dtype=np.uint8)
    low = 0.0
    for side, share in ((TEST, test), (VALID, valid)):
        fits = sizes <= max(SMALL, share * len(hashes))
        sides[(keys >= low) & (keys < low + share) & fits] = side
        low += share
    order = np.argsort(keys, kind="stable")
    fill_empty(sides, sizes, order, [side for side, share in ((TEST, test), (VALID, valid)) if share > 0])
    result: Sides = sides[home]
    return result


def fill_empty(sides: Sides, sizes: npt.NDArray[np.int64], order: npt.NDArray[np.int64], wanted: list[int]) -> None:
    """Give each empty split one cluster of a split that has several, if possible a small one of train. Changes
    `sides` (N,) in place; `sizes` (N,) of the clusters, and their `order` (N,) by hash."""
    for side in (TRAIN, *wanted):
        counts = np.bincount(sides, minlength=3)
        donors = order[(counts[sides] > 1)[order]]
        if counts[side] or not len(donors):
            continue
        best = np.lexsort((sizes[donors] > SMALL, sides[donors] != TRAIN))  # stable: then by hash
        sides[donors[best[0]]] = side


def write(
    work: Path,
    intake: Intake,
    kept: npt.NDArray[np.int64],
    sides: Sides,
    notes: list[str],
    tunes: TuneJoin | None,
    on_progress: Progress | None,
) -> None:
    """Write the three files of the corpus from the songs `kept` (K,), with their `sides` (K,), and remove the
    temporary ones."""
    order = kept[np.argsort(sides, kind="stable")]
    names = (SPLITS[side] for side in np.sort(sides))
    ends = np.zeros(len(order) + 1, dtype=np.int64)
    sha = hashlib.sha256()
    sung = [0, 0]  # songs and lines that have slots
    with (work / "songs.jsonl").open("wb", buffering=1 << 20) as handle:
        for at, ((number, line), name) in enumerate(zip(intake.read_back(order.tolist()), names, strict=True)):
            line = tunes.line(number, line) if tunes else line
            slotted = line.count(b'"slots":[')
            sung = [sung[0] + bool(slotted), sung[1] + slotted]
            data = b'{"split":"' + name.encode() + b'",' + line[1:]
            handle.write(data)
            sha.update(data)
            ends[at + 1] = ends[at] + len(data)
            if on_progress and at % 1000 == 999:
                on_progress("writing", at + 1, len(order))
    array = io.BytesIO()  # np.save to a file would hide the reason when a disk is full
    np.save(array, ends)
    (work / "offsets.npy").write_bytes(array.getbuffer())
    info = describe(intake, kept, sides, notes)
    info["sung"] = {"songs": sung[0], "lines": sung[1]}
    if tunes:
        info["tunes"] = tunes.to_json()
    info["sha256"] = sha.hexdigest()
    info["created"] = datetime.now(UTC).isoformat(timespec="seconds")
    (work / "corpus.json").write_text(json.dumps(info, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for temporary in (intake.file, intake.signatures):
        temporary.unlink(missing_ok=True)


def describe(intake: Intake, kept: npt.NDArray[np.int64], sides: Sides, notes: list[str]) -> dict[str, Any]:
    """The content of `corpus.json` for the songs `kept` (K,), with their `sides` (K,); fills in how many songs each
    report row kept."""
    lines = np.asarray(intake.lines, dtype=np.int64)[kept]
    words = np.asarray(intake.words, dtype=np.int64)[kept]
    homes = np.bincount(np.asarray(intake.homes, dtype=np.int64)[kept], minlength=len(intake.rows))
    for row, count in zip(intake.rows, homes.tolist(), strict=True):
        row.kept = count

    def counts(chosen: npt.NDArray[np.bool_]) -> dict[str, int]:
        return {"songs": int(chosen.sum()), "lines": int(lines[chosen].sum()), "words": int(words[chosen].sum())}

    return {
        "format": FORMAT,
        **counts(np.ones(len(kept), dtype=bool)),
        "splits": {name: counts(sides == side) for side, name in enumerate(SPLITS)},
        "options": intake.options.model_dump(),
        "sources": [row.to_json() for row in intake.rows],
        "dropped": Report(intake.rows).dropped(),
        "notes": notes,
    }
