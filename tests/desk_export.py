"""A desk's state as plain data, for comparing: what a person would find in it, and nothing that only history knows.

Left out: the history, clocks, jobs and the change log; what lies deleted or called back (its words are a draft again); what
somebody has looked at; plans that the program makes for itself (an invitation that is due, but not sent).
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from app.kernel.state import options
from app.schema import metadata
from app.states.queries import states
from app.tickets.queries import message_ids
from app.tickets.tables import Ticket
from app.views.queries import views

Export = dict[str, dict[str, Any]]

_UNSEEN = frozenset(
    "auto_reply_log blob change counter device_setting draft event job job_keys mail_folder mail_history mail_item mail_piece"
    " mail_traffic message_raw message_ref meta placement reply_token search_doc seen setting signal tag ticket_ref tombstone".split()
)
_OF_MESSAGE = {"message": "id", "outbox": "id", "attachment": "message"}
_OF_TICKET = frozenset({"ticket", "ticket_tag", "ticket_link", "checklist_item", "time_entry", "follower"})


def export(db: Session) -> Export:
    """Every row that counts, by table and key."""
    tickets = {key: message_ids(db, key) for key in db.scalars(select(Ticket.id))}
    gone = {
        key
        for key, deleted in db.execute(select(Ticket.id, Ticket.deleted_at))
        if deleted is not None and not tickets[key]
    }
    shown = {message for key, found in tickets.items() if key not in gone for message in found}
    found = {table.name: _rows(db, table, shown, gone) for table in metadata.sorted_tables if table.name not in _UNSEEN}
    found["messages of"] = {str(key): [str(one) for one in keys] for key, keys in tickets.items() if key not in gone}
    found["settings"] = options.every(db)
    found["view"] = {
        str(one.id): one for one in views(db, hidden=True)
    }  # built-in ones have a row once they are changed
    found["state"] = {str(one.key): one for one in states(db)}
    _leave_strangers(found)
    return found


def differences(before: Export, after: Export) -> list[str]:
    """What is not the same, one sentence each."""
    return [
        f"{table} {key}: {_apart(before.get(table, {}).get(key), after.get(table, {}).get(key))}"
        for table in sorted(before.keys() | after.keys())
        for key in sorted(before.get(table, {}).keys() | after.get(table, {}).keys())
        if before.get(table, {}).get(key) != after.get(table, {}).get(key)
    ]


def _apart(one: Any, two: Any) -> str:
    if isinstance(one, dict) and isinstance(two, dict):
        return "; ".join(f"{name}: {one.get(name)!r} → {two.get(name)!r}" for name in one if one[name] != two.get(name))
    return f"{one!r} → {two!r}"


def _rows(db: Session, table: Table, shown: set[UUID], gone: set[UUID]) -> dict[str, Any]:
    keys = [column.name for column in table.primary_key.columns]
    found = {}
    for row in db.execute(select(table)).mappings():
        if _counts(table.name, row, shown, gone):
            found[", ".join(str(row[key]) for key in keys)] = {
                name: value for name, value in row.items() if name != "clk"
            }
    return found


def _counts(name: str, row: Any, shown: set[UUID], gone: set[UUID]) -> bool:
    if name in _OF_MESSAGE:
        return row[_OF_MESSAGE[name]] in shown
    if name == "ticket":
        return row["id"] not in gone
    if row.get("deleted_at") is not None or (name in _OF_TICKET and row["ticket"] in gone):
        return False
    return name != "survey_invite" or row["state"] not in {"due", "skipped"}


def _leave_strangers(found: Export) -> None:
    """Addresses and companies of customers who are not here any more are theirs."""
    people = found["customer"]
    found["identity"] = {key: row for key, row in found["identity"].items() if str(row["customer"]) in people}
    companies = {row["organisation"] for row in people.values()}
    found["organisation"] = {key: row for key, row in found["organisation"].items() if row["id"] in companies}
