"""Does the tune help the model? Held-out loss on songs whose words stand under notes, under several plans.

Three models of one size and seed are trained for as long: one sees no plan, one the slots of a line (syllables and
metre), one the notes as well. Whole clusters of songs that share a tune, a title or a line are held out. The models
are then judged on the held-out songs without a plan, with the syllable counts alone, with slots, with slots and tune,
and with a wrong tune: that of another song's line with as many slots. Differences are paired by song; intervals are
95% bootstrap intervals over songs, at one training each.

    python benchmarks/tune_help.py --epochs 8
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from common import ROOT, SONGS, report
from lyricist.corpus import Line, Section, Song, parse_song
from lyricist.corpus.song import LineSlot
from lyricist.corpus.store import Corpus, Split, write_corpus
from lyricist.errors import InputError
from lyricist.evaluation.metrics import CONDITIONS, conditional_nats
from lyricist.generate.writer import load
from lyricist.melody.export import own_words
from lyricist.melody.read import read_tune
from lyricist.melody.tune import Phrase
from lyricist.model.tokens import WordTokenizer
from lyricist.training.start import Options, train_songs

MELODIES = ROOT.parent / "shared" / "data" / "melodies"
TEST, VALID = 0.2, 0.06  # shares of the songs
MODEL = {"layers": 1, "embedding": 192, "hidden": 320, "dropout_input": 0.3, "dropout_output": 0.3}
split_words = WordTokenizer().split


def aligned_songs() -> list[Song]:
    """Every hymn and art song with its own words under its notes, all verses."""
    songs = []
    for path in sorted([*MELODIES.glob("hymns-abc/*"), *MELODIES.glob("lieder-musicxml/*")]):
        try:
            laid = own_words(read_tune(path))
        except InputError as e:
            print(f"{path.name}: {e}", file=sys.stderr)
            continue
        sections = []
        for verse in laid.verses:
            lines = [lined(line, phrase) for line, phrase in zip(verse, laid.tune.phrases, strict=True) if line.words]
            if lines:
                sections.append(Section("verse", tuple(lines)))
        if sections:
            songs.append(Song(path.stem, "", tuple(sections), path.name))
    return songs


def lined(line, phrase: Phrase) -> Line:  # type: ignore[no-untyped-def]
    """A line of a score, a slot for every syllable."""
    slots, at = [], 0
    for word, start in zip(line.words, line.starts, strict=True):
        for k in range(len(word.parts)):
            if start + k < len(phrase.slots):
                s = phrase.slots[start + k]
                slots.append(LineSlot(at, float(s.duration), s.pitch, s.strength, s.strong, float(s.rest)))
        at += len(word.text) + 1
    return Line(line.text, slots=tuple(slots))


def clusters(songs: Sequence[Song]) -> list[int]:
    """Songs that share a tune, a title or a line of five words or more have one number."""
    home = list(range(len(songs)))

    def root(i: int) -> int:
        while home[i] != i:
            i = home[i]
        return i

    seen: dict[str, int] = {}
    for i, song in enumerate(songs):
        for key in keys(song):
            home[root(i)] = root(seen.setdefault(key, i))
    return [root(i) for i in range(len(songs))]


def keys(song: Song) -> Iterable[str]:
    yield from (f"name:{part}" for part in re.split("-", song.title.lower()) if len(part) > 3)
    for line in song.lines():
        words = split_words(line.text)
        if len(words) >= 5:
            yield " ".join(words)


def divided(songs: Sequence[Song], seed: int) -> dict[Split, list[Song]]:
    """Whole clusters by chance; a cluster of more than 20 songs stays in training."""
    homes = clusters(songs)
    members: dict[int, list[Song]] = defaultdict(list)
    for song, home in zip(songs, homes, strict=True):
        members[home].append(song)
    rng, out = np.random.default_rng(seed), {"train": [], "valid": [], "test": []}  # type: ignore[var-annotated]
    for group in members.values():
        u = rng.random()
        side = "train" if len(group) > 20 or u >= TEST + VALID else "test" if u < TEST else "valid"
        out[side] += group
    return out


def words_alone(held_out: Sequence[Song]) -> list[Song]:
    """The songs of the folder of words that share no line of five words or more with a held-out song."""
    barred = {key for song in held_out for key in keys(song) if not key.startswith("name:")}
    out = []
    for path in sorted(SONGS.glob("*.txt")):
        for text in path.read_text(encoding="utf-8").split("\n\n"):
            song = parse_song(text, source=path.name)
            if song.sections and barred.isdisjoint(keys(song)):
                out.append(song)
    return out


def corpus_of(folder: Path, seed: int, alone: bool) -> Corpus:
    sides = divided(aligned_songs(), seed)
    if alone:
        sides["train"] += words_alone([*sides["valid"], *sides["test"]])
    return write_corpus(folder / "corpus", sides)


def interval(values: np.ndarray, words: np.ndarray) -> list[float]:
    """Nats per word over songs and its 95% bootstrap interval; `values` (songs,) total nats, `words` (songs,)."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(values), (2000, len(values)))
    means = values[drawn].sum(1) / words[drawn].sum(1)
    return [round(float(x), 4) for x in (values.sum() / words.sum(), *np.quantile(means, (0.025, 0.975)))]


