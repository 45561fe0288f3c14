"""Plans as TOML files: the words of the options, one `[[section]]` table per section.

format = 1
syllables = [8, 6]
rhyme = "ABAB"
rhyme-kind = "near"

[[section]]
name = "verse"
text = ["The river ran below the town", "..."]
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from lyricist.errors import InputError
from lyricist.plan.fields import SectionPlan
from lyricist.plan.parse import nearest, read_small, shown
from lyricist.plan.plan import Plan

FORMAT = 1
OPEN = "..."  # a line to be written, among those to be kept
SECTIONS, SECTION = "sections", "section"  # the plan's field, the file's table
KINDS: dict[Any, str] = {bool: "true or false", int: "a whole number"}  # fields that take no text
LINE_BY_LINE = frozenset({"text", "tune"})  # lists written with one line of the file for each line of the song
ONE_EACH = frozenset({"form", "metre", "rhyme"})  # lists whose single value is written without brackets


def read_plan(path: Path | str) -> Plan:
    """The plan of a TOML file. Raises `InputError`, with the file's name, for a file that is no plan."""
    try:
        text = read_small(Path(path), str(path), "this is no plan").decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise InputError(f"{path} is not UTF-8 text (byte {e.start}): save it as UTF-8") from e
    return parse_plan(text, str(path))


def parse_plan(text: str, where: str = "plan") -> Plan:
    """The plan in a text. Raises `InputError` if it is not TOML or not a plan; `where` names the text.

    >>> parse_plan('metre = "iambic"\\nsyllables = [8, 6]').syllables
    (8, 6)
    """
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as e:
        raise InputError(f"{where} is not TOML: {str(e) or type(e).__name__}") from e
    try:
        return plan_of(data)
    except InputError as e:
        raise InputError(f"{where}: {str(e).replace('--', '')}") from e


def plan_of(data: dict[str, Any]) -> Plan:
    """A plan from the tables of a file. Raises `InputError` for another format, and as `fields_of` does."""
    version = data.pop("format", FORMAT)
    if type(version) is not int or version != FORMAT:
        raise InputError(f"format {shown(version)} is not {FORMAT}: this version of lyricist cannot read it")
    tables = data.pop(SECTION, [])
    if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise InputError("section is not a list of tables: write [[section]] above each section")
    fields = fields_of(data, Plan, "")
    sections = [section(table, i) for i, table in enumerate(tables, 1)]
    return Plan(**fields, sections=tuple(sections))


def section(table: dict[str, Any], number: int) -> SectionPlan:
    """A section from its table. Raises `InputError` that names its number."""
    try:
        return SectionPlan(**fields_of(table, SectionPlan, "in a section "))
    except InputError as e:
        raise InputError(f"section {number}: {e}") from e


def fields_of(table: dict[str, Any], model: type[BaseModel], where: str) -> dict[str, Any]:
    """A table's keys, with hyphens or underscores, as fields of a model. Raises `InputError` for an unknown key, a
    repeated one, or a value of another type."""
    known = {key_of(name): name for name in model.model_fields if name != SECTIONS}
    fields: dict[str, Any] = {}
    for key, value in table.items():
        name = known.get(key_of(key))
        if name is None:
            raise InputError(f"{where}{shown(key)} is no key of a plan{nearest(key, [*known, SECTION])}")
        if name in fields:
            raise InputError(f"{where}{key_of(key)} is given twice")
        kind = model.model_fields[name].annotation
        if kind in KINDS and type(value) is not kind:
            raise InputError(f"{key} {shown(value)} is not {KINDS[kind]}")
        if isinstance(value, dict):
            raise InputError(f"{key} is a table and should be a value or a list")
        fields[name] = value
    return fields


def key_of(name: str) -> str:
    """
    >>> key_of("rhyme_kind")
    'rhyme-kind'
    """
    return name.replace("_", "-")


def plan_text(plan: Plan) -> str:
    """A plan as TOML; `parse_plan` gives it back.

    >>> print(plan_text(Plan(rhyme="ABAB", syllables=[8, 6], clean=False)))
    format = 1
    syllables = [8, 6]
    rhyme = "ABAB"
    clean = false
    <BLANKLINE>
    """
    blocks = [[f"format = {FORMAT}", *assignments(plan)]]
    blocks += [["[[section]]", *assignments(s)] for s in plan.sections]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def assignments(model: Plan | SectionPlan) -> Iterator[str]:
    """The fields that differ from their defaults."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if name == SECTIONS or (value == field.default and not field.is_required()):
            continue
        if name in ONE_EACH and len(value) == 1 and isinstance(value, tuple):
            value = value[0]
        yield f"{key_of(name)} = {toml_value(value, name)}"


def toml_value(value: Any, name: str = "") -> str:
    """A value in TOML's notation. JSON's strings are TOML's too: all characters here can be printed.

    >>> toml_value(("say \\"yes\\"", "b"), "about"), toml_value(True), toml_value(("A line", ""), "text")
    ('["say \\\\"yes\\\\"", "b"]', 'true', '[\\n  "A line",\\n  "...",\\n]')
    """
    if isinstance(value, tuple):
        items = [toml_value(item) for item in value]
        if name not in LINE_BY_LINE:
            return f"[{', '.join(items)}]"
        lines = [json.dumps(OPEN) if item == "" else text for item, text in zip(value, items, strict=True)]
        return "[\n" + "".join(f"  {line},\n" for line in lines) + "]"
    return json.dumps(value, ensure_ascii=False)
