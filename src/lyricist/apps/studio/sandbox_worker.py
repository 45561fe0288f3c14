"""The sandbox's process, for what may go wrong: it reads files that people upload, and writes scores.

A request is JSON, the name of a job of `JOBS` with its arguments, and so are the results. Memory and processor time
are limited, and the parent kills a process that takes too long. See `sandbox` for the parent. Each job imports what
it needs when it runs: a process that only reads tunes starts quickly and stays small.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from lyricist.errors import InputError, LyricistError
from lyricist.melody.tune import Tune
from lyricist.workers import Job, limit_cpu, limit_resources, serve

NICE = 5  # lower priority than the studio: writing comes first
TITLES = 20  # of songs, shown of those that were understood
EXAMPLES = 5  # of songs that were dropped for one reason
TUNE = TypeAdapter(Tune)
PAGES = TypeAdapter(list[bytes], config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64"))


def read_tune(path: str, name: str, most: int, track: int | None, phrases: str | None) -> bytes:
    """A file of music, called `name`, as a `Tune`. `InputError`, also for more than `most` notes."""
    from lyricist.melody.read import bytes_of, kind_of, reader, tune_of

    data = bytes_of(Path(path), name)
    score = reader(kind_of(name, data))(data, name)
    notes = sum(len(part.notes) for part in score.parts)
    if notes > most:
        raise InputError(f"{name} has {notes:,} notes, the limit (tune_notes) is {most:,}: cut it")
    return TUNE.dump_json(tune_of(score, track=track, phrases=phrases))


def write_score(tune: Any, lines: list[str] | None, title: str | None, suffix: str, partial: bool) -> bytes:
    """A tune with words under its notes (None: its own) as the pages of a file; see `singing.sung_text`."""
    from lyricist.evaluation.tune_fit import sung_text
    from lyricist.melody.export import entitled, pages_of
    from lyricist.melody.export.sing import own_words

    made = TUNE.validate_python(tune)
    text = own_words(made) if lines is None else sung_text(lines, made, partial=partial)
    return PAGES.dump_json(list(pages_of(entitled(text, title), suffix)))


def read_songs(files: Sequence[tuple[str, str]], out: str, songs_by: str) -> bytes:
    """Files, each with the name that it was given, as a corpus at `out`; what was understood of them."""
    from lyricist.corpus import PrepareOptions, prepare
    from lyricist.corpus.intake import Found

    found = [Found(Path(path), name, "songs") for path, name in files]
    corpus = prepare(found, Path(out), options=PrepareOptions.model_validate({"songs_by": songs_by}))
    dropped: dict[str, dict[str, Any]] = {}
    for row in corpus.report.sources:
        for reason, (count, example) in row.dropped.items():
            known = dropped.setdefault(reason, {"reason": reason, "count": 0, "examples": []})
            known["count"] += count
            known["examples"] += [example] if example else []
    first = islice(corpus.songs(), TITLES)
    understood = {
        "songs": corpus.info["songs"],
        "lines": corpus.info["lines"],
        "words": corpus.info["words"],
        "dropped": [{**each, "examples": each["examples"][:EXAMPLES]} for each in dropped.values()],
        "titles": [song.title or next((line.text for line in song.lines()), "") for song in first],
        "notes": corpus.report.notes,
    }
    return json.dumps(understood).encode()


JOBS: Mapping[str, Callable[..., bytes]] = {"tune": read_tune, "score": write_score, "songs": read_songs}


def handle(job: Job) -> bytes:
    """The result of a job. Whatever goes wrong is raised as one line for people. Raises `InputError` for errors that
    are not lyricist's."""
    asked = json.loads(job.data)
    limit_cpu(2 * asked["seconds"])  # also without a parent that waits: nothing runs for ever
    try:
        return JOBS[asked["job"]](**asked["arguments"])
    except LyricistError:
        raise
    except MemoryError:
        raise InputError("this takes more memory than the limit (reading_megabytes): give less at once") from None
    except RecursionError:
        raise InputError("this is nested too deeply to be read: give a simpler file") from None
    except OSError as error:
        raise InputError(f"this could not be done ({error.strerror or type(error).__name__})") from None
    except Exception as error:  # a reader's own mistake is no reason to end the process
        raise InputError(f"this cannot be read ({type(error).__name__}): give another file") from None


if __name__ == "__main__":
    limit_resources(int(sys.argv[1]), NICE)
    serve(handle)
