"""`--midi DIR`: tunes joined to songs by name, and slots given to the lines that fit them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lyricist.corpus.song import Song
from lyricist.corpus.tunes import match_tunes
from lyricist.errors import InputError

SUFFIXES = frozenset({".mid", ".midi", ".kar", ".rmi", ".abc", ".musicxml", ".xml", ".mxl"})
SHOWN = 5  # names of each side in an error


def tune_files(folder: str | os.PathLike[str]) -> list[str]:
    """The files of music below a folder, by their names relative to it, in order. InputError if there are none."""
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
    """(title, artist) by which a song is looked for; one without a title goes by its first line."""
    return song.title or next((line.text for line in song.lines()), ""), song.artist


def shown(name: tuple[str, str]) -> str:
    """
    >>> shown(("Rain", "The Clouds")), shown(("Rain", ""))
    ('The Clouds - Rain', 'Rain')
    """
    title, artist = name
    return f"{artist} - {title}" if artist else title


@dataclass
class Joining:
    """Which tune each song gets, and what came of it. Songs are called by any number, the keys of `tunes`."""

    folder: Path
    tunes: Mapping[int, str] = field(default_factory=dict)
    songs_without: list[str] = field(default_factory=list)
    tunes_without: list[str] = field(default_factory=list)
    ambiguous: list[tuple[list[str], list[str]]] = field(default_factory=list)  # (songs, tunes)
    unreadable: dict[str, str] = field(default_factory=dict)  # tune: reason
    matched: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, songs: Iterable[tuple[int, tuple[str, str]]], folder: str | os.PathLike[str]) -> Joining:
        """Match (number, (title, artist)) of songs with the tunes below `folder`.

        Raises InputError where there are no tunes, or not one of them goes with a song.
        """
        tunes = tune_files(folder)
        numbers, names = [], []
        for number, name in songs:
            numbers.append(number)
            names.append(name)
        found = match_tunes(names, tunes)
        doubtful = {s for ss, _ in found.ambiguous for s in ss}
        if not found.tune_of and not doubtful:
            raise InputError(nothing_matches(folder, names, tunes))
        used = {*found.tune_of.values(), *(t for _, ts in found.ambiguous for t in ts)}
        return cls(
            Path(folder),
            {numbers[s]: tunes[t] for s, t in found.tune_of.items()},
            [shown(name) for s, name in enumerate(names) if s not in found.tune_of and s not in doubtful],
            [tune for t, tune in enumerate(tunes) if t not in used],
            [([shown(names[s]) for s in ss], [tunes[t] for t in ts]) for ss, ts in found.ambiguous],
        )

    def joined(self, number: int, song: Song) -> Song:
        """The song with its tune's name and hash in `meta`, and slots for the lines that fit."""
        tune = self.tunes.get(number)
        if tune is None or tune in self.unreadable:
            return self._missed(song) if tune else song
        from lyricist.corpus.underlay import lay_tune
        from lyricist.melody.read import read_tune
        from lyricist.prosody.lexicon import default_lexicon

        path = self.folder / tune
        try:
            read = read_tune(path)
        except InputError as error:
            self.unreadable[tune] = str(error)
            return self._missed(song)
        if not any(line.slots for line in song.lines()):  # a song that came with notes keeps them
            song = lay_tune(song, read, default_lexicon())
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        lines = [bool(line.slots) for line in song.lines()]
        self.matched.append(
            {"song": shown(name_of(song)), "tune": tune, "lines": len(lines), "with_slots": sum(lines)}
        )
        return replace(song, meta={**song.meta, "tune": tune, "tune_sha256": digest})

    def _missed(self, song: Song) -> Song:
        self.songs_without.append(shown(name_of(song)))
        return song

    def line(self, number: int, data: bytes) -> bytes:
        """`joined` on a song's line of JSON."""
        if number not in self.tunes:
            return data
        song = self.joined(number, Song.from_json(json.loads(data)))
        return json.dumps(song.to_json(), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    def to_json(self) -> dict[str, Any]:
        return {
            "matched": self.matched,
            "songs_without": self.songs_without,
            "tunes_without": self.tunes_without,
            "ambiguous": [{"songs": songs, "tunes": tunes} for songs, tunes in self.ambiguous],
            "unreadable": [[tune, reason] for tune, reason in self.unreadable.items()],
        }


def nothing_matches(folder: str | os.PathLike[str], songs: Sequence[tuple[str, str]], tunes: Sequence[str]) -> str:
    """The message that names both sides."""
    return (
        f"--midi {folder}: no tune has the name of a song; songs are called {some([shown(n) for n in songs])}, "
        f"tunes {some(tunes)}; name tunes like Artist_Name_-_Song_Title.mid"
    )


def some(names: Sequence[str]) -> str:
    """
    >>> some(["a", "b", "c", "d", "e", "f"])
    "'a', 'b', 'c', 'd', 'e' (and 1 more)"
    """
    more = f" (and {len(names) - SHOWN} more)" if len(names) > SHOWN else ""
    return ", ".join(repr(name[:60]) for name in names[:SHOWN]) + more
