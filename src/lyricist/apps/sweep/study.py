"""The trials of a sweep, kept by Optuna: which are open, who works on which, what came of them.

A sweep of N trials has N slots. Every slot is put into the queue once, as a waiting trial, with its point where
it is known (a grid) and without where it is sampled when its turn comes. A worker claims a waiting trial in one
transaction. A trial whose process died becomes a failure without an error: its slot goes into the queue again.
Where two machines have queued the same slot, the older trial counts and the younger is dropped when claimed.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lyricist.apps.sweep.database import connect, shown, storage_errors
from lyricist.apps.sweep.space import Choices, Sweep, Value, Values
from lyricist.errors import InputError

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial, Trial

DEFINITION = "sweep"  # the study's attribute that says what is compared
SLOT, PLACE, HOST, RESULT, ERROR = "slot", "place", "host", "result", "error"  # a trial's attributes
STARTUP = 4  # trials finished before any is pruned
WARMUP = 0.25  # share of a trial's evaluations before it can be pruned


@dataclass(frozen=True)
class Row:
    """One slot as it stands. `state`: "waiting", "running", "complete", "pruned" or "failed"."""

    trial: int  # counts from 1
    state: str
    params: Mapping[str, Value]
    valid_loss: float | None = None  # best of the trial, nats per token
    result: Mapping[str, Any] | None = None  # what `worker.summary` tells
    error: str = ""
    host: str = ""
    place: str = ""
    number: int = -1  # Optuna's


@dataclass(frozen=True)
class Claim:
    """A trial that is this process's to train."""

    slot: int
    trial: Trial
    params: dict[str, Value]


class Slots:
    """The study of one sweep in one database."""

    def __init__(self, url: str, name: str, sweep: Sweep, corpus: str) -> None:
        """Make the study or join it. `corpus`: its fingerprint. `InputError` if it compares something else."""
        self.url, self.name, self.sweep = url, name, sweep
        self.storage = connect(url)
        with self.reach():
            self.study = self.load(create=True)
            self.agree({**sweep.to_json(), "corpus": corpus})

    def reach(self) -> Any:
        return storage_errors(self.url)

    def close(self) -> None:
        self.storage.remove_session()
        self.storage.engine.dispose()

    def load(self, slot: int = 0, create: bool = False) -> Study:
        """A view of the study whose sampler is seeded for one slot: a sweep resumed samples what it would have."""
        import optuna

        chosen = {"sampler": self.sampler(slot), "pruner": self.pruner()}
        if create:
            return optuna.create_study(
                storage=self.storage, study_name=self.name, direction="minimize", load_if_exists=True, **chosen
            )
        return optuna.load_study(storage=self.storage, study_name=self.name, **chosen)

    def sampler(self, slot: int) -> Any:
        from optuna import samplers

        seed = (self.sweep.seed * 1_000_003 + slot) % 2**32
        if self.sweep.sampler == "tpe":
            return samplers.TPESampler(seed=seed, constant_liar=True)
        return samplers.RandomSampler(seed=seed)

    def pruner(self) -> Any:
        from optuna import pruners

        if not self.sweep.prune:
            return pruners.NopPruner()
        from lyricist.training.config import TrainConfig

        marks = int(self.sweep.settings.get("evaluations", TrainConfig().evaluations))
        return pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=int(WARMUP * marks))

    def agree(self, definition: dict[str, Any]) -> None:
        """Whoever comes first says what is compared; the others must compare the same."""
        definition = json.loads(json.dumps(definition))
        theirs = self.study.user_attrs.get(DEFINITION)
        if theirs is None:
            self.study.set_user_attr(DEFINITION, definition)
            return
        if different := differing(theirs, definition):
            raise InputError(
                f"study {self.name} in {shown(self.url)} compares something else ({different}): "
                "repeat its command, or choose another -o or --study"
            )

    # -- slots ------------------------------------------------------------------------------------

    def trials(self) -> dict[int, list[FrozenTrial]]:
        """Slot -> its trials, oldest first."""
        found: dict[int, list[FrozenTrial]] = {i: [] for i in range(self.sweep.count)}
        for trial in self.study.get_trials(deepcopy=False):
            if trial.user_attrs.get(SLOT) in found:
                found[trial.user_attrs[SLOT]].append(trial)
        return found

    def fill(self, retry: bool = False) -> None:
        """Put every slot that nobody has finished or queued into the queue; with `retry` the failed ones too."""
        with self.reach():
            points = self.sweep.points() if self.sweep.sampler == "grid" else None
            found = self.trials()
            for slot in self.order():
                trials = found[slot]
                owner = owner_of(trials)
                if owner is None or (retry and failed(owner)):
                    self.study.enqueue_trial(self.point(slot, trials, points), user_attrs={SLOT: slot})

    def order(self) -> list[int]:
        """The slots as they are to be trained.

        A grid under a budget of wall time goes in random order: a machine that is busier for a while would
        otherwise count against one half of a field's values.
        """
        slots = list(range(self.sweep.count))
        if self.sweep.sampler == "grid" and self.sweep.budget is not None:
            random.Random(self.sweep.seed).shuffle(slots)
        return slots

    def point(self, slot: int, trials: list[FrozenTrial], points: list[dict[str, Value]] | None) -> dict[str, Any]:
        """What is known of a slot's point: all in a grid, else what was drawn when it was last begun."""
        if points is not None:
            return dict(points[slot])
        drawn = [t.params for t in trials if set(t.params) == set(self.sweep.space)]
        return dict(drawn[-1]) if drawn else {}

    def claim(self, place: str, host: str) -> Claim | None:
        """The next waiting trial, now ours; None if nothing waits."""
        import optuna

        with self.reach():
            for waiting in self.waiting():
                if not self.take(waiting):
                    continue
                slot = waiting.user_attrs[SLOT]
                study = self.load(slot)
                study.get_trials(deepcopy=False)  # its cache must know a trial before it can be used
                trial = optuna.trial.Trial(study, waiting._trial_id)
                trial.set_user_attr(PLACE, place)
                trial.set_user_attr(HOST, host)
                params = {name: suggest(trial, name, values) for name, values in self.sweep.space.items()}
                return Claim(slot, trial, params)
        return None

    def waiting(self) -> Iterator[FrozenTrial]:
        from optuna.trial import TrialState

        states = (TrialState.WAITING,)
        yield from (t for t in self.study.get_trials(deepcopy=False, states=states) if SLOT in t.user_attrs)

    def take(self, waiting: FrozenTrial) -> bool:
        """Whether the trial is ours now; its first sign of life comes before anybody could miss it."""
        from optuna.trial import TrialState

        try:
            self.storage.record_heartbeat(waiting._trial_id)
            if not self.storage.set_trial_state_values(waiting._trial_id, TrialState.RUNNING):
                return False
            owner = owner_of(self.trials().get(waiting.user_attrs[SLOT], []))
            if owner is None or owner.number == waiting.number:
                return True
            self.storage.set_trial_state_values(waiting._trial_id, TrialState.FAIL)
        except RuntimeError:  # somebody has ended it; a class of its own only from Optuna 4.2 on
            pass
        return False

    def beat(self, trial_id: int) -> None:
        self.storage.record_heartbeat(trial_id)

    # -- ends -------------------------------------------------------------------------------------

    def finish(self, number: int, record: Mapping[str, Any]) -> bool:
        """Record what came of a trial; False if somebody else has ended it. Waits out short outages."""
        for wait in (1, 5, 15, None):
            try:
                with self.reach():
                    return self.tell(number, record)
            except InputError:
                if wait is None:
                    raise
                time.sleep(wait)
        raise AssertionError

    def tell(self, number: int, record: Mapping[str, Any]) -> bool:
        from optuna.trial import TrialState

        states = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
        state = states[record["state"]]
        trial_id = self.study.get_trials(deepcopy=False)[number]._trial_id
        loss = record.get("valid_loss")
        try:
            for key in (RESULT, ERROR):
                if record.get(key):
                    self.storage.set_trial_user_attr(trial_id, key, record[key])
            values = [loss] if loss is not None and state != TrialState.FAIL else None
            return bool(self.storage.set_trial_state_values(trial_id, state, values))
        except RuntimeError:  # somebody has ended it; a class of its own only from Optuna 4.2 on
            return False

    def drop(self, number: int) -> None:
        """Give a trial up without a result: its slot is open again."""
        with self.reach():
            self.tell(number, {"state": "failed"})

    def running(self) -> list[Row]:
        return [row for row in self.rows() if row.state == "running"]

    def drop_silent(self) -> None:
        """Give up the trials whose machines have not been heard of for `SILENCE` seconds."""
        from optuna.storages import fail_stale_trials

        with self.reach():
            fail_stale_trials(self.study)

    def rows(self) -> list[Row]:
        """Every slot as it stands."""
        with self.reach():
            return [row_of(slot, owner_of(trials)) for slot, trials in self.trials().items()]


