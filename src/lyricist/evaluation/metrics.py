"""Metrics of models and texts. Every metric is a plain function; `evaluate()` collects them in a dict.

Texts are lists of songs, songs lists of lines, lines lists of words. B rows, V vocabulary, F plan features.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lyricist.corpus import Song
from lyricist.corpus.tokenizer import Tokenizer
from lyricist.errors import InputError, expect, expect_all
from lyricist.generate.classic_model import ClassicModel, accuracy
from lyricist.generate.engine import log_softmax
from lyricist.generate.writer import Model
from lyricist.model.classic.sung_words import SungWords
from lyricist.model.copy_index import CopyIndex
from lyricist.model.hits import Hits
from lyricist.model.runtime import Ids, StepModel
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.model.topics import Topics
from lyricist.prosody.features import THEME, Floats
from lyricist.prosody.lexicon import default_lexicon
from lyricist.training.conditioning import Themes, planned_song, with_wrong_tunes

Lines = list[list[str]]
Totals = npt.NDArray[np.float64]

ROWS = 64  # songs scored side by side
STREAMS = 16  # pieces of a text without song breaks, each from a zero state
CONDITIONS = ("off", "counts", "slots", "tune", "wrong_tune")  # how much of a plan is shown, from none to all
THEMED = ("theme", "wrong_theme")  # shown beside the slots
BLEU_SONGS = 60  # at most; the cost is quadratic


def evaluate(
    model: Model, songs: Iterable[Song | SungWords], written: Sequence[Song] = (), human: Sequence[Song] = ()
) -> dict[str, Any]:
    """Likelihood of `songs` under the model, and the shape of `written` songs and of `human` ones.

    For a classic run, whose `songs` are `SungWords` (its own `songs["test"]`, or the result of
    `classic.sung_words.hear`), how often it finds the next word. Keys as in the package's `evaluate.json` schema.
    Raises `InputError` without songs.
    """
    expect(model, Model, "model", "what lyricist.load gives")
    expect(songs, Iterable, "songs", "songs")
    songs = map(a_song, songs)
    written, human = (expect_all(more, Song, "written or human", "songs") for more in (written, human))
    out = {"format": 1, **judged(model, list(songs) if model.groups else songs)}
    if written:
        out["written"] = shape(as_lines(written, model.vocabulary.tokenizer), model.copy_index)
    if human:
        out["human"] = shape(as_lines(human, model.vocabulary.tokenizer), None)
    if written and human:
        out["line_length_distance"] = round(length_distance(out["written"], out["human"]), 4)
    return out


def a_song(song: Song | SungWords) -> Song | SungWords:
    """The song. Raises `InputError` if it is none."""
    expect(song, (Song, SungWords), "songs: an entry", "a song")
    return song


def judged(model: Model, songs: Iterable[Song | SungWords]) -> dict[str, Any]:
    """How well the model predicts the songs. Raises `InputError`."""
    if isinstance(model, ClassicModel):
        sung = list(songs)
        if not all(isinstance(song, SungWords) for song in sung):
            raise InputError("a classic run is judged on songs with their music: see classic.sung_words.hear")
        return {"kind": "classic", **accuracy(model, sung)}  # type: ignore[arg-type]
    texts: Iterable[Song] = songs  # type: ignore[assignment]
    if not model.groups:
        return likelihood(model, texts)
    return {**likelihood(model, texts), "conditional": conditional(model, list(texts))}


def likelihood(model: Model, songs: Iterable[Song]) -> dict[str, Any]:
    """Likelihood per word. Words are what the model predicts: words, and one break for every line.

    `bits_per_character` counts the characters of the tokens as written, spaces and line ends included. Raises
    `InputError` without songs.
    """
    vocabulary, tokenizer = model.vocabulary, model.vocabulary.tokenizer
    encoded, characters = [], 0
    for song in songs:
        encoded.append(np.array(vocabulary.encode(song), dtype=np.int64))
        characters += sum(len(tokenizer.join(tokenizer.split(line.text))) + 1 for line in song.lines())
    hits = Hits.of(vocabulary) if tokenizer.name != "char" else None
    words = sum(len(ids) for ids in encoded) - (len(encoded) if tokenizer.structured else 0)
    if words < 1:
        raise InputError("no songs to evaluate on: name a source or use a corpus with a test split")
    if tokenizer.structured:
        nats = float(song_nats(model.step_model, encoded, hits=hits).sum())
    else:
        nats = score_stream(model.step_model, np.concatenate(encoded), vocabulary, hits)
    unknown = sum(int(np.count_nonzero(ids == vocabulary.unk)) for ids in encoded)
    return {
        "words": words,
        "songs": len(encoded),
        "nll_per_word": round(nats / words, 5),
        "perplexity": round(math.exp(nats / words), 3),
        "bits_per_character": round(nats / math.log(2) / characters, 5),
        "unknown_share": round(unknown / words, 5),
        **(hits.shares() if hits else {}),
    }


def song_nats(
    model: StepModel, songs: Sequence[Ids], rows: Sequence[Floats] | None = None, hits: Hits | None = None
) -> Totals:
    """(songs,) nats of each, from a fresh state; the first token is given. `rows`: the plan features (N, F) of each
    song's tokens; `hits` counts all predictions."""
    out = np.zeros(len(songs))
    order = sorted(range(len(songs)), key=lambda i: len(songs[i]), reverse=True)
    for k in range(0, len(order), ROWS):
        block = order[k : k + ROWS]
        out[block] = score_block(model, [songs[i] for i in block], [rows[i] for i in block] if rows else None, hits)
    return out


