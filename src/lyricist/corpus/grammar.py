"""Person and tense of English words: pronouns, auxiliaries and the commonest verbs of songs, as tables.

What a word alone decides is certain: *is* is present, *went* is past, *we* is not *I*. A verb form that is also a
noun or an infinitive (*walk*, *love*) counts as a verb only behind a subject pronoun: *we walk*, *she still loves*.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Literal, NamedTuple

Person = Literal["I", "you", "he", "she", "we", "they"]
Tense = Literal["past", "present"]
PERSONS: tuple[Person, ...] = ("I", "you", "he", "she", "we", "they")
TENSES: tuple[Tense, ...] = ("past", "present")


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Forms that are always a subject; the first is the pronoun itself.
SUBJECTS: dict[Person, tuple[str, ...]] = {
    "I": ("i", "i'm", "i'll", "i've", "i'd", "i'ma"),
    "you": ("you", "you're", "you'll", "you've", "you'd", "y'all"),
    "he": ("he", "he's", "he'll", "he'd"),
    "she": ("she", "she's", "she'll", "she'd"),
    "we": ("we", "we're", "we'll", "we've", "we'd", "let's"),
    "they": ("they", "they're", "they'll", "they've", "they'd"),
}
OTHER_FORMS: dict[Person, tuple[str, ...]] = {  # objects, possessives, reflexives
    "I": ("me", "my", "mine", "myself"),
    "you": ("your", "yours", "yourself", "yourselves"),
    "he": ("him", "his", "himself"),
    "she": ("her", "hers", "herself"),
    "we": ("us", "our", "ours", "ourselves"),
    "they": ("them", "their", "theirs", "themselves"),
}
ADDRESSED: frozenset[Person] = frozenset({"I", "we"})  # persons whose songs may address a *you*
PERSON_OF = {form: p for table in (SUBJECTS, OTHER_FORMS) for p, forms in table.items() for form in forms}

IT = frozenset({"it", "it's", "it'll", "it'd", "its", "itself"})

# base, third person, past, participle; "-" where a form is also a usual word of another kind, or equals the base
IRREGULAR = """
    become becomes became -          begin begins began -         bend - bent -              bite bites - bitten
    bleed bleeds bled -              blow blows blew -            break breaks broke -       bring brings brought -
    build builds built -             burn burns burned -          buy buys bought -          catch catches caught -
    choose chooses chose -           come comes came -            creep creeps crept -       deal - dealt -
    dig digs dug -                   draw draws drew -            drink - drank -            drive drives drove -
    eat eats ate -                   fall falls fell -            feed feeds fed -           feel feels felt -
    fight - fought -                 find finds found -           fly - flew -               forget forgets forgot -
    forgive forgives forgave -       freeze freezes froze -       get gets got -             give gives gave -
    go goes went -                   grow grows grew -            hang hangs hung -          hear hears heard -
    hide hides hid -                 hold holds held -            keep keeps kept -          kneel kneels knelt -
    know knows knew -                lead leads led -             lean leans leant -         leave - left -
    lend lends lent -                lose loses lost -            make makes made -          mean means meant -
    meet meets met -                 pay pays paid -              ride rides rode -          ring - rang -
    rise - rose -                    run runs ran -               say says said -            see sees saw -
    seek seeks sought -              sell sells sold -            send sends sent -          shake shakes shook -
    shine shines shone -             shoot - shot -               sing sings sang -          sink - sank -
    sit sits sat -                   sleep sleeps slept -         slide - slid -             speak speaks spoke -
    spend spends spent -             spin - spun -                stand stands stood -       steal steals stole -
    stick - stuck -                  strike - struck -            swear swears swore -       sweep - swept -
    swim swims swam -                swing - swung -              take takes took -          teach teaches taught -
    tear - tore -                    tell tells told -            think thinks thought -     throw throws threw -
    wake wakes woke -                wear wears wore -            weep weeps wept -          win wins won -
    write writes wrote -
"""
PURE_PAST = words_of(  # pasts that are neither a participle nor another word
    """
    became began blew broke came chose drank drew drove ate fell flew forgot forgave froze gave went grew hid knew
    rode rang ran sang sank saw shook spoke stole swore swam took tore threw woke wore wrote
    """
)
REGULAR = """
    answer ask beg believe belong bury call care carry change chase climb close count cover cross cry dance dare die
    disappear dream drift drop dry end fade fail fill float fold follow gather happen hate hope hunt hurry join jump
    kick kill kiss knock laugh learn lie lift like listen live lock long look love marry mend miss move name need open
    pass pick play point pour pray promise pull push raise reach remain remember rest roll rush sail save scream seem
    settle share shout show sigh smell smile stare start stay step stop stumble talk taste thank touch trade travel
    tremble trust try turn use wait walk want warn wash watch wave whisper wish wonder work worry
