"""Which tune belongs to which song, by names alone; and `prepare --midi`, which joins them.

Names are compared without case, accents, signs and leading articles. The best match wins: artist and title, then the
title if the artists do not differ; each first unchanged, then without track numbers and "(live)"; at last names of
which one begins with the other. If two match equally well they are ambiguous, and neither is taken.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from lyricist._io import file_hash
from lyricist.corpus.song import Song
from lyricist.errors import InputError
from lyricist.prosody.spelling import unmarked

SUFFIXES = frozenset({".mid", ".midi", ".kar", ".rmi", ".abc", ".musicxml", ".xml", ".mxl"})
SHOWN = 5  # names of each side in an error
ARTICLES = ("the", "a", "an")
VERSIONS = """live acoustic remix remixed remaster remastered version karaoke instrumental demo edit radio mix cover
unplugged midi mid kar ver single album original bonus track mono stereo lyrics official"""
VERSION = frozenset(VERSIONS.split())
FEATURED = re.compile(r"\s[(\[]?(?:feat|ft|featuring)\b.*", re.IGNORECASE)
BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}")
NUMBER = re.compile(r"^\d{1,3}(?:\s*[._-]\s*|\s+)(?=\D)")
DASH = re.compile(r"\s+[-–—]+\s+|\s*--+\s*")
WORD = re.compile(r"[^\W_]+")

# The score of a pair of names, less the costs of both names: 1 without brackets, 2 without numbers as well.
FULL, WITH_ARTIST, TITLE = 100, 90, 80
WITHOUT_NUMBERS = 2
MOST_COST = 3  # of both names together: two numbers that differ are two songs
LEAST_PREFIX = 4  # letters
CUT = 12  # letters, from which a name may be cut inside a word, as file systems do

Pairs = list[tuple[int, int]]


@dataclass(frozen=True)
class Matching:
    """Indices of songs and tunes. `ambiguous`: songs that several tunes match, or whose tune matches several."""

    tune_of: Mapping[int, int]
    ambiguous: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()  # (songs, tunes)


@dataclass(frozen=True)
class Name:
    """One way to read a name. Keys are words joined without spaces; `cost` says how much was left out."""

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
    songs_read = [
        [Name(words_of(artist), words, cost) for words, cost in readings(title.replace("_", " "))]
        for title, artist in songs
    ]
    tunes_read = [tune_names(tune) for tune in tunes]
    state = State([(names[0].artist, names[0].title) if names else () for names in songs_read])
    levels: dict[int, Pairs] = defaultdict(list)
    for (song, tune), worth in exact_pairs(songs_read, tunes_read).items():
        levels[worth].append((song, tune))
    for worth in sorted(levels, reverse=True):
        state.take(levels[worth])
    state.take_prefixes(songs_read, tunes_read)
    return Matching(dict(sorted(state.tune_of.items())), tuple(state.ambiguous))


@lru_cache(100_000)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a name as they are compared.

    >>> words_of("The Beyoncé & Jay-Z"), words_of("Don't_Stop")
    (('beyonce', 'and', 'jay', 'z'), ('dont', 'stop'))
    """
    text = unmarked(text.lower()).replace("&", " and ").replace("+", " and ")
    words = WORD.findall(re.sub(r"['’‘`´]", "", text))
    return tuple(words[1:] if len(words) > 1 and words[0] in ARTICLES else words)


def readings(text: str) -> list[tuple[tuple[str, ...], int]]:
    """The words of a title, whole and with more and more left out, each with its cost.

    >>> readings("05 - Song 2 (live)")
    [(('05', 'song', '2', 'live'), 0), (('05', 'song', '2'), 1), (('song', '2'), 2), (('song',), 2)]
    """
    bare = FEATURED.sub("", BRACKETS.sub(" ", text)).strip() or text
    whole, shorter, fewer = words_of(text), words_of(bare), words_of(NUMBER.sub("", bare.strip()))
    costs = {whole: 0}
    costs |= {words: 1 for words in (shorter, without_versions(shorter)) if words not in costs}
    plain = without_versions(fewer, numbers=True)
    costs |= {words: WITHOUT_NUMBERS for words in (fewer, plain) if words not in costs}
    return [(words, cost) for words, cost in costs.items() if words]


def without_versions(words: tuple[str, ...], numbers: bool = False) -> tuple[str, ...]:
    """The words without "live", "remix" or, with `numbers`, numbers at the end; never empty."""
    kept = list(words)
    while len(kept) > 1 and (kept[-1] in VERSION or (numbers and kept[-1].isdigit())):
        kept.pop()
    return tuple(kept)


def tune_names(path: str) -> list[Name]:
    """A file's name read as a title, as artist and title or title and artist, and with its folder as the artist."""
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


