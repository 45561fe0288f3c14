"""Names under which lyrics, titles and artists go in tables and JSON, as data; and cells with lines in
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lyricist.corpus.options import PrepareOptions

_NAMES = {  # the first that is there wins
    "lyrics": """lyrics lyric song_lyrics lyrics_text full_lyrics clean_lyrics plain_lyrics plainlyrics
        song_text songtext text lyric_text letra paroles testo content body words seq verse_text""",
    "title": """title song song_title songtitle track track_name trackname song_name songname name track_title
        titel titre título titulo""",
    "artist": """artist artist_name artistname singer band performer artists singer_name interpret author by
        primary_artist artist_names artista artiste track_artist""",
}
NAMES = {role: tuple(words.split()) for role, words in _NAMES.items()}
META = ("album", "year", "genre", "language", "tag", "release_date")  # short facts kept in Song.meta

BREAKS = (  # how a song's lines are written in one line of text: (pattern, how many make it one)
    (re.compile(r"<br\s*/?>", re.IGNORECASE), 1),
    (re.compile(r"\\r\\n|\\n"), 1),
    (re.compile(r" & "), 1),
    (re.compile(r" // ?| / "), 2),
    (re.compile(r" \| "), 2),
)
EMPTY = frozenset({"", "nan", "na", "n/a", "null", "none", "[instrumental]", "instrumental"})


def normal(name: str) -> str:
    """
    >>> normal("\\ufeffSong Lyrics ")
    'song_lyrics'
    """
    return re.sub(r"[\s\-.]+", "_", name.strip("\ufeff \t\"'")).lower()


def find_columns(names: Iterable[str], options: PrepareOptions) -> dict[str, str]:
    """Which of these names holds the lyrics, the title, the artist: {"lyrics": its name...}.

    >>> find_columns(["id", "Track Name", "Lyric"], PrepareOptions())
    {'lyrics': 'Lyric', 'title': 'Track Name'}
    """
    there = {normal(name): name for name in reversed(list(names))}
    asked = {"lyrics": options.lyrics_column, "title": options.title_column, "artist": options.artist_column}
    found = {}
    for role, usual in NAMES.items():
        wanted = asked[role]
        for name in [normal(wanted)] if wanted else usual:
            if name in there:
                found[role] = there[name]
                break
    return found


def cell_text(cell: str) -> str:
    """A song in one cell, as lines: it may have real newlines, or ` & `, ` / `, `<br>`, `\\n` written out.

    >>> cell_text("Hello & hello & goodbye")
    'Hello\\nhello\\ngoodbye'
    """
    if "\n" in cell.strip():
        return cell
    for pattern, least in BREAKS:
        if len(pattern.findall(cell)) >= least:
            return pattern.sub("\n", cell)
    return cell


def is_empty(cell: str) -> bool:
    return cell.strip().lower() in EMPTY
