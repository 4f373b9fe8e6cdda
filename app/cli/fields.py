"""`fields`: a desk's own fields of tickets."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from app.cli.opening import opened, with_agent
from app.cli.output import Output
from app.desk import Desk
from app.fields import commands
from app.fields.queries import FieldInfo, field_named, fields
from app.kernel.errors import NotFoundError


def own_fields(args: argparse.Namespace, out: Output) -> int:
    """List the desk's own fields, add one, change one, put them in order, remove one."""
    with opened(args) as desk:
        if args.what is not None:
            with_agent(desk)
            _FIELD_ACTS[args.what](desk, args)
        rows = [_field_json(one) for one in desk.ask(fields)]
    out.rows(rows, lambda row: f"{row['kind']:<9} {row['name']}{'  (required)' if row['required'] else ''}")
    return 0


def _field(desk: Desk, name: str) -> FieldInfo:
    found = desk.ask(field_named, name)
    if found is None:
        msg = f"There is no field “{name}”."
        raise NotFoundError(msg)
    return found


def _add_field(desk: Desk, args: argparse.Namespace) -> None:
    choices = "\n".join(args.choice or ())
    desk.do(
        commands.add_field,
        args.name,
        args.kind,
        hint=args.hint or "",
        choices=choices,
        required=bool(args.required),
    )


def _change_field(desk: Desk, args: argparse.Namespace) -> None:
    desk.do(
        commands.change_field,
        _field(desk, args.field).id,
        name=args.name,
        hint=args.hint,
        choices="\n".join(args.choice) if args.choice else None,
        required=args.required,
    )


def _order_fields(desk: Desk, args: argparse.Namespace) -> None:
    desk.do(commands.order_fields, [_field(desk, word).id for word in args.fields])


def _remove_field(desk: Desk, args: argparse.Namespace) -> None:
    desk.do(commands.remove_field, _field(desk, args.field).id)


_FIELD_ACTS: dict[str, Callable[[Desk, argparse.Namespace], None]] = {
    "add": _add_field,
    "set": _change_field,
    "order": _order_fields,
    "remove": _remove_field,
}


def _field_json(one: FieldInfo) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "hint": one.hint or None,
        "choices": [each.path for each in one.offered],
        "required": one.required,
    }
