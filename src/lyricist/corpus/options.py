"""`PrepareOptions`: everything `prepare` can be asked for."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class PrepareOptions(BaseModel):
    """Options of `prepare`. A share is a part of all songs, a similarity the Jaccard index of word
    trigrams.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    songs_by: Literal["auto", "blank", "file"] = "auto"  # how a text file falls into songs; see readers/plain.py
    english_only: bool = False  # drop songs of 20 words or more that are not in English
    near_duplicate: float | None = Field(
        default=0.8, ge=0, le=1
    )  # at least this similar: the shorter is dropped; None: off
    related: float | None = Field(
        default=0.5, ge=0, le=1
    )  # at least this similar: on the same side of the split; None: off
    keep_duplicates: bool = False  # drop nothing as a duplicate; duplicates still share a side
    valid_share: float = Field(default=0.05, ge=0, lt=0.5)
    test_share: float = Field(default=0.05, ge=0, lt=0.5)
    as_is: bool = False  # benchmark texts: lines exactly as they are, splits by file name
    seed: int = 0  # of the split
    min_words: int = Field(default=8, ge=0)  # a shorter song is dropped
    lyrics_column: str | None = None  # of CSV and JSON; None: by the usual names
    title_column: str | None = None
    artist_column: str | None = None
