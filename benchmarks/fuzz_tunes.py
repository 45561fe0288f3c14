"""Real tunes, damaged: each must be read or refused in one line, within seconds and megabytes.

    python benchmarks/fuzz_tunes.py [--data ../shared/data/melodies] [--cases 2000] [--seed 0] [--only SEED]

A case takes a file (MIDI, karaoke, MusicXML, MXL, ABC) and damages it once to four times: bytes flipped, a piece cut
out or put in twice or elsewhere, a number set to an extreme, another file's piece put in. It is read and divided into
phrases in a process of its own. Whatever is neither a tune nor an InputError of one line, or takes more than 10 s
of a core or 500 MB more than the process had, is a failure, printed with its seed: `--only` runs it in full view.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import re
import resource
import signal
import sys
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from common import ROOT, report
from lyricist.errors import InputError
from lyricist.melody.read import abc_file, kind_of, midi_file, musicxml_file, reader, tune_of  # noqa: F401  # before the forks

DATA = ROOT.parent / "shared" / "data" / "melodies"
SECONDS, MEGABYTES = 10, 500
TOO_LATE = (signal.SIGXCPU, signal.SIGKILL, signal.SIGALRM)
MOST = 4  # damages to a file
NUMBER = re.compile(rb"-?\d+(\.\d+)?")
EXTREMES: tuple[bytes, ...] = (
    b"0",
    b"-1",
    b"1",
    b"7",
    b"127",
    b"128",
    b"255",
    b"65535",
    b"99999",
    b"2147483647",
    b"4294967296",
)
EXTREMES += (b"-2147483648", b"1e308", b"NaN", b"", b"1/0", b"0.0000001", b"9" * 400)
BYTES = (
    b"\0\0",
    b"\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff",
    b"\x80\0\0\0",
    b"\0\0\0\0",
    b"\xff\xff\xff\x7f",
)
Damage = Callable[[bytes, random.Random, bytes], bytes]


@dataclass(frozen=True)
class Outcome:
    kind: str  # read, refused, failed, slow, large
    text: str
    seconds: float
    megabytes: float  # more than before


def flipped(data: bytes, rng: random.Random, other: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def bit_flipped(data: bytes, rng: random.Random, other: bytes) -> bytes:
    out = bytearray(data)
    out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def cut_off(data: bytes, rng: random.Random, other: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def cut_out(data: bytes, rng: random.Random, other: bytes) -> bytes:
    a, b = span(data, rng)
    return data[:a] + data[b:]


def doubled(data: bytes, rng: random.Random, other: bytes) -> bytes:
    a, b = span(data, rng)
    times = min(rng.choice((2, 2, 3, 10, 1000)), 1 + 4_000_000 // (b - a + 1))
    return data[:a] + data[a:b] * times + data[b:]


def moved(data: bytes, rng: random.Random, other: bytes) -> bytes:
    a, b = span(data, rng)
    rest, at = data[:a] + data[b:], rng.randrange(len(data))
    return rest[:at] + data[a:b] + rest[at:]


def spliced(data: bytes, rng: random.Random, other: bytes) -> bytes:
    a, b = span(other, rng)
    at = rng.randrange(len(data))
    return data[:at] + other[a:b] + data[at:]


def extreme(data: bytes, rng: random.Random, other: bytes) -> bytes:
    """A number in text, or bytes that may be one."""
    numbers = list(NUMBER.finditer(data[:2_000_000])) if data[:1] != b"M" else []
    if numbers and rng.random() < 0.8:
        found = rng.choice(numbers)
        return data[: found.start()] + rng.choice(EXTREMES) + data[found.end() :]
    put = rng.choice(BYTES)
    at = rng.randrange(min(len(data), rng.choice((40, 200, len(data)))))
    return data[:at] + put + data[at + len(put) :]


DAMAGES: tuple[Damage, ...] = (flipped, bit_flipped, cut_off, cut_out, doubled, moved, spliced, extreme, extreme)


def span(data: bytes, rng: random.Random) -> tuple[int, int]:
    a = rng.randrange(len(data))
    return a, min(len(data), a + rng.choice((1, 4, 30, 200, 2000, 20000)))


def unzipped(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = next(n for n in archive.namelist() if n.endswith(("xml", "musicxml")) and not n.startswith("META-INF"))
        return archive.read(name)


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", data)
    return out.getvalue()


def case(seed: int, paths: list[Path]) -> tuple[str, bytes]:
    rng = random.Random(seed)
    path, other = rng.choice(paths), rng.choice(paths)
    name, data = path.name, path.read_bytes()
    inside = path.suffix == ".mxl" and rng.random() < 0.8
    if inside:
        data = unzipped(data)
    for _ in range(rng.randint(1, MOST)):
        data = rng.choice(DAMAGES)(data, rng, other.read_bytes()) or b"\0"
    if inside:
        name, data = (f"{path.stem}.musicxml", data) if rng.random() < 0.5 else (name, zipped(data))
    elif path.suffix == ".mid" and rng.random() < 0.3:
        name = f"{path.stem}.kar"
    return name, data


def attempt(name: str, data: bytes) -> tuple[str, str]:
    try:
        tune_of(reader(kind_of(name, data))(data, name))
    except InputError as error:
        text = str(error)
        return ("refused", text) if len(text.splitlines()) == 1 and len(text) < 600 else ("failed", f"long: {text!r}")
    except BaseException:
        return "failed", traceback.format_exc()
    return "read", ""


def in_child(name: str, data: bytes) -> Outcome:
    """`attempt` in a fork, which is killed when its time is over."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))  # ends the process
        signal.alarm(10 * SECONDS)  # as this does if it waits
        kind, text = attempt(name, data)
        os.write(into, f"{kind}\n{text[-4000:]}".encode(errors="replace"))
        os._exit(0)
    os.close(into)
    with open(out, "rb") as pipe:
        said = pipe.read().decode()
    _, status, usage = os.wait4(child, 0)
    seconds, grown = usage.ru_utime + usage.ru_stime, max(0, usage.ru_maxrss - before) / 1024
    kind, _, text = said.partition("\n")
    if status:
        kind, text = "slow" if os.WTERMSIG(status) in TOO_LATE else "failed", f"ended by {status}"
    elif grown > MEGABYTES:
        kind = "large"
    return Outcome(kind, text, seconds, grown)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0, help="of the first case; the next has the next number")
    parser.add_argument("--only", type=int, help="run this case here and show what it raises")
    options = parser.parse_args()
    paths = sorted(path for folder in options.data.glob("*") if folder.is_dir() for path in folder.iterdir())
    if not paths:
        sys.exit(f"{options.data} is not there: give --data a folder of folders of tunes")
    if options.only is not None:
        print(*attempt(*case(options.only, paths)), sep="\n")
        return
    count: Counter[str] = Counter()
    slowest, largest = (0.0, 0), (0.0, 0)
    for seed in range(options.seed, options.seed + options.cases):
        name, data = case(seed, paths)
        outcome = in_child(name, data)
        count[outcome.kind] += 1
        slowest, largest = max(slowest, (outcome.seconds, seed)), max(largest, (outcome.megabytes, seed))
        if outcome.kind not in ("read", "refused"):
            print(
                f"seed {seed} {outcome.kind}: {name}, {len(data)} bytes: {outcome.text}", file=sys.stderr, flush=True
            )
    figures = {
        "slowest_seconds": slowest[0],
        "slowest_seed": slowest[1],
        "most_mb": largest[0],
        "most_mb_seed": largest[1],
    }
    report("fuzz_tunes", {"cases": options.cases, **count, **figures})


if __name__ == "__main__":
    main()
