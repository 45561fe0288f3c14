"""Real files of every kind that the package reads, damaged: each is read, or refused in one line, in bounds.

    python benchmarks/fuzz/fuzz.py [--of KIND ...] [--cases 2000] [--seed 0] [--only SEED] [--data TUNES]

A case takes a file (of a run, a classic run, a corpus; a copy index or another file beside a network; vectors; a
draft; JSON; a tune) and damages it one to four times: bytes changed, a piece removed, repeated or moved, a number or
a value of JSON set to an extreme, a piece of another file inserted. In most cases the hashes of a run are then made
to fit, as someone would who means harm. It is read and used in a child process. A failure is whatever is neither read
nor a LyricistError of one line, or takes more than SECONDS of a core or MEGABYTES more than the process had. Failures
are printed with their seed; `--only` runs one here.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import gzip
import hashlib
import io
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np

import lyricist
from common import MELODIES, ROOT, parser, report, tune_files
from lyricist.apps.studio.owner_store import Store
from lyricist.apps.studio.routes_library import answer_of
from lyricist.apps.studio.studio_settings import Limits
from lyricist.corpus import open_corpus
from lyricist.corpus.readers.base import Source
from lyricist.corpus.readers.records import read_json as read_json_songs
from lyricist.errors import LyricistError
from lyricist.evaluation.copies import copies_of
from lyricist.generate.classic_model import ClassicModel
from lyricist.melody.read import abc_file, kind_of, midi_file, musicxml_file, reader, tune_of  # noqa: F401  # before the forks
from lyricist.model.checkpoint import Run, seal
from lyricist.model.classic.word_vectors import read_vectors
from lyricist.model.copy_index import CopyIndex, LineFilter, RunFilter
from lyricist.model.habits import Habits
from lyricist.model.starter import HERE
from lyricist.model.stock import StockPhrases
from lyricist.model.tokens import Vocabulary
from lyricist.model.topics import Topics
from lyricist.model.vocab_layout import VocabLayout
from lyricist.plan.plan import QUICK, Plan
from lyricist.plan.premise import read_stories, stories_of
from lyricist.training.token_arrays import token_set

GOLDEN = ROOT / "tests" / "golden"
SECONDS, MEGABYTES, BATCH = 10, 500, 40
MOST = 4  # damages to a file
NUMBER = re.compile(rb"-?\d+(\.\d+)?")
EXTREMES = b"0 -1 1 7 127 128 255 65535 99999 2147483647 4294967296 -2147483648 1e308 NaN 1/0 0.0000001 1e999".split()
EXTREMES += [b"", b"9" * 400, b"9" * 5000]
VALUES = [
    None,
    True,
    -1,
    0,
    1,
    2**31,
    2**63,
    10**30,
    0.5,
    "",
    "x" * 3000,
    "\ud800",
    "\x1b[2J",
    "../../x",
    "/etc/passwd",
    [],
    {},
]
RAW = [b"1e999", b"NaN", b"-Infinity", b"9" * 5000, b"[" * 100_000, b'"\\ud800"', b"01", b"{}"]
BYTES = tuple(map(bytes.fromhex, ["0000", "ffff", "7fffffff", "ffffffff", "80000000", "00000000", "ffffff7f"]))
BYTES += (b"\x00\x00\xc0\x7f", b"\x00\x00\x80\x7f", b"\xff" * 9 + b"\x01")
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


def value_changed(data: bytes, rng: random.Random, other: bytes) -> bytes:
    """Replace a value of JSON, or of the header of a safetensors file."""
    head, length = b"", len(data)
    if data[8:9] == b"{":
        head, length = data[:8], int.from_bytes(data[:8], "little")
    text, rest = data[len(head) : len(head) + length], data[len(head) + length :]
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return data
    places = list(walk(found))
    if not places:
        return data
    where, key = rng.choice(places)
    if rng.random() < 0.3:
        mark = "\x00mark"
        where[key] = mark
        made = json.dumps(found).encode().replace(json.dumps(mark).encode(), rng.choice(RAW))
    else:
        old = where[key]
        near = (
            [old * 2, old + 1, -old]
            if isinstance(old, int | float)
            else [old[:-1], old + old]
            if isinstance(old, str | list)
            else []
        )
        where[key] = rng.choice([*VALUES, *near, *near, *near, rng.choice(places)[0]])
        if rng.random() < 0.1 and isinstance(where, dict):
            where[rng.choice(["", "files", "sha256", "x"])] = where.pop(key)
        try:
            made = json.dumps(found).encode()
        except ValueError:  # a value in itself
            return data
    return (len(made).to_bytes(8, "little") if head else b"") + made + rest


def walk(found: object) -> Iterator[tuple[object, object]]:
    """Every place in JSON, as what holds it and the key there."""
    pairs = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in list(pairs)[:200]:
        yield found, key
        yield from walk(value)


DAMAGES: tuple[Damage, ...] = (flipped, bit_flipped, cut_off, cut_out, doubled, moved, spliced, extreme, extreme)
DAMAGES += (value_changed,) * 6


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


def damaged(data: bytes, rng: random.Random, other: bytes) -> bytes:
    for _ in range(rng.randint(1, MOST) if rng.random() < 0.5 else 1):
        data = rng.choice(DAMAGES)(data, rng, other) or b"\0"
    return data


def tune_case(rng: random.Random, paths: list[Path]) -> tuple[str, bytes]:
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


# --- what is damaged, and what reads it


@cache
def files_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def damaged_folder(rng: random.Random, source: Path, place: Path) -> Path:
    """A copy of a folder with one file damaged, in most cases with hashes that fit."""
    made = place / source.name
    shutil.copytree(source, made)
    chosen, other = (rng.choice(files_of(source)) for _ in range(2))
    data = damaged((source / chosen).read_bytes(), rng, (source / other).read_bytes())
    (made / chosen).write_bytes(data)
    if rng.random() < 0.8:
        with_hashes(made, chosen)
    if rng.random() < 0.3:
        with contextlib.suppress(LyricistError, AttributeError):
            seal(made)
    return made


def with_hashes(made: Path, chosen: str) -> None:
    """Put the hash of a file that was changed into what lies beside it."""
    state = (made / chosen).parent / "state.json"
    info = made / "corpus.json"
    digest = hashlib.sha256((made / chosen).read_bytes()).hexdigest()
    name = Path(chosen).name
    try:
        if state.exists() and name != "state.json":
            told = json.loads(state.read_text())
            told["sha256"][name] = digest
            state.write_text(json.dumps(told))
        if info.exists() and name == "songs.jsonl":
            info.write_text(json.dumps({**json.loads(info.read_text()), "sha256": digest}))
    except (ValueError, KeyError, TypeError):
        pass


RUNS = [GOLDEN / name for name in ("run-1", "char-1", "whitespace-1", "features-1")]


def read_run(rng: random.Random, place: Path) -> None:
    path = damaged_folder(rng, rng.choice([RUNS[0], RUNS[3], rng.choice(RUNS)]), place)
    run = Run.open(path)
    run.weights()
    model = lyricist.load(run)
    plans = [Plan(form="verse", lines=2), Plan(form="verse", lines=2, syllables=(6,), rhyme="AA", about=("river",))]
    plan = plans[rng.random() < 0.5 and "features" in path.name]
    model.write(plan, QUICK, seed=rng.randrange(9), as_it_is=True)


def read_classic(rng: random.Random, place: Path) -> None:
    model = lyricist.load(damaged_folder(rng, GOLDEN / "classic-1", place))
    assert isinstance(model, ClassicModel)
    model.hearing(lambda words: np.zeros((words, 18), np.float32)).write(Plan(form="verse", lines=2), seed=1)


def read_corpus(rng: random.Random, place: Path) -> None:
    source = corpus_with_arrays()
    corpus = open_corpus(damaged_folder(rng, source, place))
    for song in corpus.songs():
        song.text()
    corpus[0], str(corpus.report)
    tokens = token_set(corpus)
    vocabulary = tokens.vocabulary(1000)
    for split in ("train", "valid", "test"):
        tokens.remap(vocabulary)[tokens.split(split).ids]
    copies_of(corpus).runs(["the", "river", "was", "open"], 2)


def kept_folder() -> Path:
    """A new folder, removed at the end of this process."""
    place = Path(tempfile.mkdtemp(prefix="lyricist-fuzz-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


@cache
def corpus_with_arrays() -> Path:
    place = kept_folder() / "corpus"
    shutil.copytree(GOLDEN / "corpus-1", place)
    corpus = open_corpus(place)
    token_set(corpus), copies_of(corpus)
    return place


@cache
def words() -> Vocabulary:
    return Vocabulary.load(HERE / "vocab.json")


@cache
def small_words() -> Vocabulary:
    return Vocabulary.load(GOLDEN / "features-1" / "vocab.json")


def beside(rng: random.Random, place: Path, names: Sequence[tuple[Path, str]]) -> Path:
    folder, name = rng.choice(list(names))
    other = rng.choice(list(names))
    (place / name).write_bytes(damaged((folder / name).read_bytes(), rng, (other[0] / other[1]).read_bytes()))
    return place / name


def read_copyindex(rng: random.Random, place: Path) -> None:
    path = beside(
        rng, place, [(GOLDEN / name, "copyindex.safetensors") for name in ("run-1", "features-1", "classic-1")]
    )
    index = CopyIndex.load(path, small_words())
    index.longest_run(["i", "walked", "along", "the", "river", "and"])
    index.whole_lines(5, 12), index.familiar([["the", "river"]]), index.followed_by(index)


def read_beside(rng: random.Random, place: Path) -> None:
    features, kinds = GOLDEN / "features-1", ["columns", "topics", "words"]
    names = [(features, f"{kind}.safetensors") for kind in kinds]
    names += [
        (HERE, "stock.safetensors"),
        (HERE, "stories.txt"),
        (seeds(), "habits.json"),
        (seeds(), "lines.safetensors"),
        (seeds(), "runs.npy"),
    ]
    path = beside(rng, place, names)
    match path.stem:
        case "columns":
            columns = VocabLayout.load(path, len(small_words()))
            columns.block_of, columns.unit_sig, columns.unit_mask([1]), columns.misplaced(columns.sig)
        case "topics":
            Topics.load(path, small_words()).theme_vector(["river"])
        case "words":
            from lyricist.model.word_facts import facts_of
            from lyricist.prosody.lexicon import default_lexicon

            found = facts_of(small_words().tokens, default_lexicon(), path)
            [found.readings(word) for word in range(0, len(found.texts), 7)]
        case "stock":
            StockPhrases.load(path).line_cost([1, 2, 3])
        case "stories":
            stories_of(read_stories(path), 3)
        case "habits":
            Habits.load(path)
        case "lines":
            LineFilter.load(path).knows(["we", "sing", "of", "the", "sea"])
        case "runs":
            RunFilter.load(path).longest_run(["we", "sing", "of", "the", "sea", "7", "we"])


@cache
def seeds() -> Path:
    """Small files of the kinds that no golden run has."""
    from lyricist.model.habits import SectionForm

    place = kept_folder()
    verse = SectionForm("verse", (8, 6), "iambic", "AA", (0, 0))
    Habits(((verse, verse),), (("she", 1.0),), (("past", 1.0),), ("sea", "rope")).save(place / "habits.json")
    sung = [["we", "sing", "of", "the", "sea", str(n)] for n in range(300)]
    LineFilter.of(sung).save(place / "lines.safetensors")
    RunFilter.of(sung).save(place / "runs.npy")
    rng = np.random.default_rng(0)
    rows = [(word, rng.standard_normal(20).astype("<f4")) for word in ("river", "sea", "the", "i", "love", "home")]
    text = "".join(f"{word} {' '.join(f'{x:.4f}' for x in row)}\n" for word, row in rows).encode()
    packed = b"".join(word.encode() + b" " + row.tobytes() + b"\n" for word, row in rows)
    for name, data in {
        "glove.txt": text,
        "word2vec.txt": b"6 20\n" + text,
        "word2vec.bin": b"6 20\n" + packed,
    }.items():
        (place / name).write_bytes(data)
        (place / f"{name}.gz").write_bytes(gzip.compress(data))
    songs = [
        {
            "title": "Low Tide",
            "artist": "B",
            "lyrics": "Down to the sea\nthe stars' own sea\n\nsing to me\noh sing to me",
        }
    ] * 3
    (place / "songs.json").write_text(json.dumps(songs))
    return place


VECTORS = [f"{name}{end}" for name in ("glove.txt", "word2vec.txt", "word2vec.bin") for end in ("", ".gz")]


def read_word_vectors(rng: random.Random, place: Path) -> None:
    path = beside(rng, place, [(seeds(), name) for name in VECTORS])
    if path.suffix == ".gz" and rng.random() < 0.5:
        path.write_bytes(gzip.compress(damaged(gzip.decompress((seeds() / path.name).read_bytes()), rng, b"1 2 3")))
    read_vectors(path, ["river", "sea", "the", "i", "love"])


def read_drafts(rng: random.Random, place: Path) -> None:
    """A damaged draft must not hide the one beside it."""
    store = Store(place, Limits())
    draft = {"title": "Low Tide", "sections": [{"name": "verse", "lines": [{"text": "Down to the sea"}]}]}
    for _ in range(2):
        with store.create("me", "drafts") as item:
            item.meta.update({"draft": draft, "plan": {"form": "verse"}, "tune": None, "model": None, "changed": 3.0})
    meta = item.path / "meta.json"
    meta.write_bytes(damaged(meta.read_bytes(), rng, b'{"draft": 1}'))
    found = [answer_of(each) for each in store.all("me", "drafts")]
    assert any(answer is not None for answer in found), "the other draft is hidden"


def read_json(rng: random.Random, place: Path) -> None:
    path = beside(
        rng, place, [(seeds(), "songs.json"), (GOLDEN / "run-1", "vocab.json"), (GOLDEN / "char-1", "vocab.json")]
    )
    if path.name == "vocab.json":
        Vocabulary.load(path).write_line(["the", "river"])
        return
    for _ in read_json_songs(Source(path, path.name)):
        pass


@cache
def tunes() -> list[Path]:
    folders = sorted(path for path in OPTIONS["data"].iterdir() if path.is_dir()) if OPTIONS["data"].is_dir() else []
    return sorted(path for folder in folders for path in tune_files(folder, OPTIONS["every"]))


OPTIONS = {"data": MELODIES, "every": 1}


def read_tune(rng: random.Random, place: Path) -> None:
    name, data = tune_case(rng, tunes())
    tune_of(reader(kind_of(name, data))(data, name))


READERS: dict[str, Callable[[random.Random, Path], None]] = {
    "run": read_run, "classic": read_classic, "corpus": read_corpus, "copyindex": read_copyindex,
    "beside": read_beside, "vectors": read_word_vectors, "drafts": read_drafts, "json": read_json, "tunes": read_tune,
}  # fmt: skip


# --- running the cases


def attempt(kind: str, seed: int) -> tuple[str, str]:
    """The outcome (read, refused, failed) and its text."""
    with tempfile.TemporaryDirectory(prefix="lyricist-fuzz-", dir=memory_disk()) as place:
        try:
            READERS[kind](random.Random(f"{kind} {seed}"), Path(place))
        except LyricistError as error:
            text = str(error)
            plain = len(text.splitlines()) == 1 and len(text) < 600 and text.isprintable()
            return ("refused", text) if plain else ("failed", f"long: {text!r}")
        except BaseException:
            return "failed", traceback.format_exc()
    return "read", ""


def memory_disk() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def batch(kind: str, seeds: Sequence[int]) -> Iterator[tuple[int, str, str]]:
    """Seed, outcome and text of cases run in a child, which is ended by the one that takes too long."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        gc.freeze()  # sessions of ONNX Runtime cannot be ended here: their threads are not in this process
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        with open(into, "wb", buffering=0) as pipe:
            for seed in seeds:
                signal.setitimer(signal.ITIMER_PROF, SECONDS)  # ends the process
                signal.alarm(30 * SECONDS)  # as this does if it waits
                outcome, text = attempt(kind, seed)
                if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before > MEGABYTES * 1024:
                    outcome = "large"
                pipe.write(json.dumps([seed, outcome, text[-3000:]]).encode() + b"\n")
                if outcome == "large":
                    break
        os._exit(0)
    os.close(into)
    with open(out, "rb") as pipe:
        for line in pipe:
            yield tuple(json.loads(line))
    os.waitpid(child, 0)


