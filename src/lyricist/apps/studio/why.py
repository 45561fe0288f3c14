"""Why this word: what else the model thought of for each word of a line, and what forbade it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from lyricist.apps.studio.access import owner
from lyricist.apps.studio.bodies import Asked, Draft
from lyricist.apps.studio.desk import Desk, desk_of
from lyricist.apps.studio.writing import choice_json
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.generate.teacher_forcing import explain_line
from lyricist.generate.writer import Model
from lyricist.plan.from_draft import OneLine
from lyricist.plan.plan import Drawing

router = APIRouter(prefix="/api", tags=["writing"])

Owner = Annotated[str, Depends(owner)]
At = Annotated[Desk, Depends(desk_of)]


class Why(Asked):
    draft: Draft
    section: int = Field(ge=0)
    line: int = Field(ge=0)


@router.post("/why")
async def why(asked: Why, who: Owner, desk: At) -> dict[str, Any]:
    """For each word of a line as it stands: the candidates with their probabilities, and what forbids them. Lines are
    read in the model's own order, so a word is judged by the words that the model drew before it."""
    model = await run_in_threadpool(desk.model, who, asked.model)
    one = await run_in_threadpool(desk.one_line, who, asked, asked.draft, (asked.section, asked.line), model)
    text = asked.draft.sections[asked.section].lines[asked.line].text
    return await desk.decoding.ask(who, lambda: explained(one, text, desk, model))


def explained(one: OneLine, text: str, desk: Desk, model: Model) -> dict[str, Any]:
    words = WordTokenizer().split(text)
    if not words:
        raise InputError("the line has no words to explain")
    writer = desk.decoding.compiled.get(model, one.bringing(text))
    choices = explain_line(writer, one.line, words, Drawing())
    return {
        "order": model.vocabulary.order,
        "words": [{name: value for name, value in choice_json(c).items() if name != "line"} for c in choices],
    }
