"""From a corpus and options to a run that is ready to train, and the whole of training it.

What the command line and the Python API share: presets, the vocabulary, fine-tuning, resuming.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist._io import Arrays, disk_errors
from lyricist.corpus import Corpus, open_corpus
from lyricist.errors import InputError, MissingExtra
from lyricist.model import topics
from lyricist.model.checkpoint import COLUMNS, Run, create_run
from lyricist.model.copy_index import COPY_INDEX, MAX_WORDS, CopyIndex, inherit_lines
from lyricist.model.tokens import BREAKS, Order, Vocabulary
from lyricist.model.vocab_layout import Floats, VocabLayout, line_ends, line_finals
from lyricist.model.word_facts import WORDS, WordFacts, digest_of
from lyricist.prosody.lexicon import default_lexicon
from lyricist.prosody.planfeatures import CHOICES, THEME, WIDTHS, groups_of, width
from lyricist.training.conditioning import plan_set
from lyricist.training.config import PRESET, PRESETS, Options, TrainConfig, checked, fine_tuning
from lyricist.training.events import Finished, TrainEvent
from lyricist.training.finetune import base_facts, base_of, extend
from lyricist.training.token_arrays import TokenSet, token_set

ORDER: Order = "backward"  # in which a new model of words reads a line
ENDS_WORDS = 3_000_000  # words from which it is learnt after which words lines end
INSIDE = "corpus"  # where a run keeps songs that were prepared for it alone


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
    """See `lyricist.evaluation.train.train_songs`. `measure` gives the shares of words copied for `Finished`."""
    started = time.monotonic()
    need_torch()
    from lyricist.training.distributed import Process
    from lyricist.training.trainer import train

    options, out, process = options or Options(), Path(out), Process.this()
    if (Run.open(out).kind if resume else options.recipe) == "classic":
        yield from train_classic_songs(corpus, out, options, resume, force, should_stop, started)
        return
    weights: Arrays | None = None
    if process.first:
        corpus, weights = make_ready(corpus, out, options, resume, force)
    process.wait()  # the others find the run and the token arrays made
    run = reopen(out, corpus, options) if resume else Run.open(out)
    tokens = token_set(corpus, run.vocabulary.tokenizer.name, run.vocabulary.order)
    plans = plan_set(corpus, tokens) if run.config["model"].get("features") else None
    if plans is not None and THEME in groups_of(run.config["model"]["features"]):
        plans.vectors = topics.Topics.load(run.path / topics.TOPICS, run.vocabulary).vectors
    for event in train(run, tokens, plans, weights=weights, resume=resume, should_stop=should_stop, started=started):
        if isinstance(event, Finished) and process.first:
            if measure and run.config.get("base") is not None and event.reason != "interrupted":
                written, held_out = measure(run, corpus)
                event = replace(event, copied_written=written, copied_held_out=held_out)
            describe(run, event)
        yield event


def make_ready(
    corpus: Corpus, out: Path, options: Options, resume: bool, force: bool
) -> tuple[Corpus, Arrays | None]:
    """The run directory and the token arrays; returns where the songs are now, and first weights."""
    if resume:
        known = Run.open(out)
        tokens = token_set(corpus, known.vocabulary.tokenizer.name, known.vocabulary.order)
        if known.config["model"].get("features"):
            plan_set(corpus, tokens)
        return corpus, None
    base = base_of(options)
    tokenizer = options.tokenizer or (base.vocabulary.tokenizer.name if base else "word")
    tokens = token_set(corpus, tokenizer, order_of(options, tokenizer, base))
    config, vocabulary, weights = design(corpus, tokens, options, base)
    if config["model"].get("features"):
        plan_set(corpus, tokens)
    config["corpus"]["path"] = INSIDE if corpus.temporary else os.path.relpath(corpus.path, out)
    run = create_run(out, config, vocabulary, force)
    build_copy_index(run, tokens, base)
    if base is not None:
        inherit_lines(base.path, run.path)
    keep_columns(run, tokens, base)
    keep_topics(run, tokens, base)
    return (adopt(corpus, run) if corpus.temporary else corpus), weights


def train_classic_songs(
    corpus: Corpus,
    out: Path,
    options: Options,
    resume: bool,
    force: bool,
    should_stop: Callable[[], bool],
    started: float,
) -> Iterator[TrainEvent]:
    """`train_songs` with the classic recipe."""
    from lyricist.training.classic import record
    from lyricist.training.classic.training import train_classic
    from lyricist.training.distributed import Process

    if Process.this().size > 1:
        raise InputError("the classic recipe trains in one process: call it without torchrun")
    if not resume:
        make_classic(corpus, out, options, force)
    run = reopen(out, corpus, options) if resume else Run.open(out)
    for event in train_classic(run, resume=resume, should_stop=should_stop, started=started):
        if isinstance(event, Finished):
            record.describe(run)
        yield event


def make_classic(corpus: Corpus, out: Path, options: Options, force: bool) -> None:
    """The run directory of a classic training."""
    from lyricist.training.classic.design import Recipe, design

    given = {"from": options.base, "tokenizer": options.tokenizer, "order": options.order}
    for name, value in (given | {"features": options.features}).items():
        if value is not None:
            raise InputError(f"--recipe classic and --{name} {value} clash: the recipe says it; leave one out")
    tokens = token_set(corpus, "word", "forward")
    midi, vectors = (None if place is None else Path(place) for place in (options.midi, options.vectors))
    made = design(corpus, tokens, Recipe(midi, vectors, options.vocabulary, options.model, options.train))
    config = {**made.config(), "base": None, "licence": options.licence, "corpus": corpus_facts(corpus)}
    config["corpus"]["path"] = INSIDE if corpus.temporary else os.path.relpath(corpus.path, out)
    run = create_run(out, config, made.vocabulary, force)
    made.keep(run)
    build_copy_index(run, tokens, None)
    if corpus.temporary:
        adopt(corpus, run)


def order_of(options: Options, tokenizer: str, base: Run | None) -> Order:
    """The order in which a model is to read the words of a line."""
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


def adopt(corpus: Corpus, run: Run) -> Corpus:
    """Keep a temporary corpus inside the run, for resuming and evaluating."""
    with disk_errors(run.path):
        shutil.copytree(corpus.path, run.path / INSIDE)
    return open_corpus(run.path / INSIDE)


def need_torch() -> None:
    try:
        import onnx  # noqa: F401
        import torch  # noqa: F401
    except ImportError as e:
        raise MissingExtra("training", "train") from e


def design(
    corpus: Corpus, tokens: TokenSet, options: Options, base: Run | None
) -> tuple[dict[str, Any], Vocabulary, Arrays | None]:
    """The run's config, its vocabulary and, when fine-tuning, its first weights."""
    from lyricist.model.network import ModelConfig

    name = options.preset or PRESET
    if name not in PRESETS:
        raise InputError(f"--preset {name!r} is unknown: use one of {', '.join(PRESETS)}")
    preset = PRESETS[name]
    weights: Arrays | None = None
    if base is not None:
        vocabulary, model, weights = extend(base, tokens, options.vocabulary)
        see_plan(model, weights, features_of(options, tokens.tokenizer, model.get("features", 0)))
        way = fine_tuning(len(tokens.split("train")))
        model |= way.model | dict(options.model)  # dropout, that is: other shapes do not fit the weights
        settings = way.train
    else:
        settings = preset.train
        size = options.vocabulary or preset.vocabulary
        vocabulary = tokens.vocabulary(size, preset.min_count if tokens.tokenizer == "word" else 1)
        features = features_of(options, tokens.tokenizer, 0)
        model = {**preset.model, "features": features, **options.model, "vocab_size": len(vocabulary)}
    made = checked(ModelConfig, model)
    train = checked(TrainConfig, {**settings, **options.train})
    config = {
        "kind": "lstm",
        "preset": None if base else name,
        "model": made.model_dump(),
        "train": train.model_dump(),
        **base_facts(base),
        "licence": options.licence,
        "corpus": corpus_facts(corpus),
    }
    return config, vocabulary, weights


