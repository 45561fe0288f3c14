"""Which tune belongs to which song, told by names alone: no file is opened here.

Names are compared without case, accents, signs and leading articles. What fits best is taken: artist and title, then
the title where nothing contradicts the artist; each first as it stands, then without track numbers and "(live)"; at
last names that are the beginning of each other. Two that fit equally well are ambiguous, and neither is taken.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath

from lyricist.prosody.spelling import unmarked

ARTICLES = ("the", "a", "an")
VERSIONS = """live acoustic remix remixed remaster remastered version karaoke instrumental demo edit radio mix cover
unplugged midi mid kar ver single album original bonus track mono stereo lyrics official"""
VERSION = frozenset(VERSIONS.split())
FEATURED = re.compile(r"\s[(\[]?(?:feat|ft|featuring)\b.*", re.IGNORECASE)
BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
NUMBER = re.compile(r"^\d{1,3}(?:\s*[._-]\s*|\s+)(?=\D)")
DASH = re.compile(r"\s+[-–—]+\s+|\s*--+\s*")
WORD = re.compile(r"[^\W_]+")

# What a pair of names is worth. A name is taken for less by its cost: 1 without brackets, 2 without numbers as well.
FULL, WITH_ARTIST, TITLE = 100, 90, 80
WITHOUT_NUMBERS = 2
MOST_COST = 3  # of both names together: two numbers that differ are two songs
LEAST_PREFIX = 4  # letters
CUT = 12  # letters, from which a name may be cut inside a word, as file systems do

Pairs = list[tuple[int, int]]


@dataclass(frozen=True)
class Matching:
    """Indices of songs and tunes. `ambiguous`: songs that several tunes fit alike, or whose tune fits several."""

    tune_of: Mapping[int, int]
    ambiguous: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()  # (songs, tunes)


@dataclass(frozen=True)
class Name:
    """One way to read a name. Keys are words run together; `cost` says how much was left out."""

    artist: tuple[str, ...]  # words; empty where the name says none
    title: tuple[str, ...]
    cost: int = 0

    @property
    def key(self) -> str:
        return "".join(self.artist + self.title)


def match_tunes(songs: Sequence[tuple[str, str]], tunes: Sequence[str]) -> Matching:
    """The tune of each song that has one. songs: (title, artist); tunes: paths of files, below their folder.

    >>> match_tunes([("Help!", "The Beatles"), ("Yesterday", "")], ["beatles_-_help.mid", "x.mid"]).tune_of
    {0: 0}
    """
    songs_read = [song_names(title, artist) for title, artist in songs]
    tunes_read = [tune_names(tune) for tune in tunes]
    state = State([identity(names) for names in songs_read])
    levels: dict[int, Pairs] = defaultdict(list)
    for (song, tune), worth in exact_pairs(songs_read, tunes_read).items():
        levels[worth].append((song, tune))
    for worth in sorted(levels, reverse=True):
        state.take(levels[worth])
    state.take_prefixes(songs_read, tunes_read)
    return Matching(dict(sorted(state.tune_of.items())), tuple(state.ambiguous))


@lru_cache(100_000)
def words_of(text: str) -> tuple[str, ...]:
    """
    >>> words_of("The Beyoncé & Jay-Z"), words_of("Don't_Stop")
    (('beyonce', 'and', 'jay', 'z'), ('dont', 'stop'))
    """
    text = unmarked(text.lower()).replace("&", " and ").replace("+", " and ")
    words = WORD.findall(re.sub(r"['’‘`´]", "", text))
    return tuple(words[1:] if len(words) > 1 and words[0] in ARTICLES else words)


def readings(text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """The words of a title, whole and with less and less around them, and what each costs.

    >>> list(readings("05 - Song 2 (live)"))
    [(('05', 'song', '2', 'live'), 0), (('05', 'song', '2'), 1), (('song', '2'), 2), (('song',), 2)]
    """
    seen: set[tuple[str, ...]] = set()
    bare = FEATURED.sub("", BRACKETS.sub(" ", text)).strip() or text
    shorter = without_versions(words_of(bare))
    fewer = words_of(NUMBER.sub("", bare.strip()))
    plain = without_versions(fewer, numbers=True)
    for words, cost in (
        (words_of(text), 0),
        (words_of(bare), 1),
        (shorter, 1),
        (fewer, WITHOUT_NUMBERS),
        (plain, WITHOUT_NUMBERS),
    ):
        if words and words not in seen:
            seen.add(words)
            yield words, cost


def without_versions(words: tuple[str, ...], numbers: bool = False) -> tuple[str, ...]:
    """Without "live", "remix" or, with `numbers`, numbers at the end; never empty."""
    kept = list(words)
    while len(kept) > 1 and (kept[-1] in VERSION or (numbers and kept[-1].isdigit())):
        kept.pop()
    return tuple(kept)


def song_names(title: str, artist: str) -> list[Name]:
    by = words_of(artist)
    return [Name(by, words, cost) for words, cost in readings(title.replace("_", " "))]


def tune_names(path: str) -> list[Name]:
    """A file's name as a title, as artist and title or title and artist, its folder perhaps the artist."""
    place = PurePosixPath(path)
    stem = re.sub(r"\s+", " ", place.stem.replace("_", " ")).strip()
    names = [Name((), words, cost) for words, cost in readings(stem)]
    pieces = [piece for piece in DASH.split(NUMBER.sub("", stem)) if piece]
    if len(pieces) < 2 and " " in stem:
        pieces = [piece for piece in re.split(r"\s*-\s*", stem) if piece]
    for at in range(1, len(pieces)):
        left, right = " - ".join(pieces[:at]), " - ".join(pieces[at:])
        for by, title in ((left, right), (right, left)):
            names += [Name(words_of(by), words, cost) for words, cost in readings(title)]
    if place.parent.name:
        folder = words_of(place.parent.name.replace("_", " "))
        names += [Name(folder, words, cost) for words, cost in readings(stem)]
    return names


