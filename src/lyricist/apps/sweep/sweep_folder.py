"""A sweep's directory.

DIR/sweep.json trials.csv plots/   what is compared, and the results so far
DIR/study.db                       the trials, unless they are kept on a server
DIR/trials/0007/                   trial.json, config.json, history.jsonl of a trial that has ended
DIR/tensorboard/0007 .../          its losses, all trials side by side
DIR/run-0007/                      the run directory of a trial that is being trained, or was stopped
DIR/best/                          the run directory of the best trial trained here
DIR/corpus/                        songs that were prepared for this sweep alone
"""

from __future__ import annotations

import json
import math
import os
import shutil
import uuid
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from lyricist._io import (
    disk_errors,
    link,
    new_directory,
    read_json,
    recover,
    replace_directory,
    replace_file,
    write_synced,
)
from lyricist.apps.sweep.search_space import Sweep, difference
from lyricist.corpus import Corpus, open_corpus
from lyricist.errors import InputError, RunError

FORMAT = 1
ASIDE = ".lyricist-aside"  # behind the name of a directory
ABOUT, RECORD, BEST, CORPUS = "sweep.json", "trial.json", "best", "corpus"
KEPT = ("config.json", "history.jsonl")  # of every run


class SweepFolder:
    """The files of a sweep; see the module."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, path: Path, sweep: Sweep, corpus: Corpus, force: bool) -> SweepFolder:
        """A new directory, or the one this same sweep was begun in. `InputError` for any other."""
        folder = cls(path)
        recover(path)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            if not (path / ABOUT).exists():
                raise InputError(f"{path} exists and is no sweep: choose another -o")
            if not force:
                folder.check_same(sweep, corpus)
                return folder
            folder.keep_aside()
        folder.create(sweep, corpus)
        return folder

    # -- what `--force` replaces ------------------------------------------------------------------

    @property
    def aside(self) -> Path:
        """The sweep that was here, until a trial of the one that replaces it has finished."""
        path = Path(os.path.realpath(self.path))
        return path.with_name(f".{path.name}{ASIDE}")

    def keep_aside(self) -> None:
        if self.has_finished():
            with disk_errors(self.path), new_directory(self.aside) as made:
                shutil.copytree(
                    self.path, made, dirs_exist_ok=True, copy_function=lambda a, b: link(Path(a), Path(b))
                )

    def has_finished(self) -> bool:
        """Whether a trial has ended here that has not failed."""
        return any(read_json(path).get("state") != "failed" for path in self.path.glob(f"trials/*/{RECORD}"))

    def drop_aside(self) -> None:
        shutil.rmtree(self.aside, ignore_errors=True)

    def give_back(self) -> bool:
        """Put the sweep that was here in its place again if no trial of the new one has finished. The directory must
        be locked, or no sweep at work in it. Returns whether it is there again."""
        if not self.aside.is_dir():
            return False
        if self.has_finished():
            self.drop_aside()
            return False
        with disk_errors(self.path):
            replace_directory(self.aside, Path(os.path.realpath(self.path)))
        return True

    # -- the directory ----------------------------------------------------------------------------

    def create(self, sweep: Sweep, corpus: Corpus) -> None:
        """A new directory, in place of what is there, with sweep.json, which says what is compared, and a copy of the
        songs of a temporary corpus."""
        self.path = Path(os.path.realpath(self.path))
        there = self.path.exists() and self.path.stat().st_ino
        with disk_errors(self.path), new_directory(self.path) as made:
            if there != (self.path.exists() and self.path.stat().st_ino):
                raise InputError(f"another process has just begun a sweep in {self.path}: repeat the command to join")
            if corpus.temporary:
                shutil.copytree(corpus.path, made / CORPUS)
            where = CORPUS if corpus.temporary else os.path.relpath(corpus.path, self.path)
            facts = {"path": where, "fingerprint": corpus.fingerprint}
            facts |= {key: corpus.info[key] for key in ("songs", "words")}
            about = {"format": FORMAT, "place": uuid.uuid4().hex, "sweep": sweep.to_json(), "corpus": facts}
            write_synced(made / ABOUT, [json.dumps(about, indent=1).encode()])

    def check_same(self, sweep: Sweep, corpus: Corpus) -> None:
        """`InputError` if the sweep begun here compares something else."""
        about = self.about()
        theirs = {**about["sweep"], "corpus": about["corpus"]["fingerprint"]}
        if different := difference(theirs, sweep.definition(corpus.fingerprint)):
            raise InputError(
                f"{self.path} holds a sweep that compares something else ({different}): "
                "repeat its command to go on, choose another -o, or add --force to replace it"
            )

    def about(self) -> dict[str, Any]:
        """What the directory says of its sweep. Raises `RunError` if it is damaged or newer."""
        about = read_json(self.path / ABOUT)
        if about.get("format") != FORMAT or not {"place", "sweep", "corpus"} <= set(about):
            raise RunError(f"{self.path / ABOUT} is damaged or of a newer lyricist: choose another -o")
        return about

    def corpus(self) -> Corpus:
        """The songs all its trials are trained on."""
        return open_corpus(self.path / self.about()["corpus"]["path"])

    def write(self, table: str, results: Mapping[str, Any]) -> None:
        """Write trials.csv, and the results into sweep.json."""
        with disk_errors(self.path):
            replace_file(self.path / "trials.csv", [table.encode()])
            replace_file(self.path / ABOUT, [json.dumps({**self.about(), **results}, indent=1).encode()])

    # -- trials -----------------------------------------------------------------------------------

    def run(self, trial: int) -> Path:
        return self.path / f"run-{trial:04d}"

    def record(self, trial: int) -> dict[str, Any] | None:
        """The result of a trial that ended here."""
        path = self.path / "trials" / f"{trial:04d}" / RECORD
        return read_json(path) if path.exists() else None

    def keep(self, record: Mapping[str, Any], name: str) -> None:
        """Keep the small files of a trial that has just ended, and its TensorBoard events under `name`."""
        run = self.run(record["trial"])
        with disk_errors(self.path), self.staged("trials", f"{record['trial']:04d}") as made:
            for file in KEPT:
                if (run / file).exists():
                    shutil.copyfile(run / file, made / file)
            replace_file(made / RECORD, [json.dumps(record, indent=1).encode()])
            if run.is_dir():
                shutil.copyfile(made / RECORD, run / RECORD)
        if (run / "tensorboard").is_dir():
            with disk_errors(self.path), self.staged("tensorboard", name) as made:
                shutil.copytree(run / "tensorboard", made, dirs_exist_ok=True)

    def staged(self, place: str, name: str) -> AbstractContextManager[Path]:
        """A directory to fill, which then becomes `place/name`."""
        (self.path / place).mkdir(exist_ok=True)  # other workers may create it at the same time
        return new_directory(self.path / place / name)

    def settle(self, trial: int) -> bool:
        """Make the run of a trial that has ended the best one, or remove it. Whether it is the best now."""
        run, record = self.run(trial), self.record(trial)
        done = record is not None and record["state"] == "complete" and (run / RECORD).exists()
        if done and record is not None and record["valid_loss"] < self.best_loss():
            with disk_errors(self.path):
                replace_directory(run, self.path / BEST)
            return True
        shutil.rmtree(run, ignore_errors=True)
        return False

    def best_loss(self) -> float:
        """Of the run in best/; infinity without one."""
        path = self.path / BEST / RECORD
        return float(read_json(path)["valid_loss"]) if path.exists() else math.inf

    def tidy(self, resumable: Collection[int]) -> None:
        """Remove what killed processes left, except the runs of `resumable` trials. The directory must be locked."""
        for run in sorted(self.path.glob("run-*")):
            trial = int(run.name.removeprefix("run-"))
            if trial not in resumable:
                self.settle(trial)
        for pattern in (".*", "trials/.*", "tensorboard/.*", "worker-*.log"):
            for left in self.path.glob(pattern):
                left.unlink() if left.is_file() else shutil.rmtree(left, ignore_errors=True)
