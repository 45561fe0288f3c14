"""What a song is about, in a sentence or a list: its content words, and hints of person and tense."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from lyricist.corpus.grammar import (
    OTHER_FORMS,
    PERSON_OF,
    SUBJECTS,
    Person,
    Tense,
    shows,
    tense_words,
    verbs,
    words_of,
)
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.plan.parse import MAX_TEXT, listed, shown, word_list
from lyricist.prosody.metre import FUNCTION_WORDS

MAX_SENTENCE = 100  # words of a sentence
PAST_TIMES = re.compile(
    r"\b(last (year|night|week|month|summer|winter|spring|autumn|fall|time|day)|ago|yesterday|once upon a time"
    r"|used to|back then|long gone|in those days|when (i|he|she|we|they|you) (was|were))\b"
)
PRESENT_TIMES = re.compile(r"\b(now|today|tonight|this (morning|evening|year|week|summer|winter|spring|autumn))\b")
# Words that say when, how much, or that there is a song, not what it is about.
EMPTY = words_of(
    """
    about again ago all almost along already also although always another any anybody anyone anything around away back
    best because before being both came come comes coming could day days did didn't doing done each else even ever
    every everybody everyone everything few get gets getting give gives go goes going gone gonna got had has having
    how i'd into it'd just keep keeps kind last later less let lot lots lyrics made make makes making many maybe me
    month months more most much must need never new next night's nobody nothing now often old once one ones only
    other over own please poem put quite rather really same see so some
    somebody someone something sometime
    sometimes song songs soon sort still such suddenly take takes taking tell than that's theme thing things think
    thought three today tomorrow tonight too took two until upon use used using verse very want wants wanted was way
    ways week weeks well went were what when where which while who whom why will with without would write writing
    yeah year years yes yesterday yet
    """
)
HINTS = SUBJECTS["I"] + OTHER_FORMS["I"] + SUBJECTS["we"] + OTHER_FORMS["we"]  # the speaker, wherever named


class Said(NamedTuple):
    """What a sentence says: words of the theme, and the person and tense that it hints at."""

    words: tuple[str, ...]
    person: Person | None
    tense: Tense | None


def is_sentence(value: Any) -> bool:
    """Whether a theme is written as a sentence: as text with an item of several words.

    >>> is_sentence("river, night"), is_sentence("losing my father"), is_sentence("the letter, the train")
    (False, True, True)
    """
    return isinstance(value, str) and any(len(item.split()) > 1 for item in value.split(","))


def theme_words(value: Any, name: str = "--about") -> tuple[str, ...]:
    """The words of a theme: of a list the words themselves, of a sentence its content words. Raises `InputError` for
    a text without any, and for one that is too long.

    >>> theme_words("river, night"), theme_words("losing my father to cancer last year")
    (('river', 'night'), ('losing', 'father', 'cancer'))
    """
    if not isinstance(value, str):
        items = listed(value, name, "words, such as 'river, night'")
        if not any(isinstance(item, str) and len(item.split()) > 1 for item in items):
            return word_list(items, name)
        words = [w for item in items for w in (content_words(item, name) if isinstance(item, str) else (item,))]
        return word_list(words, name)
    return content_words(value, name) if is_sentence(value) else word_list(value, name)


def content_words(text: str, name: str) -> tuple[str, ...]:
    """The words of a sentence that say what it is about, each once. Raises `InputError` if there are none, or if it
    is too long."""
    words = split_sentence(text, name)
    if len(text.split()) == 1:
        return tuple(words)
    found = tuple(dict.fromkeys(bare for word in words if (bare := without_possessive(word)) and tells(bare)))
    if not found:
        raise InputError(
            f"{name} {shown(text)} says nothing that a song can be about: name things, such as 'river, night'"
        )
    return found


def split_sentence(text: str, name: str) -> list[str]:
    """The words of a sentence in small letters. Raises `InputError` for more than MAX_SENTENCE, and for none."""
    count = len(text.split())
    if count > MAX_SENTENCE:
        raise InputError(f"{name} is a sentence of {count:,} words: say it in at most {MAX_SENTENCE}")
    words = WordTokenizer().split(text)
    if not words:
        raise InputError(f"{name} {shown(text)} has no words: say what the song is about, such as 'river, night'")
    if any(len(word) > MAX_TEXT for word in words):
        raise InputError(f"{name} has a word of more than {MAX_TEXT} characters: say it in words")
    return words


def without_possessive(word: str) -> str:
    """
    >>> without_possessive("father's"), without_possessive("it's")
    ('father', "it's")
    """
    bare = word.removesuffix("'s")
    return bare if bare not in FUNCTION_WORDS else word


def tells(word: str) -> bool:
    """Whether a word says what a sentence is about.

    >>> [w for w in "a song about how my old dog is waiting at the door".split() if tells(w)]
    ['dog', 'waiting', 'door']
    """
    return not (word in FUNCTION_WORDS or word in PERSON_OF or word in EMPTY or word in tense_words("present"))


def read_sentence(text: str, name: str = "--about") -> Said:
    """The content words of a sentence, and the person and tense that it hints at.

    >>> read_sentence("losing my father to cancer last year")
    Said(words=('losing', 'father', 'cancer'), person='I', tense='past')
    >>> read_sentence("she is driving home to her mother")
    Said(words=('driving', 'home', 'mother'), person='she', tense='present')
    """
    words = split_sentence(text, name)
    return Said(content_words(text, name), person_hint(words), tense_hint(words))


def person_hint(words: Sequence[str]) -> Person | None:
    """The speaker, if the sentence names one (I, my, we, our); else the first person that it names.

    >>> person_hint("he left me".split()), person_hint("the girl who lost her dog".split())
    ('I', 'she')
    """
    named = [word for word in words if word in HINTS] or [word for word in words if word in PERSON_OF]
    return PERSON_OF[named[0]] if named else None


def tense_hint(words: Sequence[str]) -> Tense | None:
    """Past by a time (last year, ago) or by past verbs without any present one; present by a present verb or time.

    >>> tense_hint("the night we met".split()), tense_hint("my daughter is leaving home".split())
    ('past', 'present')
    >>> tense_hint("i miss the house where we lived".split()), tense_hint(["rivers"])
    (None, None)
    """
    text = " ".join(words)
    if PAST_TIMES.search(text):
        return "past"
    pasts = any(word in tense_words("past") or word in verbs().past for word in words)
    present = bool(PRESENT_TIMES.search(text)) or any(
        word in tense_words("present") or (i > 0 and words[i - 1] in PERSON_OF and shows(word, "present"))
        for i, word in enumerate(words)
    )
    if pasts == present:
        return None
    return "past" if pasts else "present"
