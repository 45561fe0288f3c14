"""What share of the running words of real songs the lexicon reads without its pronunciation model, by file.

    python benchmarks/coverage.py [FILES...] [--missing 60]

Without files it reads the folder of songs (LYRICIST_SONGS).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from common import parser, songs_or_exit
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.prosody import default_lexicon


def words_of(path: Path) -> Counter[str]:
    """The running words of a text file."""
    split = WordTokenizer().split
    return Counter(word for line in path.read_text(encoding="utf-8").splitlines() for word in split(line))


def report(name: str, counts: Counter[str], sources: dict[str, str]) -> None:
    """One line: words, the share read without the model, and the shares by source."""
    by_source: Counter[str] = Counter()
    for word, n in counts.items():
        by_source[sources[word]] += n
    total = sum(counts.values())
    table, rule = by_source["lexicon"] / total, by_source["rule"] / total
    print(f"{name:16} {total:8} words  covered {table + rule:7.2%}  table {table:7.2%}  rules {rule:6.2%}")


def main() -> None:
    made = parser(__doc__)
    made.add_argument("files", nargs="*", type=Path)
    made.add_argument("--missing", type=int, default=60, help="how many of the commonest missing words to list")
    options = made.parse_args()
    counts = {path.name: words_of(path) for path in options.files or sorted(songs_or_exit().glob("*.txt"))}
    total = sum(counts.values(), Counter())
    words = list(total)
    readings = default_lexicon().many(words)
    sources = {word: found[0].source if found else "none" for word, found in zip(words, readings, strict=True)}
    for name, each in {**counts, "all": total}.items():
        report(name, each, sources)
    missing = [(word, n) for word, n in total.most_common() if sources[word] in {"model", "none"}]
    print("missing:", " ".join(f"{word}:{n}" for word, n in missing[: options.missing]))


if __name__ == "__main__":
    main()