def identity(names: Sequence[Name]) -> Hashable:
    """What two rows of the same song have in common."""
    return (names[0].artist, names[0].title) if names else ()


def exact_pairs(songs: Sequence[list[Name]], tunes: Sequence[list[Name]]) -> dict[tuple[int, int], int]:
    """(song, tune) that have a name in common, and the most that the pair is worth."""
    by_key: dict[str, list[tuple[int, Name]]] = defaultdict(list)
    by_title: dict[str, list[tuple[int, Name]]] = defaultdict(list)
    for t, names in enumerate(tunes):
        for name in names:
            by_title["".join(name.title)].append((t, name))
            if not name.artist:
                by_key[name.key].append((t, name))
    found: dict[tuple[int, int], int] = {}
    for s, names in enumerate(songs):
        for name in names:
            both = [name.key, "".join(name.title + name.artist)]
            others = [(t, FULL, other) for key in both for t, other in by_key.get(key, ())]
            others += [(t, worth(name, other), other) for t, other in by_title.get("".join(name.title), ())]
            for t, value, other in others:
                cost = name.cost + other.cost
                if value and cost <= MOST_COST:
                    found[s, t] = max(found.get((s, t), 0), value - cost)
    return found


def worth(song: Name, tune: Name) -> int:
    """What a song and a tune of one title are worth, apart from costs; 0 if their artists are different."""
    if song.artist and tune.artist:
        return WITH_ARTIST if same_artist(song.artist, tune.artist) else 0
    return TITLE if song.artist or tune.artist else FULL


