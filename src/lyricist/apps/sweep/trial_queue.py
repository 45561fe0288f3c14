"""The trials of a sweep as an Optuna study.

A sweep of N trials has N slots. Each slot is enqueued as a waiting trial, with its point in a grid and without it if
the point is sampled when the trial starts. Workers run waiting trials by `Study.optimize`, which records heartbeats.
A trial whose process was stopped or died is failed without an error, and its slot is enqueued again: after a death by
Optuna's `RetryHeartbeatStaleTrialCallback`, else by `TrialQueue.fill` when the sweep goes on. If two machines enqueue
the same slot, one trial counts and the other ends as soon as it is started.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from lyricist.apps.sweep.search_space import Sweep, Value, Values, difference
from lyricist.apps.sweep.study_storage import StorageError, claim_lock, connect, storage_errors, without_password
from lyricist.errors import InputError
from lyricist.training.config import TrainConfig

# isort: split
import optuna  # after `study_storage`, which says what to install if it is missing
from optuna.storages import RetryHeartbeatStaleTrialCallback, fail_stale_trials
from optuna.trial import FrozenTrial, Trial, TrialState

RETRIES = 2  # of a trial whose process died
STARTUP = 4  # trials finished before any is pruned
WARMUP = 0.25  # share of a trial's evaluations before it can be pruned
WAITS = (1, 5, 15)  # seconds between attempts to store a result
DEFINITION = "sweep"  # the study's attribute that says what is compared
SLOT, PLACE, HOST, RESULT, ERROR = "slot", "place", "host", "result", "error"  # a trial's attributes


class TrialFailed(Exception):
    """A training failed; its error is recorded, and it is repeated only on request."""


class TrialStopped(Exception):
    """A training was stopped before its end: its slot is open again."""


@dataclass(frozen=True)
class Row:
    """The state of one slot: "waiting", "running", "complete", "pruned" or "failed"."""

    trial: int  # counts from 1
    state: str
    params: Mapping[str, Value]
    valid_loss: float | None = None  # the trial's best, nats per token
    result: Mapping[str, Any] | None = None  # see `trial_worker.Progress.summary`
    error: str = ""
    host: str = ""
    place: str = ""  # of the directory that trains it
    number: int = -1  # Optuna's

    @property
    def open(self) -> bool:
        return self.state in ("waiting", "running")


class TrialQueue:
    """The study of one sweep in one database. Methods raise `StorageError` if the database fails."""

    def __init__(self, url: str, name: str, sweep: Sweep, corpus: str) -> None:
        """Create the study or join it. `corpus`: its fingerprint. `InputError` if it compares something else."""
        self.url, self.name, self.sweep = url, name, sweep
        storage = connect(url)
        with self.reach():
            self.study = optuna.create_study(
                storage=storage, study_name=name, direction="minimize", load_if_exists=True, pruner=self.pruner()
            )
            self.agree(sweep.definition(corpus))
        self.claiming = claim_lock(url)

    def reach(self) -> Any:
        return storage_errors(self.url)

    def agree(self, definition: dict[str, Any]) -> None:
        """The first process stores what is compared; the others must compare the same. Raises `InputError` if they do
        not."""
        theirs = self.study.user_attrs.get(DEFINITION)
        if theirs is None:
            self.study.set_user_attr(DEFINITION, definition)
        elif different := difference(theirs, definition):
            raise InputError(
                f"study {self.name} in {without_password(self.url)} compares something else ({different}): "
                "repeat its command, or choose another -o or --study"
            )

    def sampler(self, slot: int) -> optuna.samplers.BaseSampler:
        """Seeded for the slot, so that a sweep samples the same points however often it is interrupted."""
        seed = (self.sweep.seed * 1_000_003 + slot) % 2**32
        if self.sweep.sampler == "tpe":
            return optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        return optuna.samplers.RandomSampler(seed=seed)

    def pruner(self) -> optuna.pruners.BasePruner:
        if not self.sweep.prune:
            return optuna.pruners.NopPruner()
        evaluations = int(self.sweep.settings.get("evaluations", TrainConfig().evaluations))
        return optuna.pruners.MedianPruner(STARTUP, int(WARMUP * evaluations))

    def trials(self) -> list[list[FrozenTrial]]:
        """Optuna's trials of each slot, oldest first."""
        found: list[list[FrozenTrial]] = [[] for _ in range(self.sweep.count)]
        for trial in self.study.get_trials(deepcopy=False):
            if trial.user_attrs.get(SLOT, len(found)) < len(found):
                found[trial.user_attrs[SLOT]].append(trial)
        return found

    def rows(self) -> list[Row]:
        """Every slot as it stands."""
        with self.reach():
            return [row_of(slot, owner_of(trials)) for slot, trials in enumerate(self.trials())]

    def fill(self, retry: bool = False) -> None:
        """Enqueue every slot that is neither enqueued nor has a result; with `retry` the failed ones too."""
        with self.reach():
            points = self.sweep.listed()
            found = self.trials()
            for slot in self.order():
                owner = owner_of(found[slot])
                if owner is None or (retry and has_failed(owner)):
                    drawn = [t.params for t in found[slot] if set(t.params) == set(self.sweep.space)]
                    point = points[slot] if points else drawn[-1] if drawn else {}
                    self.study.enqueue_trial(dict(point), user_attrs={SLOT: slot})

    def order(self) -> list[int]:
        """The slots in the order of training.

        A grid under a budget of wall time is trained in random order: a machine that is busier for a while would
        otherwise count against one half of a field's values.
        """
        slots = list(range(self.sweep.count))
        if self.sweep.sampler == "grid" and self.sweep.budget is not None:
            random.Random(self.sweep.seed).shuffle(slots)
        return slots

    # -- running ----------------------------------------------------------------------------------

    def run_next(self, train: Callable[[Trial, int, dict[str, Value]], float], place: str, host: str) -> bool | None:
        """Run `train(trial, slot, params)`, which returns the loss, for the next waiting trial; None if none waits.

        False if its result is refused, because another machine took the trial for dead. `train` may raise
        `TrialFailed`, `TrialStopped` and Optuna's `TrialPruned`; any other error is raised, and the slot stays open.
        """
        trained = False

        def objective(trial: Trial) -> float:
            nonlocal trained
            claiming.close()
            params = self.begin(trial, place, host)
            try:
                return train(trial, trial.user_attrs[SLOT], params)
            finally:
                trained = True

        with self.reach(), ExitStack() as claiming:
            claiming.enter_context(self.claiming)
            if not self.anything_waits():
                return None
            try:
                self.study.optimize(objective, n_trials=1, catch=(TrialFailed, TrialStopped))
            except (optuna.exceptions.UpdateFinishedTrialError, ValueError, AssertionError):
                if not trained:
                    raise
                return False  # Optuna raises any of these where the trial has ended already
        return True

    def begin(self, trial: Trial, place: str, host: str) -> dict[str, Value]:
        """The settings of a claimed trial. `TrialStopped` if another trial counts for its slot."""
        slot = trial.user_attrs.get(
            SLOT, self.sweep.count
        )  # without a slot: the queue was empty, and Optuna made one
        owner = owner_of(self.trials()[slot]) if slot < self.sweep.count else None
        if owner is None or owner.number != trial.number:
            raise TrialStopped
        trial.set_user_attr(PLACE, place)
        trial.set_user_attr(HOST, host)
        self.study.sampler = self.sampler(slot)
        return {name: suggest(trial, name, values) for name, values in self.sweep.space.items()}

    def anything_waits(self) -> bool:
        """Whether a trial waits, once the open slots and the trials of dead machines are enqueued."""
        waiting = (TrialState.WAITING,)
        if not self.study.get_trials(deepcopy=False, states=waiting):
            fail_stale_trials(self.study)
            self.fill()
        return bool(self.study.get_trials(deepcopy=False, states=waiting))

    def store(self, trial: Trial, record: Mapping[str, Any]) -> None:
        """Store the result or error of a running trial. Waits for the end of short outages."""
        for wait in (*WAITS, None):
            try:
                with self.reach():
                    for key, value in attributes(record).items():
                        trial.set_user_attr(key, value)
                    return
            except StorageError:
                if wait is None:
                    raise
                time.sleep(wait)

    # -- after a process died ---------------------------------------------------------------------

    def recover(self, record_of: Callable[[int], Mapping[str, Any] | None], place: str, own: bool) -> None:
        """End the trials that dead processes of this directory left running, with their record where there is one.

        `own`: nobody else uses this database. A running trial without a place was killed before it began.
        """
        for row in self.rows():
            if row.open and (record := record_of(row.trial)) is not None:
                self.adopt(record)
            if row.state == "running" and (own or row.place in ("", place)):
                self.fail(row.number)

    def fail(self, number: int) -> FrozenTrial:
        """End a trial without a result, unless it has ended; its slot is open again. Returns the trial."""
        with self.reach():
            return self.study.tell(number, state=TrialState.FAIL, skip_if_finished=True)

    def retry(self, number: int) -> bool:
        """Enqueue a trial whose process died; False if `RETRIES` have died before."""
        trial = self.fail(number)
        if len(RetryHeartbeatStaleTrialCallback.retry_history(trial)) >= RETRIES:
            return False
        with self.reach():
            RetryHeartbeatStaleTrialCallback()(self.study, trial)
        return True

    def adopt(self, record: Mapping[str, Any]) -> None:
        """Give a trial its result, if its process died or lost the database before it could."""
        with self.reach():
            known = next((t for t in self.study.get_trials(deepcopy=False) if t.number == record["number"]), None)
        if known is None or known.user_attrs.get(SLOT) != record["trial"] - 1 or known.params != record["params"]:
            return
        trial = self.fail(known.number)
        if trial.state != TrialState.FAIL or has_failed(trial):
            return
        state = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED}.get(record["state"], TrialState.FAIL)
        with self.reach():
            self.study.add_trial(
                optuna.create_trial(
                    state=state,
                    value=None if state == TrialState.FAIL else record["valid_loss"],
                    params=trial.params,
                    distributions=trial.distributions,
                    user_attrs={**trial.user_attrs, **attributes(record)},
                    intermediate_values=trial.intermediate_values,
                )
            )


