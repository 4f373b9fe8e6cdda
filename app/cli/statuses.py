"""`statuses`: a desk's own statuses within the five categories."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from app.cli.opening import opened, with_agent
from app.cli.output import Output
from app.cli.running import finish_job
from app.desk import Desk
from app.kernel.errors import NotFoundError, UserError
from app.states import commands as state_commands
from app.states.queries import StateInfo, state_named, states
from app.tickets import commands


def statuses(args: argparse.Namespace, out: Output) -> int:
    """List the statuses, add one, rename or recolour one, make it its category's default, put them in order, remove one."""
    with opened(args) as desk:
        if args.what is not None:
            with_agent(desk)
            _STATE_ACTS[args.what](desk, args, out)
        rows = [_state_json(one) for one in desk.ask(states)]
    out.rows(
        rows,
        lambda row: f"{row['category']:<8} {row['name']}{'  (default)' if row['default'] else ''}",
    )
    return 0


def _state(desk: Desk, word: str) -> StateInfo:
    found = desk.ask(state_named, word)
    if found is None:
        msg = f"There is no status “{word}”."
        raise NotFoundError(msg)
    return found


def _add_state(desk: Desk, args: argparse.Namespace, _out: Output) -> None:
    desk.do(state_commands.add_state, args.name, args.category, args.colour or "")


def _change_state(desk: Desk, args: argparse.Namespace, _out: Output) -> None:
    one = _state(desk, args.status)
    desk.do(state_commands.change_state, one.id or one.category, name=args.name, colour=args.colour)


def _set_default(desk: Desk, args: argparse.Namespace, _out: Output) -> None:
    one = _state(desk, args.status)
    builtin = args.status.strip().casefold() == one.category
    desk.do(state_commands.set_default, one.category if builtin or one.id is None else one.id)


def _order_states(desk: Desk, args: argparse.Namespace, _out: Output) -> None:
    found = [_state(desk, word) for word in args.statuses]
    desk.do(state_commands.order_states, [one.id for one in found if one.id is not None])


def _remove_state(desk: Desk, args: argparse.Namespace, out: Output) -> None:
    one = _state(desk, args.status)
    if one.id is None:
        msg = f"“{one.label}” is built in; it cannot be removed."
        raise UserError(msg)
    done = desk.do(commands.remove_state, one.id)
    if done.job is not None:
        finish_job(desk, done.job, out.progress)


_STATE_ACTS: dict[str, Callable[[Desk, argparse.Namespace, Output], None]] = {
    "add": _add_state,
    "set": _change_state,
    "default": _set_default,
    "order": _order_states,
    "remove": _remove_state,
}


def _state_json(one: StateInfo) -> dict[str, Any]:
    return {
        "name": one.label,
        "category": one.category,
        "colour": one.colour or None,
        "default": one.is_default,
        "built_in": one.id is None,
    }
