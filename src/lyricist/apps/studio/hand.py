"""The process that does what may go wrong: reads files that people upload, engraves scores.

A job is a function of `JOBS` and its arguments; jobs and answers are pickled between the studio and this, its own
child, and never stored. Memory is limited, and whoever waits for an answer kills a hand that takes too long.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from lyricist.errors import InputError, LyricistError

if TYPE_CHECKING:
    from lyricist.melody.tune import Tune

NICER = 5  # than the studio itself: lines come first
TITLES = 20  # of songs, shown of those that were understood
EXAMPLES = 5  # of songs that were dropped for one reason


def tune(path: Path, name: str, most: int, track: int | None, phrases: str | None) -> Tune:
    """A file of music, called `name`, as a tune. InputError, also for more than `most` notes."""
    from lyricist.melody.read import bytes_of, kind_of, reader, tune_of

    data = bytes_of(path, name)
    score = reader(kind_of(name, data))(data, name)
    notes = sum(len(part.notes) for part in score.parts)
    if notes > most:
        raise InputError(f"{name} has {notes:,} notes, the limit (tune_notes) is {most:,}: cut it")
    return tune_of(score, track=track, phrases=phrases)


def score(made: Tune, lines: list[str] | None, title: str | None, suffix: str, partial: bool) -> list[bytes]:
    """A tune with words under its notes (None: its own) as the pages of a file; see `singing.sung_text`."""
    from lyricist.generate.singing import sung_text
    from lyricist.melody.export import SUFFIXES, entitled
    from lyricist.melody.export.sing import own_words

    what = own_words(made) if lines is None else sung_text(lines, made, partial=partial)
    return list(SUFFIXES[suffix](entitled(what, title)))


def songs(files: list[tuple[Path, str]], out: Path, songs_by: str) -> dict[str, Any]:
    """Files, each with the name it was given, as a corpus at `out`; what was understood."""
    from lyricist.corpus import PrepareOptions, prepare
    from lyricist.corpus.intake import Found

    found = [Found(path, name, "songs") for path, name in files]
    corpus = prepare(found, out, options=PrepareOptions.model_validate({"songs_by": songs_by}))
    dropped: dict[str, dict[str, Any]] = {}
    for row in corpus.report.sources:
        for reason, (count, example) in row.dropped.items():
            known = dropped.setdefault(reason, {"reason": reason, "count": 0, "examples": []})
            known["count"] += count
            known["examples"] += [example] if example else []
    first = islice(corpus.songs(), TITLES)
    return {
        "songs": corpus.info["songs"],
        "lines": corpus.info["lines"],
        "words": corpus.info["words"],
        "dropped": [{**each, "examples": each["examples"][:EXAMPLES]} for each in dropped.values()],
        "titles": [song.title or next((line.text for line in song.lines()), "") for song in first],
        "notes": corpus.report.notes,
    }


JOBS: Mapping[str, Callable[..., Any]] = {"tune": tune, "score": score, "songs": songs}


def answer(job: str, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    """(whether it went well, the result or the error)."""
    try:
        return True, JOBS[job](*arguments)
    except LyricistError as error:
        return False, error
    except MemoryError:
        return False, InputError("this takes more memory than the limit (reading_megabytes): give less at once")
    except RecursionError:
        return False, InputError("this is nested too deeply to be read: give a simpler file")
    except OSError as error:
        return False, InputError(f"this could not be done ({error.strerror or type(error).__name__})")
    except Exception as error:  # a reader's own mistake is no reason to give up the process
        return False, InputError(f"this cannot be read ({type(error).__name__}): give another file")


def limit_memory(megabytes: int) -> None:
    """At most so much memory of our own, where the system can limit it (Linux)."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        return


def serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    """Jobs until there are no more."""
    while True:
        try:
            job, arguments = pickle.load(jobs)
        except EOFError:
            return
        try:
            made = pickle.dumps(answer(job, arguments))
        except (MemoryError, RecursionError):
            made = pickle.dumps((False, InputError("this is too large: give a smaller file")))
        answers.write(made)
        answers.flush()


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    if hasattr(os, "nice"):
        os.nice(NICER)
    limit_memory(int(sys.argv[1]))
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
