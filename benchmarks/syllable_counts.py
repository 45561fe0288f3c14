"""Syllable counts against hand-aligned songs: hymns in ABC and art songs in MusicXML, both public domain or CC0.

In both sources a person wrote which syllable is sung to which note, so the number of syllables of a line is known.
Each line is compared with the sum of the first readings (what a scansion commits to) and with all combinations of
readings ("any"); beside them the same with the bare CMU table (no rules, no model; a line with an unknown word counts
as wrong). Then follow the words that disagree, and `syllables_of` against the written syllables of the source.

A line here runs from one capital that follows a punctuation mark to the next: nearly always a line of verse, at times
half of one or two. It also ends with the text of a verse. Lines of fewer than two words, lines with a broken word (a
hyphen with nothing after it), and verses with under 85% of their words in the CMU table (another language) are
excluded.

    python benchmarks/syllable_counts.py [--data FOLDER] [--words 60]
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from common import ROOT, parser, report, tune_files
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.prosody.lexicon import Lexicon, default_lexicon
from lyricist.prosody.phones import Reading, decode
from lyricist.prosody.scan import scan_line
from lyricist.prosody.syllabify import syllables_of

TABLE = ROOT / "src" / "lyricist" / "prosody" / "cmudict.txt"
ENDS_LINE = re.compile(r"[,.;:!?][\"')\]]*$|--?$")
OPENS_LINE = re.compile(r"[\"'(\[]*[A-Z]")

Word = tuple[str, ...]  # written syllables, as sung; joined they are the word with its punctuation
BROKEN: Word = ("",)


class Table:
    """The unchanged CMU table, as a lexicon."""

    def __init__(self, path: Path) -> None:
        rows = (line.split("\t") for line in path.read_text(encoding="ascii").splitlines())
        self.words = {word: tuple(Reading(decode(code)) for code in codes.split(" ")) for word, codes in rows}

    def readings(self, word: str) -> tuple[Reading, ...]:
        return self.words.get(word, ())

    sung = readings


def hymn_verses(text: str) -> Iterator[list[Word]]:
    """Verses of one ABC file: the n-th `w:` line under each music line of a voice goes on with the n-th verse.

    Where a system has fewer verses, the verse is cut, because its text continues elsewhere.
    """
    verses: dict[tuple[str, int], list[str]] = defaultdict(list)
    voice, row = "", 0
    for line in text.splitlines():
        if line.startswith("[V:"):
            for key in [k for k in verses if k[0] == voice and k[1] >= row and row]:
                yield abc_words(" ".join(verses.pop(key)))
            voice, row = line[3:].split("]")[0].strip(), 0
        elif line.startswith("w:"):
            verses[voice, row].append(line[2:])
            row += 1
    yield from (abc_words(" ".join(lines)) for lines in verses.values())


def abc_words(text: str) -> list[Word]:
    """`w:` text as words of syllables.

    >>> abc_words("1.~A- bide with * me;_ heav'n- ly lov- ing\\\\- kind- ness")
    [('A', 'bide'), ('with',), ('me;',), ("heav'n", 'ly'), ('lov', 'ing-', 'kind', 'ness')]
    """
    text = re.sub(r"\d+(?:\(\w+\))?[.,]~", " ", text)
    text = re.sub(r"\\-(?=\s+[a-z])", "\N{HYPHEN}-", text)  # a hyphen that is printed, and a new syllable
    text = re.sub(r"\\-|[*_|~]", " ", text)
    parts = [part for part in re.split(r"(-)|\s+", text) if part]
    return joined(((part, i + 1 < len(parts) and parts[i + 1] == "-") for i, part in enumerate(parts) if part != "-"))


def joined(syllables: Iterable[tuple[str, bool]]) -> list[Word]:
    """Words from syllables, each with whether its word goes on. Numbers of verses and lone marks are no syllables."""
    words: list[Word] = []
    word: list[str] = []
    for syllable, goes_on in syllables:
        text = re.sub(r"^\d+\.\s*", "", syllable).replace("\N{HYPHEN}", "-")
        if not re.search(r"[^\W\d_]", text):
            continue
        word.append(text)
        if not goes_on:
            words.append(tuple(word))
            word = []
    return [*words, BROKEN] if word else words


def score_verses(path: Path) -> Iterator[list[Word]]:
    """Verses of one compressed MusicXML file, part by part."""
    with zipfile.ZipFile(path) as archive:
        name = next(n for n in archive.namelist() if n.endswith("xml") and not n.startswith("META-INF"))
        root = ElementTree.fromstring(archive.read(name))
    for part in root.iter("part"):
        verses: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        for lyric in part.iter("lyric"):
            text = " ".join("".join(t.text or "" for t in lyric.iter("text")).split())
            if text:
                kind = lyric.findtext("syllabic", "single")
                verses[lyric.get("number", "1")].append((text.strip("-"), kind in ("begin", "middle")))
        yield from map(joined, verses.values())


def all_verses(paths: Iterable[Path]) -> Iterator[list[Word]]:
    for path in paths:
        if path.suffix == ".abc":
            raw = path.read_bytes()
            try:
                yield from hymn_verses(raw.decode("utf-8"))
            except UnicodeDecodeError:
                yield from hymn_verses(raw.decode("cp1252"))
        elif path.suffix == ".mxl":
            yield from score_verses(path)


def sung_lines(words: Sequence[Word]) -> Iterator[list[Word]]:
    """The lines of a verse, in the sense of the module's docstring."""
    line: list[Word] = []
    for word in words:
        if line and ENDS_LINE.search(line[-1][-1]) and OPENS_LINE.match("".join(word)):
            yield line
            line = []
        line.append(word)
    yield line


