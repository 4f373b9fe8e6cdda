"""`set`: change fields of one ticket, of several, or of all that a query finds. All of it is one action, with one undo."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from app.cli import querying
from app.cli.opening import opened, with_agent
from app.cli.output import Output
from app.cli.running import finish_job
from app.cli.tickets import row_json, row_line, ticket_of
from app.cli.wording import moment
from app.desk import Desk
from app.kernel import clock
from app.kernel.errors import UserError
from app.kernel.state import jobs
from app.people.queries import agent_named
from app.tickets import queries
from app.tickets.bulk import ACTS, Act, Cause, Left, Many, change_many, tally_of
from app.tickets.rules import UNTIL_REPLY, OnReply
from app.tickets.work_rules import due_of

_FIELDS: Final = (
    "status", "priority", "assignee", "team", "tag+", "tag-", "snooze", "due", "follow+", "follow-", "field.NAME",
)  # fmt: skip
_OWN: Final = "field."
_NUMBER: Final = re.compile(r"#?[0-9]{1,99}")
_CHANGE: Final = re.compile(r"^([a-z_]+[+-]?(?:\.[^=]+)?)=(.*)$", re.DOTALL)


def change(args: argparse.Namespace, out: Output) -> int:
    """Change fields: status= priority= assignee= team= tag+= tag-= snooze= due= follow+= follow-= field.NAME=.

    More than 25 tickets are changed in steps.
    """
    changes = [match.groups() for word in args.words if (match := _CHANGE.match(word))]
    wanted = [word for word in args.words if not _CHANGE.match(word)]
    if not changes or not wanted:
        msg = "Say which tickets and what to change: set N…|QUERY FIELD=VALUE …"
        raise UserError(msg)
    numbers = [int(word.lstrip("#")) for word in wanted if _NUMBER.fullmatch(word)]
    with opened(args) as desk:
        with_agent(desk)
        acts = [_act(desk, field, value) for field, value in changes]
        if len(numbers) == len(wanted):
            found = [ticket_of(desk, number) for number in numbers]
        else:
            found = list(querying.found(desk, wanted))
        done = _finished(desk, desk.do(change_many, found, acts), out)
        if len(numbers) == len(wanted) == 1:
            if done.tally.left:
                raise UserError(_why(done.tally.left[0]))
            (row,) = desk.ask(queries.ticket_rows, found, desk.me())
            out.one(row_json(row), row_line(row_json(row)))
            return 0
    out.one(_json(done), _lines(done))
    return 1 if done.tickets and not done.tally.done else 0


def _finished(desk: Desk, asked: Many, out: Output) -> Many:
    """The same once it is all done; a job is waited for, or worked off here."""
    if asked.job is None:
        return asked
    info = finish_job(desk, asked.job, out.progress)
    if info.state == jobs.CANCELLED:
        out.progress("It was cancelled; what was done before stays, and can be undone.")
    return replace(asked, tally=tally_of(info.result))


def _act(desk: Desk, field: str, value: str) -> Act:
    """What one FIELD=VALUE does. Raises UserError for a field that does not exist; values are looked at by the command."""
    if field.startswith(_OWN):
        return Act("custom", [field.removeprefix(_OWN), value])
    read = _READ.get(field)
    if read is None and field not in _FIELDS:
        msg = f"“{field}” is not a field. Use {', '.join(_FIELDS[:-1])} or {_FIELDS[-1]}."
        raise UserError(msg)
    assert field in ACTS
    return Act(field, value if read is None else read(desk, value))


def _agent(desk: Desk, value: str) -> str | None:
    if value.lower() in ("", "none", "nobody"):
        return None
    found = desk.me() if value.lower() == "me" else desk.ask(agent_named, value)
    if found is None:
        msg = f"Nobody here is called “{value}”."
        raise UserError(msg)
    return found.hex


def _moment(_desk: Desk, value: str) -> str | None:
    if value.lower() in ("", "none"):
        return None
    return moment(value, "a time", "2026-01-31 or 2026-01-31T09:00").isoformat()


def _snooze(desk: Desk, value: str) -> Any:
    """A time, `reply` (only an answer brings it back), `7d` (after so many days without one) or `again` (as it was snoozed
    before); `+thanks`, `+sleep` behind it: what an answer does.
    """
    time, _, on_reply = value.rpartition("+") if value.rpartition("+")[2] in set(OnReply) else (value, "", "")
    if found := re.fullmatch(r"(\d{1,4})d", time):
        return {"days": int(found[1]), "reply": on_reply}
    if time.lower() == "again":
        return {"again": True, "reply": on_reply}
    until = UNTIL_REPLY.isoformat() if time.lower() == "reply" else _moment(desk, time)
    return {"until": until, "reply": on_reply} if on_reply else until


def _due(_desk: Desk, value: str) -> str | None:
    at = due_of(value, clock.now())
    return None if at is None else at.isoformat()


def _somebody(desk: Desk, value: str) -> str:
    found = _agent(desk, value)
    if found is None:
        msg = "Say who: a name, or me."
        raise UserError(msg)
    return found


_READ: Final[dict[str, Callable[[Desk, str], Any]]] = {
    "assignee": _agent,
    "snooze": _snooze,
    "due": _due,
    "follow+": _somebody,
    "follow-": _somebody,
}


def _json(done: Many) -> dict[str, Any]:
    left = [
        {"cause": one.cause, "detail": one.detail, "count": one.count, "tickets": one.numbers}
        for one in done.tally.left
    ]
    return {
        "tickets": done.tickets,
        "changed": done.tally.changed,
        "unchanged": done.tally.same,
        "left": left,
        "action": done.action,
    }


def _lines(done: Many) -> Sequence[str]:
    if not done.tickets:
        return ["No ticket fits."]
    tally = done.tally
    first = f"{tally.done:,} of {done.tickets:,} done, {tally.changed:,} changed."
    return [first, *(f"{one.count:,} left as they are: {_why(one)}" for one in tally.left)]


def _why(left: Left) -> str:
    some = ", ".join(f"#{number}" for number in left.numbers)
    words = {
        Cause.BY_OTHER: f"{left.detail} has changed the same since ({some}).",
        Cause.BY_YOU: f"you have changed the same since ({some}).",
        Cause.IN_BIN: f"{some} lies in the Bin. Restore it first.",
        Cause.MERGED: f"{some} has become part of another ticket.",
        Cause.GONE: "erased for good.",
        Cause.REFUSED: left.detail.replace("#…", some) if "#…" in left.detail else f"{some}: {left.detail}",
    }[left.cause]
    return words[:1].upper() + words[1:]
