"""What a run overuses, from songs whose phrases are known."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from lyricist.corpus import Corpus, PrepareOptions, prepare
from lyricist.evaluation import overuse
from lyricist.evaluation.overuse import hold_back, key_of, phrases, table
from lyricist.model.checkpoint import Run, seal
from lyricist.model.stock import RHYME, RUN, STOCK, WORD, StockPhrases

GOODBYE, SEA = (WORD, ("goodbye",)), (WORD, ("sea",))
SAY = (RUN, ("say", "goodbye"))


def test_a_song_has_each_of_its_phrases_once() -> None:
    lines = [[("say", "goodbye"), ("oh", "my"), ("say", "goodbye"), ("to", "the", "sky")]]
    found = phrases(lines, lambda word: frozenset(word[-1]))
    assert {GOODBYE, SAY, (RHYME, overuse.pair("my", "sky"))} <= found


def test_a_phrase_costs_by_how_many_more_songs_have_it() -> None:
    ours, theirs = Counter({GOODBYE: 28, SEA: 10, SAY: 1}), Counter({GOODBYE: 2, SEA: 30})
    made = table((ours, 48), (theirs, 100), {})
    assert made[key_of(GOODBYE)] > 2 and key_of(SEA) not in made and key_of(SAY) not in made


def test_a_phrase_that_the_songs_have_is_let_go() -> None:
    before = {key_of(SEA): 1.0, key_of(SAY): 1.0}
    made = table((Counter({SEA: 1}), 48), (Counter({SEA: 50}), 100), before)
    assert key_of(SEA) not in made and made[key_of(SAY)] == 1.0


def test_few_songs_are_not_counted(run: Run, tmp_path: Path) -> None:
    options = PrepareOptions(near_duplicate=None, related=None, keep_duplicates=True)
    few = prepare(texts=["The river and the sea\nare all that I can see"] * 10, out=tmp_path / "c", options=options)
    assert hold_back(run, few) == 0


def test_what_a_run_writes_is_counted(run: Run, corpus: Corpus, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(overuse, "SONGS", 3)
    monkeypatch.setattr(overuse, "DRAFTS", 1)
    monkeypatch.setattr(overuse, "LEAST", dict.fromkeys(overuse.LEAST, 1))
    try:
        held = hold_back(run, corpus)
        if (run.path / STOCK).exists():
            assert len(StockPhrases.load(run.path / STOCK).nats) == held
            before = (run.path / STOCK).read_bytes()
            monkeypatch.setattr(overuse, "written", None)  # the same network is not counted again
            assert hold_back(run, corpus) == held and (run.path / STOCK).read_bytes() == before
    finally:
        (run.path / STOCK).unlink(missing_ok=True)
        seal(run.path)
