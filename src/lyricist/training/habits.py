"""Finds how the songs of a fine-tuning go: forms, persons, tenses, themes (`model.habits`).

The form of a song is what most of its stanzas share: the syllables of each line, the lines that rhyme, the nearest
metre, and the lines that come back. A section of many lines, whose stanza breaks are lost, is cut where fewest rhymes
are cut. Songs in another language and prose have no form.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice, pairwise

from lyricist.corpus import RETURNING, Corpus, Song
from lyricist.corpus.grammar import voice_of
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.corpus.word_lists import is_unclean
from lyricist.model.habits import Habits, SectionForm, Shares, SongForm
from lyricist.model.topics import is_plain
from lyricist.prosody.lexicon import Lexicon, default_lexicon
from lyricist.prosody.scan import scan_line
from lyricist.prosody.scheme import LETTERS, find_scheme, nearest_metre, shape

SONGS = 400  # read at most
FEWEST = 4  # songs with a form, of which as many must be a HALF
HALF = 0.5
SYLLABLES = range(2, 15)  # of a line; others are no lines of verse
VERSE = 0.75  # share of a song's lines that must have so many
KNOWN = 0.6  # share of a song's words that the lexicon must hold
LINES = range(4, 33)  # of a song; further stanzas are left out
STANZA = 8  # lines of the longest section that is not cut
CUTS = (4, 8, 6, 5, 7, 3)  # lines of a stanza that is cut out of a longer section, the usual ones first
NEAR = 4  # lines within which two that rhyme belong to one stanza
EIGHT = 0.125  # rhymes a line that stanzas of four lines may cut more than those of eight
AGREED = 0.5  # share of stanzas in which two lines rhyme, or a line comes back
METRE = 0.6  # share of lines that must have a metre
ARTICLES = frozenset({"a", "an", "the", "my", "your", "his", "her", "our", "their", "this", "that"})
MANY = 0.15  # share of songs above which a word is no theme
THEMES = 12  # fewest theme words

Words = tuple[str, ...]
split = WordTokenizer().split


def find_habits(corpus: Corpus) -> Habits:
    """The habits of a corpus's training songs."""
    total = int(corpus.info["splits"]["train"]["songs"])
    songs = list(islice(corpus.songs("train"), 0, None, max(1, -(-total // SONGS))))
    lexicon = default_lexicon()
    found = [form for song in songs if (form := form_of(song, lexicon)) is not None]
    forms = tuple(found) if len(found) >= max(FEWEST, HALF * len(songs)) else ()
    voices = [voice_of(word for line in song.lines() for word in split(line.text)) for song in songs]
    persons, tenses = (shares_of(each) for each in zip(*voices, strict=True)) if forms else ((), ())
    return Habits(forms, persons, tenses, theme_words(songs))


def shares_of(names: Iterable[str]) -> Shares:
    """How often each name is there, as shares; "" does not count.

    >>> shares_of(["i", "she", "", "i", "i"])
    (('i', 0.75), ('she', 0.25))
    """
    found = Counter(name for name in names if name)
    return tuple((name, n / found.total()) for name, n in found.most_common())


# --- forms


@dataclass
class Kind:
    """The stanzas of a song that have one name and one number of lines."""

    size: int
    counts: list[list[int]] = field(default_factory=list)  # syllables of each line, by stanza
    metres: list[str] = field(default_factory=list)  # of all lines
    rhymes: Counter[tuple[int, int]] = field(default_factory=Counter)  # pairs of lines that rhyme

    def add(self, lines: Sequence[Words], lexicon: Lexicon) -> None:
        scans = [scan_line(line, lexicon) for line in lines]
        self.counts.append([scan.syllables for scan in scans])
        for line, scan in zip(lines, scans, strict=True):
            shapes = "".join(shape(w, r.stress) for w, r in zip(line, scan.readings, strict=True))
            self.metres.append(nearest_metre(shapes)[0])
        self.rhymes.update(rhyming(lines, lexicon))

    @property
    def rhyme(self) -> str:
        """A letter a line: those of two lines are the same if they rhyme in enough stanzas."""
        home = list(range(self.size))
        for (i, j), n in sorted(self.rhymes.items()):
            if n >= AGREED * len(self.counts):
                home[j] = home[i]
        shared = {h for h in home if home.count(h) > 1}
        letters = {h: LETTERS[k] for k, h in enumerate(dict.fromkeys(h for h in home if h in shared))}
        return "".join(letters.get(h, "X") for h in home)

    @property
    def syllables(self) -> tuple[int, ...]:
        """The usual number of every line; of equally usual ones, that which is commoner in all lines."""
        overall = Counter(n for counts in self.counts for n in counts)
        found = []
        for i in range(self.size):
            here = Counter(counts[i] for counts in self.counts)
            found.append(max(here, key=lambda n, here=here: (here[n], overall[n], n)))  # type: ignore[misc]
        return tuple(found)

    @property
    def metre(self) -> str:
        """The metre that enough of the lines have, or ""."""
        name, n = Counter(self.metres).most_common(1)[0]
        return name if n >= METRE * len(self.metres) else ""


def rhyming(lines: Sequence[Words], lexicon: Lexicon) -> list[tuple[int, int]]:
    """The pairs of lines that rhyme."""
    ends = [lexicon.readings(line[-1]) for line in lines]
    group = find_scheme(ends, lines).group
    return [(i, j) for i, j in combinations(range(len(lines)), 2) if group[i] == group[j] >= 0]


def form_of(song: Song, lexicon: Lexicon) -> SongForm | None:
    """The form of a song; None if it is no verse, or in words that the lexicon does not know."""
    sections = [(s.name, [w for line in s.lines if (w := tuple(split(line.text)))]) for s in song.sections]
    lines = [line for _, each in sections for line in each]
    if len(lines) < LINES.start or not is_verse(lines, lexicon):
        return None
    stanzas = within(LINES.stop - 1, [(n, stanza) for n, each in sections for stanza in cut(each, lexicon)])
    if sum(len(stanza) for _, stanza in stanzas) < LINES.start:
        return None
    kinds: dict[tuple[str, int], Kind] = {}
    for name, stanza in stanzas:
        kinds.setdefault((name, len(stanza)), Kind(len(stanza))).add(stanza, lexicon)
    form = tuple(sections_of(stanzas, kinds))
    return form if all(n in SYLLABLES for section in form for n in section.syllables) else None


def is_verse(lines: Sequence[Words], lexicon: Lexicon) -> bool:
    """Whether the lexicon knows enough of the words, and enough lines have the length of sung lines."""
    words = [word for line in lines for word in line]
    known = sum(any(r.source != "model" for r in lexicon.readings(word)) for word in words)
    sung = sum(scan_line(line, lexicon).syllables in SYLLABLES for line in lines)
    return known >= KNOWN * len(words) and sung >= VERSE * len(lines)


def within(most: int, stanzas: Sequence[tuple[str, list[Words]]]) -> list[tuple[str, list[Words]]]:
    """The first stanzas, of at most so many lines in all."""
    found, lines = [], 0
    for name, stanza in stanzas:
        lines += len(stanza)
        if lines > most:
            break
        found.append((name, stanza))
    return found


def cut(lines: list[Words], lexicon: Lexicon) -> Iterator[list[Words]]:
    """The stanzas of a section: itself, or for a long one the equal pieces that cut fewest rhymes. Lines that are
    left over at its end are no stanza."""
    if len(lines) <= STANZA:
        if lines:
            yield lines
        return
    pairs = [(i, j) for i, j in rhyming(lines, lexicon) if j - i <= NEAR]
    lost = {n: sum(i // n != j // n for i, j in pairs) + len(lines) % n for n in CUTS}
    size = min(CUTS, key=lambda n: lost[n] + (n == STANZA) * EIGHT * len(lines))
    for start in range(0, len(lines) - size + 1, size):
        yield lines[start : start + size]


def sections_of(
    stanzas: Sequence[tuple[str, list[Words]]], kinds: dict[tuple[str, int], Kind]
) -> Iterator[SectionForm]:
    """The sections in the order of the song; a returning section has one shape wherever it stands."""
    size_of = {name: len(stanza) for name, stanza in reversed(stanzas)}  # that of the first
    back = returning_lines(stanzas)
    begins: dict[tuple[str, int], int] = {}
    at = 0
    for name, stanza in stanzas:
        size = size_of[name] if name in RETURNING else len(stanza)
        kind, known = kinds[name, size], begins.get((name, size))
        again = tuple(known + i + 1 if known is not None and i in back[name, size] else 0 for i in range(size))
        begins.setdefault((name, size), at)
        repeats = again if any(again) and name not in RETURNING else ()
        yield SectionForm(name, kind.syllables, kind.metre, kind.rhyme, repeats)
        at += size


def returning_lines(stanzas: Sequence[tuple[str, list[Words]]]) -> dict[tuple[str, int], set[int]]:
    """For each kind of stanza the lines that come back in the same place in enough of the stanzas after the first."""
    alike: dict[tuple[str, int], list[list[Words]]] = defaultdict(list)
    for name, stanza in stanzas:
        alike[name, len(stanza)].append(stanza)
    return {
        kind: {
            i
            for i in range(kind[1])
            if len(each) > 1 and sum(s[i] == each[0][i] for s in each[1:]) >= AGREED * (len(each) - 1)
        }
        for kind, each in alike.items()
    }


# --- themes


def theme_words(songs: Sequence[Song]) -> tuple[str, ...]:
    """Nouns that some of the songs are about, the commonest first; () if there are too few.

    A word counts as a noun if it mostly follows an article or a possessive, and stands before a function word or at
    the end of a line.
    """
    uses, nouns, heads, of = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for song in songs:
        lines = [split(line.text) for line in song.lines()]
        of.update({word for line in lines for word in line})
        for line in lines:
            uses.update(line)
            nouns.update(b for a, b in pairwise(line) if a in ARTICLES)
            heads.update(a for a, b in pairwise((*line, "")) if is_plain(b))
    least = 1 + (len(songs) >= 40) + (len(songs) >= 200)
    found = [
        word
        for word, n in sorted(of.items(), key=lambda item: (-item[1], item[0]))
        if least <= n <= max(least, MANY * len(songs))
        and min(nouns[word], heads[word]) > HALF * uses[word]
        and word.isalpha()
        and not is_plain(word)
        and not is_unclean(word)
    ]
    return tuple(found) if len(found) >= THEMES else ()
