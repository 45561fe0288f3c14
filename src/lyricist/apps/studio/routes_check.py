"""Reading aloud: any text line by line, where it departs from a plan; and the rhyming dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from lyricist.apps.studio.access import LOCAL
from lyricist.apps.studio.api_models import Asked, Draft
from lyricist.apps.studio.services import Owner, Studio
from lyricist.corpus.label_tables import inline_chords, split_times
from lyricist.corpus.lyrics_file import Stanza, sung_lines
from lyricist.corpus.structure import guess_names
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.evaluation.check import Checked, CheckedLine, check
from lyricist.evaluation.rhymes import rhymes
from lyricist.plan.plan import Plan
from lyricist.prosody.metre import FUNCTION_WORDS
from lyricist.prosody.phones import Reading
from lyricist.prosody.syllabify import syllables_of

router = APIRouter(prefix="/api", tags=["reading"])


class Check(Asked):
    """A text or a draft; a plan to compare it with where `plan` or `tune` says something."""

    text: str | None = None
    draft: Draft | None = None


@router.post("/check")
def checked(asked: Check, owner: Owner, studio: Studio) -> dict[str, Any]:
    """Scan lyrics: syllables, stresses and rhymes of every line, and what departs from the plan."""
    if (asked.text is None) == (asked.draft is None):
        raise InputError("give either text or draft")
    sheet = of_draft(asked.draft) if asked.draft is not None else of_text(asked.text or "")
    studio.limits.check("text_characters", sheet.characters, f"{sheet.characters} characters")
    studio.limits.check("lines_checked", len(sheet.numbers), f"{len(sheet.numbers)} lines")
    plan = studio.asked_plan(owner, asked) if asked.plan or asked.tune is not None else None
    return check_json(sheet, check(sheet.stanzas, plan), plan)


def check_json(sheet: Sheet, found: Checked, plan: Plan | None) -> dict[str, Any]:
    """`check --json` with lines numbered as they stand in the text, and every word with its stress."""
    number = dict(enumerate(sheet.numbers, 1))
    blank = {line.line for line in found.lines if not line.text.strip()}
    whole = not blank  # violations of a song as a whole count once it has all its lines
    lines = [
        line.to_json() | {"line": number[line.line], "words": words_json(line), "rhyme_letter": line.letter}
        for line in found.lines
        if line.line not in blank
    ]
    violations = [
        violation.to_json() | {"line": number.get(violation.line or 0)}
        for violation in found.violations
        if (violation.line not in blank if violation.line is not None else whole)
    ]
    return found.to_json() | {"lines": lines, "violations": violations, "heads": sheet.heads}


def words_json(line: CheckedLine) -> list[dict[str, Any]]:
    pairs = WordTokenizer().split_surface(line.text)
    return [word_json(word, text, reading) for (word, text), reading in zip(pairs, line.reading, strict=True)]


def word_json(word: str, text: str, reading: Reading) -> dict[str, Any]:
    """A word as it is written, its parts, and their stress: / strong, x weak; function words are weak."""
    little = word in FUNCTION_WORDS
    stress = "".join("/" if digit == "1" and not little else "x" for digit in reading.stress)
    parts = list(syllables_of(word, reading)) if reading.phones and len(word) == len(text) else [text]
    ends = [sum(map(len, parts[: i + 1])) for i in range(len(parts))]
    written = [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return {"text": text, "reading": reading.text, "stress": stress, "syllables": reading.syllables, "parts": written}


@router.get("/rhymes")
def rhyming(
    studio: Studio,
    word: Annotated[str, Query(max_length=100)],
    kind: Literal["all", "perfect", "mosaic", "light", "near", "identical"] = "all",
    syllables: Annotated[int | None, Query(ge=1, le=40)] = None,
    limit: Annotated[int, Query(ge=1)] = 100,
) -> dict[str, Any]:
    """Words that rhyme with a word, the closest and commonest first."""
    common = studio.models.get(LOCAL).vocabulary.tokens  # commonest first, which is the order of the rhymes
    found = rhymes(word, kind, syllables=syllables, words=common)
    return {
        "word": word,
        "rhymes": [
            {
                "word": rhyme.word,
                "kind": rhyme.kind,
                "syllables": rhyme.reading.syllables,
                "stress": rhyme.reading.stress,
                "reading": rhyme.reading.text,
                "guessed": rhyme.guessed,
            }
            for rhyme in found[: min(limit, studio.limits.rhymes)]
        ],
    }


# -- lyrics as they are typed ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sheet:
    """Stanzas, the number (from 1) of each of their lines, and the lines that name sections (`heads`)."""

    stanzas: list[Stanza]
    numbers: list[int]
    heads: list[dict[str, object]]
    characters: int


def of_draft(draft: Draft) -> Sheet:
    """The sheet of a draft, whose lines are numbered without gaps."""
    stanzas = [Stanza(s.name, tuple(line.text for line in s.lines), True) for s in draft.sections if s.lines]
    count = draft.count()
    characters = sum(len(line.text) for section in draft.sections for line in section.lines)
    return Sheet(stanzas, list(range(1, count + 1)), [], characters)


def of_text(text: str) -> Sheet:
    """Text as it stands: blank lines divide stanzas, `[Chorus]` names one. Lines that are no lyrics are skipped.

    >>> sheet = of_text("[Verse]\\nThe river ran\\n\\nOh")
    >>> [(s.name, s.lines) for s in sheet.stanzas], sheet.numbers, sheet.heads
    ([('verse', ('The river ran',)), ('verse', ('Oh',))], [2, 4], [{'line': 1, 'name': 'verse'}])
    """
    groups: list[tuple[str, list[str]]] = []
    numbers: list[int] = []
    heads: list[dict[str, object]] = []
    name, fresh = "", True
    for number, label, line in sung_lines(text.splitlines()):
        if label is not None:
            name, fresh = label.name, True
            heads.append({"line": number, "name": label.name})
        elif not line:
            name, fresh = ("", True) if not fresh else (name, True)
        if line:
            if fresh:
                groups.append((name, []))
            fresh = False
            groups[-1][1].append(sung(line))
            numbers.append(number)
    guessed = guess_names([tuple(lines) for _, lines in groups])
    stanzas = [Stanza(n or g, tuple(lines), bool(n)) for (n, lines), g in zip(groups, guessed, strict=True)]
    return Sheet(stanzas, numbers, heads, len(text))


def sung(line: str) -> str:
    """A line without chords and without "(x2)"."""
    bare, _ = split_times(line)
    return inline_chords(bare).text if "[" in bare else bare or line
