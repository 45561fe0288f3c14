"""`rhymes`: the rhyming dictionary, for all words of the lexicon or for those of a model.

Words that end lines of songs come first, the commonest ahead, in the order of the model's vocabulary where one is
named. Words that no song uses come last: most of them are surnames.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from lyricist.corpus.samples import FOLDER
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.corpus.word_lists import is_unclean
from lyricist.errors import InputError, expect, expect_all
from lyricist.model.checkpoint import COLUMNS
from lyricist.model.starter import starter_path
from lyricist.model.tokens import SPECIALS, Vocabulary
from lyricist.model.vocab_layout import VocabLayout
from lyricist.prosody import Lexicon, default_lexicon
from lyricist.prosody.rhyme import KINDS, Rhyme, find_phrases, find_rhymes


def rhymes(
    word: str,
    kind: str = "all",
    *,
    syllables: int | None = None,
    stress: str | None = None,
    words: Sequence[str] | None = None,
    clean: bool = True,
    lexicon: Lexicon | None = None,
) -> list[Rhyme]:
    """Words that rhyme with a word, and phrases of two words (mosaic), by kind and syllables, commonest first.

    kind: perfect, mosaic, light, near, identical or all. syllables, stress: only words of that length, or with that
    stress, such as "01" (1: main or secondary stress). words: only these, commonest first, such as a model's
    vocabulary. clean: no slurs or obscenities. A word in no lexicon is read by the pronunciation model. Raises
    InputError if `word` is not one word or cannot be read, and for other values that are wrong.

    >>> [rhyme.word for rhyme in rhymes("moon", "perfect", words=["spoon", "river", "noon"])]
    ['spoon', 'noon']
    """
    expect(word, str, "word", "a word")
    expect(syllables, (int, type(None)), "syllables", "a number of syllables")
    expect(stress, (str, type(None)), "stress", "a pattern such as 01")
    expect(lexicon, (Lexicon, type(None)), "lexicon", "a Lexicon")
    words = words if words is None else expect_all(words, str, "words", "a list of words")
    lexicon = lexicon or default_lexicon()
    target = readable(word, lexicon)
    wanted = wish(kind, syllables, stress)
    chosen = None if words is None else [w for w in words if w not in SPECIALS]
    place = {w: i for i, w in enumerate(song_words() if chosen is None else chosen)}
    found = find_rhymes(target, lexicon, chosen)
    if kind in ("all", "mosaic"):
        found += find_phrases(target, lexicon, list(place)[:OPENERS])
    found = [r for r in found if wanted(r) and not (clean and any(map(is_unclean, r.word.split())))]
    return sorted(found, key=lambda r: (*group(r), *rank(r.word, place)))


def rank(word: str, place: Mapping[str, int]) -> tuple[bool, int, int, str]:
    """The sort key of a word or phrase by use in songs; a phrase that songs have goes before others."""
    first, *weak = word.split()
    rare = len(place)
    said = -song_pairs()[first, weak[0]] if weak else 0
    return first not in place and stem(first) not in place, said, place.get(first, rare), word


def stem(word: str) -> str:
    """A word without its ending, where it has one that makes a new form of a word; else the word.

    >>> stem("daydreamed"), stem("moons"), stem("glass")
    ('daydream', 'moon', 'glass')
    """
    return re.sub(r"(?<=\w\w)(?:'s|(?<!s)s|ed|ing|ly|ness|less|ful)$", "", word)


def group(rhyme: Rhyme) -> tuple[int, int, int]:
    """The sort key of a rhyme: kind, kind of near rhyme, syllables."""
    return KINDS.index(rhyme.kind), rhyme.rank[1], rhyme.reading.syllables


def readable(word: str, lexicon: Lexicon) -> str:
    """The word as the tokeniser writes it. Raises InputError if it is not one word or has no reading."""
    words = WordTokenizer().split(word[:1000])
    if len(words) > 1:
        raise InputError(f"{word[:60]!r} is {len(words)} words: rhymes are looked up for one word")
    if not words or not lexicon.readings(words[0]):
        raise InputError(
            f"{word[:60]!r} cannot be read aloud: give a word in Latin letters, or teach it by --lexicon"
        )
    return words[0]


def wish(kind: str, syllables: int | None, stress: str | None) -> Callable[[Rhyme], bool]:
    """The function that says whether a rhyme has this kind, length and stress. Raises InputError."""
    if kind not in ("all", *KINDS):
        raise InputError(f"--kind {kind!r} is unknown: use {', '.join(KINDS)} or all")
    if syllables is not None and syllables < 1:
        raise InputError(f"--syllables {syllables}: words have 1 syllable or more")
    if stress is not None and not re.fullmatch("[012]+", stress):
        raise InputError(f"--stress {stress!r} is no stress: write a digit a syllable, such as 01; 1 is stressed")
    pattern = re.compile((stress or "").replace("1", "[12]") if stress else ".*")

    def wanted(rhyme: Rhyme) -> bool:
        right_kind = kind in ("all", rhyme.kind)
        right_size = syllables is None or rhyme.reading.syllables == syllables
        return right_kind and right_size and pattern.fullmatch(rhyme.reading.stress) is not None

    return wanted


OPENERS = 3000  # commonest words with which a phrase may begin


@lru_cache(1)
def song_words() -> list[str]:
    """The words of songs: those that the starter draws, by how often they end lines, then its other words. Without a
    starter those of the bundled songs, commonest first."""
    path = starter_path()
    if path is None:
        counts = Counter(word for line in bundled_lines() for word in line)
        return [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    tokens = Vocabulary.load(path / "vocab.json").tokens
    columns = VocabLayout.load(path / COLUMNS, len(tokens))
    finals = np.zeros(len(tokens)) if columns.finals is None else columns.finals
    undrawn = set(columns.undrawn.tolist())
    order = sorted(range(len(tokens)), key=lambda w: (w in undrawn, -finals[w], w))
    return [tokens[w] for w in order if tokens[w] not in SPECIALS]


@lru_cache(1)
def song_pairs() -> Counter[tuple[str, str]]:
    """How often one word follows another in the bundled songs."""
    return Counter(pair for line in bundled_lines() for pair in pairwise(line))


def bundled_lines() -> Iterator[list[str]]:
    """The words of each line of the bundled songs."""
    split = WordTokenizer().split
    for path in sorted(FOLDER.glob("*.txt")):
        yield from map(split, path.read_text(encoding="utf-8").splitlines())
