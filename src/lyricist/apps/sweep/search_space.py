"""What a sweep varies: fields of the model, of training and of the preset, as lists of values or as ranges."""

from __future__ import annotations

import difflib
import itertools
import json
import math
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from lyricist.errors import InputError
from lyricist.training.config import PRESETS, Options, TrainConfig, checked, dropout

Value = str | int | float | bool | None
SAMPLERS = ("grid", "random", "tpe")
TRIALS = 20  # of a sampled space, where nobody says how many
CHOSEN = ("preset", "vocabulary", "order")  # fields of `Options` that can be varied
MOST_LISTED = 10_000  # points of a space that are listed
UNCOUNTED = {"preset", "vocabulary"}  # they change the tokens, so that losses per token do not compare
CLASSIC_GRID = (  # the notebook's grid, two values of each; its network, 2 x 512, is in it
    "cell=lstm,gru",
    "hidden=256,512",
    "layers=1,2",
    "dropout=0,0.3",
    "batch=12,20",
)


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`, both included; on a log scale or in steps of `step`."""

    low: float
    high: float
    log: bool = False
    step: float | None = None

    @property
    def whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)

    def steps(self, step: float) -> tuple[Value, ...]:
        """The values in steps of `step`."""
        count = math.floor((self.high - self.low) / step + 1e-9) + 1
        return tuple(self.low + i * step for i in range(count))


Values = tuple[Value, ...] | Range  # a list of values, or all of a range


@dataclass(frozen=True)
class Sweep:
    """What decides which networks are trained, and how.

    `budget`: seconds of each trial; without it a trial trains for the preset's epochs. `seed` is the seed of every
    trial and of the sampler. `prune` ends hopeless trials early.
    """

    space: Mapping[str, Values]
    sampler: str = "grid"
    trials: int | None = None  # None: the whole grid, or TRIALS
    preset: str = "small"
    tokenizer: str = "word"
    budget: float | None = None
    seed: int = 0
    prune: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)  # fields of TrainConfig for all trials

    def __post_init__(self) -> None:
        """`InputError` for what does not exist or does not fit together."""
        if self.sampler not in SAMPLERS:
            raise InputError(f"--sampler {self.sampler!r} is unknown: use {', '.join(SAMPLERS)}")
        if self.preset not in PRESETS:
            raise InputError(f"--preset {self.preset!r} is unknown: use one of {', '.join(PRESETS)}")
        if not self.space:
            raise InputError("nothing to vary: add --set, for example --set hidden=128,256, or --classic-grid")
        if self.sampler == "grid" and self.count != (self.trials or self.count):
            raise InputError(
                f"--trials {self.trials} and a grid of {self.count} clash: "
                "leave --trials out, or use --sampler random"
            )
        parts = sorted(set(dropout(0)) & set(self.space))
        if "dropout" in self.space and parts:
            raise InputError(f"--set dropout and --set {parts[0]} clash: dropout sets it too; leave one out")
        for name, given in (("budget", self.budget), ("preset", self.preset != "small" or None)):
            if name in self.space and given is not None:
                raise InputError(f"--set {name} and --{name} clash: leave one out")

    def points(self) -> list[dict[str, Value]]:
        """Every point of the grid, the last field changing fastest. Raises `InputError` for a range without steps."""
        axes = []
        for name, values in self.space.items():
            if isinstance(values, Range) and values.step is None:
                raise InputError(
                    f"--set {name} is a range, and a grid needs values: list them, "
                    "give steps as in 128..512:64, or use --sampler random or tpe"
                )
            axes.append(values.steps(values.step or 1) if isinstance(values, Range) else values)
        return [dict(zip(self.space, point, strict=True)) for point in itertools.product(*axes)]

    def listed(self) -> list[dict[str, Value]]:
        """The points to try, each once, in the order of trials; empty where the sampler draws them: in a range
        without steps, and for tpe, which learns from the trials, where there are more than twice as many points."""
        if self.sampler == "grid":
            return self.points()
        if any(isinstance(values, Range) and values.step is None for values in self.space.values()):
            return []
        size = math.prod(len(v.steps(v.step or 1) if isinstance(v, Range) else v) for v in self.space.values())
        if size > MOST_LISTED or (self.sampler == "tpe" and size > 2 * (self.trials or TRIALS)):
            return []
        points = self.points()
        random.Random(self.seed).shuffle(points)
        return points

    @property
    def count(self) -> int:
        """How many trials it has."""
        points, trials = len(self.listed()), self.trials or TRIALS
        return points if self.sampler == "grid" else min(trials, points or trials)

    @property
    def varied(self) -> list[str]:
        """The fields with more than one value."""
        return [n for n, v in self.space.items() if isinstance(v, Range) or len(v) > 1]

    def options(self, point: Mapping[str, Value]) -> Options:
        """What a trial at this point is trained with."""
        model: dict[str, Any] = {}
        train: dict[str, Any] = {"seed": self.seed, **self.settings}
        chosen: dict[str, Any] = {"preset": self.preset, "tokenizer": self.tokenizer}
        if self.budget is not None:
            train |= {"budget": self.budget, "epochs": None}
        groups = {"model": model, "train": train, "options": chosen}
        for name, value in point.items():
            if name == "dropout":
                model |= dropout(float(value or 0))
            else:
                groups[fields()[name]][name] = value
        return Options(**chosen, model=model, train=train)

    def to_json(self) -> dict[str, Any]:
        """Everything but the number of sampled trials, which may grow."""
        data = asdict(self)
        del data["trials"]
        return data

    def definition(self, corpus: str) -> dict[str, Any]:
        """What is compared, on the songs of this fingerprint, as JSON gives it back."""
        return dict(json.loads(json.dumps({**self.to_json(), "corpus": corpus})))

    @classmethod
    def from_json(cls, data: Mapping[str, Any], trials: int | None) -> Sweep:
        space = {n: Range(**v) if isinstance(v, dict) else tuple(v) for n, v in data["space"].items()}
        return cls(**{**data, "space": space}, trials=trials)


def fields() -> dict[str, str]:
    """The fields that can be varied, and which of "model", "train", "options" they are of."""
    from lyricist.model.network import ModelConfig

    model = [n for n in ModelConfig.model_fields if n != "vocab_size"]
    found = {"dropout": "model", **dict.fromkeys(model, "model"), **dict.fromkeys(TrainConfig.model_fields, "train")}
    return found | dict.fromkeys(CHOSEN, "options")


def parse_space(texts: Sequence[str]) -> dict[str, Values]:
    """The values of each field of texts such as `hidden=128,256`, `learning_rate=1e-3..1e-2`, `hidden=128..512:64`.

    `InputError` for a field that does not exist and for values that it cannot have.
    """
    space: dict[str, Values] = {}
    for text in texts:
        name, equals, values = (part.strip() for part in text.partition("="))
        name = name.replace("-", "_")
        if not equals or not values:
            raise InputError(f"--set {text!r}: write a field and its values, for example --set hidden=128,256")
        if name not in (names := list(fields())):
            near = difflib.get_close_matches(name, names, 1, 0) or names[:1]
            raise InputError(f"--set {name}: there is no such field; the nearest is {near[0]}")
        if name in space:
            raise InputError(f"--set {name} is given twice: list all its values in one")
        space[name] = parse_values(name, values)
    return space


def parse_values(name: str, text: str) -> Values:
    """A field's values or range from its text. Raises `InputError` for a value that is there twice."""
    if found := re.fullmatch(r"([^,]+?)\.\.([^,:]+)(?::([^,:]+))?", text):
        return parse_range(name, text, *found.groups())
    values = tuple(value(name, part.strip()) for part in text.split(","))
    if len(set(values)) < len(values):
        raise InputError(f"--set {name}={text}: a value is there twice")
    return values


def parse_range(name: str, text: str, first: str, last: str, step_text: str | None) -> Range:
    """A range; on a log scale if it begins above zero, spans a factor of ten and has no steps. Raises `InputError`
    for a range that is empty or not of numbers, and for a step that does not fit."""
    low, high = value(name, first.strip()), value(name, last.strip())
    if isinstance(low, bool) or not isinstance(low, int | float) or not isinstance(high, int | float):
        raise InputError(f"--set {name}={text}: only numbers have ranges: list the values")
    if not low < high:
        raise InputError(f"--set {name}={text}: the range is empty: write the smaller number first")
    if step_text is None:
        return Range(low, high, log=low > 0 and high >= 10 * low)
    try:
        step = int(step_text) if isinstance(low, int) else float(step_text)
    except ValueError:
        step = 0
    if not 0 < step <= high - low:
        raise InputError(f"--set {name}={text}: the step {step_text!r} does not fit into the range")
    return Range(low, high, step=step)


def value(name: str, text: str) -> Value:
    """A field's value from its text, checked as the config would check it. Raises `InputError` for a number that is
    not finite."""
    from lyricist.model.network import ModelConfig

    group = fields()[name]
    if group == "options":
        return chosen_value(name, text)
    real = "dropout_input" if name == "dropout" else name
    given = {real: None if text.lower() == "none" else text}
    made = checked(ModelConfig, {"vocab_size": 1, **given}) if group == "model" else checked(TrainConfig, given)
    found: Value = getattr(made, real)
    if isinstance(found, float) and not math.isfinite(found):
        raise InputError(f"--set {name}={text}: use a finite number")
    return found


def chosen_value(name: str, text: str) -> Value:
    """A preset, an order, or the size of a vocabulary. Raises `InputError` for anything else."""
    if name == "vocabulary":
        if not text.isdecimal() or int(text) < 10:
            raise InputError(f"--set vocabulary={text}: use a whole number of words, 10 or more")
        return int(text)
    allowed = tuple(PRESETS) if name == "preset" else ("forward", "backward")
    if text not in allowed:
        raise InputError(f"--set {name}={text}: use {', '.join(allowed)}")
    return text


def difference(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    """What two definitions differ in, in words; empty if in nothing."""
    if theirs.get("corpus") != ours.get("corpus"):
        return "other songs"
    a, b = ({**side, **side["space"], "space": list(side["space"])} for side in (theirs, ours))
    for key in sorted({*a, *b}, key=lambda key: key == "space"):
        if a.get(key) != b.get(key):
            return f"{key}: {typed(a.get(key))} there, {typed(b.get(key))} here"
    return ""


def typed(value: Any) -> str:
    """A value, list or range as a user would type it."""
    if isinstance(value, dict):
        return " ".join(f"{k}={v}" for k, v in value.items())
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def value_text(value: Value) -> str:
    """A value for people to read."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
