"""This process among those that torchrun started; alone when it did not."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from lyricist.model.network import LyricLSTM, State


@dataclass(frozen=True)
class Process:
    """Process `rank` of `size`. The first one writes files and decides; the others follow."""

    rank: int
    size: int

    @classmethod
    def this(cls) -> Process:
        """From torchrun's environment; joins the group of processes when it is called first."""
        process = cls(int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1")))
        if process.size > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if process.device().type == "cuda" else "gloo")
        return process

    @property
    def first(self) -> bool:
        return self.rank == 0

    def device(self) -> torch.device:
        """CUDA, else Apple's GPU, else the processor."""
        if torch.cuda.is_available():
            return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")

    def wait(self) -> None:
        """Until all processes have come here."""
        if self.size > 1:
            dist.barrier()

    def agree(self, values: list[float]) -> list[float]:
        """The first process's values, in every process."""
        if self.size == 1:
            return values
        shared = torch.tensor(
            values, dtype=torch.float64, device=self.device() if dist.get_backend() == "nccl" else "cpu"
        )
        dist.broadcast(shared, 0)
        return [float(v) for v in shared]


class LossStep(nn.Module):
    """The model's loss as a forward pass, which is what DistributedDataParallel can wrap."""

    def __init__(self, model: LyricLSTM) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, ids: Tensor, targets: Tensor, state: State, negatives: int, plan: Tensor | None
    ) -> tuple[Tensor, State]:
        return self.model.loss(ids, targets, state, negatives, plan)
