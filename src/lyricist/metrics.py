"""Metrics over models and texts. Every metric is a plain function; `evaluate()` gathers them in a dict.

A text is a list of songs, a song a list of lines, a line a list of words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from lyricist.corpus import Song
from lyricist.errors import InputError
from lyricist.runtime import Ids, StepModel
from lyricist.tokens import SPECIALS, Tokenizer, Vocabulary
from lyricist.writer import Model
from lyricist.writing.copying import CopyIndex
from lyricist.writing.decode import log_softmax

Lines = list[list[str]]

ROWS = 64  # songs scored side by side
STREAMS = 16  # pieces of a text without song breaks, each from a zero state
BLEU_SONGS = 60  # songs compared with each other at most: the cost is quadratic


def evaluate(
    model: Model, songs: Iterable[Song], written: Sequence[Song] = (), human: Sequence[Song] = ()
) -> dict[str, Any]:
    """Likelihood of `songs` under the model, and the shape of `written` songs beside `human` ones.

    Keys as in DESIGN and the package's `evaluate.json` schema. Raises `InputError` without songs.
    """
    out = {"format": 1, **likelihood(model, songs)}
    if written:
        out["written"] = shape(as_lines(written, model.vocabulary.tokenizer), model.copy_index)
    if human:
        out["human"] = shape(as_lines(human, model.vocabulary.tokenizer), None)
    if written and human:
        out["line_length_distance"] = round(length_distance(out["written"], out["human"]), 4)
    return out


def likelihood(model: Model, songs: Iterable[Song]) -> dict[str, Any]:
    """Words are what the model predicts: words and one break for every line, each song from its beginning.

    `bits_per_character` counts the characters of the tokens as written, one for every space and line end.
    """
    vocabulary = model.vocabulary
    encoded, characters = [], 0
    for song in songs:
        encoded.append(np.array(vocabulary.encode(song), dtype=np.int64))
        characters += text_size(song, vocabulary.tokenizer)
    words = sum(len(ids) for ids in encoded) - (len(encoded) if vocabulary.tokenizer.structured else 0)
    if words < 1:
        raise InputError("no songs to evaluate on: name a source or use a corpus with a test split")
    if vocabulary.tokenizer.structured:
        nats = score_songs(model.step_model, encoded)
    else:
        nats = score_stream(model.step_model, np.concatenate(encoded), vocabulary)
    unknown = sum(int(np.count_nonzero(ids == vocabulary.unk)) for ids in encoded)
    return {
        "words": words,
        "songs": len(encoded),
        "nll_per_word": round(nats / words, 5),
        "perplexity": round(math.exp(nats / words), 3),
        "bits_per_character": round(nats / math.log(2) / characters, 5),
        "unknown_share": round(unknown / words, 5),
    }


def text_size(song: Song, tokenizer: Tokenizer) -> int:
    """Characters of a song as the tokeniser sees it, line ends included."""
    return sum(len(tokenizer.join(tokenizer.split(line.text))) + 1 for line in song.lines())


def score_songs(model: StepModel, songs: Sequence[Ids]) -> float:
    """Total nats of songs, each from a fresh state; the first token is given, not predicted."""
    order = sorted(songs, key=len, reverse=True)
    return sum(score_block(model, order[i : i + ROWS]) for i in range(0, len(order), ROWS))


def score_block(model: StepModel, songs: Sequence[Ids]) -> float:
    """Songs by falling length side by side; rows leave when their song is over."""
    total, state = 0.0, model.initial_state(len(songs))
    for t in range(len(songs[0]) - 1):
        alive = sum(len(s) - 1 > t for s in songs)
        state = tuple(part[:, :alive] for part in state)
        logits, state = model.step(np.array([s[t] for s in songs[:alive]]), state)
        total += nats_of(logits, np.array([s[t + 1] for s in songs[:alive]]))
    return total


def score_stream(model: StepModel, ids: Ids, vocabulary: Vocabulary) -> float:
    """Total nats of one long text in STREAMS streams with carried state, as published figures have it."""
    start = np.array([vocabulary.index.get("<eos>", vocabulary.unk)])
    length = -(-len(ids) // STREAMS)
    inputs = np.concatenate([start, ids[:-1]])
    total, state = 0.0, model.initial_state(STREAMS)
    for t in range(length):
        at = np.arange(STREAMS) * length + t
        inside = at < len(ids)
        at = at.clip(max=len(ids) - 1)
        logits, state = model.step(inputs[at], state)
        total += nats_of(logits[inside], ids[at][inside])
    return total


def nats_of(logits: Any, targets: Ids) -> float:
    scores = log_softmax(logits.astype(np.float64))
    return -float(scores[np.arange(len(targets)), targets].sum())


def as_lines(songs: Iterable[Song], tokenizer: Tokenizer) -> list[Lines]:
    return [[tokenizer.split(line.text) for line in song.lines()] for song in songs]


def shape(songs: Sequence[Lines], index: CopyIndex | None) -> dict[str, Any]:
    """How songs look from outside; see each function for its meaning."""
    lengths = line_lengths(songs)
    out: dict[str, Any] = {
        "songs": len(songs),
        "lines": sum(lengths.values()),
        "distinct_1": round(distinct(songs, 1), 4),
        "distinct_2": round(distinct(songs, 2), 4),
        "self_bleu": round(self_bleu(songs), 4),
        "repeated_lines": round(repeated_lines(songs), 4),
        "line_lengths": {str(k): lengths[k] for k in sorted(lengths)},
    }
    if index is not None:
        out["longest_copied_run"] = max((index.longest_run(flat(song))[0] for song in songs), default=0)
    return out


def flat(song: Lines) -> list[str]:
    return [w for line in song for w in line if w not in SPECIALS]


def ngrams(words: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[i:] for i in range(n)), strict=False)


def distinct(songs: Sequence[Lines], n: int) -> float:
    """Distinct n-grams over all n-grams, within lines (Li et al. 2016).

    >>> distinct([[["la", "la"], ["la", "lo"]]], 1)
    0.5
    """
    counts = Counter(g for song in songs for line in song for g in ngrams(line, n))
    return len(counts) / max(1, sum(counts.values()))


def repeated_lines(songs: Sequence[Lines]) -> float:
    """Share of lines that stood earlier in the same song.

    >>> repeated_lines([[["a"], ["b"], ["a"], ["a"]]])
    0.5
    """
    total = again = 0
    for song in songs:
        seen: set[tuple[str, ...]] = set()
        for line in song:
            total, again = total + 1, again + (tuple(line) in seen)
            seen.add(tuple(line))
    return again / max(1, total)


def line_lengths(songs: Sequence[Lines]) -> Counter[int]:
    """How many lines have how many words."""
    return Counter(len(line) for song in songs for line in song)


def length_distance(a: dict[str, Any], b: dict[str, Any]) -> float:
    """Total variation distance, 0 to 1, between two `shape` dicts' line lengths."""
    one, two = a["line_lengths"], b["line_lengths"]
    n, m = max(1, sum(one.values())), max(1, sum(two.values()))
    return float(sum(abs(one.get(k, 0) / n - two.get(k, 0) / m) for k in {*one, *two}) / 2)


