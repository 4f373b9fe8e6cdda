"""People who are known by something else than an address: visitors of a chat, callers.

They are customers of their own, so that their tickets have somebody; who they really are may come out later, and then
the two become one (`merge_customers`), which can be taken apart again.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.index import commands as index
from app.kernel import ids
from app.kernel.database.memo import memo
from app.kernel.database.rows import insert_row
from app.kernel.database.transaction import Tx
from app.people.commands import reindex_customer
from app.people.history import record_event
from app.people.rules import EventKind
from app.people.tables import Customer, Identity


def add_visitor(tx: Tx, kind: str, handle: str, name: str, language: str, at: datetime) -> UUID:
    """A new customer known by a handle of this kind (`chat`), which nobody else has; their id is derived from it."""
    customer = ids.derived_id("customer", kind, handle)
    row = {"id": customer, "name": name, "organisation": None, "language": language, "fields": {}, "created_at": at}
    insert_row(tx, Customer, row | {"clk": ""})
    identity = {
        "id": ids.derived_id("identity", kind, handle), "kind": kind, "handle": handle, "shown": name,
        "customer": customer, "created_at": at, "clk": "",
    }  # fmt: skip
    insert_row(tx, Identity, identity)
    memo(tx, "organisation_of")[customer] = None
    tx.touch("customer", customer)
    doc = index.Doc("customer", customer, title=name, customer=customer, occurred_at=at)
    index.put(tx, [doc], fresh=True)
    return customer


def name_visitor(tx: Tx, customer: UUID, name: str) -> bool:
    """Somebody who was called otherwise, or nothing, says their name; False where a rep has given one since."""
    row = tx.get(Customer, customer)
    if row is None or not name or row.name == name:
        return False
    record_event(tx, EventKind.MOVED, customer=customer, field="name", old=row.name, new=name)
    row.name = name
    tx.flush()
    reindex_customer(tx, customer)
    return True
