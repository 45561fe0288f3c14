"""Find what a run says again and again when it writes by default: `stock.safetensors` beside it.

    python scripts/build_stock.py RUN [--songs 3000] [--written FILE.jsonl] [--people songs/part-*.txt]

Songs are written as `lyricist write` does without options (32 drafts), or read from FILE.jsonl (`write --jsonl`),
which is continued. Words, runs of two and three words, whole lines, first words of a song and pairs of rhyme words
that stand in a larger share of these songs than of people's, or than is allowed, get the logarithm of the ratio in
nats. If the run has a table already, the songs were written with it: nats are added to those of the table. With
--rations only lines, first words and rhymes are counted: more nats of words and runs cost sense.

Words that people's songs are about, nouns that are neither in many songs nor in few, are kept as themes.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path

import lyricist
from lyricist import read
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.corpus.word_lists import is_unclean
from lyricist.evaluation.check import EVERY_SONG
from lyricist.evaluation.overuse import FINEST, Counts, Lines, Phrase, Sounds, count, key_of, lines_of
from lyricist.model.checkpoint import Run, replace_beside
from lyricist.model.stock import LINE, OPENING, RHYME, RUN, STOCK, WORD, StockPhrases
from lyricist.model.topics import is_plain
from lyricist.plan.plan import Drawing, Plan

SONGS = Path(__file__).parents[1] / "songs"
FIRST_SEED = 1_000_000  # far from the seeds that people and benchmarks use
LEAST = {WORD: 3, RUN: 3, LINE: 1, OPENING: 2, RHYME: 2}  # songs with a phrase from which it is in stock
SHARE = {WORD: 0.6, RUN: 1.0, LINE: 1.0, OPENING: 1.5, RHYME: 2.0}  # times the log ratio
ALLOWED = {WORD: 0.02, RUN: 0.004, LINE: 0.0001, OPENING: 0.004, RHYME: 0.004}  # share of songs, at the least
BEYOND = {WORD: 1.5, RUN: 1.2, LINE: 1.0, OPENING: 1.0, RHYME: 1.0}  # times people's share that are allowed
MOST = {WORD: 1.5, RUN: 3.0, LINE: 8.0, OPENING: 5.0, RHYME: 5.0}  # nats
RATIONED = (OPENING, RHYME)  # their allowed share does not depend on people's
ARTICLES = frozenset({"a", "an", "the", "my", "your", "his", "her", "our", "their", "this", "that"})
NOUN = 0.5  # share of a theme word's uses after an article, and before a function word or a line's end
FEW, MANY = 15, 0.03  # songs, and share of songs, with it

split = WordTokenizer().split


def written_songs(run: Path, songs: int, file: Path | None, stock: float) -> Iterator[Lines]:
    """Songs written by default, but for `--stock`; those in `file` first."""
    rows = (
        [json.loads(row) for row in file.read_text(encoding="utf-8").splitlines()] if file and file.exists() else []
    )
    yield from (song_of(row) for row in rows[:songs])
    seeds = range(FIRST_SEED + len(rows), FIRST_SEED + songs)
    if not seeds:
        return
    for event in lyricist.load(run).events(Plan(premise=True), Drawing(stock=stock), seeds):
        if hasattr(event, "sections"):
            if file:
                with file.open("a", encoding="utf-8") as handle:
                    print(json.dumps(event.to_json()), file=handle)
            yield song_of(event.to_json())


def song_of(row: dict) -> Lines:
    return [[tuple(split(line["text"])) for line in section["lines"]] for section in row["sections"]]


def people_songs(files: Sequence[Path]) -> Iterator[Lines]:
    for song in read(files, options=EVERY_SONG).songs():
        yield lines_of(song.sections)


# --- phrases


def nats_of(phrase: Phrase, ours: float, theirs: float, before: float) -> float:
    """The nats of a phrase that stands in these shares of our and of people's songs; `before`: those it had."""
    kind = phrase[0]
    allowed = ALLOWED[kind] if kind in RATIONED else max(ALLOWED[kind], BEYOND[kind] * theirs)
    return min(MOST[kind], max(0.0, before + SHARE[kind] * math.log(ours / allowed)))


def table(
    ours: Counts, theirs: Counts, before: StockPhrases, kinds: Sequence[int] = tuple(SHARE)
) -> dict[int, float]:
    """Nats by key; those of phrases of other kinds as they were."""
    out = dict(before.nats)
    for phrase, n in ours[0].items():
        kind, words = phrase
        if kind not in kinds or n < LEAST[kind] or (kind == WORD and is_plain(words[0])):
            continue
        number = key_of(phrase)
        nats = nats_of(phrase, n / ours[1], theirs[0][phrase] / theirs[1], before.nats.get(number, 0.0))
        if nats >= FINEST:
            out[number] = nats
        else:
            out.pop(number, None)
    return out


# --- themes


def theme_words(songs: Sequence[Lines], ours: Counts) -> list[str]:
    """Nouns that songs are about, the commonest first; none that our songs say too often."""
    uses, nouns, heads, of = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for song in songs:
        lines = [line for section in song for line in section]
        of.update({word for line in lines for word in line})
        for line in lines:
            uses.update(line)
            nouns.update(b for a, b in pairwise(line) if a in ARTICLES)
            heads.update(a for a, b in pairwise((*line, "")) if is_plain(b))
    most = MANY * len(songs)
    return [
        word
        for word, n in of.most_common()
        if FEW <= n <= most and min(nouns[word], heads[word]) > NOUN * uses[word] and not unfit(word, ours)
    ]


def unfit(word: str, ours: Counts) -> bool:
    return not word.isalpha() or is_plain(word) or is_unclean(word) or ours[0][WORD, (word,)] > MANY * ours[1]


def main() -> None:
    parser = argparse.ArgumentParser(description="Find what a run says again and again.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--songs", type=int, default=3000)
    parser.add_argument("--written", type=Path, help="songs that it wrote; continued")
    parser.add_argument("--people", type=Path, nargs="*", default=sorted(SONGS.glob("part-*.txt")))
    parser.add_argument("--rations", action="store_true", help="count lines, first words and rhymes alone")
    parser.add_argument("--anew", action="store_true", help="forget the table that is there")
    options = parser.parse_args()
    path, sounds = Run.open(options.run).path / STOCK, Sounds()
    before = StockPhrases.load(path) if path.exists() and not options.anew else StockPhrases({})
    people = list(people_songs(options.people))
    theirs = count(people, sounds)
    written = written_songs(options.run, options.songs, options.written, 0.0 if options.anew else 1.0)
    ours = count(islice(written, options.songs), sounds)
    made = table(ours, theirs, before, (LINE, OPENING, RHYME) if options.rations else tuple(SHARE))
    themes = before.themes if options.rations else theme_words(people, ours)
    replace_beside(path.parent, path.name, StockPhrases(made, themes).content())
    worst = sorted(ours[0], key=lambda p: -ours[0][p] if p[0] == RHYME else 0)[:6]
    print(f"{ours[1]} songs, {len(made)} phrases, {path.stat().st_size} bytes;", *(" ".join(p[1]) for p in worst))


if __name__ == "__main__":
    main()
