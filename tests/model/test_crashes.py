"""A process that is killed, or a power failure, at any moment: the old or the new is there, whole, and no leftover."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import KILLS
from tests.crashdisk import CrashDisk, judge_all, mutate

from lyricist import _io
from lyricist._io import Staging, load_arrays, new_directory, recover, replace_file
from lyricist.errors import LyricistError
from lyricist.model import checkpoint
from lyricist.model.checkpoint import Hold, Run, claim, create_run, save_checkpoint
from lyricist.model.tokens import SPECIALS, Vocabulary

VOCABULARY = Vocabulary([*sorted(SPECIALS), "rain", "sun"])
MODEL = {"vocab_size": len(VOCABULARY), "layers": 1, "hidden": 4, "embedding": 4, "cell": "lstm"}
CONFIG: dict[str, Any] = {"kind": "without graphs", "model": MODEL, "train": {}, "corpus": {}}
FORMS = ("exchanged", "moved aside")  # ways to replace a directory


def save(run: Run, step: int, best: bool = True) -> None:
    weights = {"w": np.full(40, step, np.float32)}
    save_checkpoint(run, step, weights, {"x": np.full(9, step)}, {"cursor": {"step": step}}, best)


def run_with(path: Path, *steps: int) -> Run:
    run = create_run(path, CONFIG, VOCABULARY)
    for step in steps:
        save(run, step)
    run.hold.close()
    return run


def told(folder: Path) -> str:
    """What is in the run of `folder`, before and after it is opened to go on with; "" for one with leftovers."""
    try:
        run = Run.open(folder / "run")
        before = facts(run)
        claim(run, hold := Hold())
        after = facts(run)
        hold.close()
    except LyricistError as error:
        return f"lost: {error}"
    places = (folder, run.path, run.path / "checkpoints")
    left = [p.name for place in places for p in place.iterdir() if p.name.startswith(".")]
    same = (run.path / "weights.safetensors").read_bytes() == run.file("weights.safetensors").read_bytes()
    return before if before == after and same and not left else f"{before}, {after}, {same}, left over: {left}"


def facts(run: Run) -> str:
    weights = load_arrays(run.file("weights.safetensors"))["w"]
    state = load_arrays(run.file("state.safetensors", "resume"))["x"]
    assert (weights == weights[0]).all() and (state == state[0]).all() and len(weights) == 40 and len(state) == 9
    return f"use {weights[0]:g}, resume {state[0]:g}, {run.state('resume')['cursor']}"


def at(step: int, use: int | None = None) -> str:
    return f"use {step if use is None else use}, resume {step}, {{'step': {step}}}"


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param != "exchanged":
        monkeypatch.setattr(_io, "exchange", lambda one, other: False)
    return str(request.param)


def crash_in_saving(folder: Path, best: bool = True) -> None:
    """A fourth checkpoint, which removes the first. Raises `AssertionError` if a crash would lose the run."""
    root = folder / "disk"
    root.mkdir(parents=True)
    run = run_with(root / "run", 10, 20, 30)
    disk = CrashDisk(root)
    with disk.recording():
        save(run, 40, best)
    disk.close()
    judge_all(disk, folder / "places", told, at(30), at(40) if best else at(40, use=30))


def crash_in_replacing(folder: Path) -> None:
    """A new run takes the place of another. Raises `AssertionError` if a crash would lose both."""
    root = folder / "disk"
    root.mkdir(parents=True)
    run_with(root / "run", 10)
    disk = CrashDisk(root)
    with disk.recording():
        run = create_run(root / "run", CONFIG, VOCABULARY, force=True)
        (run.path / "songs").mkdir()
        (run.path / "songs" / "songs.jsonl").write_bytes(b"{}")
        save(run, 0)
        save(run, 5)
        run.hold.close()
    disk.close()

    def judge(place: Path) -> str:
        found = told(place)
        assert found != at(5) or (place / "run" / "songs" / "songs.jsonl").read_bytes() == b"{}"
        return found

    judge_all(disk, folder / "places", judge, at(10), at(5))


def crash_in_a_directory(folder: Path) -> None:
    """A corpus, a shared run, a report: any directory that is replaced."""
    root = folder / "disk"
    (root / "songs" / "tokens").mkdir(parents=True)
    for name in ("a", "b", "tokens/c"):
        (root / "songs" / name).write_bytes(b"old")
    disk = CrashDisk(root)
    with disk.recording(), new_directory(root / "songs") as made:
        (made / "tokens").mkdir()
        for name in ("a", "b", "tokens/c"):
            (made / name).write_bytes(b"new")
    disk.close()

    def judge(place: Path) -> str:
        recover(place / "songs")
        found = {(place / "songs" / name).read_bytes() for name in ("a", "b", "tokens/c")}
        Staging(place / "songs").discard()  # the next start
        assert [p.name for p in place.iterdir()] == ["songs"]
        return found.pop().decode() if len(found) == 1 else str(found)

    judge_all(disk, folder / "places", judge, "old", "new")


def crash_in_a_file(folder: Path) -> None:
    root = folder / "disk"
    root.mkdir(parents=True)
    (root / "song.txt").write_bytes(b"old")
    disk = CrashDisk(root)
    with disk.recording():
        replace_file(root / "song.txt", [b"n", b"ew"])
    disk.close()

    def judge(place: Path) -> str:
        found = (place / "song.txt").read_bytes().decode()
        replace_file(place / "song.txt", [b"next"])
        assert [p.name for p in place.iterdir()] == ["song.txt"]
        return found

    judge_all(disk, folder / "places", judge, "old", "new")


@pytest.mark.parametrize("best", [True, False])
def test_a_crash_while_a_checkpoint_is_saved(tmp_path: Path, best: bool) -> None:
    crash_in_saving(tmp_path, best)


def test_a_crash_while_a_run_is_replaced(tmp_path: Path, form: str) -> None:
    crash_in_replacing(tmp_path)


def test_a_crash_while_a_directory_is_replaced(tmp_path: Path, form: str) -> None:
    crash_in_a_directory(tmp_path)


def test_a_crash_while_a_file_is_replaced(tmp_path: Path) -> None:
    crash_in_a_file(tmp_path)


SAVED = '    write_checkpoint(run, name, weights, state, {"format": FORMAT, "step": step, **info})\n'
MUTANTS: dict[str, tuple[Any, str, str, Callable[[Path], None]]] = {
    "no fsync of files": (_io.write_synced, "os.fsync(file.fileno())", "pass", crash_in_saving),
    "no fsync of a replaced file": (_io.write_synced, "os.fsync(file.fileno())", "pass", crash_in_a_file),
    "no fsync of the folder of a file": (_io.replace_files, "sync(folder)", "pass", crash_in_a_file),
    "no fsync at all": (_io.sync, "os.fsync(handle)", "pass", crash_in_replacing),
    "staging of a checkpoint not synced": (_io.replace_directory, "sync_tree(work)", "pass", crash_in_saving),
    "staging of a run not synced": (_io.replace_directory, "sync_tree(work)", "pass", crash_in_replacing),
    "staging of a directory not synced": (_io.replace_directory, "sync_tree(work)", "pass", crash_in_a_directory),
    "place not synced": (_io.replace_directory, "sync(folder)", "pass", crash_in_saving),
    "`latest` before rename": (
        checkpoint.save_checkpoint,
        SAVED,
        f"    point_at(run, name, best, keep_first)\n        {SAVED}",
        crash_in_saving,
    ),
    "old deleted first": (
        _io.replace_directory,
        "    sync_tree(work)\n",
        "    sync_tree(work)\n    shutil.rmtree(target, ignore_errors=True)\n",
        crash_in_replacing,
    ),
    "old checkpoints deleted first": (
        checkpoint.save_checkpoint,
        SAVED,
        f"    shutil.rmtree(run.path / 'checkpoints' / latest.get('use', ''), True)\n        {SAVED}",
        crash_in_saving,
    ),
    "checkpoints deleted that `latest` names": (
        checkpoint.prune,
        "{*pointers_of(read_latest(run.path)).values(), *complete[-KEEP:]}",
        "{*complete[-1:]}",
        lambda folder: crash_in_saving(folder, best=False),
    ),
    "leftovers not swept": (checkpoint.claim, "sweep_inside(folder)", "pass", crash_in_saving),
    "what lies aside not swept": (_io.sweep, "remove(left)", "pass", crash_in_replacing),
    "copies for other programs not renewed": (checkpoint.claim, "link_used(run)", "pass", crash_in_saving),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_fault_in_the_code_that_saves_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    function, right, wrong, crash = MUTANTS[name]
    mutate(monkeypatch, function, right, wrong)
    with pytest.raises((AssertionError, OSError, LyricistError)):
        crash(tmp_path / "wrong")


@pytest.mark.parametrize("left", [".run.old-a1b2c3d4/old", ".run.lyricist-old"])
def test_what_was_moved_aside_comes_back(tmp_path: Path, left: str) -> None:
    """Also as versions before this one left it, between two renames."""
    run_with(tmp_path / "run", 10)
    (tmp_path / left).parent.mkdir(exist_ok=True)
    (tmp_path / "run").rename(tmp_path / left)
    for name in (".run.tmp-a1b2c3d4", ".run.lyricist-new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_bytes(b"half")
    (tmp_path / ".card.md.123.tmp").write_bytes(b"of another file")
    assert Run.open(tmp_path / "run").checkpoint("use").name == "0000010"
    claim(Run.open(tmp_path / "run"), hold := Hold())
    hold.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == [".card.md.123.tmp", "run"]


def test_what_a_process_still_makes_is_not_swept(tmp_path: Path) -> None:
    making = Staging(tmp_path / "songs")
    (making.path / "half").write_bytes(b"half")
    _io.sweep(tmp_path / "songs")
    assert (making.path / "half").exists()
    with pytest.raises(LyricistError, match="written by another process"), _io.staged(tmp_path / "songs"):
        pass
    making.discard()
    assert not list(tmp_path.iterdir())


def test_temporary_folders_of_dead_processes_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "lyricist-corpus.a1b2c3d4").mkdir()
    used = _io.TemporaryFolder("corpus")
    other = _io.TemporaryFolder("corpus")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(Path(f.name).name for f in (used, other))
    del used, other
    assert not list(tmp_path.iterdir())


# --- several processes


def race(*works: Callable[[], object]) -> str:
    """Let child processes work at the same time; "y" for each that succeeds and "n" for each that is refused."""
    (go, going), (told, tells), (end, ending) = os.pipe(), os.pipe(), os.pipe()
    children = []
    for work in works:
        children.append(os.fork())
        if not children[-1]:
            for handle in (going, ending):
                os.close(handle)
            os.read(go, 1)  # until the parent closes its end
            result = b"?"
            try:
                kept = work()  # held until all have told
                result = b"y" if kept is not None else b"?"
            except LyricistError as error:
                result = b"n" if "another process" in str(error) or "exists" in str(error) else b"?"
            finally:
                os.write(tells, result)
                os.read(end, 1)
                os._exit(0)
    os.close(going)
    results = b"".join(os.read(told, 1) for _ in works)
    os.close(ending)
    for child in children:
        os.waitpid(child, 0)
    for handle in (go, told, tells, end):
        os.close(handle)
    return "".join(sorted(results.decode()))


@pytest.mark.parametrize("there", [False, True])
def test_of_two_trainings_at_once_one_is_refused(tmp_path: Path, there: bool) -> None:
    for number in range(30):
        path = tmp_path / f"run-{number}"
        if there:
            run_with(path, 10)

        def begin(path: Path = path) -> Run:
            return create_run(path, CONFIG, VOCABULARY, force=there)

        assert race(begin, begin) == "ny"


def test_a_run_can_be_read_while_it_is_trained(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", 1)

    def read() -> int:
        for _ in range(60):
            facts_of_use(Run.open(tmp_path / "run"))
        return 1

    def train() -> Run:
        claim(run, Hold())
        for step in range(2, 60):
            save(run, step)
        return run

    assert race(read, train) == "yy"


def facts_of_use(run: Run) -> None:
    weights = load_arrays(run.file("weights.safetensors"))["w"]
    assert (weights == weights[0]).all()


# --- real kills


def killed(work: Callable[[Callable[[], None]], None], seconds: float) -> None:
    """Kill a child process so long after it has called the function that `work` gets."""
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        try:
            work(lambda: os.close(writes))
        finally:
            os._exit(0)
    os.close(writes)
    os.read(reads, 1)  # until the child closes its end
    os.close(reads)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, "it ended by itself"


@pytest.mark.full
def test_kills_while_checkpoints_are_saved(tmp_path: Path) -> None:
    run_with(tmp_path / "run", 1)
    last = 1
    for delay in np.random.default_rng(5).uniform(0.0, 0.12, 5 * KILLS).tolist():

        def work(ready: Callable[[], None], first: int = last + 1) -> None:
            run = Run.open(tmp_path / "run")
            claim(run, Hold())
            ready()
            for step in range(first, first + 10_000):
                save(run, step, best=step % 3 > 0)

        killed(work, delay)
        found = told(tmp_path)
        step = Run.open(tmp_path / "run").state("resume")["cursor"]["step"]
        assert found in (at(step), at(step, use=step - 1), at(step, use=step - 2), at(step, use=last)), found
        assert step >= last
        last = step
    assert last > 20


@pytest.mark.full
def test_kills_while_a_run_and_a_directory_are_replaced(tmp_path: Path, form: str) -> None:
    run_with(tmp_path / "run", 1)
    with new_directory(tmp_path / "songs") as made:
        (made / "a").write_bytes(b"1")
        (made / "b").write_bytes(b"1")

    def work(ready: Callable[[], None]) -> None:
        ready()
        for step in range(2, 10_000):
            run = create_run(tmp_path / "run", CONFIG, VOCABULARY, force=True)
            save(run, 0)
            save(run, step)
            run.hold.close()
            with new_directory(tmp_path / "songs") as made:
                (made / "a").write_bytes(str(step).encode())
                (made / "b").write_bytes(str(step).encode())

    for delay in np.random.default_rng(6).uniform(0.0, 0.06, 5 * KILLS).tolist():
        killed(work, delay)
        assert told(tmp_path).startswith("use"), told(tmp_path)
        recover(tmp_path / "songs")
        assert (tmp_path / "songs" / "a").read_bytes() == (tmp_path / "songs" / "b").read_bytes()
    Staging(tmp_path / "songs").discard()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run", "songs"]
