"""`deskbell check`: is everything that was promised still true? Reads only."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, or_, select, text
from sqlalchemy.orm import Session

from app.chats.arriving import said_in
from app.conversations.tables import Attachment, Message, MessageRaw
from app.desk.desk import Desk
from app.inbox.queries import ledger
from app.inbox.tables import MailItem, MailPiece
from app.kernel import clock
from app.kernel.database.tables import Blob
from app.kernel.files import arrivals, integrity
from app.kernel.files.blobs import BlobRef
from app.kernel.files.paths import Workspace
from app.kernel.maintenance import backup
from app.kernel.maintenance.backup import BackupResult
from app.kernel.sentences import said
from app.outbox.tables import Outbox
from app.tickets.queries import wrong_counters
from app.tickets.tables import Ticket

_SOON: Final = timedelta(minutes=1)


def problems(desk: Desk) -> list[str]:
    """What is wrong with database, arrivals, packs, index, counters and ledger, one sentence each; empty when all is well."""
    place = desk.workspace
    found = [f"database: {one}" for one in _of_the_file(place)]
    found += _arrival_problems(place)
    for key, why in integrity.damaged(place.packs, desk.ask(_blobs)):
        found.append(f"{desk.ask(name_of_blob, UUID(hex=key))}: {why}")
    found += desk.ask(_index_problems)
    found += desk.ask(_counter_problems)
    found += [
        said(
            "{n} mail of {mailbox}, {folder}, has no line in the ledger."
            "|{n} mails of {mailbox}, {folder}, have no line in the ledger.",
            n=line.unaccounted,
            mailbox=line.mailbox,
            folder=line.folder,
        )
        for line in desk.ask(ledger)
        if line.unaccounted
    ]
    return found


def damage(place: Workspace) -> list[str]:
    """What is wrong with the database's file, and what can be done, without opening the desk; empty for a sound one."""
    broken = integrity.quick_check(place.database)
    return [f"database: {one}" for one in broken] + [advice(place)] if broken else []


def last_good(place: Workspace) -> BackupResult | None:
    """The newest backup in the desk's own folder whose database is sound."""
    newest_first = reversed(backup.backups_in(place.backups))
    return next((one for one in newest_first if not integrity.quick_check(one.database)), None)


def advice(place: Workspace) -> str:
    """What can be done about a damaged database, in words."""
    last = last_good(place)
    if last is None:
        return "There is no backup here. Take what can be read out of it: deskbell salvage FOLDER"
    return (
        f"The last good backup is of {last.at:%Y-%m-%d %H:%M} UTC: deskbell restore --replace {shlex.quote(str(last.database))}. "
        "For what came after it: deskbell salvage FOLDER"
    )


def name_of_blob(db: Session, key: UUID) -> str:
    """What a person calls the thing whose bytes these are: a mail by the ticket's number and its subject, a file by its name as well,
    a mail that is only listed by its subject and who sent it.
    """
    return _mail_named(db, key) or _file_named(db, key) or _listed(db, key) or f"A stored mail or file ({key.hex})"


def _mail_named(db: Session, key: UUID) -> str:
    of = select(MessageRaw.message).where(MessageRaw.blob == key)
    waiting = select(Outbox.id).where(Outbox.blob == key)
    row = db.execute(_called().where(Message.id.in_(of.union(waiting))).limit(1)).one_or_none()
    return _name(row[0], row[1]) if row is not None else ""


def _file_named(db: Session, key: UUID) -> str:
    found = _called().add_columns(Attachment.filename).join(Attachment, Attachment.message == Message.id)
    row = db.execute(found.where(Attachment.blob == key).limit(1)).one_or_none()
    if row is None:
        return ""
    number, subject, filename = row
    return f"{_name(number, subject)}, file “{filename}”"


def _listed(db: Session, key: UUID) -> str:
    pieces = select(MailPiece.item).where(MailPiece.blob == key)
    found = select(MailItem.subject, MailItem.sender).where(or_(MailItem.blob == key, MailItem.id.in_(pieces))).limit(1)
    row = db.execute(found).one_or_none()
    return f"{_name(None, row[0])} from {row[1]}" if row is not None else ""


def _called() -> Select[int, str]:
    return select(Ticket.number, Message.subject).select_from(Message).outerjoin(Ticket, Ticket.id == Message.ticket)


def _name(number: int | None, subject: str) -> str:
    shown = f"“{subject}”" if subject else "without a subject"
    return f"#{number} {shown}" if number else f"A mail without a ticket, {shown}"


def _of_the_file(place: Workspace) -> list[str]:
    return integrity.quick_check(place.database) or integrity.foreign_key_check(place.database)


def _arrival_problems(place: Workspace) -> list[str]:
    """Words of visitors that were taken and have no place in a ticket: the engine puts them there within a second."""
    broken = arrivals.problems_in(place.arrivals)
    damaged = len(list(place.folder.glob(f"{place.arrivals.stem}-damaged-*{place.arrivals.suffix}")))
    found = [f"arrivals: {one}" for one in broken]
    if damaged:
        found.append(
            said(
                "{n} damaged file of arrivals was set aside in {folder}; salvage reads what can be read."
                "|{n} damaged files of arrivals were set aside in {folder}; salvage reads what can be read.",
                n=damaged,
                folder=place.folder,
            )
        )
    if not broken and (left := _left_behind(place)):
        found.append(
            said(
                "{n} word of a chat visitor waits for its ticket. Let the engine run; if it stays, see its log."
                "|{n} words of chat visitors wait for their tickets. Let the engine run; if they stay, see its log.",
                n=left,
            )
        )
    return found


def _left_behind(place: Workspace) -> int:
    before = clock.now() - _SOON
    all_said = [said_in(one.payload) for one in arrivals.waiting_in(place.arrivals)]
    return sum(said is None or said.at is None or said.at < before for said in all_said)


def _blobs(db: Session) -> list[tuple[str, BlobRef]]:
    rows = db.scalars(select(Blob).order_by(Blob.pack, Blob.offset))
    return [(row.id.hex, BlobRef(row.pack, row.offset, row.length, row.sha256)) for row in rows]


def _index_problems(db: Session) -> list[str]:
    missing = db.execute(
        text(
            "SELECT count(*) FROM message m WHERE m.ticket IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM search_doc d WHERE d.kind = 'message' AND d.key = m.id)"
        )
    ).scalar()
    lost = db.execute(
        text(
            "SELECT count(*) FROM search_doc d WHERE d.kind = 'message'"
            " AND NOT EXISTS (SELECT 1 FROM message m WHERE m.id = d.key)"
        )
    ).scalar()
    words = db.execute(
        text(
            "SELECT count(*) FROM search_doc d WHERE NOT EXISTS (SELECT 1 FROM search_fts_docsize s WHERE s.id = d.rowid)"
        )
    ).scalar()
    told = (
        (missing, "{n} message is not in the search index.|{n} messages are not in the search index."),
        (
            lost,
            "The search index has {n} message that does not exist.|The search index has {n} messages that do not exist.",
        ),
        (
            words,
            "The search index lacks the words of {n} document.|The search index lacks the words of {n} documents.",
        ),
    )
    return [said(pattern, n=number) for number, pattern in told if number]


def _counter_problems(db: Session) -> list[str]:
    return [
        f"The counter {name} says {kept}, but there are {counted}."
        for name, (kept, counted) in wrong_counters(db).items()
    ]
