"""Erasing for good what has lain in the Bin for long enough, or was taken back before it left. Only tombstones stay, so that no server brings it back.

Every row that says anything about the conversation goes: messages, files, index, history, the outbox, surveys, and what
the ledger tells of its mails (the lines themselves stay: a mail on the server must be accounted for). The raw bytes
are named by nothing any more; the next compaction (`app.kernel.maintenance.compaction`) leaves them out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update

from app.answering.commands import forget_log
from app.chats.erasing import erase_chats, erase_lines
from app.conversations.erasing import erase_messages
from app.inbox.rules import Outcome
from app.inbox.tables import MailItem, MailPiece
from app.kernel.database.rows import insert_rows
from app.kernel.database.tables import Tombstone
from app.kernel.database.transaction import Tx
from app.outbox.erasing import erase_drafts, erase_ways, is_written_in, never_tried
from app.surveys.erasing import erase_surveys
from app.tickets.commands.bin import (
    erase_placements,
    erase_rows,
    forget_opening,
    is_untouched,
    messages_to_erase,
    overdue_in_bin,
)
from app.tickets.facts import OpeningTakenBack
from app.tickets.queries import conversation_ids

TICKETS_AT_ONCE: Final = 6
MESSAGES_AT_ONCE: Final = 12
"""So much a transaction, so that nobody else waits for long: a ticket of more messages goes in parts, itself last."""


def erase_binned(tx: Tx) -> int:
    """Erase the next tickets whose time in the Bin is over, or a part of a large one; how many. Called until there is none."""
    tickets: list[UUID] = []
    messages: list[UUID] = []
    done = 0
    for ticket in overdue_in_bin(tx, TICKETS_AT_ONCE):
        whole = conversation_ids(tx, ticket)
        found = messages_to_erase(tx, whole)
        room = MESSAGES_AT_ONCE - len(messages)
        messages += found[:room]
        tickets += whole if len(found) <= room else ()
        done += 1
        if len(messages) >= MESSAGES_AT_ONCE:
            break
    if done:
        _erase(tx, tickets, messages)
    return done


def erase_taken_back(tx: Tx, fact: OpeningTakenBack) -> None:
    """Erase at once a ticket whose only mail was called back before anybody tried to send it: its words are a draft again.

    It stays in the Bin where somebody has done or begun anything in it since.
    """
    tx.flush()
    if not is_untouched(tx, fact.ticket, fact.action) or is_written_in(tx, fact.ticket):
        return
    messages = messages_to_erase(tx, [fact.ticket])
    if never_tried(tx, messages):
        _erase(tx, [fact.ticket], messages)
        forget_opening(tx, fact.message, fact.action)


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
    erased = (MailItem.id.in_(lines), MailItem.outcome == Outcome.ERASED)
    tx.execute(update(MailItem).where(*erased).values(blob=None, sender=""))


def _erase(tx: Tx, tickets: Sequence[UUID], messages: Sequence[UUID]) -> None:
    """Erase messages, and tickets of which nothing else is left."""
    _forget_lines(tx, MailItem.message.in_(messages))
    erase_ways(tx, messages)
    forget_log(tx, messages)
    erase_lines(tx, messages)
    erase_messages(tx, messages)
    erase_placements(tx, messages)
    if tickets:
        # An answer to a survey is a line of the ticket without being a message of it.
        _forget_lines(tx, MailItem.outcome == Outcome.SURVEY_ANSWER, MailItem.ticket.in_(tickets))
        erase_drafts(tx, tickets)
        erase_surveys(tx, tickets)
        erase_chats(tx, tickets)
        erase_rows(tx, tickets)
    insert_rows(tx, Tombstone, [{"id": key} for key in (*tickets, *messages)], ignore=True)


def _forget_lines(tx: Tx, *which: ColumnElement[bool]) -> None:
    """The ledger's lines of these mails say from now on that they were erased, and nothing else."""
    found = tx.execute(select(MailItem.id, MailItem.folder).where(*which)).all()
    keys = [row.id for row in found]
    tx.execute(delete(MailPiece).where(MailPiece.item.in_(keys)))
    tx.execute(update(MailItem).where(MailItem.id.in_(keys)).values(**_FORGOTTEN))
    for folder in {row.folder for row in found}:
        tx.touch("mail_folder", folder)


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
