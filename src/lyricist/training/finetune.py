"""From a base to a run that goes on from it: which base, its vocabulary with the new words, its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lyricist._io import Arrays
from lyricist.errors import InputError
from lyricist.model.checkpoint import Run
from lyricist.model.starter import NAME, starter_path
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.training.config import Options
from lyricist.training.token_arrays import TokenSet

SCRATCH = "scratch"
LEAST = 2  # times that a new word must stand in the songs
SHAPES = ("preset", "tokenizer", "order", "vocabulary")  # fields of `Options` that say what a network is


def shape_asked(options: Options) -> str | None:
    """The option, as typed, that asks for a network other than the starter's; None if there is none."""
    asked = {name: getattr(options, name) for name in SHAPES}
    asked |= {name: value for name, value in options.model.items() if not name.startswith("dropout")}
    asked |= {"features": "none"} if options.features == "none" else {}
    for name, value in asked.items():
        if value is not None:
            return "--untied" if name == "tied" else f"--{name} {value}"
    return None


def base_of(options: Options) -> Run | None:
    """The run to fine-tune: the one named, else the starter if the package has one and no shape is asked for."""
    if options.base == SCRATCH or (options.base is None and (starter_path() is None or shape_asked(options))):
        return None
    base = Run.open(NAME if options.base is None else options.base)
    if base.kind != "lstm":
        raise InputError(f"--from {options.base} is a {base.kind} run, which cannot be fine-tuned: leave it out")
    return base


def origin(options: Options) -> str | None:
    """What to say of where a training begins; None where there was no choice."""
    if options.base == SCRATCH or starter_path() is None or options.recipe != "lstm":
        return None
    if options.base is not None:
        return f"going on from {options.base}"
    shape = shape_asked(options)
    return f"from scratch, as {shape} says" if shape else "going on from the starter (--from scratch does without)"


def base_facts(base: Run | None) -> dict[str, Any]:
    """What a run's config says of its base: its name, and the hash of the weights it gave."""
    if base is None:
        return {"base": None}
    name = NAME if base.path == starter_path() else base.path.resolve().name
    hashes = base.state("use").get("sha256", {})
    return {"base": name, "base_sha256": hashes.get("model.onnx" if base.packed else "weights.safetensors")}


def extend(base: Run, tokens: TokenSet, most: int | None = None) -> tuple[Vocabulary, dict[str, Any], Arrays]:
    """The base's vocabulary with the new songs' words appended, up to `most` words in all, its model config and its
    grown weights.

    Words are written as the new songs write them, and otherwise as the base does.
    """
    from lyricist.model.network import ModelConfig
    from lyricist.training.new_words import grown

    old = base.vocabulary
    if old.tokenizer.name != tokens.tokenizer:
        raise InputError(
            f"--tokenizer {tokens.tokenizer} does not fit --from {base.path}, which reads {old.tokenizer.name}s"
        )
    new = [t for t, c in zip(tokens.tokens, tokens.counts, strict=True) if c >= LEAST and t not in old]
    new = [t for t in new if t not in SPECIALS][: None if most is None else max(0, most - len(old))]
    all_tokens = [*old.tokens, *new]
    display = {**old.display, **tokens.display_for(iter(all_tokens))}
    vocabulary = Vocabulary(all_tokens, old.tokenizer.name, display, old.order)
    model: Mapping[str, Any] = base.config["model"]
    weights = base.weights()
    if new:
        remap = tokens.remap(vocabulary)
        weights = grown(ModelConfig(**model), weights, old, vocabulary, tokens.split("train"), remap)
    return vocabulary, {**model, "vocab_size": len(vocabulary)}, weights
