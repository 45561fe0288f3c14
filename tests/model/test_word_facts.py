"""What is known of words, kept beside a run; and rhyme groups looked at all at once as they are class by class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.generate.exact_tools import WORDS, compiled
from tests.generate.test_engine import MORE

import lyricist
from lyricist.corpus.word_lists import is_unclean
from lyricist.generate import exact_writer as planned
from lyricist.generate.result import WrittenSong
from lyricist.generate.rhyme_groups import GroupState
from lyricist.model.checkpoint import Run
from lyricist.model.copy_index import word_hash
from lyricist.model.tokens import SPECIALS
from lyricist.model.word_facts import WORDS as FILE
from lyricist.model.word_facts import WordFacts, digest_of, facts_of, signature_of
from lyricist.plan.plan import Drawing, Plan
from lyricist.prosody.lexicon import default_lexicon

TOKENS = ("<unk>", "<line>", *MORE, "etc", "2nd", "read", "bitch", "hath", "zzyzx")
LEXICON = default_lexicon()


def same(a: WordFacts, b: WordFacts) -> bool:
    return all(list(getattr(a, name)) == list(getattr(b, name)) for name in WordFacts.__dataclass_fields__)


def test_facts_are_those_of_the_lexicon() -> None:
    facts = WordFacts.of(TOKENS, LEXICON)
    for i, word in enumerate(TOKENS):
        said = () if word in SPECIALS or not LEXICON.known(word) else LEXICON.readings(word)
        assert facts.readings(i) == said
        if said:
            assert facts.signatures[facts.sig[i]] == signature_of(word, said)
        assert facts.unclean[i] == is_unclean(word)
        assert facts.hashes[i] == (0 if word in SPECIALS else word_hash(word))
        own = [facts.tails[t] for t in facts.tail[facts.ender == i]]
        assert own == list(dict.fromkeys(r.tail for r in said if r.syllables))
    chosen = {w for w, ok in zip(TOKENS, facts.choosable, strict=True) if ok}
    assert {"etc", "2nd", "zzyzx", "<unk>"}.isdisjoint(chosen) and {"sea", "hath", "bitch", "read"} <= chosen
    assert [w for w, old in zip(TOKENS, facts.archaic, strict=True) if old] == ["hath"]


def test_kept_facts_are_read_and_stale_or_damaged_ones_made_anew(tmp_path: Path) -> None:
    facts, path = WordFacts.of(TOKENS, LEXICON), tmp_path / FILE
    digest = digest_of(TOKENS, LEXICON)
    assert WordFacts.load(path, digest) is None
    facts.save(path, digest)
    kept = WordFacts.load(path, digest)
    assert kept is not None and same(kept, facts)
    (tmp_path / "own.txt").write_text("sea  S AY1", encoding="utf-8")
    own = LEXICON.extended(tmp_path / "own.txt")
    assert WordFacts.load(path, digest_of(TOKENS, own)) is None
    assert facts_of(TOKENS, own, path).readings(TOKENS.index("sea"))[0].text == "S AY1"
    assert WordFacts.load(path, digest_of(TOKENS[:-1], LEXICON)) is None
    for damaged in (path.read_bytes()[:-20], b"", b"not words at all"):
        path.write_bytes(damaged)
        assert WordFacts.load(path, digest) is None
        assert same(facts_of(TOKENS, LEXICON, path), facts)


@pytest.mark.parametrize("order", ["forward", "backward"])
@pytest.mark.parametrize("kind", ["perfect", "near"])
@pytest.mark.parametrize(("syllables", "rhyme"), [("6", "AA"), ("4,7", "AA"), ("3,2,2", "AAA"), ("5,6,4", "AAA")])
def test_all_classes_at_once_are_as_one_by_one(order: str, kind: str, syllables: str, rhyme: str) -> None:
    words = (*MORE, "light", "night", "bite", "like", "read", "live", "rise", "skies", "surprise", "hour")
    plan = Plan(form="verse", lines=len(rhyme), syllables=syllables, rhyme=rhyme, rhyme_kind=kind)
    song = compiled(plan, words, order, with_ends=True)
    rhymes, kinds = song.rhymes, tuple(song.kind(i, {}) for i in song.members[0])
    level, state = rhymes.level(kind), GroupState()
    assert rhymes.wide.at_once(kinds, state)
    whole = rhymes.choice(level, kinds, state)
    rewards = rhymes.wide.rewards(level, kinds[1:], whole.words)
    classes, possible = rhymes.classes(level, kinds, state), rhymes.possible(level, kinds, state)
    slow = compiled(plan, words, order, with_ends=True).rhymes
    slow.wide.at_once = lambda kinds, state: False  # type: ignore[method-assign]
    one = slow.choice(level, kinds, state)
    assert list(whole.entries) == list(one.entries) and len(one.words)
    assert rhymes.outcomes[whole.number] == slow.outcomes[one.number]
    assert (classes, possible) == (slow.classes(level, kinds, state), slow.possible(level, kinds, state))
    for w, reward in zip(one.words.tolist(), rewards.tolist(), strict=True):
        after = slow.after(level, state, one, w)
        assert np.isclose(reward, slow.reward(level, kinds[1:], after.chosen, after.taken), rtol=1e-5)


def test_any_number_of_songs_takes_the_memory_of_a_few(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan is compiled anew after every few songs: what it has learnt is forgotten, the songs are the same."""
    model = lyricist.load(run)
    plan = Plan(form="verse", lines=2, syllables="6", rhyme="AA")
    drawing = Drawing(particles=1)

    def written() -> tuple[list[str], list[int]]:
        writer = model.compile(plan)
        compiled = {}  # the plans themselves, so that no two have one id
        made = []
        for event in writer.events(drawing, range(24)):
            compiled[id(writer.song)] = writer.song
            made += [event] if isinstance(event, WrittenSong) else []
        return [s.text for s in sorted(made, key=lambda s: s.seed)], list(compiled)

    whole, once = written()
    monkeypatch.setattr(planned, "FRESH", 6)
    monkeypatch.setattr(planned, "IN_THREADS", 6)
    again, often = written()
    assert again == whole and len(whole) == 24
    assert (len(once), len(often)) == (1, 4)


def test_words_of_a_run_are_kept_beside_it(run: Run) -> None:
    model = lyricist.load(run)
    kept = WordFacts.load(run.path / FILE, digest_of(model.vocabulary.tokens, model.lexicon))
    assert kept is not None and same(kept, WordFacts.of(model.vocabulary.tokens, model.lexicon))
    assert len(WORDS) < len(kept.texts)