def owner_of(trials: list[FrozenTrial]) -> FrozenTrial | None:
    """The trial that counts for a slot: the oldest that lives or has a result, else the last that failed."""
    from optuna.trial import TrialState

    alive = [t for t in trials if t.state != TrialState.FAIL]
    lost = [t for t in trials if failed(t)]
    return alive[0] if alive else lost[-1] if lost else None


def failed(trial: FrozenTrial) -> bool:
    """Whether a trial failed by itself, not because its process was stopped."""
    from optuna.trial import TrialState

    return trial.state == TrialState.FAIL and ERROR in trial.user_attrs


def row_of(slot: int, trial: FrozenTrial | None) -> Row:
    if trial is None:
        return Row(slot + 1, "waiting", {})
    said = trial.user_attrs
    name = {"FAIL": "failed"}.get(trial.state.name, trial.state.name.lower())
    params = trial.params or trial.system_attrs.get("fixed_params", {})
    loss = trial.value if trial.values else None
    return Row(
        slot + 1,
        name,
        params,
        loss,
        said.get(RESULT),
        said.get(ERROR, ""),
        said.get(HOST, ""),
        said.get(PLACE, ""),
        trial.number,
    )


def suggest(trial: Trial, name: str, values: Values) -> Any:
    """A field's value in this trial."""
    if isinstance(values, Choices):
        return trial.suggest_categorical(name, values.values)
    if values.whole:
        return trial.suggest_int(name, int(values.low), int(values.high), log=values.log, step=int(values.step or 1))
    return trial.suggest_float(name, values.low, values.high, log=values.log, step=values.step)


def differing(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    """What two definitions differ in, in words; empty if in nothing."""
    if theirs.get("corpus") != ours.get("corpus"):
        return "other songs"
    a, b = ({**side, **side["space"], "space": list(side["space"])} for side in (theirs, ours))
    for key in sorted({*a, *b}, key=lambda key: key == "space"):
        if a.get(key) != b.get(key):
            return f"{key}: {said(a.get(key))} there, {said(b.get(key))} here"
    return ""


def said(value: Any) -> str:
    """A value, list or range as it would be typed."""
    if isinstance(value, dict):
        return " ".join(f"{k}={v}" for k, v in value.items())
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
