"""Real tunes, damaged: each must be read, or refused in one line, within seconds and megabytes.

    python benchmarks/fuzz_tunes.py [--data FOLDER] [--cases 2000] [--seed 0] [--only SEED]

A case takes a file (MIDI, karaoke, MusicXML, MXL, ABC) and damages it one to four times: bytes changed, a piece
removed, repeated or moved, a number set to an extreme, a piece of another file inserted. It is read and divided into
phrases in a process of its own. A failure is whatever is neither a tune nor an InputError of one line, or takes more
than 10 s of a core or 500 MB more than the process had. Failures are printed with their seed; `--only` runs one here.
"""

from __future__ import annotations

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
from pathlib import Path

from common import parser, report, tune_files
from lyricist.errors import InputError
from lyricist.melody.read import abc_file, kind_of, midi_file, musicxml_file, reader, tune_of  # noqa: F401  # before the forks

SECONDS, MEGABYTES = 10, 500
TOO_LATE = (signal.SIGXCPU, signal.SIGKILL, signal.SIGALRM)
MOST = 4  # damages to a file
NUMBER = re.compile(rb"-?\d+(\.\d+)?")
EXTREMES = b"0 -1 1 7 127 128 255 65535 99999 2147483647 4294967296 -2147483648 1e308 NaN 1/0 0.0000001".split()
EXTREMES += [b"", b"9" * 400]
BYTES = tuple(map(bytes.fromhex, ["0000", "ffff", "7fffffff", "ffffffff", "80000000", "00000000", "ffffff7f"]))
Damage = Callable[[bytes, random.Random, bytes], bytes]


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
    """Replace a number in text, or bytes that may be one."""
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


def in_child(name: str, data: bytes) -> tuple[str, str, float, float]:
    """`attempt` in a fork, which is killed when its time is over.

    Returns the outcome (read, refused, failed, slow, large), its text, seconds, and megabytes more than before.
    """
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
    return kind, text, seconds, grown


def main() -> None:
    made = parser(__doc__, tunes=True)
    made.add_argument("--cases", type=int, default=2000)
    made.add_argument("--seed", type=int, default=0, help="of the first case; each case adds 1")
    made.add_argument("--only", type=int, help="run the case of this seed here and show what it raises")
    options = made.parse_args()
    folders = sorted(path for path in options.data.iterdir() if path.is_dir())
    paths = sorted(path for folder in folders for path in tune_files(folder, options.every))
    if options.only is not None:
        print(*attempt(*case(options.only, paths)), sep="\n")
        return
    count: Counter[str] = Counter()
    slowest, largest = (0.0, 0), (0.0, 0)
    for seed in range(options.seed, options.seed + options.cases):
        name, data = case(seed, paths)
        kind, text, seconds, megabytes = in_child(name, data)
        count[kind] += 1
        slowest, largest = max(slowest, (seconds, seed)), max(largest, (megabytes, seed))
        if kind not in ("read", "refused"):
            print(f"seed {seed} {kind}: {name}, {len(data)} bytes: {text}", file=sys.stderr, flush=True)
    figures = {"slowest_seconds_and_seed": slowest, "most_mb_and_seed": largest}
    report("fuzz_tunes", {"cases": options.cases, **count, **figures})


if __name__ == "__main__":
    main()
