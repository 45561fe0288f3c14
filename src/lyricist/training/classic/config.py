"""`ClassicConfig`: the network of the classic recipe, and how it is trained unless one says otherwise."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

PROJECTED = 64  # units of the dense layer before the recurrent net, with --melody-input project

# Adam at a constant rate, nothing clipped; batch is in pairs of words, or with a context in songs.
TRAIN: dict[str, Any] = {
    "batch": 128,
    "epochs": 20.0,
    "learning_rate": 1e-3,
    "warmup": 0.0,
    "clip": 1e9,
    "negatives": 0,
    "evaluations": 20,
}
SONGS_AT_ONCE = 16  # the batch with a context


class ClassicConfig(BaseModel):
    """The network. A word is `embedding` numbers, its melody 18."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cell: Literal["lstm", "gru"] = "lstm"
    layers: int = Field(default=2, ge=1, le=4)
    hidden: int = Field(default=512, ge=1)
    embedding: int = Field(default=300, ge=1)  # width of the word vectors
    dropout: float = Field(default=0.2, ge=0, lt=1)  # between the layers
    melody_input: Literal["concat", "project"] = "concat"
    context: int = Field(default=1, ge=1, le=1000)  # words the network is trained to read before the next one
    vocab_size: int = Field(ge=1)