"""
THIRD = words_of(  # regular third persons that are seldom nouns
    """
    asks begs believes belongs buries calls carries changes chases climbs closes counts cries dies disappears
    drifts ends fades fails falls fills floats folds follows forgets gathers happens hates hurries joins jumps
    kicks knocks laughs learns lifts listens looks loves marries misses moves opens passes picks plays pours
    prays pulls pushes raises reaches remains remembers rests rolls rushes saves screams seems shouts shows
    sighs smells smiles stares starts stays stops stumbles talks tastes thanks touches trembles tries trusts
    turns uses waits walks wants warns washes whispers wonders
    """
)
AUXILIARIES: dict[Tense, frozenset[str]] = {
    "present": words_of(
        """
        is are am isn't aren't ain't does doesn't don't has hasn't haven't can can't cannot will won't shall shan't
        i'm you're he's she's it's we're they're that's there's here's what's who's where's how's when's why's
        i've you've we've they've i'll you'll he'll she'll it'll we'll they'll that'll there'll who'll i'ma
        """
    ),
    "past": words_of("was were wasn't weren't had hadn't did didn't"),
}
PRONOUNS = words_of("i you he she it we they who")  # subjects behind which a verb stands
ADVERBS = words_of("never still always just only really also often even all both once ever soon now then")
HELPERS = words_of(  # a verb with its pronoun behind these is an infinitive or a participle: did we go, let you go
    """
    did didn't do does don't doesn't could couldn't would wouldn't should shouldn't might must may can can't will
    won't shall let made make makes watch watched watching saw see seeing seen hear heard hearing help helped felt
    feel had has have haven't hasn't hadn't
    """
)
PREPOSITIONS = words_of("of to for with from at by about like near without than beside behind before after on in")
MODALS = words_of("could couldn't would wouldn't should shouldn't might must may ought")
NOT_OF_YOU = words_of("is was isn't wasn't am has hasn't does doesn't")
ED = re.compile(r".*[^e]ed")


class Verbs(NamedTuple):
    """Forms of the verbs in the tables."""

    base: frozenset[str]
    third: frozenset[str]
    past: frozenset[str]


@cache
def verbs() -> Verbs:
    """The forms of all verbs that are a finite verb at least behind a pronoun."""
    irregular = [IRREGULAR.split()[i : i + 4] for i in range(0, len(IRREGULAR.split()), 4)]
    regular = REGULAR.split()
    bases = {row[0] for row in irregular} | set(regular)
    pasts = {row[2] for row in irregular} | {past_of(word) for word in regular}
    return Verbs(frozenset(bases), frozenset(map(third_of, bases)), frozenset(pasts - bases - {"-"}))


def third_of(base: str) -> str:
    """
    >>> third_of("go"), third_of("cry"), third_of("play"), third_of("push")
    ('goes', 'cries', 'plays', 'pushes')
    """
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ies"
    return base + ("es" if base.endswith(("o", "s", "z", "x", "ch", "sh")) else "s")


def past_of(base: str) -> str:
    """
    >>> past_of("hope"), past_of("cry"), past_of("stop"), past_of("wait"), past_of("remember")
    ('hoped', 'cried', 'stopped', 'waited', 'remembered')
    """
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ied"
    doubled = re.fullmatch(r"[^aeiou]*[aeiou][^aeiouwxy]", base)
    return base + (base[-1] if doubled else "") + "ed"


@cache
def tense_words(tense: Tense) -> frozenset[str]:
    """Words that alone show this tense: auxiliaries, *goes* and *wants*; or *went* and *was*."""
    if tense == "past":
        return AUXILIARIES["past"] | PURE_PAST
    irregular = IRREGULAR.split()
    thirds = {irregular[i + 1] for i in range(0, len(irregular), 4)} - {"-"}
    return AUXILIARIES["present"] | thirds | THIRD


@cache
def tense_verbs(tense: Tense) -> frozenset[str]:
    """Verb forms that show this tense behind a subject pronoun."""
    known = verbs()
    return known.past if tense == "past" else known.base | known.third | {"have", "do", "be"} - known.past


def shows(word: str, tense: Tense) -> bool:
    """Whether a word behind a subject pronoun shows this tense.

    >>> shows("walk", "present"), shows("walked", "past"), shows("blossomed", "past"), shows("need", "past")
    (True, True, True, False)
    """
    if tense == "present":
        return word in tense_verbs(tense) or word in tense_words(tense)
    return word in tense_verbs(tense) or word in tense_words(tense) or bool(ED.fullmatch(word) and len(word) > 4)


def is_verb_of_you(word: str) -> bool:
    """Whether *you* directly before a word is its subject.

    >>> is_verb_of_you("said"), is_verb_of_you("could"), is_verb_of_you("is"), is_verb_of_you("home")
    (True, True, False, False)
    """
    if word in verbs().third or word in NOT_OF_YOU:
        return False
    return word in MODALS or shows(word, "past") or shows(word, "present")


def other_tense(tense: Tense) -> Tense:
    return "present" if tense == "past" else "past"


def voice_of(words: Iterable[str]) -> tuple[str, str]:
    """Person (i, you, he, she, we, they) and tense that most words of a text show; "" where none does.

    >>> voice_of("she took her hat and he was glad for her".split()), voice_of(["the", "hill"])
    (('she', 'past'), ('', ''))
    """
    listed = list(words)
    persons = Counter(PERSON_OF[word] for word in listed if word in PERSON_OF)
    tenses = Counter(tense for word in listed for tense in TENSES if shows(word, tense))
    person, tense = (found.most_common(1)[0][0] if found else "" for found in (persons, tenses))
    return person.lower(), tense


def person_of(word: str) -> str:
    """The subject pronoun of the person that a word is a form of: i, you, he, she, it, we or they; "" for none.

    >>> person_of("mine"), person_of("its"), person_of("door")
    ('i', 'it', '')
    """
    return "it" if word in IT else PERSON_OF[word].lower() if word in PERSON_OF else ""


SUBJECT_FORMS = (IT - {"its", "itself"}).union(*SUBJECTS.values())


def is_subject_form(word: str) -> bool:
    """Whether a form of a pronoun can be a subject: *she's* can, *her* cannot; *you* and *it* can."""
    return word in SUBJECT_FORMS


