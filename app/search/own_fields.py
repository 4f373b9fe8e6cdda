"""Conditions on a desk's own fields (`field.colour:red`), as SQL on `t.custom`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from app.conditions.dates import EXAMPLES, days, interval, is_date
from app.conditions.fields import CUSTOM
from app.conditions.texts import fits_choice, spellings
from app.conditions.tree import Check, Node, Op, QueryError, mapped
from app.fields.queries import FieldInfo
from app.fields.rules import Kind
from app.kernel.sentences import said

YES_NO: Final = {
    "yes": True,
    "true": True,
    "on": True,
    "1": True,
    "no": False,
    "false": False,
    "off": False,
    "0": False,
}
_SIGNS: Final = {Op.IS: "=", Op.CONTAINS: "=", Op.BELOW: "<", Op.AT_MOST: "<=", Op.ABOVE: ">", Op.AT_LEAST: ">="}
_TEXTS: Final = (Kind.TEXT, Kind.URL)
Bind = Callable[[object], str]


def renamed(tree: Node, names: Mapping[str, str]) -> Node:
    """The same condition with own fields called otherwise: `names` by what they are called now, casefolded.

    A saved condition names fields by their key (`FieldInfo.key`), so that it survives their renaming.
    """

    def change(check: Check) -> Check:
        name = check.field[len(CUSTOM) :] if check.field.startswith(CUSTOM) else ""
        other = names.get(" ".join(name.split()).casefold()) if name else None
        return check if other is None else dataclasses.replace(check, field=CUSTOM + other)

    return mapped(tree, change)


def named(check: Check, own: Mapping[str, FieldInfo]) -> FieldInfo:
    """The field of a check. Raises QueryError when the desk has none of this name."""
    name = check.field[len(CUSTOM) :]
    found = own.get(" ".join(name.split()).casefold())
    if found is None:
        msg = said("There is no field “{name}” on this desk.", name=name)
        raise QueryError(msg, check.position, check.length)
    return found


def sql(check: Check, own: Mapping[str, FieldInfo], now: datetime, bind: Bind) -> str:
    """The check as SQL; never NULL. IS_NOT and FILLED are said by the caller. Raises QueryError."""
    one = named(check, own)
    path = f"""'$."{one.key}"'"""
    column = f"json_extract(t.custom, {path})"
    if check.op is Op.EMPTY:
        return f"{column} IS NULL"
    problem(check, one)
    if one.kind == Kind.CHECKBOX:  # a box that was never ticked says no
        return f"coalesce({column}, 0) {'=' if YES_NO[check.value.lower()] else '<>'} 1"
    if one.kind == Kind.MULTI:
        keys = ", ".join(bind(key) for key in _keys(check, one))
        return f"EXISTS (SELECT 1 FROM json_each(t.custom, {path}) j WHERE j.value IN ({keys}))"
    return f"{column} IS NOT NULL AND ({_compared(check, one, column, now, bind)})"


def _compared(check: Check, one: FieldInfo, column: str, now: datetime, bind: Bind) -> str:
    if one.kind in _TEXTS:
        if check.op is Op.CONTAINS:
            return " OR ".join(f"instr(lower({column}), {bind(way)}) > 0" for way in spellings(check.value))
        return " OR ".join(f"lower({column}) = {bind(way)}" for way in spellings(check.value))
    if one.kind == Kind.NUMBER:
        return f"{column} {_SIGNS[check.op]} {bind(float(check.value))}"
    if one.kind == Kind.DATE:
        first, behind = days(interval(check.op, check.value.lower(), now, ahead=True))
        parts = [f"{column} >= {bind(first)}"] if first else []
        parts += [f"{column} < {bind(behind)}"] if behind else []
        return " AND ".join(parts) or "1"
    return f"{column} IN ({', '.join(bind(key) for key in _keys(check, one))})"


def problem(check: Check, one: FieldInfo) -> None:
    """Raises QueryError for an operator or a value that this kind of field cannot have."""
    words = ""
    is_ordered = one.kind in {Kind.NUMBER, Kind.DATE}
    if check.op in {Op.BELOW, Op.AT_MOST, Op.ABOVE, Op.AT_LEAST} and not is_ordered:
        words = said("“{name}” is no number and no date; it cannot be more or less than anything.", name=one.name)
    elif one.kind == Kind.NUMBER and not is_number(check.value):
        words = said("“{value}” is not a number.", value=check.value)
    elif one.kind == Kind.DATE and not is_date(check.value.lower()):
        words = said("“{value}” is not a span or a date. Try {examples}.", value=check.value, examples=EXAMPLES)
    elif one.kind == Kind.CHECKBOX and check.value.lower() not in YES_NO:
        words = said("“{name}” is yes or no.", name=one.name)
    elif one.choices and not _keys(check, one) and check.op is not Op.CONTAINS:
        words = said("“{name}” has no choice “{value}”.", name=one.name, value=check.value)
    if words:
        raise QueryError(words, check.position, check.length)


def is_number(value: str) -> bool:
    """Is this a number that can be compared?"""
    try:
        return abs(float(value)) < 1e15
    except ValueError:
        return False


def _keys(check: Check, one: FieldInfo) -> list[str]:
    op = Op.CONTAINS if check.op is Op.CONTAINS else Op.IS
    return [each.key for each in one.choices if fits_choice(op, check.value, each.name, each.path or each.name)]
