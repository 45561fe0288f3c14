"""`LoadedRun`: the parts of a run that writing needs, each opened when it is first used."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lyricist._io import Arrays
from lyricist.errors import RunError
from lyricist.generate.line_score import from_network
from lyricist.generate.nocopy import CopyGuard
from lyricist.generate.punctuation import Printer, default_punctuation
from lyricist.generate.selection import LineJudge
from lyricist.generate.vocab import WordTable
from lyricist.model.copy_index import CopyIndex, LineFilter, RunFilter
from lyricist.model.habits import NONE as NO_HABITS
from lyricist.model.habits import Habits
from lyricist.model.runtime import BlockModel, HostBlocks, OnnxBlocks, PackedSteps, StepModel
from lyricist.model.stock import NONE, StockPhrases
from lyricist.model.tokens import Vocabulary
from lyricist.model.topics import Topics
from lyricist.model.vocab_layout import VocabLayout
from lyricist.model.word_facts import facts_of
from lyricist.plan.premise import read_stories
from lyricist.prosody.features import OUTLINE, groups_of
from lyricist.prosody.lexicon import Lexicon, default_lexicon

MISPLACED = 0.02  # share of words that a changed lexicon may make unusable
ARRANGED = 4  # arrangements of the graph's words that are kept


@dataclass(frozen=True)
class RunFiles:
    """Files beside a step model, compared with the run's manifest. A path may name a file that does not exist."""

    copies: Path | None = None  # see `CopyIndex`
    lines: Path | None = None  # see `LineFilter`
    runs: Path | None = None  # see `RunFilter`
    topics: Path | None = None  # see `Topics`
    facts: Path | None = None  # see `WordFacts`
    stock: Path | None = None  # see `StockPhrases`
    graph: Path | bytes | None = None  # writer.onnx, see `OnnxBlocks`
    columns: VocabLayout | None = None  # of that graph
    weights: Callable[[], Arrays] | None = None
    judge: Callable[[Vocabulary], LineJudge | None] = lambda words: None
    stories: Path | None = None  # see `read_stories`
    habits: Path | None = None  # see `Habits`


