"""Whose mail goes to the spam pile unread: addresses and whole domains."""

from __future__ import annotations

from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.sentences import said
from app.people.row_history import add_row, remove_row
from app.people.rules import blockable, handle_of
from app.people.tables import Blocked


def block(tx: Tx, sender: str) -> str:
    """From now on mail of this address, or of everybody at `@domain`, goes to the spam pile; what is blocked, as kept.

    Nothing that is here already changes, and nothing is deleted. It can be undone. Raises UserError for what is neither.
    """
    handle = blockable(sender)
    if not handle:
        msg = said("“{sender}” is neither an address nor a domain like @example.com.", sender=sender)
        raise UserError(msg)
    tx.flush()  # several of one action may be of one sender
    row = tx.get(Blocked, key := ids.derived_id("blocked", handle))
    if row is None or row.deleted_at is not None:
        add_row(tx, row or Blocked(id=key, handle=handle, created_at=tx.now), handle)
    return handle


def unblock(tx: Tx, sender: str) -> bool:
    """Mail of this address or `@domain` is welcome again; False if it was not blocked. It can be undone."""
    row = tx.get(Blocked, ids.derived_id("blocked", blockable(sender)))
    return row is not None and remove_row(tx, row, row.handle)


def welcome(tx: Tx, address: str) -> bool:
    """Mail of this very person is let in again: neither their address nor their domain stays blocked."""
    by_domain = unblock(tx, f"@{handle_of(address).rpartition('@')[2]}")
    return unblock(tx, address) or by_domain
