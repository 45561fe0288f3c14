"""`lyricist train` and `lyricist demo`: the options of a training, its songs, and the loop with its live display."""

from __future__ import annotations

import itertools
import os
import re
import signal
import stat
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lyricist._io import one_line
from lyricist.apps.cli.prepare_command import RIGHTS, read_sources
from lyricist.apps.cli.training_view import TrainingView
from lyricist.apps.sampling import sample_lines
from lyricist.corpus import Corpus, is_corpus, open_corpus
from lyricist.errors import InputError
from lyricist.evaluation.train import train_songs
from lyricist.model.checkpoint import Run
from lyricist.model.starter import starter_path
from lyricist.plan.parse import option
from lyricist.training import events
from lyricist.training.config import Options, TrainConfig, dropout
from lyricist.training.start import SCRATCH, need_torch, origin

DEMO_SONGS = 8  # songs the demo chooses from
SAMPLE_SECONDS = 8.0  # between two samples shown
HANGUP = getattr(signal, "SIGHUP", 0)  # 0: this system has none
UNITS = {"s": 1, "m": 60, "h": 3600}
MODEL = ("cell", "layers", "hidden", "embedding", "dropout_embedding", "dropout_weight")  # options of the network
ONLY_CLASSIC = ("melody_input", "context", "vectors")  # options of the classic recipe alone
NOT_CLASSIC = (  # options that it does not take
    "preset", "tokenizer", "order", "features", "untied", "dropout_embedding", "dropout_weight",
    "steps", "negatives", "anchor", "precision",
)  # fmt: skip
KEPT = (  # options that a resumed run does not take: it keeps what it is
    "preset", "tokenizer", "vocabulary", "order", "features", "recipe", *ONLY_CLASSIC, "licence", "base",
)  # fmt: skip
LEFT_OUT = 10  # songs left out of a classic training that are named on the terminal


@dataclass(frozen=True)
class Request:
    """A call of `train`: its songs, its run, and the options that were typed, by name."""

    sources: Sequence[Path]
    out: Path
    typed: Mapping[str, Any]

    @classmethod
    def of(cls, sources: Sequence[Path], out: Path, options: Mapping[str, Any]) -> Request:
        """A request with those of the options that were typed. Raises `InputError` for a budget that is no time."""
        typed = {name: value for name, value in options.items() if value is not None and value is not False}
        if "budget" in typed:
            typed["budget"] = seconds(typed["budget"])
        return cls(sources, out, typed)

    def some(self, *names: str) -> dict[str, Any]:
        """Those of these options that were typed."""
        return {name: self.typed[name] for name in names if name in self.typed}

    def options(self) -> Options:
        """What is asked of the training. Raises `InputError` for options that clash."""
        recipe, base = self.typed.get("recipe", "lstm"), self.typed.get("base", SCRATCH)
        if recipe not in ("lstm", "classic"):
            raise InputError(f"--recipe {recipe!r} is unknown: use lstm or classic")
        if recipe == "classic":
            return self.classic_options(base)
        for name, value in self.some(*ONLY_CLASSIC).items():
            raise InputError(f"{option(name)} {value} is for the classic recipe: add --recipe classic")
        model = self.some(*MODEL)
        if "untied" in self.typed:
            model["tied"] = False
        if base != SCRATCH:
            for name, value in (self.some("preset", "tokenizer") | model).items():
                if not name.startswith("dropout"):
                    raise InputError(
                        f"--{name} {value} and --from {base} clash: a fine-tuned model keeps its base's shape; "
                        "leave one out"
                    )
        if "dropout" in self.typed:
            model |= dropout(self.typed["dropout"])
        chosen = self.some("base", "preset", "tokenizer", "order", "features", "vocabulary", "licence")
        return Options(model=model, train=self.some(*TrainConfig.model_fields), **chosen)

    def classic_options(self, base: str) -> Options:
        """The options of `--recipe classic`. Raises `InputError` for one of the project's own model."""
        if base != SCRATCH:
            raise InputError(f"--recipe classic and --from {base} clash: it begins from scratch; leave one out")
        for name, value in self.some(*NOT_CLASSIC).items():
            shown = option(name) if name == "untied" else f"{option(name)} {value}"
            raise InputError(f"--recipe classic and {shown} clash: the recipe says it; leave one out")
        model = self.some("cell", "layers", "hidden", "embedding", "dropout", "melody_input", "context")
        chosen = self.some("vocabulary", "licence", "vectors", "midi")
        return Options(recipe="classic", model=model, train=self.some(*TrainConfig.model_fields), **chosen)

    def resumed(self) -> Request:
        """The request of `train --resume`: the recipe is that of the run. Raises `InputError` for options that a
        resumed run does not take."""
        for name, value in self.some(*KEPT).items():
            if (name, value) != ("base", SCRATCH):
                shown = "--from" if name == "base" else option(name)
                raise InputError(f"--resume and {shown} {value} clash: a resumed run keeps what it is; leave one out")
        recipe = {"recipe": "classic"} if Run.open(self.out).kind == "classic" else {}
        return replace(self, typed={**self.typed, **recipe})