def score_block(
    model: StepModel, songs: Sequence[Ids], rows: Sequence[Floats] | None = None, hits: Hits | None = None
) -> Totals:
    """(songs,) nats of songs (N,), sorted by falling length, side by side; rows leave at the end of their song.
    `rows`: the plan features (N, F) of each."""
    total, state = np.zeros(len(songs)), model.initial_state(len(songs))
    for t in range(len(songs[0]) - 1):
        alive = sum(len(s) - 1 > t for s in songs)
        state = tuple(part[:, :alive] for part in state)
        ids = np.array([s[t] for s in songs[:alive]])
        plan = [] if rows is None else [np.stack([r[t] for r in rows[:alive]])]
        logits, state = model.step(ids, state, *plan)
        targets = np.array([s[t + 1] for s in songs[:alive]])
        total[:alive] += nats_of(logits, targets)
        if hits is not None and t > 1:  # after the tags of the song and the section, and a word
            hits.see(logits, targets)
    return total


def score_stream(model: StepModel, ids: Ids, vocabulary: Vocabulary, hits: Hits | None = None) -> float:
    """Total nats of one long text (N,) in STREAMS streams with carried state, as in published figures."""
    start = np.array([vocabulary.index.get("<eos>", vocabulary.unk)])
    length = -(-len(ids) // STREAMS)
    inputs = np.concatenate([start, ids[:-1]])
    total, state = 0.0, model.initial_state(STREAMS)
    for t in range(length):
        at = np.arange(STREAMS) * length + t
        inside = at < len(ids)
        at = at.clip(max=len(ids) - 1)
        logits, state = model.step(inputs[at], state)
        total += float(nats_of(logits[inside], ids[at][inside]).sum())
        if hits is not None:
            hits.see(logits[inside], ids[at][inside])
    return total


def nats_of(logits: Any, targets: Ids) -> Totals:
    """(B,) nats of each row's target: logits (B, V), targets (B,)."""
    scores = log_softmax(logits.astype(np.float64))
    return np.asarray(-scores[np.arange(len(targets)), targets])


# --- likelihood under a plan


def conditional(model: Model, songs: Sequence[Song]) -> dict[str, Any]:
    """Nats per word of songs when the model sees their plans, which give much of a song away: not perplexities.

    If the model sees tunes and songs have some, only these songs count, with `nll_per_word_tune` and `..._wrong_tune`
    (another song's lines with as many slots). A model that sees themes also has `nll_per_word_theme` and
    `..._wrong_theme` (the next song's), without the tune.
    """
    groups = model.groups
    aligned = [song for song in songs if any(line.slots for line in song.lines())] if "tune" in groups else []
    judged, shown = aligned or songs, CONDITIONS if aligned else CONDITIONS[:3]
    shown = (*shown, *(THEMED if THEME in groups else ()))
    words = sum(len(model.vocabulary.encode(song)) - 1 for song in judged)
    nats = {name: conditional_nats(model, judged, name).sum() / words for name in shown}
    figures = {f"nll_per_word_{n}": round(float(x), 5) for n, x in nats.items()}
    return {"songs": len(judged), "words": words, **figures}


def conditional_nats(model: Model, songs: Sequence[Song], condition: str) -> Totals:
    """(songs,) nats of each song under one of CONDITIONS or THEMED."""
    vocabulary, lexicon = model.vocabulary, default_lexicon()
    encoded = [np.array(vocabulary.encode(song), dtype=np.int64) for song in songs]
    if condition == "off":
        return song_nats(model.step_model, encoded)
    lexicon.many(list({w for song in songs for line in song.lines() for w in vocabulary.tokenizer.split(line.text)}))
    plans = [planned_song(song, vocabulary.tokenizer, vocabulary.order, lexicon) for song in songs]
    themes: Sequence[Floats | None] = [None] * len(songs)
    if condition in THEMED:
        themes = shown_themes(encoded, model.topics, condition == "wrong_theme")
    if condition == "wrong_tune":
        plans = with_wrong_tunes(plans)
    elif condition != "tune":
        plans = [plan.without_tune(metre=condition != "counts") for plan in plans]
    rows = [plan.rows(vocabulary.order, model.groups, own) for plan, own in zip(plans, themes, strict=True)]
    return song_nats(model.step_model, encoded, rows)


def shown_themes(songs: Sequence[Ids], topics: Topics, wrong: bool) -> list[Floats]:
    """(N, 64) for each song of N tokens: a theme drawn as in training; `wrong`: the next song's."""
    starts = np.cumsum([0, *(len(ids) for ids in songs)])
    remap = np.arange(len(topics.vocabulary))
    themes = Themes.of(np.concatenate(songs), starts, remap, topics.vocabulary, topics.vectors)
    rows = themes.rows(np.arange(starts[-1]), apart=int(wrong))
    return np.split(rows, starts[1:-1])


def as_lines(songs: Iterable[Song], tokenizer: Tokenizer) -> list[Lines]:
    return [[tokenizer.split(line.text) for line in song.lines()] for song in songs]


def shape(songs: Sequence[Lines], index: CopyIndex | None) -> dict[str, Any]:
    """Figures of texts; see each function."""
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
    """Distinct n-grams divided by all n-grams, within lines (Li et al. 2016).

    >>> distinct([[["la", "la"], ["la", "lo"]]], 1)
    0.5
    """
    counts = Counter(g for song in songs for line in song for g in ngrams(line, n))
    return len(counts) / max(1, sum(counts.values()))


def repeated_lines(songs: Sequence[Lines]) -> float:
    """Share of lines that occurred earlier in the same song.

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
    """The number of lines of each length in words."""
    return Counter(len(line) for song in songs for line in song)


def length_distance(a: dict[str, Any], b: dict[str, Any]) -> float:
    """Total variation distance, 0 to 1, between the line lengths of two results of `shape`."""
    one, two = a["line_lengths"], b["line_lengths"]
    n, m = max(1, sum(one.values())), max(1, sum(two.values()))
    return float(sum(abs(one.get(k, 0) / n - two.get(k, 0) / m) for k in {*one, *two}) / 2)


def self_bleu(songs: Sequence[Lines]) -> float:
    """Mean BLEU-4 of each song against all others (Zhu et al. 2018); 0 for fewer than two songs.

    Only the first BLEU_SONGS songs count. Above unigrams, one is added to numerator and denominator of the modified
    precisions (Lin & Och 2004), so that short texts have a score.
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
