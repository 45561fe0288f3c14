"""The options that say what is asked of a song, once for every command that takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PANEL = "What is asked of the song"


def option(help_text: str, *names: str) -> typer.models.OptionInfo:
    made: typer.models.OptionInfo = typer.Option(*names, help=help_text, rich_help_panel=PANEL, show_default=False)
    return made


Form = Annotated[str | None, option("Sections: 'verse chorus verse chorus'.")]
Lines = Annotated[str | None, option("Lines of each section: 4 or 4,6.")]
Syllables = Annotated[str | None, option("Of each line of a section: 8 or 8,6.")]
Metre = Annotated[str | None, option("iambic, trochaic, dactylic, anapestic, or patterns: x/x/x/x/.")]
Rhyme = Annotated[str | None, option("A scheme for each section: ABAB or 'ABAB AABB'; X is free.")]
RhymeKind = Annotated[str | None, option("perfect (the default) or near.", "--rhyme-kind")]
RhymeWith = Annotated[str | None, option("A word that lines of letter A rhyme with.", "--rhyme-with")]
About = Annotated[str | None, option("Words to steer by: 'river, night'.")]
Include = Annotated[str | None, option("Words that must occur: 'river, night'.")]
Avoid = Annotated[str | None, option("Words that must not.")]
Melody = Annotated[Path | None, option("A tune to write words for: MIDI, KAR, MusicXML, MXL or ABC.", "--melody")]
Track = Annotated[int | None, option("Which part is sung, from 1; else the likeliest.", "--track")]
Phrases = Annotated[str | None, option("Syllables of its phrases, such as 8,6; they repeat.", "--phrases")]
Verses = Annotated[int | None, option("How often the whole tune is sung. [default: 1]", "--verses")]
Clean = Annotated[bool | None, option("Leave out slurs and obscenities (the default).", "--clean/--no-clean")]
AllWords = Annotated[
    bool, option("Old and rare words of the model as well, not only those of songs of today.", "--all-words")
]
Start = Annotated[str | None, option("First word of the song.")]
Acrostic = Annotated[str | None, option("Initial letters of the lines, such as RIVER.")]
Refrain = Annotated[str | None, option("A line that ends every chorus; without choruses, every section.")]
Hook = Annotated[
    bool | None,
    option(
        "The chorus's first line comes back in it (the default where no rhymes are asked for).", "--hook/--no-hook"
    ),
]
KeepChorus = Annotated[
    bool | None, option("A chorus comes back word for word (the default).", "--keep-chorus/--no-keep-chorus")
]
MaxCopy = Annotated[
    int | None,
    typer.Option(
        "--max-copy",
        min=0,
        help="Longest run of words from the training songs; 0: no limit. [default: 5]",
        rich_help_panel=PANEL,
        show_default=False,
    ),
]
Title = Annotated[str | None, option("Its title; without one, its hook.")]
Like = Annotated[Path | None, option("A song: same form, syllables, stresses and rhymes.")]
PlanFile = Annotated[Path | None, option("A plan that 'lyricist plan -o' saved; options go before it.", "--plan")]
Fill = Annotated[Path | None, option("A draft: lines of ... are written, the others kept.")]
Allow = Annotated[bool, option("Kept lines may break what is asked for.", "--allow")]
LexiconFile = Annotated[Path | None, option("How words are said: lines of a word and its phones.", "--lexicon")]
