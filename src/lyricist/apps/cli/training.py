"""`lyricist train` and `lyricist demo`: the live display around the training loop."""

from __future__ import annotations

import itertools
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lyricist.apps.cli.display import TrainingView
from lyricist.apps.cli.preparing import RIGHTS, read_sources
from lyricist.apps.sampling import sample_lines
from lyricist.corpus import Corpus, is_corpus, open_corpus
from lyricist.errors import InputError
from lyricist.evaluation.train import train_songs
from lyricist.model.checkpoint import Run
from lyricist.model.starter import starter_path
from lyricist.training import events
from lyricist.training.config import Options
from lyricist.training.start import SCRATCH, need_torch, origin

DEMO_SONGS = 8  # songs the demo chooses from
SAMPLE_SECONDS = 8.0  # between two samples shown
UNITS = {"s": 1, "m": 60, "h": 3600}
NOT_CLASSIC = (  # options that the classic recipe does not take, by the names of the request's fields
    "preset", "tokenizer", "order", "features", "tied", "dropout_embedding", "dropout_weight",
    "steps", "negatives", "anchor", "precision",
)  # fmt: skip
LEFT_OUT = 10  # songs left out of a classic training that are named on the terminal


@dataclass
class Request:
    """The options of `train` as they were typed; None where nothing was."""

    sources: list[Path]
    out: Path
    base: str | None = None
    preset: str | None = None
    tokenizer: str | None = None
    order: str | None = None
    features: str | None = None
    vocabulary: int | None = None
    model: Mapping[str, Any] | None = None
    config: Mapping[str, Any] | None = None
    licence: str | None = None
    midi: Path | None = None
    recipe: str | None = None
    classic: Mapping[str, Any] | None = None  # melody_input, context
    vectors: Path | None = None

    @property
    def kind(self) -> dict[str, Any]:
        return {"preset": self.preset, "tokenizer": self.tokenizer, "vocabulary": self.vocabulary}

    def options(self) -> Options:
        model, config = given(self.model), given(self.config)
        if self.recipe not in (None, "lstm", "classic"):
            raise InputError(f"--recipe {self.recipe!r} is unknown: use lstm or classic")
        if self.recipe == "classic":
            return self.classic_options(model, config)
        for name, value in given({**(self.classic or {}), "vectors": self.vectors}).items():
            raise InputError(f"--{hyphened(name)} {value} is for the classic recipe: add --recipe classic")
        if self.base not in (None, SCRATCH):
            self.forbid_with_base(model)
        chosen = {**self.kind, "order": self.order, "features": self.features}
        return Options(base=self.base, model=model, train=config, **given({**chosen, "licence": self.licence}))

    def classic_options(self, model: dict[str, Any], config: dict[str, Any]) -> Options:
        """The options of `--recipe classic`. Raises `InputError` for one of the project's own model."""
        if self.base not in (None, SCRATCH):
            raise InputError(f"--recipe classic and --from {self.base} clash: it begins from scratch; leave one out")
        asked = given({**self.kind, "order": self.order, "features": self.features}) | model | config
        for name in NOT_CLASSIC:
            if name in asked:
                shown = "untied" if name == "tied" else f"{hyphened(name)} {asked[name]}"
                raise InputError(f"--recipe classic and --{shown} clash: the recipe says it; leave one out")
        fields: dict[str, Any] = {n: model[n] for n in ("cell", "layers", "hidden", "embedding") if n in model}
        if "dropout_hidden" in model:
            fields["dropout"] = model["dropout_hidden"]
        said: dict[str, Any] = {"vocabulary": self.vocabulary, "licence": self.licence, "vectors": self.vectors}
        said |= {"model": fields | given(self.classic), "train": config, "midi": self.midi}
        return Options(recipe="classic", **given(said))

    def forbid_with_resume(self) -> None:
        base = None if self.base == SCRATCH else self.base
        fixed = {**self.kind, "order": self.order, "features": self.features, "recipe": self.recipe}
        fixed |= {**(self.classic or {}), "vectors": self.vectors}
        for name, value in given({**fixed, "licence": self.licence, "from": base}).items():
            raise InputError(
                f"--resume and --{hyphened(name)} {value} clash: a resumed run keeps what it is; leave one out"
            )

    def forbid_with_base(self, model: Mapping[str, Any]) -> None:
        shape = {"preset": self.preset, "tokenizer": self.tokenizer} | {
            k: v for k, v in model.items() if not k.startswith("dropout")
        }
        for name, value in given(shape).items():
            raise InputError(
                f"--{name} {value} and --from {self.base} clash: "
                "a fine-tuned model keeps its base's shape; leave one out"
            )


