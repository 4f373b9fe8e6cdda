"""Erasing for good what has lain in the Bin for long enough. Only tombstones stay, so that no server brings it back.

Every row that says anything about the conversation goes: messages, files, index, history, the outbox, surveys, and what
the ledger tells of its mails (the lines themselves stay: a mail on the server must be accounted for). The raw bytes
are named by nothing any more; the next compaction of the packs leaves them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import delete, or_, select, update

from app.answering.commands import forget_log
from app.conversations.erasing import erase_messages
from app.conversations.tables import Attachment, MessageRaw
from app.inbox.rules import Outcome
from app.inbox.tables import MailItem, MailPiece
from app.kernel.rows import insert_rows
from app.kernel.store import Tx
from app.kernel.tables import Blob, Tombstone
from app.outbox.erasing import blobs_of_drafts, erase_ways
from app.outbox.tables import Outbox
from app.surveys.erasing import erase_surveys
from app.tickets.commands.bin import erase_rows, messages_to_erase, overdue_in_bin
from app.tickets.queries import conversation_ids

_AT_ONCE: Final = 5
"""Tickets a transaction: what is in them takes its time."""

_CHUNK: Final = 400


def erase_binned(tx: Tx) -> int:
    """Erase the next tickets whose time in the Bin is over; how many. Called again while there are any."""
    tickets = overdue_in_bin(tx, _AT_ONCE)
    for ticket in tickets:
        _erase(tx, ticket)
    return len(tickets)


def is_erased(tx: Tx, key: UUID) -> bool:
    """Was this message or ticket erased for good?"""
    return tx.get(Tombstone, key) is not None


def was_erased(tx: Tx, deskbell_id: str | None) -> bool:
    """Was the message of ours that carries this id erased for good? It may still lie in a Sent folder."""
    try:
        return bool(deskbell_id) and is_erased(tx, UUID(hex=deskbell_id))
    except ValueError:
        return False


def forget_again(tx: Tx, lines: Sequence[UUID]) -> None:
    """Mail that was erased has been fetched again: of those among `lines`, neither bytes nor sender are kept."""
    tx.flush()
    blobs: set[UUID] = set()
    for chunk in _chunks(lines):
        erased = (MailItem.id.in_(chunk), MailItem.outcome == Outcome.ERASED)
        blobs.update(blob for blob in tx.scalars(select(MailItem.blob).where(*erased)) if blob is not None)
        tx.execute(update(MailItem).where(*erased).values(blob=None, sender=""))
    _let_go(tx, blobs)


def _erase(tx: Tx, ticket: UUID) -> None:
    whole = conversation_ids(tx, ticket)
    messages = messages_to_erase(tx, whole)
    blobs = _forget_lines(tx, messages, whole)
    blobs |= erase_ways(tx, messages, whole)
    erase_surveys(tx, whole)
    forget_log(tx, messages)
    blobs |= erase_messages(tx, messages)
    erase_rows(tx, whole, messages)
    insert_rows(tx, Tombstone, [{"id": key} for key in (*whole, *messages)], ignore=True)
    _let_go(tx, blobs)


def _forget_lines(tx: Tx, messages: Sequence[UUID], tickets: Sequence[UUID]) -> set[UUID]:
    """The ledger's lines of these mails say from now on that they were erased, and nothing else."""
    blobs: set[UUID] = set()
    for chunk in _chunks(messages):
        lines = or_(MailItem.message.in_(chunk), MailItem.ticket.in_(tickets))
        found = tx.execute(select(MailItem.id, MailItem.folder, MailItem.blob).where(lines)).all()
        keys = [row.id for row in found]
        blobs.update(row.blob for row in found if row.blob is not None)
        blobs.update(tx.scalars(select(MailPiece.blob).where(MailPiece.item.in_(keys))))
        tx.execute(delete(MailPiece).where(MailPiece.item.in_(keys)))
        values = {
            "outcome": Outcome.ERASED,
            "reason": "It was deleted for good here.",
            "message": None,
            "ticket": None,
            "blob": None,
            "sender": "",
            "subject": "",
            "own_ref": "",
            "answers_ref": "",
        }
        tx.execute(update(MailItem).where(MailItem.id.in_(keys)).values(**values))
        for folder in {row.folder for row in found}:
            tx.touch("mail_folder", folder)
    return blobs


def _let_go(tx: Tx, blobs: set[UUID]) -> None:
    """Forget where bytes lie that nothing names any more."""
    free = blobs - blobs_of_drafts(tx)
    for chunk in _chunks(sorted(free)):
        still: set[UUID | None] = set()
        for column in (Attachment.blob, MessageRaw.blob, MailItem.blob, MailPiece.blob, Outbox.blob):
            still.update(tx.scalars(select(column).where(column.in_(chunk))))
        tx.execute(delete(Blob).where(Blob.id.in_([key for key in chunk if key not in still])))


def _chunks(keys: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    return (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK))
