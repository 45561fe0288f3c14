"""Train the network that writes on what readers marked, held to what it was (KTO: Ethayarajh et al. 2024).

    python scripts/learn_marks.py RUN marks/*.txt --songs SONGS... -o OUT [--epochs 1]

In the marked songs a line without a mark is to become likelier, given the lines before it and its outline, and a
marked line unlikelier, both in proportion to a sigmoid of how far the line's probability has moved already. In every
step the network also reads some SONGS as in training, so that it forgets nothing. OUT is a run as RUN, with new
weights. Prints how much likelier unmarked and marked lines became, in marked songs that were held out.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from lyricist import read
from lyricist.evaluation.check import EVERY_SONG
from lyricist.model import bf16
from lyricist.model.checkpoint import Run, create_run, save_checkpoint
from lyricist.model.network import LyricLSTM, ModelConfig
from lyricist.model.tokens import END, LINE, SONG, TAGS, UNK, Vocabulary
from lyricist.model.topics import TOPICS, Topics
from lyricist.prosody.features import TOLD
from lyricist.training.conditioning import Themes

HELD = 20  # every so many-th marked song is held out
BATCH, READ = 32, 8  # marked songs, and songs, of a step
BLIND = 0.35  # share of the songs that are read without their outlines
SIGNS = {"0": 1, "-": 0}  # of a mark; any other: -1
OWN = ("config.json", "vocab.json", "latest", "history.jsonl")  # of a run, made anew or of another training
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Text:
    """Token ids of a song in the order of the network, and for every token +1 in a faultless line, -1 in one with a
    mark, 0 in one that is to stay as likely as it is and outside of lines."""

    ids: Ints
    mark: Ints
    blind: bool = False  # written without an outline


def text_of(sections: Sequence[Sequence[tuple[str, int]]], vocabulary: Vocabulary) -> Text:
    """Of lines and the mark of each: 1, 0 or -1."""
    index, split = vocabulary.index, vocabulary.tokenizer.split
    ids, marks = [index[SONG]], [0]
    for section in sections:
        for i, (line, mark) in enumerate(section):
            words = [index.get(w, index[UNK]) for w in split(line)]
            ids += [index[LINE] if i else index[TAGS["verse"]], *words[::-1]]
            marks += [0, *([mark] * len(words))]
    return Text(np.array([*ids, index[END]]), np.array([*marks, 0]))


def marked_songs(path: Path, vocabulary: Vocabulary) -> Iterator[Text]:
    for song in path.read_text(encoding="utf-8").strip().split("\n\n\n"):
        sections = [[line.split(" ", 1) for line in each.split("\n")] for each in song.split("\n\n")]
        yield text_of([[(line, SIGNS.get(mark, -1)) for mark, line in each] for each in sections], vocabulary)


def songs_of(paths: Sequence[Path], vocabulary: Vocabulary) -> Iterator[Text]:
    for song in read(paths, options=EVERY_SONG).songs():
        yield text_of([[(line.text, 1) for line in section.lines] for section in song.sections], vocabulary)


class Batches:
    """Texts side by side, padded, with the outlines of their lines as plan features; the rest of the plan hidden."""

    def __init__(self, run: Run, seed: int) -> None:
        self.vocabulary, self.features = run.vocabulary, run.config["model"]["features"]
        self.vectors = Topics.load(run.path / TOPICS, run.vocabulary).vectors
        self.chance = random.Random(seed)

    def of(self, texts: Sequence[Text], hide: bool = True) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """ids and targets (T, B), plan features (T, B, F), marks of the targets (T, B)."""
        longest = max(len(text.ids) for text in texts)
        ids = np.full((longest, len(texts)), self.vocabulary.index[END])
        marks = np.zeros_like(ids)
        plan = np.zeros((longest - 1, len(texts), self.features), dtype=np.float32)
        starts = np.cumsum([0, *(len(text.ids) for text in texts)])
        flat = np.concatenate([text.ids for text in texts])
        themes = Themes.of(flat, starts, np.arange(len(self.vocabulary)), self.vocabulary, self.vectors)
        rows = themes.outlines(np.arange(len(flat)), self.chance.randrange(10**6) if hide else None)
        for k, text in enumerate(texts):
            ids[: len(text.ids), k], marks[: len(text.ids), k] = text.ids, text.mark
            if not text.blind and (not hide or self.chance.random() > BLIND):
                plan[: len(text.ids) - 1, k, -TOLD:] = rows[starts[k] : starts[k + 1] - 1]
        made = (ids[:-1], ids[1:], plan, marks[1:])
        return tuple(torch.from_numpy(np.ascontiguousarray(each)) for each in made)  # type: ignore[return-value]


def log_shares(model: LyricLSTM, ids: Tensor, targets: Tensor, plan: Tensor) -> Tensor:
    """(T, B) log probability of every target."""
    x, _ = model.features(ids, model.initial_state(ids.shape[1]), plan)
    x, flat = x.flatten(0, 1), targets.flatten()
    true = (x * F.embedding(flat, model.output_weight)).sum(1) + model.bias[flat]
    total = bf16.log_sum_exp(x, model.output_weight, model.bias, torch.full_like(flat, -1))
    return (true - total).view_as(targets)


def by_line(values: Tensor, marks: Tensor) -> tuple[Tensor, Tensor]:
    """Sums of `values` (T, B) over each line, and the lines' marks: both (N,)."""
    change = F.pad((marks == 0).long(), (0, 0, 1, 0))[:-1].cumsum(0)  # a number for every line of a text
    number = change + torch.arange(marks.shape[1]) * (int(change.max()) + 1)
    inside = marks != 0
    size = int(number.max()) + 1
    sums = torch.zeros(size).index_add(0, number[inside], values[inside])
    mark = torch.zeros(size, dtype=marks.dtype)
    mark[number[inside]] = marks[inside]
    return sums[mark != 0], mark[mark != 0]


