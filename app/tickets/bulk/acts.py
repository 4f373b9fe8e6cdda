"""What can be done to many tickets: each act is a field and a plain value, so that a job can keep it and go on after a crash.

An act calls the very verb that one ticket has. Features that bring a field of their own `declare` it here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.people.tables import Agent
from app.tickets.commands.bin import delete_ticket, restore_ticket
from app.tickets.commands.custom import set_custom
from app.tickets.commands.following import follow, unfollow
from app.tickets.commands.results import Changed
from app.tickets.commands.rows import Tickets, usable_row
from app.tickets.commands.seen import mark_seen, mark_unseen
from app.tickets.commands.snooze import keep_asleep, snooze, snooze_again
from app.tickets.commands.spam import block_senders, mark_spam
from app.tickets.commands.status import assign, set_fields, set_follow_up, set_priority, set_status, status_meant
from app.tickets.commands.tags import add_tag, remove_tag
from app.tickets.rules import OnReply, Status, as_priority, tidy_tag

Verb = Callable[[Tx, UUID, Any], Changed | None]
Check = Callable[[Tx, Any], object]


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do to each ticket: `value` is plain data (ids and times as text, None for nothing)."""

    field: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class _Kind:
    """How an act is done. `watched`: the fields of history that it would overwrite. `in_bin`: may it be done in the Bin?

    `check(tx, value)` raises UserError for a value that is none, before anything is done.
    """

    verb: Verb
    check: Check
    watched: tuple[str, ...] = ()
    in_bin: bool = False
    undoable: bool = True


ACTS: dict[str, _Kind] = {}
"""By the name of the field, as the command line has it."""


def declare(
    field: str,
    verb: Verb,
    *,
    check: Check = lambda _tx, _value: None,
    watched: Sequence[str] = (),
    in_bin: bool = False,
    undoable: bool = True,
) -> None:
    """Make a field settable on many. `verb(tx, ticket, value)` raises UserError for a ticket that it cannot be done to."""
    ACTS[field] = _Kind(verb, check, tuple(watched), in_bin, undoable)


def check(tx: Tx, acts: Sequence[Act]) -> None:
    """Look at the acts themselves before anything is done. Raises UserError."""
    for act in acts:
        kind = ACTS.get(act.field)
        if kind is None:
            msg = said("“{field}” is not a field. There are: {known}.", field=act.field, known=", ".join(sorted(ACTS)))
            raise UserError(msg)
        kind.check(tx, act.value)


def perform(tx: Tx, ticket: UUID, acts: Sequence[Act]) -> bool:
    """Do the acts to one ticket, in order; did anything change? Raises UserError."""
    changed = False
    for act in acts:
        done = ACTS[act.field].verb(tx, ticket, act.value)
        changed |= done is None or done.tickets > 0
    return changed


def watched_fields(acts: Sequence[Act]) -> frozenset[str]:
    """The fields in which somebody's later word counts for more than these acts."""
    return frozenset(field for act in acts for field in ACTS[act.field].watched)


def all_in_bin(acts: Sequence[Act]) -> bool:
    """May all of this be done to what lies in the Bin?"""
    return all(ACTS[act.field].in_bin for act in acts)


def can_undo(acts: Sequence[Act]) -> bool:
    """Does any of this leave something that an undo takes back?"""
    return any(ACTS[act.field].undoable for act in acts)


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _snooze(tx: Tx, tickets: Tickets, value: Any) -> Changed:
    """A time as text (None wakes), or `{until, days, reply}` as `snooze` takes them, `{again: true, reply}`, or `{keep: true, reply}`."""
    asked = value if isinstance(value, dict) else {"until": value}
    days, on_reply = int(asked.get("days") or 0), str(asked.get("reply") or OnReply.WAKE)
    if asked.get("again"):
        return snooze_again(tx, tickets, on_reply=on_reply)
    if asked.get("keep"):
        return keep_asleep(tx, tickets, on_reply=on_reply)
    return snooze(tx, tickets, _moment(asked.get("until")), days=days, on_reply=on_reply)


def _see(tx: Tx, ticket: UUID, seen: Any) -> None:
    (mark_seen if seen else mark_unseen)(tx, ticket)


def _solve(tx: Tx, ticket: UUID, _value: Any) -> Changed:
    """What is closed was solved before it was closed: among many, it stays as it is, and its customer is asked nothing."""
    if usable_row(tx, ticket).status in {Status.SOLVED, Status.CLOSED}:
        return Changed(tx.action, 0)
    return set_status(tx, ticket, Status.SOLVED)


def _agent(tx: Tx, value: Any) -> None:
    if value and tx.get(Agent, UUID(value)) is None:
        msg = "There is no such agent."
        raise NotFoundError(msg)


declare("status", set_status, check=status_meant, watched=("status", "state"))
declare("solve", _solve, watched=("status", "state"))
declare("priority", set_priority, check=lambda _tx, value: as_priority(value), watched=("priority",))
declare(
    "assignee",
    lambda tx, ticket, value: assign(tx, ticket, UUID(value) if value else None),
    check=_agent,
    watched=("assignee",),
)
declare("team", lambda tx, ticket, value: set_fields(tx, ticket, team=value), watched=("team",))
declare("tag+", add_tag, check=lambda _tx, value: tidy_tag(value))
declare("tag-", remove_tag, check=lambda _tx, value: tidy_tag(value))
declare(
    "snooze",
    _snooze,
    check=lambda tx, value: _snooze(tx, (), value),
    watched=("snooze_until", "snooze_reply"),
)
declare(
    "due",
    lambda tx, ticket, value: set_fields(tx, ticket, due_at=_moment(value)),
    check=lambda _tx, value: _moment(value),
    watched=("due_at",),
)
declare(
    "custom",  # [a field of the desk's own by id in hex or name, its value]
    lambda tx, ticket, value: set_custom(tx, ticket, value[0], value[1]),
    check=lambda tx, value: set_custom(tx, (), value[0], value[1]),
)
declare("follow+", lambda tx, ticket, value: follow(tx, ticket, UUID(value)), check=_agent)
declare("follow-", lambda tx, ticket, value: unfollow(tx, ticket, UUID(value)), check=_agent)
declare("follow_up", lambda tx, ticket, value: set_follow_up(tx, ticket, bool(value)), watched=("follow_up",))
declare("seen", _see, in_bin=True, undoable=False)
declare("delete", lambda tx, ticket, _value: delete_ticket(tx, ticket), watched=("deleted_at",), in_bin=True)
declare("restore", lambda tx, ticket, _value: restore_ticket(tx, ticket), watched=("deleted_at",), in_bin=True)
declare("spam", lambda tx, ticket, value: mark_spam(tx, ticket, block_sender=bool(value)), watched=("deleted_at",))
declare("block", lambda tx, ticket, _value: block_senders(tx, ticket), in_bin=True)
