"""Training from a corpus and options to a finished run: the base, the run directory, the loop, plots and card.

The command line and the Python API both call `train_songs`. Does not import PyTorch at module level.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from lyricist._io import Arrays, disk_errors
from lyricist.corpus import Corpus
from lyricist.errors import InputError, MissingExtra
from lyricist.model import topics
from lyricist.model.checkpoint import Hold, Run, claim, create_run
from lyricist.model.starter import NAME, starter_path
from lyricist.model.tokens import Order, Vocabulary
from lyricist.prosody.features import CHOICES, OUTLINE, THEME, groups_of, width
from lyricist.training.advice import advice
from lyricist.training.conditioning import PlanSet, plan_set
from lyricist.training.config import PRESET, PRESETS, Options, TrainConfig, checked, fine_tuning
from lyricist.training.events import Finished, Measuring, TrainEvent
from lyricist.training.run_files import keep_copy_index, keep_files, keep_habits
from lyricist.training.token_arrays import TokenSet, token_set

ORDER: Order = "backward"  # in which a new model of words reads a line
INSIDE = "corpus"  # where a run keeps songs that were prepared for it alone
SCRATCH = "scratch"  # value of `Options.base`: no base
SHAPES = ("preset", "tokenizer", "order", "vocabulary")  # fields of `Options` that describe the network


def train_songs(
    corpus: Corpus,
    out: Path | str,
    options: Options | None = None,
    *,
    resume: bool = False,
    force: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
    measure: Callable[[Run, Corpus], tuple[float, float]] | None = None,
) -> Iterator[TrainEvent]:
    """Train a run on a corpus from beginning to end, plots and model card included; yields events.

    `measure` is called after a fine-tuning and returns the shares of copied words for `Finished`. Raises `InputError`
    for options that clash, `RunError` for a run that is in the way, foreign or not what `resume` would continue,
    `MissingExtra` without PyTorch.
    """
    started = time.monotonic()
    need_torch()
    from lyricist.training.loop import process_group
    from lyricist.training.trainer import train

    options, out = options or Options(), Path(out)
    with closing(Hold()) as hold, process_group():
        if (Run.open(out).kind if resume else options.recipe) == "classic":
            run = classic_run(corpus, out, options, resume, force, hold)
            yield from train_classic_run(run, resume, should_stop, started)
            return
        run, weights = begin(corpus, out, options, resume, force, hold)
        arrays = arrays_of(corpus, run)
        for event in train(run, *arrays, weights=weights, resume=resume, should_stop=should_stop, started=started):
            if isinstance(event, Finished) and int(os.environ.get("RANK", "0")) == 0:
                yield from finish(run, corpus, event, measure)
            else:
                yield event


def begin(
    corpus: Corpus, out: Path, options: Options, resume: bool, force: bool, hold: Hold
) -> tuple[Run, Arrays | None]:
    """The run to train and, in the first process, the first weights of a new one."""
    from lyricist.training.loop import Process

    process = Process.this()
    if process.first:
        made = make_ready(corpus, out, options, resume, force, hold)
    process.wait()  # then the other processes find the run and the token arrays
    if process.first:
        return made
    return reopen(out, corpus, options) if resume else Run.open_new(out), None


def finish(
    run: Run, corpus: Corpus, end: Finished, measure: Callable[[Run, Corpus], tuple[float, float]] | None
) -> Iterator[TrainEvent]:
    """What follows a training: measurements after a fine-tuning, advice, plots and card."""
    if measure and run.config.get("base") is not None and end.reason != "interrupted":
        yield Measuring(run.path)
        written, held_out = measure(run, corpus)
        end = replace(end, copied_written=written, copied_held_out=held_out)
    end = replace(end, advice=advice(end, run, corpus))
    describe(run, end)
    yield end


def arrays_of(corpus: Corpus, run: Run) -> tuple[TokenSet, PlanSet | None]:
    """The arrays that a run's training reads, made if they are missing."""
    tokens = token_set(corpus, run.vocabulary.tokenizer.name, run.vocabulary.order)
    plans = plan_set(corpus, tokens) if run.config["model"].get("features") else None
    if plans is not None and THEME in groups_of(run.config["model"]["features"]):
        file = run.beside(topics.TOPICS) or run.path / topics.TOPICS
        plans.vectors = topics.Topics.load(file, run.vocabulary).vectors
    return tokens, plans