def same_artist(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether one name has all the words of the other ("Presley, Elvis", "Elvis")."""
    few, many = sorted((set(a) - {"and", "the"} or set(a), set(b) - {"and", "the"} or set(b)), key=len)
    return few <= many or "".join(a) == "".join(b)


@dataclass
class State:
    """What has been decided so far. `same[song]`: rows with one identity are one song, and may share a tune."""

    same: Sequence[Hashable]
    tune_of: dict[int, int] = field(default_factory=dict)
    ambiguous: list[tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=list)
    out_songs: set[int] = field(default_factory=set)  # decided, or in doubt
    out_tunes: set[int] = field(default_factory=set)

    def take(self, pairs: Pairs) -> None:
        """Of pairs that are worth the same those without a rival; rivals are ambiguous."""
        free = [(s, t) for s, t in pairs if s not in self.out_songs and t not in self.out_tunes]
        self.settle(free)

    def settle(self, pairs: Pairs) -> None:
        for songs, tunes in connected(pairs):
            self.out_songs |= songs
            self.out_tunes |= tunes
            if len(tunes) == 1 and len({self.same[s] for s in songs}) == 1:
                self.tune_of |= dict.fromkeys(sorted(songs), next(iter(tunes)))
            else:
                self.ambiguous.append((tuple(sorted(songs)), tuple(sorted(tunes))))

    def take_prefixes(self, songs: Sequence[list[Name]], tunes: Sequence[list[Name]]) -> None:
        """Names that begin others. Of several beginnings the longest counts; of several ends none."""
        found = prefix_pairs(
            {s: names for s, names in enumerate(songs) if s not in self.out_songs},
            {t: names for t, names in enumerate(tunes) if t not in self.out_tunes},
        )
        of_song = choices(found, lambda pair: pair[0], inner="tune")
        of_tune = choices(found, lambda pair: pair[1], inner="song")
        self.settle([(s, t) for s, t in found if (s, t) in of_song[s] and (s, t) in of_tune[t]])


def connected(pairs: Pairs) -> Iterator[tuple[set[int], set[int]]]:
    """Songs and tunes that hang together by pairs."""
    tunes_of: dict[int, set[int]] = defaultdict(set)
    songs_of: dict[int, set[int]] = defaultdict(set)
    for s, t in pairs:
        tunes_of[s].add(t)
        songs_of[t].add(s)
    seen: set[int] = set()
    for start in tunes_of:
        if start in seen:
            continue
        songs, tunes, waiting = {start}, set[int](), [start]
        while waiting:
            new = tunes_of[waiting.pop()] - tunes
            tunes |= new
            more = {s for t in new for s in songs_of[t]} - songs
            songs |= more
            waiting += more
        seen |= songs
        yield songs, tunes


def prefix_pairs(
    songs: Mapping[int, list[Name]], tunes: Mapping[int, list[Name]]
) -> dict[tuple[int, int], tuple[str, int]]:
    """(song, tune): which of the two begins the other, and with how many letters at most."""
    tune_index, song_index = prefix_index(tunes), prefix_index(songs)
    found: dict[tuple[int, int], tuple[str, int]] = {}
    for here, there, inner in ((songs, tune_index, "tune"), (tunes, song_index, "song")):
        for i, names in here.items():
            for name in prefixing(names):
                for other, begun in beginnings(name, there):
                    pair = (i, other) if inner == "tune" else (other, i)
                    if found.get(pair, ("", 0))[1] < begun:
                        found[pair] = (inner, begun)
    return found


def prefixing(names: Sequence[Name]) -> Iterator[Name]:
    """The names whose numbers stand, for one number is no beginning of another."""
    return (name for name in names if name.cost < WITHOUT_NUMBERS)


def prefix_index(named: Mapping[int, list[Name]]) -> dict[str, list[tuple[int, Name]]]:
    """Names by title and by artist and title together."""
    index: dict[str, list[tuple[int, Name]]] = defaultdict(list)
    for i, names in named.items():
        for name in prefixing(names):
            for key in {name.key, "".join(name.title)}:
                index[key].append((i, name))
    return index


def beginnings(name: Name, index: Mapping[str, list[tuple[int, Name]]]) -> Iterator[tuple[int, int]]:
    """The others whose names begin this one, and the letters they have in common."""
    for words, whole in ((name.artist + name.title, True), (name.title, False)):
        for begun in cuts(words):
            for other, known in index.get(begun, ()):
                if whole and known.key == begun and len(begun) > len("".join(name.artist)):
                    yield other, len(begun)  # artist and title, run together
                elif "".join(known.title) == begun and not whole and agree(name, known):
                    yield other, len(begun)


def agree(a: Name, b: Name) -> bool:
    return not a.artist or not b.artist or same_artist(a.artist, b.artist)


def cuts(words: Iterable[str]) -> Iterator[str]:
    """What a name may be cut to: whole words, or any letters of a long one."""
    key, ends = "", set[int]()
    for word in words:
        key += word
        ends.add(len(key))
    for size in range(LEAST_PREFIX, len(key)):
        if size in ends or size >= CUT:
            yield key[:size]


def choices(
    found: Mapping[tuple[int, int], tuple[str, int]], end: Callable[[tuple[int, int]], int], inner: str
) -> dict[int, set[tuple[int, int]]]:
    """For each song (or tune) the pairs that it would take: those with the longest of the names that begin its own,
    else with all that its name begins."""
    grouped: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pair in found:
        grouped[end(pair)].append(pair)
    out = {}
    for i, pairs in grouped.items():
        inside = [pair for pair in pairs if found[pair][0] == inner]
        longest = max((found[pair][1] for pair in inside), default=0)
        out[i] = {pair for pair in inside if found[pair][1] == longest} or set(pairs)
    return out