def lines_of(paths: Iterable[Path], table: Table) -> list[list[Word]]:
    """The lines that count; each text once (voices repeat it)."""
    lines: dict[tuple[Word, ...], None] = {}
    for verse in all_verses(paths):
        tokens = WordTokenizer().split(" ".join("".join(word) for word in verse))
        known = sum(token in table.words for token in tokens)
        if known >= 0.85 * len(tokens):
            whole = (line for line in sung_lines(verse) if len(line) > 1 and BROKEN not in line)
            lines.update((tuple(line), None) for line in whole)
    return [list(line) for line in lines]


def token_of(word: Word) -> str:
    """The one token of a sung word, or "" if it is several."""
    tokens = WordTokenizer().split("".join(word))
    return tokens[0] if len(tokens) == 1 else ""


def agreement(lines: Sequence[Sequence[Word]], lexicon: Lexicon | Table) -> dict[str, float]:
    """Share of lines whose first readings, and of which any readings, have the sung number of syllables."""
    committed = possible = 0
    for line in lines:
        tokens = WordTokenizer().split(" ".join("".join(word) for word in line))
        sung = sum(len(word) for word in line)
        if all(map(lexicon.readings, tokens)):
            committed += scan_line(tokens, lexicon).syllables == sung
            possible += scan_line(tokens, lexicon, syllables=sung).syllables == sung
    return {"committed": round(committed / len(lines), 4), "any": round(possible / len(lines), 4)}


def disagreements(lines: Iterable[Sequence[Word]], lexicon: Lexicon) -> list[str]:
    """Words whose usual reading has another number of syllables than is sung, the commonest first."""
    seen: Counter[str] = Counter()
    wrong: Counter[tuple[str, int]] = Counter()
    for word in (word for line in lines for word in line):
        token = token_of(word)
        seen[token] += 1
        wrong[token, len(word)] += bool(token and lexicon.readings(token)[:1]) and (
            lexicon.readings(token)[0].syllables != len(word)
        )
    rows = []
    for (token, sung), count in wrong.most_common():
        if count:
            ours = "/".join(str(reading.syllables) for reading in lexicon.readings(token))
            rows.append(f"{count:4} of {seen[token]:4}  {token}: sung {sung}, readings {ours}")
    return rows


def written(lines: Iterable[Sequence[Word]], lexicon: Lexicon) -> tuple[dict[str, float], list[str]]:
    """`syllables_of` against the source: words of several syllables whose number of syllables agrees.

    Figures by running words and by kinds of words; of a kind, the commonest division counts as the source's.
    """
    divisions: dict[str, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for word in (word for line in lines for word in line if len(word) > 1):
        token = token_of(word)
        parts = tuple(p for p in (re.sub(r"[^a-z'-]", "", s.lower()) for s in word) if p)
        if token and "".join(parts) == token:
            divisions[token][parts] += 1
    right = running = kinds = kinds_right = 0
    misses: Counter[str] = Counter()
    for token, counts in divisions.items():
        theirs, count = counts.most_common(1)[0]
        reading = next((r for r in lexicon.readings(token) if r.syllables == len(theirs)), None)
        if reading is None:
            continue
        ours = tuple(syllables_of(token, reading))
        right, running = right + counts[ours], running + counts.total()
        kinds, kinds_right = kinds + 1, kinds_right + (ours == theirs)
        if ours != theirs:
            misses[f"{token}: {'-'.join(ours)}, source {'-'.join(theirs)}"] = count
    figures = {"running": right / running, "kinds": kinds_right / kinds}
    rows = [f"{count:4} {text}" for text, count in misses.most_common()]
    return {k: round(v, 4) for k, v in figures.items()} | {"words": running, "different": kinds}, rows


def main() -> None:
    made = parser(__doc__, tunes=True)
    made.add_argument("--words", type=int, default=40, help="how many disagreeing words to list (default: 40)")
    options = made.parse_args()
    table, lexicon = Table(TABLE), default_lexicon()
    for name in ("hymns-abc", "lieder-musicxml"):
        lines = lines_of(tune_files(options.data / name, options.every), table)
        divided, misses = written(lines, lexicon)
        print(*disagreements(lines, lexicon)[: options.words], *misses[: options.words], sep="\n")
        figures = {
            "lines": len(lines),
            "syllables_per_line": round(sum(len(word) for line in lines for word in line) / len(lines), 2),
            "lexicon": agreement(lines, lexicon),
            "cmu_table_alone": agreement(lines, table),
            "written_syllables": divided,
        }
        report(f"syllable_counts {name}", figures)


if __name__ == "__main__":
    main()
