"""Person and tense while words are drawn: words that a song may not have, pairs of words that a line may not have,
and preferences.

What `--person` and `--tense` exclude is excluded here, word by word, by the tables of `corpus/grammar.py`: with
`barred_words` before a song is drawn, with `SubjectBan` beside each drawn word. What they and the hints of a
sentence prefer is `grammar_bias`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from lyricist.corpus.grammar import (
    ADDRESSED,
    ADVERBS,
    OTHER_FORMS,
    PERSONS,
    PRONOUNS,
    SUBJECTS,
    Person,
    Tense,
    foreign_subjects,
    is_verb_of_you,
    other_tense,
    shows,
    tense_words,
    verbs,
)
from lyricist.plan.song_spec import SongSpec

HINTED = 4.0  # nats off words that would be excluded if person or tense were asked for
FOREIGN = 1.0  # off objects and possessives of persons that the song is not about
LOOSE = 1.5  # off verbs of the other tense that may be an infinitive or a participle
SPOKEN = 0.5  # nats for all forms of the person of an outline
STRANGERS = {  # nats off the forms of persons that hardly occur beside that of an outline
    "i": {"we": 1.0, "you": 1.0},
    "you": {"i": 2.0, "we": 2.0},
    "he": {"i": 3.0, "you": 3.0, "we": 3.0, "she": 1.5},
    "she": {"i": 3.0, "you": 3.0, "we": 3.0, "he": 1.5},
    "we": {"i": 1.5, "you": 1.5},
    "they": {"i": 3.0, "you": 3.0, "we": 3.0},
    "nobody": {"i": 2.0, "you": 2.0, "we": 2.0},
}
OWN = 0.7  # nats for the person's pronoun, half of it for its objects and possessives


def barred_words(spec: SongSpec) -> frozenset[str]:
    """Words that a song of this person and tense does not have."""
    foreign = foreign_subjects(spec.person) if spec.person else frozenset()
    return foreign | (tense_words(other_tense(spec.tense)) if spec.tense else frozenset())


class SubjectBan:
    """Refuses a pronoun with a verb behind it, adverbs aside. Lines are drawn in either order."""

    def __init__(
        self, words: Sequence[str], pronouns: frozenset[str], is_verb: Callable[[str], bool], backward: bool
    ) -> None:
        self.backward = backward
        self.verb = np.array([is_verb(word) for word in words])
        self.pronoun = np.array([word in pronouns for word in words])
        self.adverb = np.array([word in ADVERBS for word in words])

    def refuses(self, drawn: Sequence[int], word: int) -> bool:
        """Whether `word` after the words `drawn` of its line, in the order of drawing, makes such a pair."""
        here, there = (self.pronoun, self.verb) if self.backward else (self.verb, self.pronoun)
        if not here[word]:
            return False
        beside = next((w for w in reversed(drawn) if not self.adverb[w]), None)
        return beside is not None and bool(there[beside])


def subject_bans(spec: SongSpec, words: Sequence[str], backward: bool) -> tuple[SubjectBan, ...]:
    """For a tense: no verb of the other one has a pronoun as its subject. For a speaker: nor has any verb *you*."""
    bans = []
    if spec.tense:
        other = other_tense(spec.tense)
        bans.append(SubjectBan(words, PRONOUNS, lambda word: shows(word, other), backward))
    if spec.person in ADDRESSED:
        bans.append(SubjectBan(words, frozenset({"you"}), is_verb_of_you, backward))
    return tuple(bans)


def grammar_bias(spec: SongSpec, words: Sequence[str]) -> npt.NDArray[np.float64]:
    """(V,) nats for words by person and tense, asked for or hinted at."""
    nats = dict.fromkeys(words, 0.0)
    person, tense = spec.person or spec.person_hint, spec.tense or spec.tense_hint
    for word, value in (*person_nats(person), *tense_nats(tense)):
        if word in nats:
            nats[word] += value
    return np.fromiter(nats.values(), dtype=np.float64, count=len(words))


def person_nats(person: Person | None) -> list[tuple[str, float]]:
    """Nats for the forms of a person, and off those of others. Other third persons may be spoken of."""
    if person is None:
        return []
    nats = [(word, -HINTED) for word in foreign_subjects(person)]
    nats += [(SUBJECTS[person][0], OWN), *((word, OWN / 2) for word in OTHER_FORMS[person])]
    speakers: set[Person] = {"I", "we"} if person not in ("I", "we", "you") else set()
    for other in PERSONS:
        if other != person and (other in speakers or (other == "you" and person not in ("I", "we"))):
            nats += [(word, -FOREIGN) for word in OTHER_FORMS[other]]
    return nats


def voice_bias(voice: tuple[str, str], words: Sequence[str]) -> npt.NDArray[np.float32]:
    """(V,) nats for words by the person (i, you, he, she, we, they, nobody) and the tense of an outline."""
    person, tense = voice
    nats = dict.fromkeys(words, 0.0)
    changes = [(word, -value) for other, value in STRANGERS.get(person, {}).items() for word in forms_of(other)]
    changes += [(word, SPOKEN) for word in forms_of(person)]
    changes += tense_nats(tense) if tense in ("past", "present") else []  # type: ignore[arg-type]
    for word, value in changes:
        if word in nats:
            nats[word] += value
    return np.fromiter(nats.values(), dtype=np.float32, count=len(words))


def forms_of(person: str) -> tuple[str, ...]:
    """All forms of a person: subjects, objects and possessives.

    >>> "mine" in forms_of("i"), forms_of("nobody")
    (True, ())
    """
    name = "I" if person == "i" else person
    return (*SUBJECTS[name], *OTHER_FORMS[name]) if name in SUBJECTS else ()


def tense_nats(tense: Tense | None) -> list[tuple[str, float]]:
    """Nats off words of the other tense; less off verbs that may be an infinitive or a participle."""
    if tense is None:
        return []
    other = other_tense(tense)
    known = verbs()
    loose = known.base if other == "present" else known.past
    return [(word, -HINTED) for word in tense_words(other)] + [(word, -LOOSE) for word in loose - tense_words(other)]