@cache
def foreign_subjects(person: Person) -> frozenset[str]:
    """Subject pronouns, with their contractions, of all other persons. *You* is an object too: it remains where
    somebody may be addressed (I, we).

    >>> "you" in foreign_subjects("I"), "you're" in foreign_subjects("I"), "you" in foreign_subjects("he")
    (False, True, True)
    """
    others = {form for p in PERSONS if p != person for form in SUBJECTS[p]}
    return frozenset(others - ({"you"} if person in ADDRESSED else set()))


def excluded_words(person: Person | None, tense: Tense | None) -> frozenset[str]:
    """Words that a song of this person and tense does not have."""
    foreign = foreign_subjects(person) if person else frozenset()
    return foreign | (tense_words(other_tense(tense)) if tense else frozenset())


class Drift(NamedTuple):
    """A word that breaks the person or the tense asked for: its index in the line, and what it is."""

    at: int
    what: str  # person: a pronoun; tense: present or past


def person_drifts(words: Sequence[str], person: Person) -> Iterator[Drift]:
    """Subject pronouns of other persons in a line; where a *you* may be addressed, one that is the subject of a verb.

    >>> [d.at for d in person_drifts("he said that i was there".split(), "he")]
    [3]
    >>> [d.at for d in person_drifts("i told you that you never said".split(), "I")]
    [4]
    """
    foreign = foreign_subjects(person)
    for i, word in enumerate(words):
        if word in foreign or (word == "you" and person in ADDRESSED and is_subject(words, i)):
            yield Drift(i, PERSON_OF[word])


def is_subject(words: Sequence[str], i: int) -> bool:
    """Whether the *you* at word i is the subject of a verb behind it, adverbs aside."""
    verb = next((word for word in words[i + 1 :] if word not in ADVERBS), "")
    return is_verb_of_you(verb) and not (i > 0 and words[i - 1] in HELPERS | PREPOSITIONS)


def tense_drifts(words: Sequence[str], tense: Tense) -> Iterator[Drift]:
    """Words of the other tense in a line: those that show it alone, and verbs behind a subject pronoun.

    >>> [d.at for d in tense_drifts("the rain is cold and we still walk".split(), "past")]
    [2, 7]
    >>> [d.at for d in tense_drifts("where did we go to walk".split(), "past")]
    []
    """
    other = other_tense(tense)
    alone = tense_words(other)
    for i, word in enumerate(words):
        if word in alone or (shows(word, other) and is_finite(words, i)):
            yield Drift(i, other)


def is_finite(words: Sequence[str], i: int) -> bool:
    """Whether a subject pronoun stands before word i, adverbs aside, and no helper before the pronoun."""
    at = i - 1
    while at >= 0 and words[at] in ADVERBS:
        at -= 1
    return at >= 0 and words[at] in PRONOUNS and not (at > 0 and words[at - 1] in HELPERS)