def exact_pairs(songs: Sequence[list[Name]], tunes: Sequence[list[Name]]) -> dict[tuple[int, int], int]:
    """(song, tune) that have a name in common, and the best score of the pair."""
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
    """The score of a song and a tune of one title, costs aside; 0 if their artists differ."""
    if song.artist and tune.artist:
        return WITH_ARTIST if same_artist(song.artist, tune.artist) else 0
    return TITLE if song.artist or tune.artist else FULL


def same_artist(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether one name contains all words of the other ("Presley, Elvis", "Elvis")."""
    few, many = sorted((set(a) - {"and", "the"} or set(a), set(b) - {"and", "the"} or set(b)), key=len)
    return few <= many or "".join(a) == "".join(b)


@dataclass
class State:
    """The decisions so far. `same[song]`: rows with one identity are one song, and may share a tune."""

    same: Sequence[Hashable]
    tune_of: dict[int, int] = field(default_factory=dict)
    ambiguous: list[tuple[tuple[int, ...], tuple[int, ...]]] = field(default_factory=list)
    out_songs: set[int] = field(default_factory=set)  # decided, or in doubt
    out_tunes: set[int] = field(default_factory=set)

    def take(self, pairs: Pairs) -> None:
        """Match pairs of equal score that have no rival; rivals are ambiguous."""
        for songs, tunes in connected([(s, t) for s, t in pairs if not (s in self.out_songs or t in self.out_tunes)]):
            self.out_songs |= songs
            self.out_tunes |= tunes
            if len(tunes) == 1 and len({self.same[s] for s in songs}) == 1:
                self.tune_of |= dict.fromkeys(sorted(songs), next(iter(tunes)))
            else:
                self.ambiguous.append((tuple(sorted(songs)), tuple(sorted(tunes))))

    def take_prefixes(self, songs: Sequence[list[Name]], tunes: Sequence[list[Name]]) -> None:
        """Match names that begin others. Of several beginnings the longest counts; of several continuations none."""
        found = prefix_pairs(
            {s: with_numbers(names) for s, names in enumerate(songs) if s not in self.out_songs},
            {t: with_numbers(names) for t, names in enumerate(tunes) if t not in self.out_tunes},
        )
        of_song = choices(found, lambda pair: pair[0], inner="tune")
        of_tune = choices(found, lambda pair: pair[1], inner="song")
        self.take([(s, t) for s, t in found if (s, t) in of_song[s] and (s, t) in of_tune[t]])


def connected(pairs: Pairs) -> Iterator[tuple[set[int], set[int]]]:
    """The songs and tunes of each connected component of the graph of pairs."""
    group: dict[tuple[str, int], tuple[set[int], set[int]]] = {}
    for s, t in pairs:
        a, b = group.setdefault(("song", s), ({s}, set())), group.setdefault(("tune", t), (set(), {t}))
        if a is not b:
            small, large = sorted((a, b), key=lambda each: len(each[0]) + len(each[1]))
            large[0].update(small[0])
            large[1].update(small[1])
            group |= dict.fromkeys([*(("song", i) for i in small[0]), *(("tune", i) for i in small[1])], large)
    yield from {id(group["song", s]): group["song", s] for s, _ in pairs}.values()


def prefix_pairs(
    songs: Mapping[int, list[Name]], tunes: Mapping[int, list[Name]]
) -> dict[tuple[int, int], tuple[str, int]]:
    """(song, tune): which of the two begins the other, and the most letters they have in common."""
    found: dict[tuple[int, int], tuple[str, int]] = {}
    for here, others, inner in ((songs, tunes, "tune"), (tunes, songs, "song")):
        there = prefix_index(others)
        for i, names in here.items():
            for name in names:
                for other, begun in beginnings(name, there):
                    pair = (i, other) if inner == "tune" else (other, i)
                    if found.get(pair, ("", 0))[1] < begun:
                        found[pair] = (inner, begun)
    return found


def with_numbers(names: Sequence[Name]) -> list[Name]:
    """The names with their numbers, because one number is no beginning of another."""
    return [name for name in names if name.cost < WITHOUT_NUMBERS]


def prefix_index(named: Mapping[int, list[Name]]) -> dict[str, list[tuple[int, Name]]]:
    """Names by title and by artist and title together."""
    index: dict[str, list[tuple[int, Name]]] = defaultdict(list)
    for i, names in named.items():
        for name in names:
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
                elif "".join(known.title) == begun and not whole and worth(name, known):
                    yield other, len(begun)


def cuts(words: Iterable[str]) -> Iterator[str]:
    """The beginnings to which a name may be cut: whole words, or any letters of a long one."""
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
    """For each song (or tune) its candidate pairs: those with the longest of the names that begin its own, else all
    whose names begin with its own."""
    grouped: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for pair in found:
        grouped[end(pair)].append(pair)
    out = {}
    for i, pairs in grouped.items():
        inside = [pair for pair in pairs if found[pair][0] == inner]
        longest = max((found[pair][1] for pair in inside), default=0)
        out[i] = {pair for pair in inside if found[pair][1] == longest} or set(pairs)
    return out


def tune_files(folder: str | os.PathLike[str]) -> list[str]:
    """The music files below a folder: sorted names relative to it. Raises InputError if there are none."""
    place = Path(folder)
    if not place.is_dir():
        raise InputError(f"--midi {folder}: no such folder; name the one that holds the tunes")
    paths = (path for path in place.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    names = sorted(path.relative_to(place).as_posix() for path in paths)
    names = [name for name in names if not any(part.startswith(".") for part in name.split("/"))]
    if not names:
        raise InputError(f"--midi {folder}: no tunes in it ({', '.join(sorted(SUFFIXES))}); name the folder that has")
    return names


def name_of(song: Song) -> tuple[str, str]:
    """(title, artist) under which a song's tune is searched; a song without a title is known by its first line."""
    return song.title or next((line.text for line in song.lines()), ""), song.artist


def shown(name: tuple[str, str]) -> str:
    """A song's name for people.

    >>> shown(("Rain", "The Clouds")), shown(("Rain", ""))
    ('The Clouds - Rain', 'Rain')
    """
    title, artist = name
    return f"{artist} - {title}" if artist else title


@dataclass
class TuneJoin:
    """Which tune each song gets, and the result. Songs are known by numbers, the keys of `tunes`."""

    folder: Path
    tunes: Mapping[int, str]
    songs_without: list[str]
    tunes_without: list[str]
    ambiguous: list[tuple[list[str], list[str]]]  # (songs, tunes)
    unreadable: dict[str, str] = field(default_factory=dict)  # tune: reason
    matched: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, songs: Iterable[tuple[int, tuple[str, str]]], folder: str | os.PathLike[str]) -> TuneJoin:
        """Match (number, (title, artist)) of songs with the tunes below `folder`.

        Raises InputError if there are no tunes, or none of them has the name of a song.
        """
        tunes = tune_files(folder)
        listed = list(songs)
        numbers, names = [number for number, _ in listed], [name for _, name in listed]
        found = match_tunes(names, tunes)
        doubtful = {s for ss, _ in found.ambiguous for s in ss}
        if not found.tune_of and not doubtful:
            raise InputError(
                f"--midi {folder}: no tune has the name of a song; songs are called {some(list(map(shown, names)))}, "
                f"tunes {some(tunes)}; name tunes like Artist_Name_-_Song_Title.mid"
            )
        used = {*found.tune_of.values(), *(t for _, ts in found.ambiguous for t in ts)}
        return cls(
            Path(folder),
            {numbers[s]: tunes[t] for s, t in found.tune_of.items()},
            [shown(name) for s, name in enumerate(names) if s not in found.tune_of and s not in doubtful],
            [tune for t, tune in enumerate(tunes) if t not in used],
            [([shown(names[s]) for s in ss], [tunes[t] for t in ts]) for ss, ts in found.ambiguous],
        )

    def line(self, number: int, data: bytes) -> bytes:
        """A song's line of JSON, with its tune's name and hash in `meta` and slots for the lines that fit."""
        tune = self.tunes.get(number)
        if tune is None:
            return data
        from lyricist.corpus.alignment import lay_tune
        from lyricist.melody.read import read_tune
        from lyricist.prosody.lexicon import default_lexicon

        song, path = Song.from_json(json.loads(data)), self.folder / tune
        name = shown(name_of(song))
        try:
            if tune not in self.unreadable:
                read = read_tune(path)
        except InputError as error:
            self.unreadable[tune] = str(error)
        if tune in self.unreadable:
            self.songs_without.append(name)
            return data
        if not any(line.slots for line in song.lines()):  # a song that came with notes keeps them
            song = lay_tune(song, read, default_lexicon())
        lines = [bool(line.slots) for line in song.lines()]
        self.matched.append({"song": name, "tune": tune, "lines": len(lines), "with_slots": sum(lines)})
        song = replace(song, meta={**song.meta, "tune": tune, "tune_sha256": file_hash(path)})
        return json.dumps(song.to_json(), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def to_json(self) -> dict[str, Any]:
        return {
            "matched": self.matched,
            "songs_without": self.songs_without,
            "tunes_without": self.tunes_without,
            "ambiguous": [{"songs": songs, "tunes": tunes} for songs, tunes in self.ambiguous],
            "unreadable": [[tune, reason] for tune, reason in self.unreadable.items()],
        }


def some(names: Sequence[str]) -> str:
    """The first names of a list.

    >>> some(["a", "b", "c", "d", "e", "f"])
    "'a', 'b', 'c', 'd', 'e' (and 1 more)"
    """
    more = f" (and {len(names) - SHOWN} more)" if len(names) > SHOWN else ""
    return ", ".join(repr(name[:60]) for name in names[:SHOWN]) + more