def seconds(text: str) -> float:
    """Seconds of `90s`, `10m`, `2h` or a plain number. Raises `InputError` for anything else.

    >>> seconds("2m"), seconds("90")
    (120.0, 90.0)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip().lower())
    if not found or not 0 < float(found[1]) * UNITS[found[2] or "s"] <= 30 * 86400:
        raise InputError(f"--budget {text!r} is not a time: write 90s, 10m or 2h")
    return float(found[1]) * UNITS[found[2] or "s"]


def train_command(request: Request, resume: bool, force: bool, sample: bool) -> None:
    """Train a run, or resume it. Raises `InputError` for options that clash, and if the run exists."""
    need_torch()
    if resume and force:
        raise InputError("--resume and --force clash: --resume keeps the run, --force replaces it")
    request = request.resumed() if resume else request
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
    """The songs that are named; without any, when resuming, those that the run was trained on. Raises `InputError` if
    there are none, and for options that clash."""
    midi, classic = request.typed.get("midi"), request.typed.get("recipe") == "classic"
    as_is = request.typed.get("tokenizer") == "whitespace"
    if not request.sources:
        if midi is not None:
            raise InputError(f"--midi {midi}: tunes are joined when songs are read; name the songs")
        if not resume:
            raise InputError("no songs named: lyricist train SONGS -o RUN")
        return own_corpus(Run.open(request.out))
    first = request.sources[0]
    if classic and midi is None and not resume:
        raise InputError("--recipe classic hears the tunes of the songs: name their folder with --midi")
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not (first / "corpus.json").exists():
        raise InputError(f"{first}: under torchrun give a corpus made by 'lyricist prepare'")
    if midi is not None and as_is:
        raise InputError("--midi and --tokenizer whitespace clash: a text as it is is not sung; leave one out")
    found_later = classic and is_corpus(first)  # the recipe finds the tunes itself
    return read_sources(request.sources, as_is=as_is, midi=None if found_later else midi)


def own_corpus(run: Run) -> Corpus:
    """The corpus a run was trained on: inside the run, or where it was. Raises `InputError` if it is in neither
    place."""
    if run.packed:
        raise InputError(f"the songs {run.path} was trained on are not in it: name some")
    told = run.config.get("corpus", {})
    path = run.path / one_line(told.get("path", ""))  # an absolute path stands for itself
    if not path.exists():
        raise InputError(f"{path}: the songs {run.path} was trained on are gone: name them")
    corpus = open_corpus(path)
    if corpus.fingerprint != told.get("fingerprint"):
        raise InputError(f"{path}: these are not the songs that {run.path} was trained on: name them")
    return corpus


def run_training(
    corpus: Corpus, out: Path, options: Options, resume: bool, force: bool, sample: bool, quiet: bool
) -> events.Finished:
    """Train with a display; Ctrl-C saves and ends."""
    finished: events.Finished | None = None
    with interruptible() as stopped, TrainingView(quiet) as view:
        last_sample = time.monotonic()
        for event in train_songs(corpus, out, options, resume=resume, force=force, should_stop=lambda: bool(stopped)):
            if isinstance(event, events.Started):
                listed = corpus.temporary and "tunes" in corpus.info  # reading them has just named them
                for row in itertools.islice(left_out_rows(event.left_out), 1 if listed else None):
                    view.say(row)
            if isinstance(event, events.SampleDue):
                if sample and not quiet and time.monotonic() - last_sample > SAMPLE_SECONDS:
                    last_sample = time.monotonic()
                    if lines := sample_lines(event):
                        view.say(f"  [italic]{lines}[/italic]")
            else:
                view.show(event)
            if isinstance(event, events.Finished):
                finished = event
    assert finished is not None
    return finished


def left_out_rows(left_out: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The songs that a classic training leaves out, shortened.

    >>> list(left_out_rows([("Rain", "it has no words")]))
    ['songs left out, all of them in card.md: 1', '  Rain: it has no words']
    """
    if left_out:
        yield f"songs left out, all of them in card.md: {len(left_out)}"
        yield from (f"  {name[:80]}: {why[:150]}" for name, why in left_out[:LEFT_OUT])
        if len(left_out) > LEFT_OUT:
            yield f"  and {len(left_out) - LEFT_OUT} more"


