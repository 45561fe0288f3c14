"""How much of the running words of real songs the lexicon reads without its fallback model, by file.

    python benchmarks/coverage.py [FILES...] [--missing 60]

Without files it takes the development data in ../shared/data/songs beside the repository.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.prosody import default_lexicon

DATA = Path(__file__).parents[2] / "shared/data/songs"


def words_of(path: Path) -> Counter[str]:
    """The running words of a text file."""
    split = WordTokenizer().split
    return Counter(word for line in path.read_text(encoding="utf-8").splitlines() for word in split(line))


def report(name: str, counts: Counter[str], sources: dict[str, str]) -> None:
    """One line: words, the share read at all without the model, and the shares by source."""
    by_source: Counter[str] = Counter()
    for word, n in counts.items():
        by_source[sources[word]] += n
    total = sum(counts.values())
    table, rule = by_source["lexicon"] / total, by_source["rule"] / total
    print(f"{name:16} {total:8} words  covered {table + rule:7.2%}  table {table:7.2%}  rules {rule:6.2%}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Coverage of songs by the lexicon.")
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--missing", type=int, default=60, help="how many of the commonest missing words to list")
    options = parser.parse_args()
    files = options.files or sorted(DATA.glob("*.txt"))
    if not files:
        raise SystemExit(f"no songs in {DATA}: name text files to read")
    counts = {path.name: words_of(path) for path in files}
    total = sum(counts.values(), Counter())
    words = list(total)
    readings = default_lexicon().many(words)
    sources = {word: found[0].source if found else "none" for word, found in zip(words, readings, strict=True)}
    for name, each in counts.items():
        report(name, each, sources)
    report("all", total, sources)
    missing = [(word, n) for word, n in total.most_common() if sources[word] in {"model", "none"}]
    print("missing:", " ".join(f"{word}:{n}" for word, n in missing[: options.missing]))


if __name__ == "__main__":
    main()
