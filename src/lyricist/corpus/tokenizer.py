"""Text -> words and back: three tokenisers. The only text normaliser of the project.

`WordTokenizer` splits lyrics into lower-cased words, `CharTokenizer` into characters, `WhitespaceTokenizer` takes
benchmark text as it is (Penn Treebank, WikiText).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Literal

from lyricist.errors import InputError

TokenizerName = Literal["word", "char", "whitespace"]

# Words that begin with an apostrophe in song; elsewhere a leading apostrophe is a quotation mark.
CLIPPED = """
    cause cos coz til till tis twas twere twill twould em round neath bout gainst fore mid
    mong mongst n scuse nother tween twixt cross bove pon way stead ere kay sup
"""
CLIPPED_START = frozenset({"'" + word for word in CLIPPED.split()} | {"'n'"})
# Endings after which a final apostrophe belongs to the word (singin', o', th', stars').
CLIPPED_END = re.compile(r"(?:..in|^o|^an|^th|^wi|^ol|^li'?l|^mo|^fo|^tha|^ha|^a|^i|^'n|^lo|^yo|^sin|^fu|^ca|s)$")
WORD = re.compile(r"\d+(?:[.,:/]\d+)+|'?[^\W_]+(?:['\-][^\W_]+)*'?")


class WordTokenizer:
    """Lower-cased words with their apostrophes and hyphens; punctuation is dropped.

    >>> WordTokenizer().split("Don't stop, I'm lovin' it -- 'cause o'er na-na!")
    ["don't", 'stop', "i'm", "lovin'", 'it', "'cause", "o'er", 'na-na']
    >>> WordTokenizer().split("'Stars,' she said")
    ['stars', 'she', 'said']
    """

    name: ClassVar[TokenizerName] = "word"
    structured: ClassVar[bool] = True

    def split(self, line: str) -> list[str]:
        return [word for word, _ in self.split_surface(line)]

    def split_surface(self, line: str) -> list[tuple[str, str]]:
        """Pairs of (token, as it was written)."""
        line = line.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        found = WORD.findall(line)
        if "'" not in line:
            return [(word.lower(), word) for word in found]
        quoted = any(w[0] == "'" and w.lower() not in CLIPPED_START for w in found)
        return [(w.lower(), w) for w in (strip_quotes(word, quoted) for word in found) if w]

    def join(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens)


def strip_quotes(word: str, quoted: bool) -> str:
    """Take quotation marks off a word and leave apostrophes on it; `quoted`: its line opens a quotation."""
    low = word.lower()
    if word[0] == "'" and low not in CLIPPED_START and low.rstrip("'") not in CLIPPED_START:
        word = word[1:]
    if word.endswith("'") and word.lower() not in CLIPPED_START:
        stem = word[:-1].lower()
        if not CLIPPED_END.search(stem) or (quoted and not stem.endswith("in")):
            word = word[:-1]
    return word


class CharTokenizer:
    """Single characters, case and punctuation kept."""

    name: ClassVar[TokenizerName] = "char"
    structured: ClassVar[bool] = True

    def split(self, line: str) -> list[str]:
        return list(line)

    def join(self, tokens: Sequence[str]) -> str:
        return "".join(tokens)


class WhitespaceTokenizer:
    """The text as it is, split at white space: `<unk>` stays `<unk>`, a line end is `<eos>`."""

    name: ClassVar[TokenizerName] = "whitespace"
    structured: ClassVar[bool] = False

    def split(self, line: str) -> list[str]:
        return line.split()

    def join(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens)


Tokenizer = WordTokenizer | CharTokenizer | WhitespaceTokenizer
TOKENIZERS: dict[str, type[Tokenizer]] = {t.name: t for t in (WordTokenizer, CharTokenizer, WhitespaceTokenizer)}


def tokenizer_named(name: str) -> Tokenizer:
    """The tokeniser of that name, or `InputError`."""
    if name not in TOKENIZERS:
        raise InputError(f"tokenizer {name!r} is unknown: use one of {', '.join(TOKENIZERS)}")
    return TOKENIZERS[name]()
