"""Tokens and ids: the special tokens and the `Vocabulary`. A song is encoded as

    <song> <verse> words <line> words <line> words <chorus> words ... <end>

so that exactly one break token separates two lines: `<line>`, the tag of the next section, or `<end>`. The whitespace
tokeniser takes text as it is (Penn Treebank, WikiText): `<eos>` ends a line.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from lyricist._io import MOST_JSON, one_line, parse_json, read_plain
from lyricist.corpus import SECTION_NAMES, Line, Section, Song
from lyricist.corpus.tokenizer import Tokenizer, WordTokenizer, tokenizer_named
from lyricist.errors import InputError, RunError, expect, expect_all

Order = Literal["forward", "backward"]

UNK, SONG, END, LINE, EOS = "<unk>", "<song>", "<end>", "<line>", "<eos>"
TAGS = {name: f"<{name}>" for name in SECTION_NAMES}
BREAKS = frozenset({LINE, END, EOS, *TAGS.values()})
SPECIALS = frozenset({UNK, SONG, *BREAKS})
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # would break lines, or command a terminal
MOST_TOKENS, MOST_CHARACTERS = 1_000_000, 10_000  # of a vocabulary, of a token
ALWAYS_CAPITAL = {"i": "I", "i'm": "I'm", "i'll": "I'll", "i'd": "I'd", "i've": "I've"}


def song_tokens(song: Song, tokenizer: Tokenizer, order: Order = "forward") -> list[str]:
    """A song as tokens, in the form of the module's docstring; `backward` reverses the words of every line."""
    if not tokenizer.structured:
        return [t for line in song.lines() for t in (*tokenizer.split(line.text), EOS)]
    out = [SONG]
    for section in song.sections:
        out.append(TAGS.get(section.name, TAGS["verse"]))
        for i, line in enumerate(section.lines):
            if i:
                out.append(LINE)
            words = tokenizer.split(line.text)
            out.extend(words if order == "forward" else words[::-1])
    out.append(END)
    return out