def opened(run: Run) -> tuple[LyricLSTM, LyricLSTM]:
    """The network to train, and the same as it was."""
    config = ModelConfig(**run.config["model"])
    made = []
    for _ in range(2):
        model = LyricLSTM(config, "bfloat16")
        for name, values in run.weights().items():
            model.get_parameter(name).data.copy_(torch.tensor(values))
        made.append(model)
    return made[0], made[1].eval()


def moved(model: LyricLSTM, before: LyricLSTM, batches: Batches, texts: Sequence[Text]) -> dict[int, float]:
    """The mean of how much likelier lines became in nats, by mark."""
    found: dict[int, list[float]] = {1: [], -1: []}
    model.eval()
    with torch.no_grad():
        for start in range(0, len(texts), BATCH):
            ids, targets, plan, marks = batches.of(texts[start : start + BATCH], hide=False)
            gain, mark = by_line(
                log_shares(model, ids, targets, plan) - log_shares(before, ids, targets, plan), marks
            )
            for m in found:
                found[m] += gain[mark == m].tolist()
    model.train()
    return {m: float(np.mean(values)) for m, values in found.items()}


def learn(run: Run, marked: list[Text], songs: list[Text], options: argparse.Namespace) -> LyricLSTM:
    torch.manual_seed(options.seed)
    model, before = opened(run)
    model.train()
    batches, chance = Batches(run, options.seed), random.Random(options.seed)
    held, used = marked[::HELD], [text for i, text in enumerate(marked) if i % HELD]
    counts = {m: sum(int((text.mark == m).sum()) for text in used) for m in (1, -1)}
    weight = {1: 0.5 * sum(counts.values()) / counts[1], -1: 0.5 * sum(counts.values()) / counts[-1]}
    adam = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=0, fused=True)
    steps = int(options.epochs * len(used) / BATCH)
    for step in range(steps):
        if step * BATCH % len(used) < BATCH:
            chance.shuffle(used)
        for group in adam.param_groups:
            group["lr"] = options.rate * min(1, (step + 1) / 20) * (1 - step / steps)
        at = step * BATCH % len(used)
        ids, targets, plan, marks = batches.of(used[at : at + BATCH])
        with torch.no_grad():
            old = log_shares(before, ids, targets, plan)
        gain, mark = by_line(log_shares(model, ids, targets, plan) - old, marks)
        each = -F.logsigmoid(options.beta * gain * mark)
        loss = (each * torch.where(mark > 0, weight[1], weight[-1])).mean() / options.beta
        ids, targets, plan, marks = batches.of(chance.sample(songs, READ))
        reading = -log_shares(model, ids, targets, plan)[marks != 0].mean()
        adam.zero_grad()
        (loss + options.reading * reading).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        if step % 5 == 0 or step == steps - 1:
            found = moved(model, before, batches, held[:64]) if step % 50 == 0 or step == steps - 1 else {}
            text = ", ".join(f"{'un' if m > 0 else ''}marked lines {value:+.2f} nats" for m, value in found.items())
            print(
                f"{step} of {steps}: {loss.item():.3f}, reading {reading.item():.3f} {text}",
                file=sys.stderr,
                flush=True,
            )
    return model.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the network that writes on readers' marks.")
    parser.add_argument("run", type=Path)
    parser.add_argument("marks", type=Path, nargs="+")
    parser.add_argument("--blind", type=Path, nargs="*", default=[], help="marked songs written without outlines")
    parser.add_argument("--songs", type=Path, nargs="+", required=True)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--beta", type=float, default=0.3)
    parser.add_argument("--reading", type=float, default=1.0, help="weight of reading songs, in nats a word")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    run = Run.open(options.run)
    marked = [
        replace(text, blind=path in options.blind)
        for path in (*options.marks, *options.blind)
        for text in marked_songs(path, run.vocabulary)
    ]
    random.Random(options.seed).shuffle(marked)
    songs = [text for text in songs_of(options.songs, run.vocabulary) if len(text.ids) < 400]
    model = learn(run, marked, songs, options)
    weights = {name: p.detach().numpy() for name, p in model.named_parameters()}
    config = {name: value for name, value in run.config.items() if name not in ("format", "packed")}
    made = create_run(options.out, config, run.vocabulary)
    for path in run.path.iterdir():
        if path.is_file() and path.name not in OWN and path.suffix != ".onnx" and path.stem != "weights":
            shutil.copyfile(path, made.path / path.name)
    save_checkpoint(made, int(run.state("use")["step"]), weights, {}, {}, best=True)


if __name__ == "__main__":
    main()
