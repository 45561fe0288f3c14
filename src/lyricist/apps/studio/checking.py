"""Reading aloud: any text line by line, where it departs from a plan; and the rhyming dictionary."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool

from lyricist.apps.studio.access import owner
from lyricist.apps.studio.bodies import Asked, Draft
from lyricist.apps.studio.desk import Desk, desk_of
from lyricist.apps.studio.texts import Sheet, of_draft, of_text
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.evaluation.check import Checked, CheckedLine, check
from lyricist.evaluation.rhymes import rhymes
from lyricist.plan.plan import Plan
from lyricist.prosody.metre import FUNCTION_WORDS
from lyricist.prosody.phones import Reading
from lyricist.prosody.syllabify import syllables_of

router = APIRouter(prefix="/api", tags=["reading"])

Owner = Annotated[str, Depends(owner)]
At = Annotated[Desk, Depends(desk_of)]


class Check(Asked):
    """A text or a draft; a plan to compare it with where `plan` or `tune` says something."""

    text: str | None = None
    draft: Draft | None = None


@router.post("/check")
async def checked(asked: Check, who: Owner, desk: At) -> dict[str, Any]:
    """Scan lyrics: syllables, stresses and rhymes of every line, and what departs from the plan."""
    return await run_in_threadpool(read_aloud, asked, who, desk)


def read_aloud(asked: Check, who: str, desk: Desk) -> dict[str, Any]:
    if (asked.text is None) == (asked.draft is None):
        raise InputError("give either text or draft")
    limits = desk.settings.limits
    sheet = of_draft(asked.draft) if asked.draft is not None else of_text(asked.text or "")
    if sheet.characters > limits.text_characters:
        raise InputError(f"{sheet.characters} characters: at most {limits.text_characters} (limit text_characters)")
    if len(sheet.numbers) > limits.lines_checked:
        raise InputError(f"{len(sheet.numbers)} lines: at most {limits.lines_checked} (limit lines_checked)")
    plan = desk.checked_plan(who, asked)
    return check_json(sheet, check(sheet.stanzas, plan), plan)


def check_json(sheet: Sheet, found: Checked, plan: Plan | None) -> dict[str, Any]:
    """`check --json` with lines numbered as they stand in the text, and every word with its stress."""
    number = dict(enumerate(sheet.numbers, 1))
    blank = {line.line for line in found.lines if not line.text.strip()}
    whole = not blank  # what a song as a whole lacks can be said once it is whole
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
    """A word as it is written, its parts and their stress: / strong, x weak; little words are weak."""
    little = word in FUNCTION_WORDS
    stress = "".join("/" if digit == "1" and not little else "x" for digit in reading.stress)
    parts = list(syllables_of(word, reading)) if reading.phones and len(word) == len(text) else [text]
    ends = [sum(map(len, parts[: i + 1])) for i in range(len(parts))]
    written = [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return {"text": text, "reading": reading.text, "stress": stress, "syllables": reading.syllables, "parts": written}


@router.get("/rhymes")
async def rhyming(
    desk: At,
    word: Annotated[str, Query(max_length=100)],
    kind: Literal["all", "perfect", "near", "identical"] = "all",
    syllables: Annotated[int | None, Query(ge=1, le=40)] = None,
    limit: Annotated[int, Query(ge=1)] = 100,
) -> dict[str, Any]:
    """Words that rhyme with a word, the closest and commonest first."""
    most = desk.settings.limits.rhymes
    found = await run_in_threadpool(rhymes, word, kind, syllables=syllables, words=desk.common_words())
    return {
        "word": word,
        "rhymes": [
            {
                "word": rhyme.word,
                "kind": rhyme.kind,
                "syllables": rhyme.reading.syllables,
                "stress": rhyme.reading.stress,
                "reading": rhyme.reading.text,
            }
            for rhyme in found[: min(limit, most)]
        ],
    }
