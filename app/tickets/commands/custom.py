"""What tickets hold in the desk's own fields, and what they need of it before a person solves them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.fields.queries import FieldInfo, fields
from app.fields.rules import FieldsMissingError
from app.kernel.database.memo import memo
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError
from app.kernel.sentences import said
from app.people.history import mark_action
from app.tickets.commands.results import Changed
from app.tickets.commands.rows import Tickets, change_custom, each_row, reindex
from app.tickets.rules import DONE
from app.tickets.tables import Ticket

_TOLD = 5


def set_custom(tx: Tx, tickets: Tickets, field: UUID | str, value: object) -> Changed:
    """Fill a field of the desk's own (by id or name) on one or several tickets; None or "" empties it.

    `value` as typed or as kept (see `app.fields.rules`). Raises NotFoundError for a field, UserError for a value.
    """
    info = next((one for one in _fields(tx) if field in (one.id, one.key) or _is_named(one, field)), None)
    if info is None:
        msg = said("There is no field “{name}”.", name=field) if isinstance(field, str) else "There is no such field."
        raise NotFoundError(msg)
    wanted = info.read(value)
    count = 0
    for row in each_row(tx, tickets):
        if change_custom(tx, row, info.key, wanted):
            count += 1
            reindex(tx, row)
    if count:
        mark_action(tx)
    return Changed(tx.action, count)


def need_fields(tx: Tx, rows: Sequence[Ticket], status: str) -> None:
    """Tickets that a person is about to solve or close must hold the required fields. Raises FieldsMissingError.

    Asked where a person's doing ends a ticket; what happens by mail, by the clock or to history is not held up.
    """
    if status not in DONE:
        return
    required = [one for one in _fields(tx) if one.required]
    if not required:
        return
    lacking = [
        (row, missing)
        for row in rows
        if row.status not in DONE and (missing := [one for one in required if one.key not in row.custom])
    ]
    if lacking:
        raise FieldsMissingError(_words(lacking, len(rows)), lacking[0][0].id, tuple(one.id for one in lacking[0][1]))


def _words(lacking: Sequence[tuple[Ticket, Sequence[FieldInfo]]], asked: int) -> str:
    if asked == 1:
        return said("Before solving, please fill in {names}.", names=_names(lacking[0][1]))
    told = "; ".join(f"#{row.number}: {_names(missing)}" for row, missing in lacking[:_TOLD])
    if len(lacking) <= _TOLD:
        return said("Before solving, please fill in what is missing in {tickets}.", tickets=told)
    pattern = "Before solving, please fill in what is missing in {tickets}; and {more} more."
    return said(pattern, tickets=told, more=len(lacking) - _TOLD)


def _names(missing: Sequence[FieldInfo]) -> str:
    return ", ".join(f"“{one.name}”" for one in missing)


def _fields(tx: Tx) -> tuple[FieldInfo, ...]:
    """The desk's fields, read once a transaction: a job asks for every ticket."""
    known = memo(tx, "fields")
    if "all" not in known:
        tx.flush()
        known["all"] = fields(tx)
    found: tuple[FieldInfo, ...] = known["all"]
    return found


def _is_named(info: FieldInfo, name: UUID | str) -> bool:
    return isinstance(name, str) and info.name.casefold() == " ".join(name.split()).casefold()
