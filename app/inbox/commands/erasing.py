"""Erasing for good what has lain in the Bin for long enough. Only tombstones stay, so that no server brings it back.

Every row that says anything about the conversation goes: messages, files, index, history, the outbox, surveys, and what
the ledger tells of its mails (the lines themselves stay: a mail on the server must be accounted for). The raw bytes
are named by nothing any more; the next compaction of the packs leaves them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update

from app.answering.commands import forget_log
from app.conversations.erasing import erase_messages
from app.conversations.tables import Attachment, MessageRaw
from app.inbox.rules import Outcome
from app.inbox.tables import MailItem, MailPiece
from app.kernel.rows import insert_rows
from app.kernel.store import Tx
from app.kernel.tables import Blob, Tombstone
from app.outbox.erasing import blobs_of_drafts, erase_drafts, erase_ways
from app.outbox.tables import Outbox
from app.surveys.erasing import erase_surveys
from app.tickets.commands.bin import erase_placements, erase_rows, messages_to_erase, overdue_in_bin
from app.tickets.queries import conversation_ids

_TICKETS: Final = 20
_MESSAGES: Final = 40
"""So much a transaction, so that nobody else waits for long: a ticket of more messages goes in parts, itself last."""

_CHUNK: Final = 400


def erase_binned(tx: Tx) -> int:
    """Erase the next tickets whose time in the Bin is over, or a part of a large one; how many. Called until there is none."""
    room, done = _MESSAGES, 0
    for ticket in overdue_in_bin(tx, _TICKETS):
        room -= _erase(tx, ticket, room)
        done += 1
        if room <= 0:
            break
    return done


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


def _erase(tx: Tx, ticket: UUID, room: int) -> int:
    """Erase up to `room` messages of a ticket, and the ticket itself if that was all; how many messages."""
    whole = conversation_ids(tx, ticket)
    found = messages_to_erase(tx, whole)
    messages = found[:room]
    blobs = _forget_lines(tx, MailItem.message.in_(messages))
    blobs |= erase_ways(tx, messages)
    forget_log(tx, messages)
    blobs |= erase_messages(tx, messages)
    erase_placements(tx, messages)
    _bury(tx, messages)
    if len(messages) == len(found):
        blobs |= _forget_lines(tx, MailItem.ticket.in_(whole))
        blobs |= erase_drafts(tx, whole)
        erase_surveys(tx, whole)
        erase_rows(tx, whole)
        _bury(tx, whole)
    _let_go(tx, blobs)
    return len(messages)


def _bury(tx: Tx, keys: Sequence[UUID]) -> None:
    insert_rows(tx, Tombstone, [{"id": key} for key in keys], ignore=True)


def _forget_lines(tx: Tx, which: ColumnElement[bool]) -> set[UUID]:
    """The ledger's lines of these mails say from now on that they were erased, and nothing else; the blobs they named."""
    found = tx.execute(select(MailItem.id, MailItem.folder, MailItem.blob).where(which)).all()
    keys = [row.id for row in found]
    blobs = {row.blob for row in found if row.blob is not None}
    for chunk in _chunks(keys):
        blobs.update(tx.scalars(select(MailPiece.blob).where(MailPiece.item.in_(chunk))))
        tx.execute(delete(MailPiece).where(MailPiece.item.in_(chunk)))
        tx.execute(update(MailItem).where(MailItem.id.in_(chunk)).values(**_FORGOTTEN))
    for folder in {row.folder for row in found}:
        tx.touch("mail_folder", folder)
    return blobs


_FORGOTTEN: Final = {
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