def features_of(options: Options, tokenizer: str, base: int) -> int:
    """How many plan features the network is to take; `base`: those of the run that is fine-tuned."""
    asked = options.features
    if asked is None:
        return base
    if asked not in CHOICES:
        raise InputError(f"--features {asked!r} is unknown: use one of {', '.join(CHOICES)}")
    if asked != "none" and tokenizer != "word":
        raise InputError(f"--features {asked} is for whole words: leave it out with --tokenizer {tokenizer}")
    if not set(groups_of(base)) <= set(CHOICES[asked]):
        raise InputError(f"--features {asked} is less than the run to fine-tune takes: leave it out, or use all")
    return width(CHOICES[asked])


def see_plan(model: dict[str, Any], weights: Arrays, features: int) -> None:
    """Let a base take as many plan features; those it did not know begin at zero."""
    model["features"] = features
    if features:
        size = weights.get("output", weights["embedding"]).shape[1]
        known = weights.get("plan", np.zeros((size, 0), dtype=np.float32))
        old, new = (columns_of(groups_of(n)) for n in (known.shape[1], features))
        weights["plan"] = np.zeros((size, features), dtype=np.float32)
        for group, columns in old.items():
            weights["plan"][:, new[group]] = known[:, columns]


def columns_of(groups: tuple[str, ...]) -> dict[str, slice]:
    """Where the numbers of each group stand in a row."""
    ends = list(accumulate(WIDTHS[group] for group in groups))
    return {group: slice(end - WIDTHS[group], end) for group, end in zip(groups, ends, strict=True)}