class Vocabulary:
    """Tokens by falling training frequency, how each is written, and encode / decode.

    `tokens[i]` is the token of id i; `display` maps a token to its form inside a line ("i'm" -> "I'm"); `order`:
    whether the model reads a line from its first word or, `backward`, from its last. Raises `RunError` if a token
    occurs twice or `<unk>` is missing, `InputError` for arguments of another kind.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        tokenizer: str = "word",
        display: dict[str, str] | None = None,
        order: Order = "forward",
    ) -> None:
        self.tokens: list[str] = expect_all(tokens, str, "tokens", "a list of words")
        expect(tokenizer, str, "tokenizer", "the name of a tokeniser")
        expect(display, (dict, type(None)), "display", "a dict of words")
        if order not in ("forward", "backward"):
            raise InputError(f"order {order!r} is unknown: use forward or backward")
        self.order = order
        self.tokenizer = tokenizer_named(tokenizer)
        self.display = {**(display or {}), **(ALWAYS_CAPITAL if tokenizer == "word" else {})}
        self.index = {token: i for i, token in enumerate(self.tokens)}
        if len(self.index) != len(self.tokens):
            raise RunError("vocabulary holds a token twice: the run is damaged")
        if UNK not in self.index:
            raise RunError("vocabulary lacks <unk>: the run is damaged")
        self.unk = self.index[UNK]

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self.index

    def ids(self, tokens: Iterable[str]) -> list[int]:
        """Ids of tokens; a token outside the vocabulary becomes `<unk>`."""
        expect(tokens, Iterable, "tokens", "words")
        return [self.index.get(t, self.unk) for t in tokens]

    def rarity(self, token: str) -> float:
        """Nats of a token's rank by Zipf's law (Mandelbrot 1953: p ~ 1 / (rank + 2.7)); unknown tokens come last."""
        return math.log(self.index.get(token, len(self)) + 2.7)

    def encode(self, song: Song) -> list[int]:
        """The ids of a song's tokens."""
        expect(song, Song, "song", "a song of a corpus")
        return self.ids(song_tokens(song, self.tokenizer, self.order))

    def write_line(self, tokens: Sequence[str]) -> str:
        """Tokens of one line as a person would write them.

        >>> Vocabulary(["<unk>"]).write_line(["when", "i'm", "home"])
        "When I'm home"
        """
        if self.tokenizer.name != "word":
            return self.tokenizer.join(tokens)
        return capital(self.tokenizer.join([self.display.get(t, t) for t in tokens]))

    def token(self, i: int) -> str:
        """The token of an id. Raises `InputError` for what is none."""
        if not hasattr(i, "__index__") or not 0 <= i < len(self):
            raise InputError(f"{i!r} is no id of this vocabulary of {len(self)} tokens")
        return self.tokens[i]

    def decode(self, ids: Iterable[int]) -> Song:
        """Ids of one song back into sections of lines."""
        expect(ids, Iterable, "ids", "the ids of a song")
        sections: list[tuple[str, list[list[str]]]] = []
        for token in map(self.token, ids):
            if token == SONG:
                continue
            if token in TAGS.values():
                sections.append((token[1:-1], [[]]))
                continue
            if not sections:
                sections.append(("verse", [[]]))
            if token in BREAKS:
                sections[-1][1].append([])
            else:
                sections[-1][1][-1].append(token)
        way = 1 if self.order == "forward" else -1
        made = (Section(n, tuple(Line(self.write_line(w[::way])) for w in lines if w)) for n, lines in sections)
        return Song(title="", artist="", sections=tuple(s for s in made if s.lines), source="")

    def to_json(self) -> str:
        data: dict[str, object] = {"format": 1, "tokenizer": self.tokenizer.name}
        data |= {"tokens": self.tokens, "display": self.display}
        if self.order != "forward":
            data["order"] = self.order
        return json.dumps(data, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | bytes, where: str = "vocabulary") -> Vocabulary:
        """Read the text of `to_json`. Raises `RunError` that names `where` if it is damaged."""
        data = parse_json(text, where)
        try:
            tokens, display, order = data["tokens"], data["display"], data.get("order", "forward")
            checked_words(tokens, display)
            if order not in ("forward", "backward"):
                raise ValueError("its order")
            return cls(tokens, str(data["tokenizer"]), display, order)
        except RunError as e:
            raise RunError(f"{where}: {e}") from e
        except (ValueError, KeyError, TypeError, AttributeError, InputError) as e:
            raise RunError(f"{where} is damaged ({one_line(e)}): restore it or train again") from e

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read a vocab.json. Raises `RunError`."""
        return cls.from_json(read_plain(path, MOST_JSON), str(path))


def checked_words(tokens: Sequence[str], display: Mapping[str, str]) -> None:
    """Raise `ValueError` or `TypeError` unless tokens and written forms are texts without control characters."""
    if not isinstance(tokens, list) or not isinstance(display, dict) or not 0 < len(tokens) <= MOST_TOKENS:
        raise TypeError("its tokens")
    words = [*tokens, *display, *display.values()]
    if not all(isinstance(word, str) for word in words):
        raise TypeError("a token that is no text")
    if max(map(len, words)) > MOST_CHARACTERS or CONTROL.search("".join(words)):
        raise ValueError("a token that is no word")


def capital(line: str) -> str:
    """The line with a capital first letter, also after an apostrophe ('Cause).

    >>> capital("'cause you")
    "'Cause you"
    """
    for i, ch in enumerate(line):
        if ch.isalpha():
            return line[:i] + ch.upper() + line[i + 1 :]
        if ch != "'":
            break
    return line


BEGINS = frozenset(".?!:\"'\u201c\u2018")  # what stands before the capital of a sentence or a speech


def display_forms(lines: Iterable[str], tokenizer: Tokenizer) -> dict[str, str]:
    """The written forms of words that mostly have a capital inside a line (names, Thy in a hymnal). One that begins a
    sentence or a speech there does not count.

    >>> display_forms(["and said: 'It's for Ann. It's late'"] * 2, WordTokenizer())
    {'ann': 'Ann'}
    """
    if not isinstance(tokenizer, WordTokenizer):
        return {}
    seen: Counter[str] = Counter()
    forms: Counter[tuple[str, str]] = Counter()
    for line in lines:
        if line.isupper():
            continue
        at = 0
        for word, surface in tokenizer.split_surface(line):
            at = line.find(surface, at)
            if not line[:at].rstrip() or line[:at].rstrip()[-1] in BEGINS:
                continue
            seen[word] += 1
            if surface != word:
                forms[word, surface] += 1
    return {w: s for (w, s), n in sorted(forms.items(), key=lambda item: item[1]) if 2 * n > seen[w] and n > 1}