def make_ready(
    corpus: Corpus, out: Path, options: Options, resume: bool, force: bool, hold: Hold
) -> tuple[Run, Arrays | None]:
    """Make the run directory and the arrays, or lock the run to resume; returns it and the first weights."""
    if resume:
        run = reopen(out, corpus, options, hold)
        arrays_of(corpus, run)
        return run, None
    base = base_of(options)
    tokenizer = options.tokenizer or (base.vocabulary.tokenizer.name if base else "word")
    tokens = token_set(corpus, tokenizer, order_of(options, tokenizer, base))
    config, vocabulary, weights = design(corpus, tokens, options, base)
    if config["model"].get("features"):
        plan_set(corpus, tokens)
    config["corpus"] = corpus_facts(corpus, out)
    run = create_run(out, config, vocabulary, force, hold)
    keep_files(run, tokens, base)
    keep_habits(run, corpus, base)
    keep_corpus(corpus, run)
    return run, weights


def train_classic_run(
    run: Run, resume: bool, should_stop: Callable[[], bool], started: float
) -> Iterator[TrainEvent]:
    """Train a run of the classic recipe."""
    from lyricist.training.classic.classic_run import describe as describe_classic
    from lyricist.training.classic.classic_trainer import train_classic

    for event in train_classic(run, resume=resume, should_stop=should_stop, started=started):
        if isinstance(event, Finished):
            describe_classic(run)
        yield event


def classic_run(corpus: Corpus, out: Path, options: Options, resume: bool, force: bool, hold: Hold) -> Run:
    """The run of a classic training, made or reopened. Raises `InputError` under torchrun."""
    from lyricist.training.loop import Process

    if Process.this().size > 1:
        raise InputError("the classic recipe trains in one process: call it without torchrun")
    return reopen(out, corpus, options, hold) if resume else make_classic(corpus, out, options, force, hold)


def make_classic(corpus: Corpus, out: Path, options: Options, force: bool, hold: Hold) -> Run:
    """Make the run directory of a classic training. Raises `InputError` for options the recipe does not take."""
    from lyricist.training.classic.classic_run import design as design_classic

    given = {"from": options.base, "tokenizer": options.tokenizer, "order": options.order}
    for name, value in (given | {"features": options.features}).items():
        if value is not None:
            raise InputError(f"--recipe classic and --{name} {value} clash: the recipe says it; leave one out")
    tokens = token_set(corpus, "word", "forward")
    asked = options.midi, options.vectors, options.vocabulary, options.model, options.train
    made = design_classic(corpus, tokens, *asked)
    config = {**made.config, "base": None, "licence": options.licence, "corpus": corpus_facts(corpus, out)}
    run = create_run(out, config, made.vocabulary, force, hold)
    made.keep(run)
    keep_copy_index(run, tokens, None)
    keep_corpus(corpus, run)
    return run


def order_of(options: Options, tokenizer: str, base: Run | None) -> Order:
    """The order in which the model will read the words of a line. Raises `InputError`."""
    asked = options.order
    if asked not in (None, "forward", "backward"):
        raise InputError(f"--order {asked!r} is unknown: use forward or backward")
    if asked == "backward" and tokenizer != "word":
        raise InputError(f"--order backward is for whole words: leave it out with --tokenizer {tokenizer}")
    if base is not None:
        if asked is not None and asked != base.vocabulary.order:
            raise InputError(f"--order {asked} does not fit --from {base.path}, which reads {base.vocabulary.order}")
        return base.vocabulary.order
    return asked or (ORDER if tokenizer == "word" else "forward")  # type: ignore[return-value]


def keep_corpus(corpus: Corpus, run: Run) -> None:
    """Copy a temporary corpus into the run, for resuming and evaluating."""
    if corpus.temporary:
        with disk_errors(run.home):
            shutil.copytree(corpus.path, run.path / INSIDE)


def need_torch() -> None:
    """Raise `MissingExtra` if the packages for training are not installed."""
    try:
        import onnx  # noqa: F401
        import torch  # noqa: F401
    except ImportError as e:
        raise MissingExtra("training", "train") from e


def design(
    corpus: Corpus, tokens: TokenSet, options: Options, base: Run | None
) -> tuple[dict[str, Any], Vocabulary, Arrays | None]:
    """The run's config, its vocabulary and, when fine-tuning, its first weights. Raises `InputError`."""
    from lyricist.model.network import ModelConfig
    from lyricist.training.new_words import OUTLINE_WIDTH, extend, see_plan

    name = options.preset or PRESET
    if name not in PRESETS:
        raise InputError(f"--preset {name!r} is unknown: use one of {', '.join(PRESETS)}")
    preset = PRESETS[name]
    weights: Arrays | None = None
    if base is not None:
        vocabulary, model, weights = extend(base, tokens, options.vocabulary)
        see_plan(model, weights, features_of(options, tokens.tokenizer, model.get("features", 0)))
        way = fine_tuning(len(tokens.split("train")))
        model |= way.model | dict(options.model)  # only dropout: other shapes do not fit the weights
        settings = way.train
    else:
        settings = preset.train
        size = options.vocabulary or preset.vocabulary
        vocabulary = tokens.vocabulary(size, preset.min_count if tokens.tokenizer == "word" else 1)
        features = features_of(options, tokens.tokenizer, 0)
        outline = {"outline": OUTLINE_WIDTH} if OUTLINE in groups_of(features) else {}
        model = {
            **preset.model,
            "features": features,
            **outline,
            **options.model,
            "vocab_size": len(vocabulary),
        }
    made = checked(ModelConfig, model)
    train = checked(TrainConfig, {**settings, **options.train})
    config = {
        "kind": "lstm",
        "preset": None if base else name,
        "model": made.model_dump(),
        "train": train.model_dump(),
        **base_facts(base),
        "licence": options.licence,
    }
    return config, vocabulary, weights