def corpus_facts(corpus: Corpus) -> dict[str, Any]:
    info = corpus.info
    return {
        "fingerprint": corpus.fingerprint,
        "songs": info["songs"],
        "words": info["words"],
        "sources": info.get("sources", []),
    }


def reopen(out: Path, corpus: Corpus, options: Options) -> Run:
    """The run to go on with. Its config is its own: an option that differs is a clash."""
    run = Run.open(out)
    run.checkpoint("resume")
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


def build_copy_index(run: Run, tokens: TokenSet, base: Run | None) -> None:
    """The training songs, and the base's, as the copy index; none for characters and for very large corpora."""
    split = tokens.split("train")
    if tokens.tokenizer == "word" and len(split) <= MAX_WORDS:
        ids = tokens.remap(run.vocabulary)[split.ids]
        index = CopyIndex.from_ids(ids, run.vocabulary)
        if base is not None and (base.path / COPY_INDEX).exists():
            index = CopyIndex.load(base.path / COPY_INDEX, base.vocabulary).followed_by(index)
        index.save(run.path / COPY_INDEX)


def keep_columns(run: Run, tokens: TokenSet, base: Run | None) -> None:
    """The order in which the run's words are drawn, for the graph that writes to plans, which of them are, and what
    its base says too often."""
    if run.vocabulary.tokenizer.name == "word":
        facts = WordFacts.of(run.vocabulary.tokens, lexicon := default_lexicon())
        facts.save(run.path / WORDS, digest_of(run.vocabulary.tokens, lexicon))
        ids = tokens.remap(run.vocabulary)[tokens.split("train").ids[:ENDS_WORDS]]
        breaks = [run.vocabulary.index[t] for t in BREAKS if t in run.vocabulary]
        size, backward = len(run.vocabulary), run.vocabulary.order == "backward"
        ends, finals = line_ends(ids, breaks, size), line_finals(ids, breaks, size, backward)
        made = VocabLayout.by_signature(facts.sig, ends, finals, drawn_with(base, run.vocabulary, tokens))
        made.overused = overused_by(base, run.vocabulary) if base is not None else None
        made.save(run.path / COLUMNS)


def drawn_with(base: Run | None, vocabulary: Vocabulary, tokens: TokenSet) -> npt.NDArray[np.bool_] | None:
    """(V,) words that the base draws and those of the songs; None: all."""
    path = base.path / COLUMNS if base is not None else None
    columns = VocabLayout.load(path) if path is not None and path.exists() else None
    if base is None or columns is None or columns.drawn is None:
        return None
    left = {base.vocabulary.tokens[w] for w in columns.undrawn.tolist()}
    said = np.zeros(len(vocabulary), dtype=bool)
    ids, number = tokens.split("train").ids, tokens.remap(vocabulary)
    for start in range(0, len(ids), ENDS_WORDS):
        said[number[ids[start : start + ENDS_WORDS]]] = True
    return np.asarray(said | np.array([token not in left for token in vocabulary.tokens]))


def overused_by(base: Run, vocabulary: Vocabulary) -> Floats | None:
    """(V,) nats by which the base says each word too often, 0 for words it lacks; None where that is not known."""
    path = base.path / COLUMNS
    nats = VocabLayout.load(path).overused if path.exists() else None
    if nats is None:
        return None
    known = dict(zip(base.vocabulary.tokens, nats.tolist(), strict=True))
    return np.array([known.get(token, 0) for token in vocabulary.tokens], dtype=np.float32)


def keep_topics(run: Run, tokens: TokenSet, base: Run | None) -> None:
    """The run's topical vectors: its base's, where that has some, else learnt from the songs."""
    if run.vocabulary.tokenizer.name == "word":
        split = tokens.split("train")
        ids = tokens.remap(run.vocabulary)[split.ids]
        if base is not None and (base.path / topics.TOPICS).exists():
            known = topics.Topics.load(base.path / topics.TOPICS, base.vocabulary)
            made = topics.inherit(known, run.vocabulary, ids, split.starts)
        else:
            made = topics.learn(ids, split.starts, run.vocabulary)
        made.save(run.path / topics.TOPICS)


def describe(run: Run, end: Finished) -> None:
    """Plots and card, once training has ended."""
    from lyricist.training import record

    weights = run.weights()
    record.plot_loss(run.path)
    record.plot_architecture(run.path, run.config["model"], {n: w.shape for n, w in weights.items()})
    record.write_card(run, end)
