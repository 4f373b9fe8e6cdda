"""Changing many: a few at once, more of them by a job in short steps, so that nobody else waits for the database.

Which tickets these are is frozen when it is asked for, and so is the moment: what somebody changes in the same field
before the job comes to it is a later word than ours and stays. A ticket that refuses costs only itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from app.kernel import ids
from app.kernel.database.memo import memo
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.sentences import Said, said, words_of
from app.kernel.state import jobs
from app.people.history import mark_action
from app.people.tables import Agent, Event
from app.tickets.bulk.acts import Act, all_in_bin, can_undo, check, perform, watched_fields
from app.tickets.bulk.tally import Cause, Tally, Tallying, tally_of
from app.tickets.tables import Ticket

AT_ONCE: Final = 25
"""More tickets than this are changed by a job."""

JOB: Final = "change_many"
_FEW: Final = 10
_NUMBERS: Final = re.compile(r"#\d+")


@dataclass(frozen=True, slots=True)
class Many:
    """What was asked for. With a `job`, `tally` is still empty: `jobs.info` tells how it stands, `tally_of` reads its result."""

    action: UUID
    tickets: int
    tally: Tally
    job: UUID | None = None


def change_many(tx: Tx, tickets: Iterable[UUID] | bytes, acts: Sequence[Act]) -> Many:
    """Do the same to all of these tickets. `tickets`: ids, or a block of different ones, 16 bytes each.

    Up to 25 are changed now, more by a job with the same action. Raises UserError for an act or a value that there is
    not, and what a single ticket refuses; of several that is told in the tally.
    """
    check(tx, acts)
    block = tickets if isinstance(tickets, bytes) else b"".join(key.bytes for key in dict.fromkeys(tickets))
    count = len(block) // 16
    if count <= AT_ONCE:
        tally = Tallying()
        _change(tx, [UUID(bytes=block[at : at + 16]) for at in range(0, len(block), 16)], acts, tally)
        return Many(tx.action, count, tally_of(tally.plain()))
    payload = {"acts": [[act.field, act.value] for act in acts], "since": ids.new_id().hex}
    job = jobs.start(tx, JOB, payload, total=count, keys=block)
    if can_undo(acts):
        mark_action(tx)
    return Many(tx.action, count, Tally(0, 0), job)


def step(tx: Tx, work: jobs.Work) -> bool:
    """Change the next tickets of a job."""
    acts = [Act(field, value) for field, value in work.payload["acts"]]
    since, end = UUID(hex=work.payload["since"]), work.done + jobs.MOST_ITEMS
    tally = Tallying(work.cursor)
    while work.done < min(end, work.total) and work.has_time():
        few = jobs.keys_from(tx, work.id, work.done, _FEW)
        if not few:
            break
        _change(tx, few, acts, tally, since)
        work.done += len(few)
    work.cursor |= tally.plain()
    return work.done < work.total


def _change(tx: Tx, keys: Sequence[UUID], acts: Sequence[Act], tally: Tallying, since: UUID | None = None) -> None:
    """Change those of `keys` that can be; `since`: an id of the moment when it was asked for, None for now."""
    found = {row.id: row for row in tx.scalars(select(Ticket).where(Ticket.id.in_(keys)))}
    later = {} if since is None else _changed_since(tx, keys, watched_fields(acts), since)
    ready: list[Ticket] = []
    for key in keys:
        row = found.get(key)
        if row is None:
            tally.leave(Cause.GONE)
        elif row.merged_into is not None:
            tally.leave(Cause.MERGED, row.number)
        elif row.deleted_at is not None and not all_in_bin(acts):
            tally.leave(Cause.IN_BIN, row.number)
        elif key in later:
            who = later[key]
            tally.leave(Cause.BY_OTHER if who else Cause.BY_YOU, row.number, who)
        else:
            ready.append(row)
    for start in range(0, len(ready), _FEW):
        _change_few(tx, ready[start : start + _FEW], acts, tally, alone=since is None and len(keys) == 1)


def _unnumbered(words: str) -> str:
    """Why one ticket was left, so that the same about others is the same."""
    if isinstance(words, Said) and "number" in words.values:
        return said(words.pattern, **{**words.values, "number": "…"})
    return words if isinstance(words, Said) else _NUMBERS.sub("#…", words)


def _change_few(tx: Tx, rows: Sequence[Ticket], acts: Sequence[Act], tally: Tallying, *, alone: bool = False) -> None:
    """Change some tickets, or where one of them refuses, each on its own: it takes back only itself.

    `alone`: there is only this one, and who asked hears of the error itself.
    """
    facts, changed = len(tx.facts), 0
    memo(tx, "ticket").update({row.id: row for row in rows})
    try:
        with tx.begin_nested():
            changed = sum(perform(tx, row.id, acts) for row in rows)
            tx.flush()
    except UserError as error:
        del tx.facts[facts:]
        if alone:
            raise
        if len(rows) == 1:
            tally.leave(Cause.REFUSED, rows[0].number, _unnumbered(words_of(error)))
            return
        for row in rows:
            _change_few(tx, [row], acts, tally)
        return
    tally.changed += changed
    tally.same += len(rows) - changed


def _changed_since(tx: Tx, keys: Sequence[UUID], fields: Iterable[str], since: UUID) -> dict[UUID, str]:
    """Who has changed one of these fields after that moment, by ticket; an empty name is who asks."""
    query: Any = (
        select(Event.ticket, Event.agent, Agent.name)
        .join(Agent, Agent.id == Event.agent)
        .where(Event.ticket.in_(keys), Event.field.in_(list(fields)), Event.id > since, Event.action != tx.action)
        .order_by(Event.id)
    )
    return {row.ticket: "" if row.agent == tx.agent else row.name for row in tx.execute(query)}


jobs.declare(JOB, step)
