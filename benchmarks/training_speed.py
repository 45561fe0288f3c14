"""Training speed, words/s: lyricist beside the matrix-multiply peak and Keras on TensorFlow, one run.

2 x 512 LSTM, vocabulary 10,000, batch 32, 64 steps, full softmax, Adam, fp32, all cores. The peak is
PyTorch's fp32 matrix multiply (2,048 x 512 times 512 x 10,000) measured before and after; a word costs
3 times the forward multiplications. Needs a Python with TensorFlow for the comparison:

    python benchmarks/training_speed.py --keras-python /path/to/python
"""

from __future__ import annotations

import json
import subprocess
import time

import torch

from common import matmul_peak, parser, report
from lyricist.model.network import LyricLSTM, ModelConfig

V, H, B, T = 10_000, 512, 32, 64
FLOP_PER_WORD = 3 * 2 * (2 * 4 * H * 2 * H + H * V)  # two layers of 4H x (H + H), softmax H x V

KERAS = """
import json, os, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import numpy as np, keras
V, H, B, T = 10_000, 512, 32, 64
model = keras.Sequential([
    keras.Input((T,), batch_size=B), keras.layers.Embedding(V, H),
    keras.layers.LSTM(H, return_sequences=True), keras.layers.LSTM(H, return_sequences=True),
    keras.layers.Dense(V)])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
x = np.random.randint(0, V, (B, T)); y = np.random.randint(0, V, (B, T))
for _ in range(2): model.train_on_batch(x, y)
n, begun = 0, time.perf_counter()
while time.perf_counter() - begun < SECONDS: model.train_on_batch(x, y); n += 1
print(json.dumps({"words_per_second": n * B * T / (time.perf_counter() - begun), "keras": keras.__version__}))
"""


def ours(seconds: float, negatives: int) -> float:
    """Words a second of whole updates, as in `train`."""
    torch.manual_seed(0)
    model = LyricLSTM(ModelConfig(vocab_size=V, layers=2, embedding=H, hidden=H)).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0, fused=True)
    ids, state = torch.randint(0, V, (T + 1, B)), model.initial_state(B)

    def update() -> None:
        nonlocal state
        loss, new = model.loss(ids[:-1], ids[1:], state, negatives)
        state = tuple(s.detach() for s in new)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    for _ in range(2):
        update()
    count, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        update()
        count += 1
    return count * B * T / (time.perf_counter() - begun)


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--seconds", type=float, default=30)
    made.add_argument("--keras-python")
    arguments = made.parse_args()
    before = matmul_peak(B * T, H, V)
    full, sampled = ours(arguments.seconds, 0), ours(arguments.seconds / 2, 1024)
    peak = (before + matmul_peak(B * T, H, V)) / 2
    figures = {
        "threads": torch.get_num_threads(),
        "peak_gflops": round(peak, 1),
        "words_per_second": round(full),
        "share_of_peak": round(full * FLOP_PER_WORD / 1e9 / peak, 3),
        "words_per_second_sampled_softmax": round(sampled),
    }
    if arguments.keras_python:
        code = f"SECONDS = {arguments.seconds}\n{KERAS}"
        done = subprocess.run([arguments.keras_python, "-c", code], capture_output=True, text=True, check=True)
        keras = json.loads(done.stdout.strip().splitlines()[-1])
        again = ours(arguments.seconds, 0)  # on both sides of Keras, for the machine drifts
        figures["keras_tensorflow"] = {k: round(v) if isinstance(v, float) else v for k, v in keras.items()}
        figures["times_keras"] = round((full + again) / 2 / keras["words_per_second"], 2)
    report("training_speed", figures)


if __name__ == "__main__":
    main()