class LoadedRun:
    """A step model, its vocabulary, and what lies beside them."""

    def __init__(
        self,
        step_model: StepModel,
        vocabulary: Vocabulary,
        lexicon: Lexicon | None = None,
        files: RunFiles | None = None,
    ) -> None:
        self.step_model, self.vocabulary, self.beside = step_model, vocabulary, files or RunFiles()
        self.lexicon = lexicon or default_lexicon()
        self.odd: dict[bytes, frozenset[int]] = {}  # see `misplaced`
        self.arrangements: dict[tuple[int, bytes], OnnxBlocks] = {}  # see `arranged`

    @cached_property
    def copy_index(self) -> CopyIndex | None:
        """None for a run without one (a corpus too large for one, a model from elsewhere)."""
        return CopyIndex.load(file, self.vocabulary) if (file := self.beside.copies) and file.exists() else None

    @cached_property
    def line_filter(self) -> LineFilter | None:
        """The whole lines of a corpus too large for a copy index; None for a run without one."""
        return LineFilter.load(file) if (file := self.beside.lines) and file.exists() else None

    @cached_property
    def run_filter(self) -> RunFilter | None:
        """The runs of words of a corpus too large for a copy index; None for a run without one."""
        return RunFilter.load(file) if (file := self.beside.runs) and file.exists() else None

    def longest_copy(self, words: Sequence[str]) -> int | None:
        """Words of the longest run of `words` that the copy index or, from six words on, the run filter knows; None
        for a run without both, or of other tokens than words."""
        if self.vocabulary.tokenizer.name != "word":
            return None
        found = [] if self.copy_index is None else [self.copy_index.longest_run(words)[0]]
        found += [] if self.run_filter is None else [self.run_filter.longest_run(words)]
        return max(found, default=None)

    @cached_property
    def stock(self) -> StockPhrases:
        """What the run says too often; none for a run without a count of it."""
        return StockPhrases.load(file) if (file := self.beside.stock) and file.exists() else NONE

    @cached_property
    def habits(self) -> Habits:
        """How the songs go that it was fine-tuned on; nothing for a run that does not know it."""
        return Habits.load(file) if (file := self.beside.habits) and file.exists() else NO_HABITS

    @cached_property
    def line_judge(self) -> LineJudge | None:
        """Chooses among drafts; only the starter and runs fine-tuned from it have one."""
        return self.beside.judge(self.vocabulary)

    @property
    def outlines(self) -> bool:
        """Whether the model reads outlines."""
        return OUTLINE in self.groups

    @cached_property
    def stories(self) -> tuple[str, ...]:
        """What songs can tell, as blocks of a file."""
        file = self.beside.stories
        return read_stories(file) if self.outlines and file is not None and file.exists() else ()

    def nearest_stories(self, about: Sequence[str], stories: Sequence[str]) -> list[str]:
        """Stories by how near their words are to those of a theme, the nearest first."""
        aim, wanted = self.topics.theme_vector(about), set(about)
        found = [self.story_facts[story] for story in stories]
        worth = np.array([float(vector @ aim) + len(wanted & words) for words, vector in found])
        return [stories[k] for k in np.argsort(-worth, kind="stable").tolist()]

    @cached_property
    def story_facts(self) -> dict[str, tuple[frozenset[str], npt.NDArray[np.float32]]]:
        """The words of each story, and (D,) their mean direction."""
        words = {story: frozenset(story.replace(",", " ").split()) for story in self.stories}
        return {story: (found, self.topics.theme_vector(sorted(found))) for story, found in words.items()}

    @cached_property
    def printer(self) -> Printer:
        """Prints songs with punctuation if the vocabulary is of English words, else without."""
        found = default_punctuation() if self.vocabulary.tokenizer.name == "word" else None
        return Printer(self.vocabulary, found if found is not None and found.suits(self.vocabulary) else None)

    def printed(self, bare: bool) -> Printer:
        """What prints songs, `bare`: without punctuation."""
        return Printer(self.vocabulary, None) if bare else self.printer

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of plan features that the model sees."""
        return groups_of(getattr(self.step_model, "features", 0))

    @cached_property
    def words(self) -> WordTable:
        """The table of the vocabulary's words, for exact plans."""
        facts = facts_of(self.vocabulary.tokens, self.lexicon, self.beside.facts)
        return WordTable(self.vocabulary, self.lexicon, facts=facts)

    @cached_property
    def vectors(self) -> npt.NDArray[np.float32] | None:
        """(V, E) the model's word vectors; None if the weights are not known."""
        return None if self.beside.weights is None else np.asarray(self.beside.weights()["embedding"])

    @cached_property
    def topics(self) -> Topics:
        """The topical vectors; for a run without them the network's own word vectors."""
        if self.beside.topics is not None and self.beside.topics.exists():
            return Topics.load(self.beside.topics, self.vocabulary)
        size = len(self.vocabulary)
        return from_network(
            self.vocabulary, np.zeros((size, 1), dtype=np.float32) if self.vectors is None else self.vectors
        )

    @cached_property
    def block_model(self) -> OnnxBlocks | None:
        """The run's graph for writing to plans; None if it has none, or one of another version."""
        if self.beside.graph is None or self.beside.columns is None:
            return None
        with suppress(RunError):
            return OnnxBlocks(self.beside.graph, self.beside.columns)
        return None

    def blocks(
        self, sig: npt.NDArray[np.int32], needed: Collection[int] = (), whole: bool = False
    ) -> tuple[BlockModel, Collection[int]]:
        """A model for writing to plans with words of these signatures (V,), and words that it cannot choose freely.

        It is the run's own graph if the lexicon has changed little since the graph was made and none of the `needed`
        words has changed; else the plain graph, rearranged at every step. `whole`: with the words that are not drawn,
        as it also is if one of them is needed.
        """
        made = self.block_model
        if made is not None and len(sig) == len(made.columns.sig):
            odd = self.misplaced(made, sig)
            if len(odd) <= MISPLACED * len(sig) and odd.isdisjoint(needed):
                if whole or not set(made.columns.undrawn.tolist()).isdisjoint(needed):
                    made = self.whole_blocks
                return self.arranged(made, sig), odd
        return HostBlocks(self.step_model, VocabLayout.by_signature(sig)), ()

    def misplaced(self, made: OnnxBlocks, sig: npt.NDArray[np.int32]) -> frozenset[int]:
        """Words that do not have the signatures of the graph; kept for the latest signatures."""
        key = sig.tobytes()
        found = self.odd.get(key)
        if found is None:
            found = frozenset(made.columns.misplaced(sig).tolist())
            self.odd = {key: found}
        return found

    def arranged(self, made: OnnxBlocks, sig: npt.NDArray[np.int32]) -> OnnxBlocks:
        """`OnnxBlocks.arranged` for these signatures; the latest are kept, so that plans share them."""
        key = (id(made), sig.tobytes())
        found = self.arrangements.get(key)
        if found is None:
            found = made.arranged(made.columns.numbered(sig))
            self.arrangements = dict([*self.arrangements.items(), (key, found)][-ARRANGED:])
        return found

    @cached_property
    def whole_blocks(self) -> OnnxBlocks:
        """The run's graph for writing to plans, with all its words."""
        step = self.step_model
        assert self.block_model is not None
        return step.made if isinstance(step, PackedSteps) else self.block_model.whole()

    def guard(self, max_copy: int) -> CopyGuard | None:
        if not max_copy or self.vocabulary.tokenizer.name != "word":
            return None
        if self.copy_index is None and self.line_filter is None:
            return None
        return CopyGuard(self.copy_index, self.vocabulary, max_copy, self.line_filter)
