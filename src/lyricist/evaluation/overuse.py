"""What a fine-tuned run says more often than the songs it was trained on, counted on songs that it writes.

The phrases go into its table of stock phrases (`model.stock`), which holds them back when songs are written.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice

from lyricist.corpus import Corpus, Section
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import PlanError
from lyricist.generate.result import WrittenSong
from lyricist.generate.writer import load
from lyricist.model.checkpoint import Run, replace_beside
from lyricist.model.copy_index import word_hash
from lyricist.model.stock import LINE, OPENING, OPENING_WORDS, RHYME, RUN, STOCK, WORD, StockPhrases, phrase_key
from lyricist.plan.plan import Drawing, Plan
from lyricist.prosody.lexicon import default_lexicon

SONGS = 48  # written by the run
DRAFTS = 16  # of each
FIRST_SEED = 2_000_000  # far from the seeds that people and benchmarks use
FEWEST = 24  # training songs: the shares of fewer songs are unknown
READ = 2_000  # of the training songs
NEAR = 3  # lines of a section within which two that rhyme are a pair
LEAST = {WORD: 3, RUN: 3, LINE: 2, OPENING: 2, RHYME: 3}  # written songs with a phrase from which it is counted
SHARE = {WORD: 1.0, RUN: 1.5, LINE: 1.0, OPENING: 1.5, RHYME: 1.5}  # times the log ratio
ALLOWED = {WORD: 0.02, RUN: 0.008, LINE: 0.001, OPENING: 0.008, RHYME: 0.008}  # share of songs, at the least
BEYOND = 1.2  # times the songs' share that are allowed
MOST = {WORD: 3.0, RUN: 4.0, LINE: 8.0, OPENING: 5.0, RHYME: 5.0}  # nats
FINEST = 1 / 16  # nats that the table can hold

Words = tuple[str, ...]
Lines = list[list[Words]]  # of every section
Phrase = tuple[int, Words]  # a kind and its words
Counts = tuple[Counter[Phrase], int]  # songs that have each phrase, and all songs

split = WordTokenizer().split


def hold_back(run: Run, corpus: Corpus) -> int:
    """Count what the run overuses, and add it to its table; returns the number of phrases that the table then holds.

    A network is counted once: the table says of which it was. 0, and nothing is counted, if the corpus has fewer than
    FEWEST training songs or the run's tokens are no words.
    """
    total = int(corpus.info["splits"]["train"]["songs"])
    if run.vocabulary.tokenizer.name != "word" or total < FEWEST:
        return 0
    path, sounds = run.beside(STOCK), Sounds()
    before = StockPhrases.load(path) if path is not None else StockPhrases({})
    network = bytes.fromhex(run.state("use")["sha256"]["weights.safetensors"])
    if before.counted == network:
        return len(before.nats)
    songs = islice(corpus.songs("train"), 0, None, max(1, -(-total // READ)))
    theirs = count((lines_of(song.sections) for song in songs), sounds)
    ours = count((lines_of(song.sections) for song in written(run)), sounds)
    if not ours[0]:
        return 0
    made = table(ours, theirs, before.nats)
    replace_beside(run.path, STOCK, StockPhrases(made, before.themes, network).content())
    return len(made)


def written(run: Run) -> Iterator[WrittenSong]:
    """Songs that the run writes without a wish; none if it has too few words for that."""
    seeds = range(FIRST_SEED, FIRST_SEED + SONGS)
    with suppress(PlanError):
        for event in load(run).events(Plan(premise=True), Drawing(particles=DRAFTS), seeds):
            if isinstance(event, WrittenSong):
                yield event


def lines_of(sections: Iterable[Section]) -> Lines:
    return [[tuple(split(line.text)) for line in section.lines] for section in sections]


class Sounds:
    """The rhymes of words, each looked up once."""

    def __init__(self) -> None:
        self.lexicon, self.found = default_lexicon(), dict[str, frozenset[str]]()

    def __call__(self, word: str) -> frozenset[str]:
        if word not in self.found:
            self.found[word] = frozenset(r.tail for r in self.lexicon.readings(word) if r.syllables)
        return self.found[word]


def phrases(song: Lines, sounds: Callable[[str], frozenset[str]]) -> set[Phrase]:
    """Every phrase of a song, once."""
    lines = [line for section in song for line in section if line]
    found: set[Phrase] = {(OPENING, lines[0][:OPENING_WORDS])} if lines else set()
    for line in lines:
        found.add((LINE, line))
        found |= {(WORD, (word,)) for word in line}
        found |= {(RUN, line[i : i + n]) for n in (2, 3) for i in range(len(line) - n + 1)}
    for section in song:
        ends = [line[-1] for line in section if line]
        for i, a in enumerate(ends):
            near = ends[i + 1 : i + 1 + NEAR]
            found |= {(RHYME, pair(a, b)) for b in near if a != b and not sounds(a).isdisjoint(sounds(b))}
    return found


def pair(a: str, b: str) -> Words:
    """Two words in the order of their hashes, as their key has them."""
    return (a, b) if word_hash(a) <= word_hash(b) else (b, a)


def count(songs: Iterable[Lines], sounds: Callable[[str], frozenset[str]]) -> Counts:
    """How many songs have each phrase, and the number of songs."""
    found: Counter[Phrase] = Counter()
    size = 0
    for song in songs:
        found.update(phrases(song, sounds))
        size += 1
    return found, max(1, size)


def table(ours: Counts, theirs: Counts, before: Mapping[int, float]) -> dict[int, float]:
    """Nats by key: more for phrases that more of our songs have than are allowed, fewer for those that fewer have."""
    out = dict(before)
    common = {p for p, n in theirs[0].items() if n / theirs[1] >= ALLOWED[p[0]] and key_of(p) in before}
    for phrase in {p for p, n in ours[0].items() if n >= LEAST[p[0]]} | common:
        key = key_of(phrase)
        nats = nats_of(phrase[0], ours[0][phrase] / ours[1], theirs[0][phrase] / theirs[1], before.get(key, 0.0))
        if nats >= FINEST:
            out[key] = nats
        else:
            out.pop(key, None)
    return out


def nats_of(kind: int, ours: float, theirs: float, before: float) -> float:
    """The nats of a phrase that stands in these shares of our and of their songs; `before`: those it had.

    >>> round(nats_of(WORD, 0.6, 0.02, 0.0), 2), nats_of(WORD, 0.02, 0.2, 0.5)
    (3.0, 0.0)
    """
    allowed = max(ALLOWED[kind], BEYOND * theirs)
    half_a_song = 0.5 / SONGS
    return min(MOST[kind], max(0.0, before + SHARE[kind] * math.log(max(ours, half_a_song) / allowed)))


def key_of(phrase: Phrase) -> int:
    kind, words = phrase
    return phrase_key(kind, [word_hash(word) for word in words])
