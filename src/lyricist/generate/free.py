"""The form of a free song as a finite-state automaton over tokens.

States are values: `allowed` gives the tokens that may follow a state, `step` the next state, `final` whether the song
is complete.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from lyricist.corpus import RETURNING
from lyricist.corpus.word_lists import is_unclean
from lyricist.errors import InputError
from lyricist.model.tokens import BREAKS, END, EOS, LINE, SONG, TAGS, UNK, Vocabulary
from lyricist.plan.song_spec import FreeSpec

Mask = npt.NDArray[np.bool_]

FREE_LINES = 28  # longest song of free form
SECTION_LINES = (2, 10)  # fewest and most lines of a section whose length the model decides
LINE_TOKENS = {"word": 13, "char": 80, "whitespace": 24}  # longest line
RAW_LINES = 12  # lines written by a model without song structure


@dataclass(frozen=True, slots=True)
class State:
    """The position in a song. `kept` holds the words of the first chorus, `forced` the tokens that must follow."""

    section: int = -1  # index of the current section; -1 before the first
    name: str = ""  # its name
    line: int = 0  # lines begun in the section
    tokens: int = 0  # tokens in the line
    total: int = 0  # lines begun in the song
    kept: tuple[tuple[str, tuple[int, ...]], ...] = ()  # first section of each repeating name, token ids
    forced: tuple[int, ...] = ()
    replaying: bool = False  # in a section that returns word for word
    done: bool = False

    def recorded(self, name: str) -> tuple[int, ...]:
        return dict(self.kept).get(name, ())


@dataclass(frozen=True, slots=True)
class Allowed:
    """`mask` (V,) of the allowed tokens. `pool`: tokens whose probability goes to `target`, one of them: every end of
    a section counts as the end that the form asks for."""

    mask: Mask
    pool: tuple[int, ...] = ()
    target: int = -1


class FreeSongAutomaton:
    """Sections in the order of the plan or the model, lines within bounds, a returning chorus. Raises `InputError`
    for what the vocabulary cannot follow."""

    def __init__(self, vocabulary: Vocabulary, spec: FreeSpec) -> None:
        self.vocabulary, self.spec = vocabulary, spec
        self.structured = vocabulary.tokenizer.structured
        if not self.structured and (spec.form or spec.lines):
            raise InputError(f"a {vocabulary.tokenizer.name} run writes without form: leave out --form and --lines")
        index = vocabulary.index
        self.tags = {index[tag]: name for name, tag in TAGS.items() if tag in index}
        self.tag_of = {name: i for i, name in self.tags.items()}
        self.line_id = index[LINE if self.structured else EOS]
        self.end_id = index[END] if self.structured else -1
        self.ends = (*self.tags, self.end_id) if self.structured else ()
        self.breaks = frozenset(index[b] for b in BREAKS if b in index)
        self.longest = LINE_TOKENS[vocabulary.tokenizer.name]
        self.words = np.ones(len(vocabulary), dtype=bool)
        self.words[[index[t] for t in (UNK, SONG, *BREAKS) if t in index]] = False
        if spec.clean and self.vocabulary.tokenizer.name == "word":
            self.words[[i for i, t in enumerate(vocabulary.tokens) if is_unclean(t)]] = False
        self.repeats = RETURNING if spec.keep_chorus else frozenset()
        self.start_id = self.find_start()
        self.check_lines()

    def check_lines(self) -> None:
        """Raise `InputError` if a returning section is given two numbers of lines."""
        counts: dict[str, int] = {}
        for i, name in enumerate(self.spec.form if self.spec.lines else ()):
            n = self.spec.lines[i % len(self.spec.lines)]
            if name in self.repeats and counts.setdefault(name, n) != n:
                raise InputError(
                    f"--lines gives the {name} {counts[name]} lines and later {n}, "
                    f"but --form brings it back word for word: give it one number"
                )

    def find_start(self) -> int:
        """Id of the requested first word; -1: none. Raises `InputError` for a word outside the vocabulary."""
        if self.spec.start is None:
            return -1
        tokens = self.vocabulary.tokenizer.split(self.spec.start)
        if len(tokens) != 1 and self.vocabulary.tokenizer.name != "char":
            raise InputError(f"--start {self.spec.start!r} is not one word")
        if not tokens or tokens[0] not in self.vocabulary or not self.words[self.vocabulary.index[tokens[0]]]:
            raise InputError(f"--start {self.spec.start!r} is not among this model's {len(self.vocabulary)} words")
        return self.vocabulary.index[tokens[0]]

    @property
    def prompt(self) -> int:
        """The token that precedes a song."""
        return self.vocabulary.index[SONG] if self.structured else self.line_id

    def start(self) -> State:
        return State() if self.structured else State(section=0, name="verse", line=1, total=1)

    def final(self, state: State) -> bool:
        return state.done

    def allowed(self, state: State) -> Allowed:
        if state.forced:
            return Allowed(self.only((state.forced[0],)))
        if state.section < 0:
            return self.opening()
        if state.replaying:  # the returned section is complete: only the next may follow
            return Allowed(self.only(self.following(state)))
        if state.tokens == 0 and state.total == 1 and self.start_id >= 0:
            return Allowed(self.only((self.start_id,)))
        if state.tokens == 0 or (self.vocabulary.tokenizer.name == "char" and state.tokens < 3):
            return Allowed(self.words)
        return self.inside(state)

    def opening(self) -> Allowed:
        """The first token: the form's first section, or any section."""
        if self.spec.form:
            return Allowed(self.only((self.tag(self.spec.form[0]),)))
        return Allowed(self.only(tuple(self.tags)))

    def tag(self, name: str) -> int:
        """The token that opens a section. Raises `InputError` if the model has none of this name."""
        if name not in self.tag_of:
            raise InputError(f"this model has no section {name!r}: it knows {', '.join(self.tag_of)}")
        return self.tag_of[name]

    def inside(self, state: State) -> Allowed:
        """After at least one word of a line: more words, a line end, a section end."""
        low, high = self.bounds(state)
        may_break, must_break = state.line < high or not self.structured, state.tokens >= self.longest
        ends = self.following(state) if state.line >= low and self.structured else ()
        chosen = (*ends, self.line_id) if may_break else ends
        mask = self.only(chosen) if must_break else self.plus_words(chosen)
        if len(ends) == 1 and self.spec.form:
            return Allowed(mask, self.ends, ends[0])
        return Allowed(mask)

    def bounds(self, state: State) -> tuple[int, int]:
        """Fewest and most lines of the current section."""
        if self.spec.lines:
            n = self.spec.lines[state.section % len(self.spec.lines)]
            return n, n
        low, high = SECTION_LINES
        return (
            (low, max(low, min(high, FREE_LINES - (state.total - state.line)))) if not self.spec.form else (low, high)
        )

    def following(self, state: State) -> tuple[int, ...]:
        """Tokens that may end the current section."""
        if self.spec.form:
            after = state.section + 1
            return (self.tag(self.spec.form[after]) if after < len(self.spec.form) else self.end_id,)
        if state.total >= FREE_LINES:
            return (self.end_id,)
        return self.ends if state.total >= 4 else tuple(self.tags)

    def step(self, state: State, token: int) -> State:
        """The state after a token that was allowed."""
        if token == self.end_id:
            return replace(state, done=True, forced=())
        if token in self.tags:
            return self.enter(state, self.tags[token])
        kept, forced = self.record(state, token), state.forced[1:]
        if token == self.line_id:
            done = not self.structured and state.total >= RAW_LINES
            line, total = state.line + 1, state.total + 1
            return replace(state, line=line, total=total, tokens=0, done=done, kept=kept, forced=forced)
        return replace(state, tokens=state.tokens + 1, kept=kept, forced=forced)

    def record(self, state: State, token: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """`kept` with this token, in a section that may return."""
        if state.replaying or state.name not in self.repeats:
            return state.kept
        so_far = dict(state.kept)
        so_far[state.name] = (*so_far.get(state.name, ()), token)
        return tuple(so_far.items())

    def enter(self, state: State, name: str) -> State:
        again = state.recorded(name) if name in self.repeats else ()
        return replace(
            state,
            section=state.section + 1,
            name=name,
            line=1,
            tokens=0,
            total=state.total + 1,
            forced=again,
            replaying=bool(again),
        )

    def returning(self, state: State, name: str) -> tuple[int, ...]:
        """The words of a returning section so far; () for other sections."""
        return tuple(t for t in state.recorded(name) if self.words[t]) if name in self.repeats else ()

    @lru_cache(maxsize=256)  # noqa: B019 (automata are few and short-lived)
    def only(self, tokens: tuple[int, ...]) -> Mask:
        """(V,) true at these tokens."""
        mask = np.zeros(len(self.words), dtype=bool)
        mask[list(tokens)] = True
        return mask

    @lru_cache(maxsize=256)  # noqa: B019
    def plus_words(self, tokens: tuple[int, ...]) -> Mask:
        """(V,) true at all words and at these tokens."""
        return self.words | self.only(tokens)