def fuzz(kind: str, first: int, cases: int) -> Counter[str]:
    """How many cases had each outcome; failures are printed."""
    for prepare in (corpus_with_arrays, words, small_words, seeds):
        prepare()  # here, not in every child
    count: Counter[str] = Counter()
    seed, end, outcome = first, first + cases, ""
    while seed < end:
        todo = range(seed, min(end, seed + BATCH))
        for done, outcome, text in batch(kind, todo):
            seed = done + 1
            count[outcome] += 1
            if outcome not in ("read", "refused"):
                print(f"{kind} {done} {outcome}: {text}", file=sys.stderr, flush=True)
        if seed == todo.start or (seed < todo.stop and outcome != "large"):
            print(f"{kind} {seed} slow, or ended the process", file=sys.stderr, flush=True)
            count["slow"] += 1
            seed += 1
    return count


def main() -> None:
    made = parser(__doc__, tunes=False)
    made.add_argument("--of", nargs="*", choices=READERS, default=list(READERS))
    made.add_argument("--data", type=Path, default=MELODIES, help="folder with folders of tunes")
    made.add_argument("--every", type=int, default=1, help="use every n-th tune (default: all)")
    made.add_argument("--cases", type=int, default=2000, help="of each kind")
    made.add_argument("--seed", type=int, default=0, help="of the first case; each case adds 1")
    made.add_argument("--only", type=int, help="run the case of this seed here and show what it raises")
    options = made.parse_args()
    OPTIONS.update(data=options.data, every=options.every)
    for kind in options.of:
        if options.only is not None:
            print(*attempt(kind, options.only), sep="\n")
        elif kind != "tunes" or tunes():
            report(f"fuzz of {kind}", {"cases": options.cases, **fuzz(kind, options.seed, options.cases)})


if __name__ == "__main__":
    main()
