"""Feasible plans read off witness texts, and infeasible ones with one known blocker: are they written and refused?

Writes each plan with the public API and has the independent judge (judge.py) look at the song.

    python benchmarks/witness.py --model RUN --plans 10000 --blocked 1000 --jobs 2
    python benchmarks/witness.py --model RUN --plans 10000 --self-test     # judges the witnesses themselves

Prints how many plans were fulfilled, refused (and why) and broken, and the time per plan; every failure, with
its plan and its text, goes into --failures as JSON lines. Other songs than the run's own come from
../shared/data/songs (LYRICIST_SONGS); where that is absent, from the run's songs and the vocabulary alone.
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
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from blockers import Blocked, blocked
from common import ROOT, SONGS, report
from judge import judge, tally
from judge_sound import load_cmudict
from plan_form import expand
from witness_plans import Witness, witness
from witness_world import World, folder_songs, run_songs, vocabulary_of

# Not counted as broken: given lines come back word for word, but not with their punctuation.
SOFT = frozenset({"kept-spelling"})
LIMIT = "search limit"

world: World
model: Any = None
seconds_allowed = 120


def make_world(run: Path, cmudict: Path | None) -> World:
    trained, held_out = run_songs(run)
    others = held_out + (folder_songs(SONGS) if SONGS.is_dir() else [])
    own = folder_songs(ROOT / "src" / "lyricist" / "songbook")
    known = {line for song in trained for line in song}
    others += [song for song in own if not any(line in known for line in song)]
    from lyricist.prosody.lexicon import default_lexicon

    table = default_lexicon()
    return World(
        load_cmudict(cmudict), vocabulary_of(run), trained, others, lambda w: [r.phones for r in table.readings(w)]
    )


def begin(options: argparse.Namespace, write: bool) -> None:
    """Set a worker process up."""
    global world, model, seconds_allowed
    world, seconds_allowed = make_world(options.model, options.cmudict), options.limit
    if write:
        import lyricist

        model = lyricist.load(options.model, threads=1)
    signal.signal(signal.SIGALRM, give_up)


def give_up(*_: object) -> None:
    raise TimeoutError(f"more than {seconds_allowed} s")


def written(plan: dict[str, Any], seed: int) -> tuple[dict[str, Any] | None, str, str]:
    """(song, "", "") or (None, kind of error, its message) of the public API."""
    import lyricist

    signal.alarm(seconds_allowed)
    try:
        return model.write(lyricist.Plan(**plan), seed=seed)[0].to_json(), "", ""
    except lyricist.PlanError as error:
        return None, "search limit" if LIMIT in str(error).lower() else "refused", str(error)
    except lyricist.LyricistError as error:
        return None, "input error", str(error)
    except TimeoutError as error:
        return None, "timeout", str(error)
    except Exception as error:  # the benchmark reports a crash and goes on
        return None, "crash", f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)


def violations(song: dict[str, Any], plan: dict[str, Any], strict: bool) -> list[list[str]]:
    found = judge(song, expand(plan), world.copies, dictionary=world.dictionary, strict=strict)
    return [[v.kind, f"line {v.line}: expected {v.expected}, found {v.found}"] for v in found]


def feasible(task: tuple[int, int, bool]) -> dict[str, Any]:
    """One witness plan, written (or its witness taken) and judged."""
    seed, number, self_test = task
    made: Witness = witness(world, random.Random(f"feasible {seed} {number}"))
    begun = time.perf_counter()
    song, outcome, message = (made.song, "", "") if self_test else written(made.plan, seed=number)
    out = {"number": number, "kind": made.kind, "plan": made.plan, "seconds": time.perf_counter() - begun}
    out |= {"law": made.law, "ambiguous": made.ambiguous, "witness": text_of(made.song)}
    if song is None:
        return out | {"outcome": outcome, "message": message}
    broken, strict = violations(song, made.plan, False), violations(song, made.plan, True)
    hard = [v for v in broken if v[0] not in SOFT]
    out |= {
        "outcome": "broken" if hard else "fulfilled",
        "violations": broken,
        "tally": tally(song, world.dictionary),
    }
    return out | {"strict": [v for v in strict if v[0] not in SOFT], "text": text_of(song), "song": song}


def infeasible(task: tuple[int, int]) -> dict[str, Any]:
    """One blocked plan, which must be refused by name."""
    seed, number = task
    kind, made = blocked(world, random.Random(f"blocked {seed} {number}"), number)
    begun = time.perf_counter()
    song, outcome, message = written(made.plan, seed=number)
    out = {"number": number, "kind": kind, "plan": made.plan, "seconds": time.perf_counter() - begun}
    out |= {"message": message, "expected": made.names}
    if song is not None:
        kept = not [v for v in violations(song, made.plan, False) if v[0] not in SOFT]
        return out | {"outcome": "feasible after all" if kept else "broken", "text": text_of(song), "song": song}
    if outcome in ("refused", "input error"):
        outcome = "refused by name" if named(made, message) else "refused otherwise"
    return out | {"outcome": outcome}


def named(made: Blocked, message: str) -> bool:
    low = message.lower()
    return all(any(word.lower() in low for word in words) for words in made.names)


def text_of(song: dict[str, Any]) -> str:
    return "\n\n".join("\n".join(line["text"] for line in section["lines"]) for section in song["sections"])


def reason(message: str) -> str:
    """A message without its values, so that alike ones can be counted."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "_", message)[:110]


def summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    seconds = sorted(r["seconds"] for r in results)
    refused = [r for r in results if r["outcome"] not in ("fulfilled", "broken")]
    out: dict[str, Any] = {"plans": len(results), "outcomes": dict(Counter(r["outcome"] for r in results))}
    out["by_kind"] = {
        kind: dict(Counter(r["outcome"] for r in results if r["kind"] == kind))
        for kind in {r["kind"] for r in results}
    }
    out["reasons"] = dict(Counter(f"{r['outcome']}: {reason(r['message'])}" for r in refused).most_common(12))
    out["seconds"] = {
        "median": statistics.median(seconds),
        "max": seconds[-1],
        "over_1s": sum(s > 1 for s in seconds),
    }
    out["seconds"]["p99"] = seconds[int(0.99 * len(seconds))]
    return out


def feasible_summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    out = summary(results)
    judged = [r for r in results if "tally" in r]
    out["violations"] = dict(Counter(v[0] for r in judged for v in r["violations"]))
    out["broken_by_dictionary_alone"] = sum(bool(r["strict"]) for r in judged)
    out["words"] = dict(sum((Counter(r["tally"]) for r in judged), Counter()))
    leaning = [(name, [r for r in results if test(r)]) for name, test in LEANINGS.items()]
    out["by_what_the_witness_leans_on"] = {name: dict(Counter(r["outcome"] for r in rs)) for name, rs in leaning}
    out["max_copy_0"] = sum(not r["plan"]["max_copy"] for r in results)
    return out


LEANINGS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "nothing": lambda r: not r["law"] and not r["ambiguous"],
    "the law of metre": lambda r: r["law"],
    "one of several readings": lambda r: r["ambiguous"],
}


def failures(results: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    good = ("fulfilled", "refused by name", "feasible after all")
    return (r for r in results if r["outcome"] not in good or r.get("strict"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--plans", type=int, default=10_000)
    parser.add_argument("--blocked", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--limit", type=int, default=120, help="seconds a plan may take")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--cmudict", type=Path)
    parser.add_argument("--failures", type=Path, default=Path("witness-failures.jsonl"))
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with context.Pool(options.jobs, begin, (options, not options.self_test)) as pool:
        tasks = [(options.seed, n, options.self_test) for n in range(options.plans)]
        done = list(pool.imap_unordered(feasible, tasks, chunksize=20))
        stopped = []
        if options.blocked and not options.self_test:
            stopped = list(pool.imap_unordered(infeasible, [(options.seed, n) for n in range(options.blocked)], 20))
    with options.failures.open("w", encoding="utf-8") as handle:
        for row in failures(sorted(done, key=lambda r: r["number"]) + sorted(stopped, key=lambda r: r["number"])):
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")
    figures = {"feasible": feasible_summary(done)} if done else {}
    report("witness", figures | ({"blocked": summary(stopped)} if stopped else {}))


if __name__ == "__main__":
    main()
