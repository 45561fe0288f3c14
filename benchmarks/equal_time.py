"""Equal wall time: lyricist's default against the classic word-level LSTM, by test perplexity with several seeds.

The classic baseline is PyTorch's example: 2 x 200 LSTM, untied, dropout 0.2, SGD at 20, quartered when validation
does not improve, gradient clipped to 0.25, 35 steps, batch 20. Both see the same white-space tokens (the 10,000
commonest of the training songs, <unk> for the rest), the same split by song and the same seconds, which include
everything. Test perplexity is measured in the same way for both, with the state carried, after the clock.

    python benchmarks/equal_time.py --seconds 300 --seeds 3
"""

from __future__ import annotations

import math
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from common import parser, report, songs_or_exit
from lyricist.corpus import Corpus, PrepareOptions, prepare
from lyricist.evaluation.train import train_songs
from lyricist.model.checkpoint import Run
from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.training.config import Options
from lyricist.training.token_arrays import token_set

VOCABULARY = 10_000


class Classic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.2)
        self.encoder = nn.Embedding(VOCABULARY, 200)
        self.rnn = nn.LSTM(200, 200, 2, dropout=0.2)
        self.decoder = nn.Linear(200, VOCABULARY)
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.uniform_(self.decoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)

    def forward(self, ids: torch.Tensor, state: tuple[torch.Tensor, ...] | None):  # type: ignore[no-untyped-def]
        x, state = self.rnn(self.drop(self.encoder(ids)), state)
        return self.decoder(self.drop(x)), state


def streams(ids: np.ndarray, batch: int) -> torch.Tensor:
    length = len(ids) // batch
    return torch.from_numpy(ids[: length * batch].reshape(batch, length).T.copy())


@torch.no_grad()
def loss_on(step, state, data: torch.Tensor) -> float:  # type: ignore[no-untyped-def]
    """Nats per token of `step(ids, state) -> logits, state` over streams (T, B), state carried."""
    total = count = 0.0
    for t in range(0, len(data) - 1, 35):
        targets = data[t + 1 : t + 36]
        logits, state = step(data[t : t + len(targets)], state)
        total += nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum").item()
        count += targets.numel()
    return total / count


def classic(data: dict[str, np.ndarray], seconds: float, seed: int) -> tuple[float, float]:
    """(test perplexity, epochs) after `seconds`."""
    torch.manual_seed(seed)
    model, rate, best = Classic(), 20.0, math.inf
    train, valid, test = streams(data["train"], 20), streams(data["valid"], 10), streams(data["test"], 10)
    begun, seen = time.monotonic(), 0
    while True:
        model.train()
        state = None
        for t in range(0, len(train) - 1, 35):
            if time.monotonic() - begun > seconds:
                model.eval()
                return math.exp(loss_on(model, None, test)), seen / len(data["train"])
            targets = train[t + 1 : t + 36]
            state = tuple(s.detach() for s in state) if state else None
            logits, state = model(train[t : t + len(targets)], state)
            model.zero_grad()
            nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.25)
            with torch.no_grad():
                for p in model.parameters():
                    p.add_(p.grad, alpha=-rate)
            seen += targets.numel()
        model.eval()
        loss = loss_on(model, None, valid)
        best, rate = (loss, rate) if loss < best else (best, rate / 4)


def ours(corpus: Corpus, data: dict[str, np.ndarray], seconds: float, seed: int, out: Path) -> tuple[float, float]:
    """The `small` preset under a budget of the same seconds, checkpoints and validation included."""
    train = {"budget": seconds, "seed": seed}
    options = Options(preset="small", tokenizer="whitespace", vocabulary=VOCABULARY, train=train)
    last = list(train_songs(corpus, out, options))[-1]
    run = Run.open(out)
    model = LyricLSTM(ModelConfig(**run.config["model"])).eval()
    model.load_state_dict({name: torch.from_numpy(values) for name, values in run.weights().items()}, strict=False)
    shutil.rmtree(out)
    return math.exp(loss_on(model, model.initial_state(10), streams(data["test"], 10))), last.epoch  # type: ignore[union-attr]


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--seconds", type=float, default=300)
    made.add_argument("--seeds", type=int, default=3)
    arguments = made.parse_args()
    place = Path(tempfile.mkdtemp())
    corpus = prepare([songs_or_exit()], place / "corpus", options=PrepareOptions())
    tokens = token_set(corpus, "whitespace")
    remap = tokens.remap(tokens.vocabulary(VOCABULARY))
    data = {s: remap[tokens.split(s).ids].astype(np.int64) for s in ("train", "valid", "test")}
    rows = []
    for seed in range(arguments.seeds):
        a, epochs_a = classic(data, arguments.seconds, seed)
        b, epochs_b = ours(corpus, data, arguments.seconds, seed, place / "run")
        row = {"seed": seed, "classic": a, "classic_epochs": epochs_a, "ours": b, "our_epochs": epochs_b}
        rows.append({k: round(v, 2) for k, v in row.items()})
        print(rows[-1], flush=True)
    means = {k: round(statistics.mean(r[k] for r in rows), 2) for k in ("classic", "ours")}
    report(
        "equal_time",
        {
            "seconds": arguments.seconds,
            "threads": torch.get_num_threads(),
            "tokens": {k: len(v) for k, v in data.items()},
            "runs": rows,
            "mean": means,
            "below_classic": round(1 - means["ours"] / means["classic"], 4),
        },
    )
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
