"""Verbs of mailboxes: connecting, changing, pausing, removing. The secret is never here, only where it lies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from app.conversations.tables import Mailbox
from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.people.history import record_event
from app.people.row_history import change_row
from app.people.rules import EventKind, handle_of

CHANGEABLE: Final = frozenset(
    "name aliases imap_url smtp_url user auth secret_ref secret_version imap_pin smtp_pin files_sent_itself"
    " size_limit signature plus_addressing ack_on ack_text history open_since first_import_done".split()
)

_CHOSEN: Final = frozenset({"name", "aliases", "signature", "plus_addressing", "ack_on", "ack_text"})
"""What can be put back without a server and a secret."""

SENDING: Final = "Sending: "
"""How the words of a pause begin that sending made."""


def of_sending(words: str) -> str:
    """The words of a pause that sending made."""
    return said(SENDING + "{words}", words=words)


@dataclass(frozen=True, slots=True)
class NewMailbox:
    """A mailbox to connect. `history`: since (with `open_since`), all, archive or none."""

    address: str
    imap_url: str
    smtp_url: str
    user: str
    secret_ref: str
    name: str = ""
    aliases: tuple[str, ...] = ()
    imap_pin: str = ""
    smtp_pin: str = ""
    files_sent_itself: bool = False
    signature: str = ""
    history: str = "since"
    open_since: datetime | None = None
    auth: str = "password"


def add_mailbox(tx: Tx, new: NewMailbox) -> UUID:
    """Connect a mailbox; one that was removed comes back with its history. Raises UserError when it is connected."""
    address = new.address.strip()
    if handle_of(address).count("@") != 1:
        msg = said("“{address}” is not an address.", address=address)
        raise UserError(msg)
    row = _by_address(tx, address)
    if row is not None and row.deleted_at is None:
        msg = said("{address} is already connected.", address=address)
        raise UserError(msg)
    if row is None:
        row = Mailbox(id=ids.new_id(), address=address, connected_at=tx.now)
        tx.add(row)
    row.deleted_at = None
    row.connected_at = tx.now
    row.paused_reason = row.paused_words = ""
    row.first_import_done = False
    for field in NewMailbox.__dataclass_fields__:
        if field != "address":
            value = getattr(new, field)
            setattr(row, field, list(value) if field == "aliases" else value)
    record_event(tx, EventKind.CREATED, field="mailbox", new=address)
    tx.flush()
    return row.id


def _by_address(tx: Tx, address: str) -> Mailbox | None:
    handle = handle_of(address)
    return next((row for row in tx.scalars(select(Mailbox)) if handle_of(row.address) == handle), None)


def _mailbox(tx: Tx, mailbox: UUID) -> Mailbox:
    row = tx.get(Mailbox, mailbox)
    if row is None:
        msg = "There is no such mailbox."
        raise NotFoundError(msg)
    return row


def update_mailbox(tx: Tx, mailbox: UUID, /, **fields: Any) -> None:
    """Change settings of a mailbox. Raises NotFoundError, UserError for a field that it does not have.

    What a person chose can be undone, but for the way to the servers: its secret is in the keyring, and that forgets.
    """
    row = _mailbox(tx, mailbox)
    values = {field: list(value) if field == "aliases" else value for field, value in fields.items()}
    if unknown := values.keys() - set(CHANGEABLE):
        msg = said("A mailbox has no field “{field}”.", field=min(unknown))
        raise UserError(msg)
    _choose(tx, row, {field: value for field, value in values.items() if field in _CHOSEN})
    for field in values.keys() - _CHOSEN:
        setattr(row, field, values[field])


def _choose(tx: Tx, row: Mailbox, values: dict[str, Any]) -> None:
    """A person's choice has history; what the engine notes down has none."""
    if tx.agent is not None:
        change_row(tx, row, row.address, **values)
        return
    for field, value in values.items():
        setattr(row, field, value)


def pause_mailbox(tx: Tx, mailbox: UUID, reason: str, words: str = "") -> None:
    """Stop receiving and sending until a person has looked; `reason` is an `app.kernel.errors.Reason`."""
    _choose(tx, _mailbox(tx, mailbox), {"paused_reason": str(reason), "paused_words": words})


def resume_mailbox(tx: Tx, mailbox: UUID, *, received: bool = False) -> None:
    """Receive and send again. `received`: because receiving works; that proves nothing of a pause that sending made."""
    if received and _mailbox(tx, mailbox).paused_words.startswith(SENDING):
        return
    pause_mailbox(tx, mailbox, "", "")


def finish_first_import(tx: Tx, mailbox: UUID) -> None:
    """Everything that was in the mailbox when it was connected has become tickets."""
    _mailbox(tx, mailbox).first_import_done = True


def remove_mailbox(tx: Tx, mailbox: UUID) -> None:
    """Disconnect a mailbox. Its tickets and mails stay."""
    row = _mailbox(tx, mailbox)
    row.deleted_at = tx.now
    record_event(tx, EventKind.DELETED, field="mailbox", old=row.address)
