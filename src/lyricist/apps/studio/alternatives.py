"""Other lines, other words: what else could stand in a place of a draft; and a draft's open lines written anew."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from lyricist.apps.studio.access import owner
from lyricist.apps.studio.bodies import Asked, Draft, Drawn, plan_json, read_drawing
from lyricist.apps.studio.desk import Desk, desk_of
from lyricist.apps.studio.sse import stream
from lyricist.apps.studio.writing import told_as_events
from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.errors import InputError
from lyricist.generate.result import WrittenSong
from lyricist.generate.teacher_forcing import Place, reword
from lyricist.generate.writer import Model, fresh_seed
from lyricist.plan.from_draft import OneLine, plan_draft
from lyricist.plan.plan import Drawing, Plan
from lyricist.prosody.scan import scan_line

router = APIRouter(prefix="/api", tags=["writing"])

Owner = Annotated[str, Depends(owner)]
At = Annotated[Desk, Depends(desk_of)]
SPARE = 2  # songs written for every alternative that is asked for, of which the best are shown
split = WordTokenizer().split


class Fill(Drawn):
    draft: Draft
    like_present: bool = False


@router.post("/fill", response_class=StreamingResponse)
async def fill(asked: Fill, who: Owner, desk: At) -> StreamingResponse:
    """Write the lines of a draft that are not locked; the same events as `/api/write`. Locked lines stand word for
    word, whatever the plan says; `like_present`: where it says nothing of lengths, lines stay as long as they are."""
    drawing = read_drawing(asked.drawing, desk.settings.particles, desk.settings.limits)
    model = await run_in_threadpool(desk.model, who, asked.model)
    plan = await run_in_threadpool(fill_plan, asked, who, desk, model)
    await desk.feasible(who, model, plan)
    seed = fresh_seed() if asked.seed is None else asked.seed
    made = desk.decoding.write(who, model, plan, drawing, [seed])
    return stream(told_as_events(made, {"seed": seed, "plan": plan_json(plan)}))


def fill_plan(asked: Fill, who: str, desk: Desk, model: Model) -> Plan:
    desk.check_draft(asked.draft)
    plan = desk.asked_plan(who, asked)
    if asked.draft.title and plan.title is None:
        plan = plan.model_copy(update={"title": asked.draft.title[:200]})
    return plan_draft(asked.draft.lines(), plan, model.lexicon, asked.like_present)


class Alternatives(Asked):
    draft: Draft
    section: int = Field(ge=0)
    line: int = Field(ge=0)
    word: int | None = Field(default=None, ge=0)
    count: int = Field(default=5, ge=1)
    seed: int | None = Field(default=None, ge=0, lt=2**63)


@router.post("/alternatives")
async def alternatives(asked: Alternatives, who: Owner, desk: At) -> dict[str, Any]:
    """Lines that could stand in place of a draft's line and keep the plan; with `word`, only that word is another."""
    most = desk.settings.limits.alternatives
    if asked.count > most:
        raise InputError(f"count {asked.count}: at most {most} (limit alternatives)")
    model = await run_in_threadpool(desk.model, who, asked.model)
    one = await run_in_threadpool(desk.one_line, who, asked, asked.draft, (asked.section, asked.line), model)
    if asked.word is not None:
        return {"lines": await desk.decoding.ask(who, lambda: other_words(asked, one, desk, model))}
    return {"lines": await other_lines(asked, one, who, desk, model)}


async def other_lines(asked: Alternatives, one: OneLine, who: str, desk: Desk, model: Model) -> list[dict[str, Any]]:
    await desk.feasible(who, model, one.plan)
    seed = fresh_seed() if asked.seed is None else asked.seed
    present = asked.draft.sections[asked.section].lines[asked.line].text
    made = desk.decoding.write(
        who, model, one.plan, Drawing(particles=1), range(seed, seed + SPARE * asked.count + SPARE), here=True
    )
    songs = [song async for song in made if isinstance(song, WrittenSong)]
    songs.sort(key=lambda song: (-(song.score.total if song.score else 0.0), song.seed))
    lines = [line for song in songs for line in [flat(song)[one.line]]]
    different = {line["text"]: line for line in reversed(lines) if split(line["text"]) != split(present)}
    best = sorted(different.values(), key=lines.index)
    return [{name: line[name] for name in ("text", "syllables", "stress", "rhyme")} for line in best[: asked.count]]


def flat(song: WrittenSong) -> list[dict[str, Any]]:
    return [line for section in song.to_json()["sections"] for line in section["lines"]]


def other_words(asked: Alternatives, one: OneLine, desk: Desk, model: Model) -> list[dict[str, Any]]:
    """The line with another word in the place of one."""
    text = asked.draft.sections[asked.section].lines[asked.line].text
    pairs = WordTokenizer().split_surface(text)
    if asked.word is None or asked.word >= len(pairs):
        raise InputError(f"word {asked.word}: the line has {len(pairs)} words, counted from 0")
    writer = desk.decoding.compiled.get(model, one.freely())
    words = tuple(word for word, _ in pairs)
    place = Place(words, asked.word, one.spec, one.ends)
    found = reword(writer, one.line, place, Drawing(), asked.count)
    return [line_json(replaced(text, pairs, asked.word, word), model) for word in found]


def replaced(text: str, pairs: list[tuple[str, str]], at: int, word: str) -> str:
    """The line as it is written with another word, with a capital where the old one had one.

    >>> replaced("Oh, River run", [("oh", "Oh"), ("river", "River"), ("run", "run")], 1, "sister")
    'Oh, Sister run'
    """
    start = 0
    for _, surface in pairs[: at + 1]:
        place = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").find(surface, start)
        start = place + len(surface)
    old = pairs[at][1]
    new = word[:1].upper() + word[1:] if old[:1].isupper() or word.split("'")[0] == "i" else word
    return text[: start - len(old)] + new + text[start:]


def line_json(text: str, model: Model) -> dict[str, Any]:
    read = scan_line(split(text), model.lexicon)
    return {"text": text, "syllables": read.syllables, "stress": read.stress, "rhyme": read.rhyme}
