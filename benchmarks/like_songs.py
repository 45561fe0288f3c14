"""Plans taken from real, irregular songs: how many are fulfilled, refused, or given up, and how long each takes.

Every song of a folder (default: the public-domain songs beside the repository) gives its form, syllables, stresses
and scheme (`lyricist write --like`); a song of the same shape is asked of RUN.

    python benchmarks/like_songs.py RUN [--every 5]
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from pathlib import Path

import lyricist
from common import report, songs_or_exit
from lyricist.corpus import Line, Section, Song
from lyricist.plan.from_song import plan_like
from lyricist.plan.plan import Drawing


def songs(folder: Path) -> list[Song]:
    """One song a block of lines, in a single section: stanza breaks are mostly lost in these files."""
    out = []
    for file in sorted(folder.glob("*.txt")):
        for i, block in enumerate(re.split(r"\n\s*\n", file.read_text(encoding="utf-8"))):
            lines = tuple(Line(x.strip()) for x in block.splitlines() if x.strip())
            if lines:
                out.append(Song(f"{file.stem} {i}", "", (Section("verse", lines),), file.name))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every n-th song")
    parser.add_argument("--longest", type=int, default=48, help="lines of a song at most; longer ones are cut")
    options = parser.parse_args()
    model = lyricist.load(options.run)
    outcomes: Counter[str] = Counter()
    seconds: list[float] = []
    for song in songs(songs_or_exit())[:: options.every]:
        section = song.sections[0]
        cut = Song(song.title, "", (Section("verse", section.lines[: options.longest]),), song.source)
        try:
            plan = plan_like(cut, model.lexicon)
        except lyricist.InputError as e:
            outcomes[f"no plan: {re.sub(r'[0-9]+', 'n', str(e))[:60]}"] += 1
            continue
        begun = time.perf_counter()
        try:
            made = [e for e in model.compile(plan).events(Drawing(), [1]) if hasattr(e, "sections")]
            outcomes["written" if made else "nothing"] += 1
        except lyricist.PlanError as e:
            limit = "search limit reached" in str(e)
            outcomes["search limit reached" if limit else f"refused: {re.sub(r'[0-9]+', 'n', str(e))[:70]}"] += 1
        seconds.append(time.perf_counter() - begun)
    seconds.sort()
    at = {
        f"seconds_{p}": round(seconds[min(len(seconds) - 1, len(seconds) * p // 100)], 3) for p in (50, 95, 99, 100)
    }
    report("like_songs", {"songs": sum(outcomes.values()), **at, "outcomes": dict(outcomes.most_common(20))})


if __name__ == "__main__":
    main()