def self_bleu(songs: Sequence[Lines]) -> float:
    """Mean BLEU-4 of each song against all others (Zhu et al. 2018); 0 for fewer than two songs.

    Of more than BLEU_SONGS songs the first are taken. Modified precisions get one added to both sides
    above unigrams (Lin & Och 2004), so that short texts are defined.
    """
    texts = [flat(song) for song in songs[:BLEU_SONGS]]
    texts = [t for t in texts if len(t) >= 4]
    if len(texts) < 2:
        return 0.0
    counts = [[Counter(ngrams(t, n)) for n in range(1, 5)] for t in texts]
    return sum(bleu(i, texts, counts) for i in range(len(texts))) / len(texts)


def bleu(i: int, texts: list[list[str]], counts: list[list[Counter[tuple[str, ...]]]]) -> float:
    """BLEU-4 of text i against all the others as references."""
    logs = 0.0
    for n in range(4):
        mine = counts[i][n]
        best: Counter[tuple[str, ...]] = Counter()
        for j, other in enumerate(counts):
            if j != i:
                best |= Counter({g: other[n][g] for g in mine if g in other[n]})
        hits, all_ = sum((mine & best).values()), sum(mine.values())
        add = 1 if n else 0
        if hits + add == 0:
            return 0.0
        logs += math.log((hits + add) / (all_ + add)) / 4
    length = len(texts[i])
    reference = min((len(t) for j, t in enumerate(texts) if j != i), key=lambda r: (abs(r - length), r))
    return math.exp(logs) * (1.0 if length >= reference else math.exp(1 - reference / length))
