"""Training on songs, words/s and loss: lyricist beside the same network in Keras on TensorFlow, one run.

The bundled songs, one LSTM of 512 over embeddings of 256, batch 20, 35 steps, fp32, as many threads and seconds of
updates each. Keras: `model.fit` with Adam over the windows of an epoch, shuffled, each from a zero state, its best
epoch; building its graph (two updates) and evaluating are not counted. lyricist: `train`, with evaluations and saving
counted; `plain` is the same network with the full softmax and no dropout, `as it comes` the preset. Losses are on the
validation songs, whole, in nats per token. Words per CPU second do not depend much on what else the machine does; on
a busy one take `--threads 1`, for waiting threads count. Needs a Python with TensorFlow:

    python benchmarks/keras_speed.py --keras-python /path/to/python
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import lyricist
from common import report
from lyricist.corpus import Corpus
from lyricist.model.checkpoint import Run
from lyricist.training import events
from lyricist.training.token_arrays import Streams, song_blocks, token_set
from lyricist.training.trainer import VALID_TOKENS

PLAIN = {"tied": False, "dropout_input": 0.0, "dropout_hidden": 0.0, "dropout_output": 0.0}
RATES = (1e-3, 4e-3)  # Keras's own default, and the peak of lyricist's preset

KERAS = """
import json, os, sys, time
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
import numpy as np, tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(THREADS)
tf.config.threading.set_inter_op_parallelism_threads(THREADS)
import keras
data = np.load(sys.argv[1]); V = int(data["vocabulary"]); x, y = data["x"], data["y"]
blocks = [data[k] for k in data.files if k.startswith("valid")]
keras.utils.set_random_seed(1)
model = keras.Sequential([
    keras.Input((None,), dtype="int32"), keras.layers.Embedding(V, 256),
    keras.layers.LSTM(512, return_sequences=True), keras.layers.Dense(V)])
model.compile(keras.optimizers.Adam(RATE), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
for _ in range(2): model.fit(x[:B], y[:B], batch_size=B, verbose=0)

class Clock(keras.callbacks.Callback):
    batches = seconds = cpu = 0
    def on_epoch_begin(self, epoch, logs=None): self.begun, self.cpu_begun = time.perf_counter(), time.process_time()
    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        if self.seconds + time.perf_counter() - self.begun > SECONDS: self.model.stop_training = True
    def on_epoch_end(self, epoch, logs=None):
        self.seconds += time.perf_counter() - self.begun
        self.cpu += time.process_time() - self.cpu_begun

def valid_loss():
    nats = tokens = 0
    for block in blocks:  # (songs, T), -100 after the shorter ones
        for song in block:
            ids = song[song >= 0][None]
            logits = model(ids[:, :-1])[0]
            nats += float(tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(ids[0, 1:], logits)))
            tokens += ids.shape[1] - 1
    return nats / tokens

clock, losses = Clock(), []
while clock.seconds < SECONDS:
    model.fit(x, y, batch_size=B, epochs=1, verbose=0, callbacks=[clock])
    losses.append(valid_loss())
print(json.dumps({
    "words_per_second": round(clock.batches * x[:B].size / clock.seconds),
    "words_per_cpu_second": round(clock.batches * x[:B].size / clock.cpu), "best_loss": round(min(losses), 3),
    "epochs": round(clock.batches * B / len(x), 1), "keras": keras.__version__, "tensorflow": tf.__version__}))
"""


def ours(songs: Corpus, out: Path, seconds: float, model: dict[str, Any], train: dict[str, Any]) -> dict[str, Any]:
    """A training from beginning to end, as a program calls it."""
    options = lyricist.Options(model=model, train={"budget": seconds, "seed": 1, "epochs": 1000.0, **train})
    begun = wall = cpu = 0.0
    for event in lyricist.train(songs, out, options, force=True):
        if isinstance(event, events.Started):
            begun, cpu_begun = time.perf_counter(), time.process_time()
        elif isinstance(event, events.Progress):
            wall, cpu = time.perf_counter() - begun, time.process_time() - cpu_begun
    assert isinstance(event, events.Finished)
    config = Run.open(out).config["train"]
    words = event.step * config["batch"] * config["steps"]
    return {
        "words_per_second": round(words / wall),
        "words_per_cpu_second": round(words / cpu),
        "best_loss": round(event.valid_loss, 3),
        "epochs": round(event.epoch, 1),
        "ended": event.reason,
    }


def windows(songs: Corpus, run: Run, path: Path) -> None:
    """What Keras trains on, in the ids of the run: x, y (N, T) and validation songs (B, T)."""
    tokens, config = token_set(songs, "word", run.vocabulary.order), run.config["train"]
    remap = tokens.remap(run.vocabulary)
    epoch = Streams(tokens.split("train"), remap, config["batch"], 1).epoch(0)
    steps = config["steps"]
    cut = [epoch.window(t, steps) for t in range(0, epoch.streams.length - steps, steps)]
    blocks = song_blocks(tokens.split("valid"), remap, VALID_TOKENS)
    np.savez(
        path,
        vocabulary=len(run.vocabulary),
        x=np.concatenate([c[:-1].T for c in cut]).astype(np.int32),
        y=np.concatenate([c[1:].T for c in cut]).astype(np.int32),
        **{f"valid{i}": b.T.astype(np.int32) for i, b in enumerate(blocks)},
    )


def theirs(python: str, data: Path, seconds: float, rate: float, batch: int, threads: int) -> dict[str, Any]:
    code = f"SECONDS, RATE, B, THREADS = {seconds}, {rate}, {batch}, {threads}\n{KERAS}"
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    command = [python, "-c", code, str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=45)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keras-python", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    seconds, songs, figures = arguments.seconds, lyricist.sample_songs(), {}
    with tempfile.TemporaryDirectory() as folder:
        out, data = Path(folder, "run"), Path(folder, "windows.npz")
        figures["lyricist, plain"] = ours(songs, out, seconds, PLAIN, {"negatives": 0})
        run = Run.open(out)
        windows(songs, run, data)
        for rate in RATES:
            batch = run.config["train"]["batch"]
            figures[f"keras, {rate}"] = theirs(arguments.keras_python, data, seconds, rate, batch, arguments.threads)
        figures["lyricist, as it comes"] = ours(songs, out, seconds, {}, {})
        figures["lyricist, plain, again"] = ours(songs, out, seconds, PLAIN, {"negatives": 0})
    times = {}
    for speed in ("words_per_second", "words_per_cpu_second"):
        here = sum(figures[name][speed] for name in ("lyricist, plain", "lyricist, plain, again")) / 2
        times[speed] = round(here / figures[f"keras, {RATES[0]}"][speed], 2)
    shape = {"threads": arguments.threads, "seconds": seconds, "vocabulary": len(run.vocabulary)}
    report("keras_speed", {**shape, **figures, "times_keras": times})


if __name__ == "__main__":
    main()
