"""AdamW, clipping, the one-cycle schedule and the average of the weights; all of it can be resumed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from lyricist._io import Arrays
from lyricist.errors import RunError
from lyricist.training.config import TrainConfig

MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class Optimiser:
    """Updates a model's parameters and holds the weights that readers get."""

    def __init__(self, model: nn.Module, config: TrainConfig) -> None:
        self.config = config
        self.parameters = dict(model.named_parameters())
        self.adam = torch.optim.AdamW(
            self.parameters.values(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
        )
        self.average: list[Tensor] = []  # empty before the first update and without averaging
        self.anchor: list[Tensor] = []  # the base's weights, if there is a penalty on leaving them

    def update(self, loss: Tensor, progress: float) -> float:
        """One step down the loss; returns the learning rate.

        With an anchor, weights then move towards it by the share learning rate x `config.anchor`: an L2 penalty on
        the distance from the base (L2-SP, Li et al. 2018), decoupled as in AdamW (Loshchilov & Hutter 2019).
        """
        rate = self.learning_rate(progress)
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.parameters.values(), self.config.clip)
        self.adam.step()
        if self.anchor:
            torch._foreach_lerp_(self.raw(), self.anchor, min(1.0, rate * self.config.anchor))
        if self.config.average:
            now = self.raw()
            self.average = self.average or [p.clone() for p in now]
            torch._foreach_lerp_(self.average, now, 1 - self.config.average)
        return rate

    def learning_rate(self, progress: float) -> float:
        """Linear warm-up, then linear to zero (one cycle)."""
        warm = min(1.0, (progress + 1e-4) / self.config.warmup) if self.config.warmup else 1.0
        return self.config.learning_rate * warm * max(0.0, 1 - progress)

    def raw(self) -> list[Tensor]:
        return [p.detach() for p in self.parameters.values()]

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """A context in which the model has its averaged weights, if there are any."""
        raw = [p.clone() for p in self.raw()] if self.average else []
        self.put(self.average)
        try:
            yield
        finally:
            self.put(raw)

    def put(self, values: list[Tensor]) -> None:
        """Set the parameters; an empty list leaves them as they are."""
        for p, value in zip(self.parameters.values(), values, strict=False):
            p.data.copy_(value)

    def arrays(self) -> Arrays:
        """The weights that readers use: the averaged ones if there are any."""
        values = self.average or self.raw()
        return {n: v.cpu().numpy() for n, v in zip(self.parameters, values, strict=True)}

    def state(self) -> Arrays:
        """Adam's moments, and the raw weights if readers get averaged ones."""
        out: Arrays = {}
        for name, p in self.parameters.items():
            for key, value in self.adam.state.get(p, {}).items():
                out[f"optimizer.{key}.{name}"] = np.asarray(value.cpu().numpy())
            if self.average:
                out[f"raw.{name}"] = p.detach().cpu().numpy()
        return out

    def load_weights(self, weights: Arrays) -> None:
        """Put these weights into the model. Raises `RunError` if names or shapes differ."""
        own = self.parameters
        if set(own) != set(weights) or any(own[n].shape != weights[n].shape for n in own):
            raise RunError("the weights do not fit the run's config: restore it or train again")
        self.put([torch.tensor(weights[n]) for n in own])

    def hold(self, weights: Arrays | None = None) -> None:
        """Use these weights as the anchor, by default the model's current ones."""
        self.anchor = [p.clone() for p in self.raw()]
        if weights is not None:
            self.anchor = [torch.tensor(weights[name], device=p.device) for name, p in self.parameters.items()]

    def check(self, state: Arrays) -> None:
        """Raise `RunError` unless what `state` returned has the types and shapes of this model's parameters."""
        shapes = {name: tuple(p.shape) for name, p in self.parameters.items()}
        averaged = any(name.startswith("raw.") for name in state)
        wanted = {f"raw.{name}": shape for name, shape in shapes.items() if averaged}
        for key in MOMENTS:
            wanted |= {f"optimizer.{key}.{name}": () if key == "step" else shape for name, shape in shapes.items()}
        for name, array in state.items():
            shape = () if array.size == 1 and ".step." in name else array.shape
            known = name.startswith("hidden.") or wanted.get(name) == shape
            if array.dtype != np.float32 or not known:
                raise RunError("the state of the training does not fit the run's config: restore it or train again")
        if averaged and not {f"raw.{name}" for name in shapes} <= state.keys():
            raise RunError("the state of the training lacks weights: restore it or train again")

    def restore(self, weights: Arrays, state: Arrays) -> None:
        """Load what `arrays` and `state` returned. Raises `RunError` if it is another model's."""
        self.load_weights(weights)
        self.check(state)
        if self.config.average and any(name.startswith("raw.") for name in state):
            self.average = [p.clone() for p in self.raw()]
            self.put([torch.from_numpy(state[f"raw.{name}"]) for name in self.parameters])
        for name, p in self.parameters.items():
            found = {k: state[f"optimizer.{k}.{name}"] for k in MOMENTS if f"optimizer.{k}.{name}" in state}
            if found:
                self.adam.state[p] = {k: torch.from_numpy(v).to(p.device) for k, v in found.items()}