def judged(run: Path, songs: Sequence[Song]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Nats of every song under every condition, and its words."""
    model = load(run)
    shown = CONDITIONS if "tune" in model.groups else CONDITIONS[:3] if model.groups else CONDITIONS[:1]
    nats = {name: conditional_nats(model, songs, name) for name in shown}
    return nats, np.array([len(model.vocabulary.encode(song)) - 1 for song in songs])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=90, help="of each training, all included")
    parser.add_argument("--epochs", type=float, help="instead of --seconds: as many words for each, on any machine")
    parser.add_argument("--seeds", type=int, default=1, help="divisions and trainings, one after the other")
    parser.add_argument("--order", default="backward")
    parser.add_argument("--alone", action="store_true", help="train on the words of the song folder as well")
    options = parser.parse_args()
    if not MELODIES.is_dir():
        sys.exit(f"{MELODIES} is not there")
    length = {"epochs": options.epochs} if options.epochs else {"budget": options.seconds}
    figures: dict[str, object] = {}
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as place:
            corpus = corpus_of(Path(place), seed, options.alone)
            songs = list(corpus.songs("test"))
            found: dict[str, object] = {"splits": corpus.info["splits"], "test_songs": len(songs)}
            sees: dict[str, dict[str, np.ndarray]] = {}
            for features in ("none", "slots", "tune"):
                run = Path(place) / features
                train = {"seed": seed, "epochs": None, "batch": 20, "steps": 35, **length}
                made = Options(features=features, order=options.order, model=MODEL, train=train)
                end = list(train_songs(corpus, run, made))[-1]
                sees[features], words = judged(run, songs)
                found[features] = {name: interval(nats, words) for name, nats in sees[features].items()}
                found[f"{features}_epochs"] = round(end.epoch, 2)  # type: ignore[union-attr]
            found["gain_of_tune"] = gains(sees, words)
            figures[f"seed {seed}"] = found
    report("tune_help", figures)


def gains(sees: dict[str, dict[str, np.ndarray]], words: np.ndarray) -> dict[str, list[float]]:
    """Nats a word that one condition is better by than another, paired by song."""
    none, slots, tune = (sees[name] for name in ("none", "slots", "tune"))
    pairs = {
        "free writing of the model of slots, over none": (none["off"], slots["off"]),
        "free writing of the model of tunes, over none": (none["off"], tune["off"]),
        "slots over nothing, in the model of slots": (slots["off"], slots["slots"]),
        "slots over nothing, in the model of tunes": (tune["off"], tune["slots"]),
        "metre over counts, in the model of tunes": (tune["counts"], tune["slots"]),
        "tune over slots, in the model of tunes": (tune["slots"], tune["tune"]),
        "tune in its model over slots in theirs": (slots["slots"], tune["tune"]),
        "true over wrong tune": (tune["wrong_tune"], tune["tune"]),
        "slots over wrong tune": (tune["wrong_tune"], tune["slots"]),
    }
    return {name: interval(worse - better, words) for name, (worse, better) in pairs.items()}


if __name__ == "__main__":
    main()
