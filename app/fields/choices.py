"""The choices of a field as a person writes them, one a line, and as they are kept: pure.

    Hardware                       in a tree, a line that is indented belongs to the one above it;
      Printer                      "Hardware / Printer" on one line means the same

What is edited keeps its keys, so that tickets keep what they hold: a name that is still there is the same choice, and where
one line was replaced by another, that is a renaming. What was taken out stays, marked `gone`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from app.fields.rules import MOST_CHOICES, STEP, Choice
from app.kernel.errors import UserError
from app.kernel.sentences import said

_LONGEST = 80


def from_rows(rows: Iterable[dict[str, Any]]) -> tuple[Choice, ...]:
    """The choices of a stored field, with their paths."""
    plain = [
        Choice(str(row["key"]), str(row["name"]), str(row.get("parent", "")), bool(row.get("gone"))) for row in rows
    ]
    by_key = {one.key: one for one in plain}
    return tuple(replace(one, path=_path(by_key, one)) for one in plain)


def to_rows(choices: Iterable[Choice]) -> list[dict[str, Any]]:
    """The choices as they are stored."""
    return [{"key": one.key, "name": one.name, "parent": one.parent, "gone": one.gone} for one in choices]


def as_text(choices: Sequence[Choice]) -> str:
    """The choices as a person edits them."""
    by_key = {one.key: one for one in choices}
    return "\n".join("  " * len(_above(by_key, one)) + one.name for one in choices if not one.gone)


def edited(before: Sequence[Choice], text: str, *, tree: bool) -> tuple[Choice, ...]:
    """The choices after a person edited their text. Raises UserError for a name that is there twice, or too many."""
    paths = _read(text, tree=tree)
    if len(paths) > MOST_CHOICES:
        msg = said("At most {most} choices fit into a field.", most=MOST_CHOICES)
        raise UserError(msg)
    living = [one for one in before if not one.gone]
    keys = {_fold(one.path): one.key for one in (*(one for one in before if one.gone), *living)}
    taken = {keys[_fold(path)] for path in paths if _fold(path) in keys}
    lost = [one for one in living if one.key not in taken]
    fresh = [path for path in paths if _fold(path) not in keys]
    if len(lost) == len(fresh):
        for one, path in zip(lost, fresh, strict=True):
            keys[_fold(path)] = one.key
    following = max((int(one.key) for one in before if one.key.isdigit()), default=0)
    for path in fresh:
        if _fold(path) not in keys:
            following += 1
            keys[_fold(path)] = str(following)
    made = [_made(keys, path) if tree else Choice(keys[_fold(path)], path) for path in paths]
    there = {one.key for one in made}
    return from_rows(to_rows([*made, *(replace(one, gone=True) for one in before if one.key not in there)]))


def _made(keys: dict[str, str], path: str) -> Choice:
    above, _, name = path.rpartition(STEP)
    return Choice(keys[_fold(path)], name, keys[_fold(above)] if above else "")


def _read(text: str, *, tree: bool) -> list[str]:
    """The path of each line, those above it before it; each once."""
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in text.expandtabs(2).splitlines():
        name = " ".join(line.split())[:_LONGEST]
        if not name:
            continue
        parts = [part.strip() for part in name.split("/") if part.strip()] if tree else [name]
        depth = len(line) - len(line.lstrip()) if tree else 0
        above = [one for one in above if one[0] < depth]
        path = above[-1][1] if above else ""
        for part in parts:
            path = f"{path}{STEP}{part}" if path else part
            found.setdefault(_fold(path), path)
        above.append((depth, path))
    return _in_order(list(found.values())) if tree else list(found.values())


def _in_order(paths: list[str]) -> list[str]:
    """What lies below something right behind it, however the lines came."""
    below: dict[str, list[str]] = {}
    for path in paths:
        below.setdefault(_fold(path.rpartition(STEP)[0]), []).append(path)
    ordered: list[str] = []
    waiting = below.get("", [])[::-1]
    while waiting:
        path = waiting.pop()
        ordered.append(path)
        waiting += below.get(_fold(path), [])[::-1]
    return ordered


def _path(by_key: dict[str, Choice], one: Choice) -> str:
    return STEP.join((*(each.name for each in _above(by_key, one)), one.name))


def _above(by_key: dict[str, Choice], one: Choice) -> list[Choice]:
    found: list[Choice] = []
    while one.parent in by_key and len(found) < 20:
        one = by_key[one.parent]
        found.insert(0, one)
    return found


def _fold(path: str) -> str:
    return path.casefold()
