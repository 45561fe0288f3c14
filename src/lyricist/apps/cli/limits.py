"""`--limit NAME=VALUE`: the studio's limits as options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lyricist.errors import InputError

if TYPE_CHECKING:
    from lyricist.apps.studio.settings import Limits
    from lyricist.apps.studio.store import RoomLimits


def read_limits(given: Sequence[str]) -> tuple[Limits, RoomLimits]:
    """Limits of requests, and of what is kept; some stand in both. `InputError` for a name or a value that is none.

    >>> limits, rooms = read_limits(["lines_per_song=40", "drafts=1_000"])
    >>> limits.lines_per_song, rooms.drafts
    (40, 1000)
    """
    from lyricist.apps.studio.settings import Limits
    from lyricist.apps.studio.store import RoomLimits
    from lyricist.plan.parse import nearest
    from lyricist.training.config import checked

    kinds = (Limits, RoomLimits)
    known = {name for kind in kinds for name in kind.model_fields}
    chosen: dict[str, str] = {}
    for text in given:
        name, _, value = (part.strip() for part in text.partition("="))
        if name not in known:
            raise InputError(f"--limit {text!r}: there is no limit {name!r}{nearest(name, known)}")
        chosen[name] = value.replace("_", "")
    try:
        first, second = ({n: v for n, v in chosen.items() if n in kind.model_fields} for kind in kinds)
        return checked(Limits, first), checked(RoomLimits, second)
    except InputError as error:
        raise InputError(f"--limit {error}") from None
