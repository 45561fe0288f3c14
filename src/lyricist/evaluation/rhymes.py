"""`rhymes`: the rhyming dictionary, for all words of the lexicon or for those of a model.

Commonest words first, in the order of the model's vocabulary. Without a model, words of the bundled songs come first,
by frequency, then all others in alphabetical order: the lexicon has no frequencies.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

from lyricist.corpus.samples import FOLDER
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.corpus.word_lists import is_unclean
from lyricist.errors import InputError
from lyricist.model.tokens import SPECIALS
from lyricist.prosody import Lexicon, default_lexicon
from lyricist.prosody.rhyme import KINDS, Rhyme, find_rhymes


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
    """Words that rhyme with a word: perfect, near and identical ones, by closeness and syllables, commonest first.

    kind: perfect, near, identical or all. syllables, stress: only words of that length, or with that stress, such as
    "01" (1: main or secondary stress). words: only these, commonest first, such as a model's vocabulary. clean: no
    slurs or obscenities. A word in no lexicon is read by the pronunciation model. Raises InputError if `word` is not
    one word or cannot be read, and for other values that are wrong.

    >>> [rhyme.word for rhyme in rhymes("moon", "perfect", words=["spoon", "river", "noon"])]
    ['spoon', 'noon']
    """
    lexicon = lexicon or default_lexicon()
    target = readable(word, lexicon)
    wanted = wish(kind, syllables, stress)
    chosen = None if words is None else [w for w in words if w not in SPECIALS]
    place = {w: i for i, w in enumerate(song_words() if chosen is None else chosen)}
    found = [r for r in find_rhymes(target, lexicon, chosen) if wanted(r) and not (clean and is_unclean(r.word))]
    rare = len(place)
    return sorted(found, key=lambda r: (*group(r), place.get(r.word, rare), r.word))


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


@lru_cache(1)
def song_words() -> list[str]:
    """The words of the bundled songs, commonest first."""
    split = WordTokenizer().split
    texts = (path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.txt")))
    counts = Counter(word for text in texts for line in text.splitlines() for word in split(line))
    return [word for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
