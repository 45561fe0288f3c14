"""Every tune with its own words, written as MusicXML, MIDI and karaoke, and read again (tests/melody/round_trips.py).

Prints how many files came back whole, and what failed.

    python benchmarks/score_round_trip.py [--every 1] [--music21]
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from common import parser, report, tune_files
from lyricist.errors import InputError
from lyricist.melody.read import read_tune
from melody.round_trips import faults, sung_back


def main() -> None:
    made = parser(__doc__, tunes=True)
    made.add_argument("--music21", action="store_true", help="also read the MusicXML in music21 (seconds a file)")
    options = made.parse_args()
    figures: dict[str, Any] = {}
    for folder in sorted(path for path in options.data.iterdir() if path.is_dir()):
        count: Counter[str] = Counter()
        for path in tune_files(folder, options.every):
            try:
                found = faults(sung_back(read_tune(path)), options.music21)
            except InputError as error:
                count["refused"] += 1
                print(error, file=sys.stderr)
                continue
            count.update(["files", *({fault.split(":")[0] for fault in found} if found else ["whole"])])
            for fault in found:
                print(f"{path.name}: {fault}", file=sys.stderr)
        figures[folder.name] = dict(count)
    report("score_round_trip", figures)


if __name__ == "__main__":
    main()