def attributes(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: record[key] for key in (RESULT, ERROR) if record.get(key)}


def owner_of(trials: list[FrozenTrial]) -> FrozenTrial | None:
    """The trial that counts for a slot: the oldest with a result, else the oldest open one, else the last failed."""
    live = [t for t in trials if t.state != TrialState.FAIL]
    failed = [t for t in trials if has_failed(t)]
    return min(live, key=lambda t: not t.state.is_finished()) if live else failed[-1] if failed else None


def has_failed(trial: FrozenTrial) -> bool:
    """Whether a trial failed by itself, not because its process was stopped or died."""
    return trial.state == TrialState.FAIL and ERROR in trial.user_attrs


def row_of(slot: int, trial: FrozenTrial | None) -> Row:
    if trial is None:
        return Row(slot + 1, "waiting", {})
    told = trial.user_attrs
    name = "failed" if trial.state == TrialState.FAIL else trial.state.name.lower()
    params = trial.params or trial.system_attrs.get("fixed_params", {})
    loss = trial.value if trial.values else None
    error, host, place = (told.get(key, "") for key in (ERROR, HOST, PLACE))
    return Row(slot + 1, name, params, loss, told.get(RESULT), error, host, place, trial.number)


def suggest(trial: Trial, name: str, values: Values) -> Any:
    """A field's value in this trial."""
    if isinstance(values, tuple):
        return trial.suggest_categorical(name, values)
    if values.whole:
        return trial.suggest_int(name, int(values.low), int(values.high), log=values.log, step=int(values.step or 1))
    return trial.suggest_float(name, values.low, values.high, log=values.log, step=values.step)
