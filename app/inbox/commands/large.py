"""Large mails in pieces: each piece is safe as soon as it has come, and when the last is in, the message is made whole.

Until then the message shows the beginning of its mail: header, first text and a line that says how much is missing.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete

from app.conversations.commands import add_blob, blob_id
from app.conversations.completing import complete_message
from app.inbox.commands.place import files_of
from app.inbox.rules import Outcome, Part
from app.inbox.tables import MailItem, MailPiece
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.files.blobs import BlobRef
from app.kernel.tokens import hide_tokens
from app.mime.model import ParsedMail
from app.tickets.commands.merging import summarise
from app.tickets.tables import Ticket


def fetch_whole(tx: Tx, item: UUID) -> None:
    """Fetch now: bring the rest of a mail that is larger than the limit. Raises UserError when it is whole."""
    row = _item(tx, item)
    if not row.part:
        msg = "This mail is here as a whole."
        raise UserError(msg)
    row.part, row.reason = Part.COMING, ""
    tx.touch("mail_folder", row.folder)
    tx.signal("check_now")


def add_piece(tx: Tx, item: UUID, start: int, ref: BlobRef) -> None:
    """A piece of a large mail is flushed; it begins at byte `start`."""
    if tx.get(MailPiece, (item, start)) is None:
        tx.add(MailPiece(item=item, start=start, blob=add_blob(tx, ref)))


def give_up(tx: Tx, item: UUID, reason: str) -> None:
    """The rest of a mail does not come (it left the server, the server fails): what is here stays."""
    row = _item(tx, item)
    row.part, row.reason = Part.HELD, reason[:500]
    tx.touch("mail_folder", row.folder)


def make_whole(tx: Tx, item: UUID, ref: BlobRef, mail: ParsedMail | None) -> None:
    """The last piece is in, and `ref` holds the whole mail. `mail`: what it says; None when it cannot be read.

    The message gets its whole text, its files and its raw bytes. A mail that went into quarantine because its beginning
    could not be read is looked at again.
    """
    row = _item(tx, item)
    if blob_id(ref) == row.blob:
        row.part = Part.WHOLE
        return
    row.blob, row.size, row.part, row.reason = add_blob(tx, ref), ref.length, Part.WHOLE, ""
    tx.execute(delete(MailPiece).where(MailPiece.item == item))
    if row.outcome == Outcome.QUARANTINED:
        row.outcome, row.attempts = Outcome.RECEIVED, 0
    elif row.message is not None and mail is not None:
        text = hide_tokens(mail.text)
        complete_message(tx, row.message, row.blob, text=text, files=files_of(mail), warnings=mail.warnings)
        if row.ticket is not None and (ticket := tx.get(Ticket, row.ticket)) is not None:
            summarise(tx, ticket)
    tx.touch("mail_folder", row.folder)


def _item(tx: Tx, item: UUID) -> MailItem:
    row = tx.get(MailItem, item)
    if row is None:
        msg = "There is no such line in the ledger."
        raise NotFoundError(msg)
    return row