def features_of(options: Options, tokenizer: str, base: int) -> int:
    """How many plan features the network will take; `base`: how many the base takes. Raises `InputError`."""
    asked = options.features
    if asked is None:
        return width(groups_of(base))
    if asked not in CHOICES:
        raise InputError(f"--features {asked!r} is unknown: use one of {', '.join(CHOICES)}")
    if asked != "none" and tokenizer != "word":
        raise InputError(f"--features {asked} is for whole words: leave it out with --tokenizer {tokenizer}")
    if not set(groups_of(base)) <= set(CHOICES[asked]):
        raise InputError(f"--features {asked} is less than the run to fine-tune takes: leave it out, or use all")
    return width(CHOICES[asked])


def corpus_facts(corpus: Corpus, run: Path) -> dict[str, Any]:
    """The entries of a run's config about its songs."""
    info = corpus.info
    facts = {"fingerprint": corpus.fingerprint, "songs": info["songs"], "words": info["words"]}
    path = INSIDE if corpus.temporary else os.path.relpath(corpus.path, run)
    return {**facts, "sources": info.get("sources", []), "path": path}


def reopen(out: Path, corpus: Corpus, options: Options, hold: Hold | None = None) -> Run:
    """The run to resume, locked if there is a `hold`. Raises `InputError` if the songs or an option differ from those
    it was trained with, `RunError` if another process trains it."""
    run = Run.open(out)
    run.checkpoint("resume")
    if hold is not None:
        claim(run, hold)
    if corpus.fingerprint != run.config["corpus"]["fingerprint"]:
        raise InputError(
            f"--resume: the songs have changed since {out} was trained on them: "
            "train a new run, or fine-tune this one with --from"
        )
    sees = options.features and {"features": features_of(options, run.vocabulary.tokenizer.name, 0)}
    for group in ("model", "train"):
        for name, value in {**getattr(options, group), **((group == "model" and sees) or {})}.items():
            known = run.config[group].get(name, 0)
            if value != known:
                raise InputError(f"--resume: {name} is {known} in {out} and {value} now: leave it out")
    return run


def describe(run: Run, end: Finished) -> None:
    """Draw the plots and write the card of a finished training."""
    from lyricist.training import record

    weights = run.weights()
    record.plot_loss(run.path)
    record.plot_architecture(run.path, run.config["model"], {n: w.shape for n, w in weights.items()})
    record.write_card(run, end)


# --- the base: the run that a training goes on from


def shape_asked(options: Options) -> str | None:
    """The option, as typed, that asks for another network than the starter's; None if there is none."""
    asked = {name: getattr(options, name) for name in SHAPES}
    asked |= {name: value for name, value in options.model.items() if not name.startswith("dropout")}
    asked |= {"features": "none"} if options.features == "none" else {}
    for name, value in asked.items():
        if value is not None:
            return "--untied" if name == "tied" else f"--{name} {value}"
    return None


def base_of(options: Options) -> Run | None:
    """The run to fine-tune: the one named, else the starter if the package has one and no other network is asked for.

    Raises `InputError` for a run that cannot be fine-tuned, `RunError` for a damaged one.
    """
    if options.base == SCRATCH or (options.base is None and (starter_path() is None or shape_asked(options))):
        return None
    base = Run.open(NAME if options.base is None else options.base)
    if base.kind != "lstm":
        raise InputError(f"--from {options.base} is a {base.kind} run, which cannot be fine-tuned: leave it out")
    return base


def origin(options: Options) -> str | None:
    """A phrase that says what a training starts from; None if there was no choice."""
    if options.base == SCRATCH or starter_path() is None or options.recipe != "lstm":
        return None
    if options.base is not None:
        return f"going on from {options.base}"
    shape = shape_asked(options)
    return f"from scratch, as {shape} says" if shape else "going on from the starter (--from scratch does without)"


def base_facts(base: Run | None) -> dict[str, Any]:
    """The entries of a run's config about its base: its name and the hash of its weights."""
    if base is None:
        return {"base": None}
    name = NAME if base.path == starter_path() else base.path.resolve().name
    hashes = base.state("use")["sha256"]
    return {"base": name, "base_sha256": hashes.get("model.onnx" if base.packed else "weights.safetensors")}