def given(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {k: v for k, v in (values or {}).items() if v is not None}


def hyphened(name: str) -> str:
    return name.replace("_", "-")


def seconds(text: str) -> float:
    """Seconds of `90s`, `10m`, `2h` or a plain number.

    >>> seconds("2m"), seconds("90")
    (120.0, 90.0)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip().lower())
    if not found or not 0 < float(found[1]) * UNITS[found[2] or "s"] <= 30 * 86400:
        raise InputError(f"--budget {text!r} is not a time: write 90s, 10m or 2h")
    return float(found[1]) * UNITS[found[2] or "s"]


def train_command(request: Request, resume: bool, force: bool, sample: bool) -> None:
    need_torch()
    if resume and force:
        raise InputError("--resume and --force clash: --resume keeps the run, --force replaces it")
    if resume:
        request.forbid_with_resume()
        if Run.open(request.out).kind == "classic":
            request = replace(request, recipe="classic")
    options = request.options()
    quiet = os.environ.get("RANK", "0") != "0"
    if not resume and request.out.exists() and not force and not quiet:
        raise InputError(f"{request.out} exists: choose another -o, add --force to replace it, or --resume to go on")
    corpus = corpus_of(request, resume)
    if not quiet and not resume:
        print(RIGHTS, file=sys.stderr)
        if told := origin(options):
            print(told, file=sys.stderr)
    run_training(corpus, request.out, options, resume, force, sample, quiet)


def corpus_of(request: Request, resume: bool) -> Corpus:
    """The songs named, or when resuming without a name those the run was trained on."""
    if request.sources:
        if request.recipe == "classic" and request.midi is None and not resume:
            raise InputError("--recipe classic hears the tunes of the songs: name their folder with --midi")
        if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not (request.sources[0] / "corpus.json").exists():
            raise InputError(f"{request.sources[0]}: under torchrun give a corpus made by 'lyricist prepare'")
        if request.midi is not None and request.tokenizer == "whitespace":
            raise InputError("--midi and --tokenizer whitespace clash: a text as it is is not sung; leave one out")
        joined = request.recipe == "classic" and is_corpus(request.sources[0])  # the recipe finds the tunes itself
        midi = None if joined else request.midi
        return read_sources(request.sources, as_is=request.tokenizer == "whitespace", midi=midi)
    if request.midi is not None:
        raise InputError(f"--midi {request.midi}: tunes are joined when songs are read; name the songs")
    if not resume:
        raise InputError("no songs named: lyricist train SONGS -o RUN")
    return own_corpus(Run.open(request.out))


def own_corpus(run: Run) -> Corpus:
    """The corpus a run was trained on: inside the run, or where it was."""
    if run.packed:
        raise InputError(f"the songs {run.path} was trained on are not in it: name some")
    path = run.path / run.config["corpus"]["path"]  # an absolute path stands for itself
    if not path.exists():
        raise InputError(f"{path}: the songs {run.path} was trained on are gone: name them")
    return open_corpus(path)


def run_training(
    corpus: Corpus, out: Path, options: Options, resume: bool, force: bool, sample: bool, quiet: bool
) -> events.Finished:
    """Train with a display; Ctrl-C saves and ends."""
    finished: events.Finished | None = None
    with interruptible() as stopped, TrainingView(quiet) as view:
        last_sample = time.monotonic()
        for event in train_songs(corpus, out, options, resume=resume, force=force, should_stop=lambda: bool(stopped)):
            if isinstance(event, events.Started):
                tell_left_out(out, corpus, view)
            if isinstance(event, events.SampleDue):
                if sample and not quiet and time.monotonic() - last_sample > SAMPLE_SECONDS:
                    last_sample = time.monotonic()
                    if lines := sample_lines(event, out):
                        view.sample(lines)
            else:
                view.show(event)
            if isinstance(event, events.Finished):
                finished = event
    assert finished is not None
    return finished


def tell_left_out(out: Path, corpus: Corpus, view: TrainingView) -> None:
    """The songs that a classic training leaves out, shortened, unless reading them has just listed them."""
    run = Run.open(out)
    if run.kind == "classic":
        listed = corpus.temporary and "tunes" in corpus.info
        for row in itertools.islice(left_out_rows(run.config["left_out"]), 1 if listed else None):
            view.say(row)


def left_out_rows(left_out: list[list[str]]) -> Iterator[str]:
    """
    >>> list(left_out_rows([["Rain", "it has no words"]]))
    ['songs left out, all of them in card.md: 1', '  Rain: it has no words']
    """
    if left_out:
        yield f"songs left out, all of them in card.md: {len(left_out)}"
        yield from (f"  {name[:80]}: {why[:150]}" for name, why in left_out[:LEFT_OUT])
        if len(left_out) > LEFT_OUT:
            yield f"  and {len(left_out) - LEFT_OUT} more"


@contextmanager
def interruptible() -> Iterator[list[int]]:
    """A list that Ctrl-C (or a polite kill) puts something into, instead of raising; a second one raises."""
    stopped: list[int] = []

    def note(signum: int, frame: object) -> None:
        if stopped:
            raise KeyboardInterrupt
        stopped.append(signum)

    before = {s: signal.signal(s, note) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)


def demo(out: Path, budget: str, seed: int) -> None:
    """Train on the bundled songs, going on from the starter, and write one as `lyricist write` does."""
    from lyricist.apps.cli.writing import DRAFTS, print_song
    from lyricist.corpus.samples import sample_songs
    from lyricist.generate.open_run import load
    from lyricist.plan.plan import Drawing, Plan
    from lyricist.plan.resolve import as_a_song

    limit = seconds(budget)
    if out.exists() and not made_by_demo(out):
        raise InputError(f"{out} exists and is no demo: choose another -o")
    print("Reading the bundled songs (public domain, CC0) ...", file=sys.stderr)
    corpus, started = sample_songs(), starter_path() is not None
    preset = None if started else "tiny"
    options = Options(preset=preset, train={"budget": limit, "seed": seed}, licence="CC0 1.0")
    finished = run_training(corpus, out, options, False, out.exists(), True, False)
    if finished.reason == "interrupted":
        return
    plan = as_a_song(Plan(), {}, always=True)
    song = load(out).best(plan, Drawing(particles=DRAFTS), seed=seed, of=DEMO_SONGS)
    print(f"\nOf {DEMO_SONGS} songs it wrote, the one with the best score:\n", file=sys.stderr)
    print_song(song)
    print(f"\nAnother: lyricist write -m {out}", file=sys.stderr)
    if started:
        print("It went on from the model that lyricist brings, which knew these songs already.", file=sys.stderr)
    print("Your songs, which it does not know: lyricist train MY_SONGS -o my-run", file=sys.stderr)


def made_by_demo(out: Path) -> bool:
    try:
        return bool(Run.open(out).config["corpus"]["sources"][0]["source"].startswith("songbook"))
    except (InputError, KeyError, IndexError):
        return False