@contextmanager
def interruptible() -> Iterator[list[int]]:
    """A list that Ctrl-C, a plain `kill` or a closed terminal puts something into, instead of ending the process.

    A second Ctrl-C or `kill` raises `KeyboardInterrupt`. Under nohup, a closed terminal is ignored.
    """
    stopped: list[int] = []

    def note(signum: int, frame: object) -> None:
        if signum == HANGUP:
            leave_terminal()
        elif stopped:
            raise KeyboardInterrupt
        stopped.append(signum)

    hears = HANGUP and signal.getsignal(HANGUP) != signal.SIG_IGN
    kinds = [signal.SIGINT, signal.SIGTERM, *([HANGUP] if hears else [])]
    before = {s: signal.signal(s, note) for s in kinds}
    try:
        yield stopped
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)


def leave_terminal() -> None:
    """Send what is written to a terminal, which has been closed, nowhere: writing there would be an error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        if stat.S_ISCHR(os.fstat(stream).st_mode):
            os.dup2(nowhere, stream)
    os.close(nowhere)


def demo_command(out: Path, budget: str, seed: int) -> None:
    """Train on the bundled songs, going on from the starter, and write one as `lyricist write` does. Raises
    `InputError` if `out` exists and is no demo."""
    from lyricist.apps.cli.write_command import report_song
    from lyricist.corpus.samples import sample_songs
    from lyricist.generate.open_run import load
    from lyricist.plan.plan import Plan

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
    song = load(out).best(Plan(premise=True), seed=seed, of=DEMO_SONGS)
    print(f"\nOf {DEMO_SONGS} songs it wrote, the one with the best score:\n", file=sys.stderr)
    print(song.text + "\n", flush=True)
    report_song(song, 0)
    print(f"\nAnother: lyricist write -m {out}", file=sys.stderr)
    if started:
        print("It went on from the model that lyricist brings, which knew these songs already.", file=sys.stderr)
    print("Your songs, which it does not know: lyricist train MY_SONGS -o my-run", file=sys.stderr)


def made_by_demo(out: Path) -> bool:
    try:
        return bool(Run.open(out).config["corpus"]["sources"][0]["source"].startswith("songbook"))
    except (InputError, KeyError, IndexError):
        return False
