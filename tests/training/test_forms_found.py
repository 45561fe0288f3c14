"""How songs go, found in songs whose form is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from lyricist.corpus import PrepareOptions, Song, prepare
from lyricist.corpus.structure import parse_song
from lyricist.model.habits import SongForm
from lyricist.prosody.lexicon import default_lexicon
from lyricist.training.habits import find_habits, form_of

BALLAD = (
    "The river ran below the hill\nAnd down into the sea\nThe boats were lying cold and still\nAnd nobody but me",
    "I took the road along the shore\nI walked until the light\nAnd then I did not walk any more\nI slept a summer night",
)
WALTZ = "I carried the letter all over the town\nand under the bridges the water ran down"


def form(text: str) -> SongForm:
    found = form_of(parse_song(text), default_lexicon())
    assert found is not None
    return found


def test_a_ballad_has_its_lengths_its_rhymes_and_its_metre() -> None:
    verse, again = form("\n\n".join(BALLAD))
    assert (verse.name, verse.syllables, verse.rhyme, verse.metre) == ("verse", (8, 6, 8, 6), "ABAB", "iambic")
    assert again == verse


def test_a_chorus_has_a_form_of_its_own() -> None:
    verse, chorus, _, last = form(f"[Verse]\n{BALLAD[0]}\n[Chorus]\n{WALTZ}\n[Verse]\n{BALLAD[1]}\n[Chorus]")
    assert (chorus.name, chorus.syllables, chorus.rhyme) == ("chorus", (11, 11), "AA")
    assert last == chorus and verse.syllables == (8, 6, 8, 6) and not chorus.again


def test_a_line_that_comes_back_in_its_place_is_a_refrain() -> None:
    stanzas = [stanza.rsplit("\n", 1)[0] + "\nAnd that was all for me" for stanza in BALLAD]
    first, second = form("\n\n".join(stanzas))
    assert first.again == () and second.again == (0, 0, 0, 4)


def test_stanzas_are_found_where_their_breaks_are_lost() -> None:
    assert [section.syllables for section in form("\n".join(BALLAD * 2))] == [(8, 6, 8, 6)] * 4


def test_a_long_song_is_not_taken_whole() -> None:
    assert sum(len(section.syllables) for section in form("\n\n".join(BALLAD * 20))) == 32


PROSE = "It was late in the evening when the old man came down from the hill with a lamp and asked for the doctor"
GERMAN = "Am Brunnen vor dem Tore\nda steht ein Lindenbaum\nich träumt in seinem Schatten\nso manchen süßen Traum"


@pytest.mark.parametrize("text", ["One line\nand another", "\n".join([PROSE] * 6), GERMAN])
def test_what_is_no_english_verse_has_no_form(text: str) -> None:
    assert form_of(parse_song(text), default_lexicon()) is None


def prepared(texts: list[str], place: Path) -> list[Song]:
    keep = PrepareOptions(keep_duplicates=True, near_duplicate=None, related=None)
    return prepare(texts=texts, out=place, options=keep)  # type: ignore[return-value]


def test_songs_have_forms_persons_and_tenses_as_often_as_they_do(tmp_path: Path) -> None:
    corpus = prepared(["\n\n".join(BALLAD)] * 12, tmp_path / "c")
    found = find_habits(corpus)  # type: ignore[arg-type]
    assert len(found.forms) == 10 and set(found.forms) == {found.forms[0]}
    assert (found.persons, found.tenses) == ((("i", 1.0),), (("past", 1.0),))


def test_songs_without_forms_have_no_habits(tmp_path: Path) -> None:
    found = find_habits(prepared([f"{PROSE} {n}" for n in range(12)], tmp_path / "c"))  # type: ignore[arg-type]
    assert (found.forms, found.persons, found.tenses) == ((), (), ())
