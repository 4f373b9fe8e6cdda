"""Salvage: a new desk out of what a damaged one still holds, its backups, and the raw mails in its packs.

The damaged desk is only read. Rows that can be read come over; rows that others point to and that are lost come from the
last good backup; letters without a ticket get one; stored bytes that are damaged are looked for in the backups' packs;
raw mails that no row knows any more are written out as files. The index and the counters are made anew. What is missing
in the end is named, as far as anybody can know.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.conversations.completing import stored_doc
from app.conversations.filetexts import file_docs
from app.conversations.tables import FileText, Message
from app.desk.desk import Desk
from app.desk.maintenance.check import last_good, name_of_blob
from app.index import commands as index
from app.kernel.database.tables import Blob
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.files import arrivals, integrity
from app.kernel.files.blobs import BlobRef, Packs
from app.kernel.files.disk import StorageError
from app.kernel.files.paths import Workspace
from app.kernel.maintenance.backup import BackupResult
from app.kernel.maintenance.rescue import drop_orphans, fill_parents, rescue_table
from app.kernel.sentences import said
from app.outbox.restored import hold_what_waits
from app.people.commands import customer_for
from app.people.tables import Customer, Identity
from app.tickets.commands import open_ticket
from app.tickets.commands.rows import reindex
from app.tickets.counters import repair_counters, reserve_numbers
from app.tickets.tables import Ticket, TicketRef

Say = Callable[[str], object]

_NOT_BROUGHT: Final = frozenset("alembic_version change job job_keys search_doc signal sqlite_sequence".split())
_STEP: Final = 200
_FORGET_BYTES: Final = (
    "DELETE FROM blob WHERE id IN (SELECT blob FROM message_raw WHERE message NOT IN (SELECT id FROM message))"
)
"""The bytes of a message that is lost belong to nobody then: they are written out, and the server is asked for it again."""


@dataclass
class Salvaged:
    """What came of it. `rows` by table; `missing` by table (None: nobody can count); the rest in words for people."""

    folder: Path
    rows: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int | None] = field(default_factory=dict)
    from_backup: dict[str, int] = field(default_factory=dict)
    new_tickets: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    repaired_blobs: int = 0
    damaged_blobs: list[str] = field(default_factory=list)
    loose_mails: int = 0
    held: int = 0
    waiting: int = 0


def salvage(place: Workspace, target: Path, say: Say = lambda _words: None) -> Salvaged:
    """Make a new desk in `target` (must not hold one) out of the desk at `place`, which nobody has open.

    Raises UserError when there is neither a readable database nor a backup.
    """
    fresh = Workspace(target)
    if fresh.exists:
        msg = said("There is a desk in {target} already. Name a folder for a new one.", target=target)
        raise UserError(msg)
    last = last_good(place)
    if last is None and not place.exists:
        msg = said("There is no desk in {folder}, and no backup of one.", folder=place.folder)
        raise UserError(msg)
    found = Salvaged(target)
    Desk.open(target, create=True).close()
    say("Reading what can be read …")
    _bring_rows(place, fresh, last, found)
    found.waiting = _bring_arrivals(place, fresh)
    say("Copying the stored mails …")
    _bring_packs(place, fresh)
    with Desk.open(target) as desk:
        found.new_tickets = desk.work(_give_tickets)
    with contextlib.closing(sqlite3.connect(fresh.database, isolation_level=None)) as line:
        line.execute(_FORGET_BYTES)
        drop_orphans(line, lambda table, number: _add(found.dropped, table, number))
    with Desk.open(target) as desk:
        _repair_blobs(desk, place, found)
        say("Making the index anew …")
        _index_again(desk)
        desk.work(repair_counters)
        found.held = desk.work(hold_what_waits)
        found.loose_mails = _write_loose_mails(desk, target / "found-mails")
    return found


def _bring_rows(place: Workspace, fresh: Workspace, last: BackupResult | None, found: Salvaged) -> None:
    with contextlib.closing(sqlite3.connect(fresh.database.as_uri(), uri=True, isolation_level=None)) as line:
        line.execute("PRAGMA foreign_keys=OFF")
        tables = [
            str(row[0])
            for row in line.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search_fts%'"
            )
            if row[0] not in _NOT_BROUGHT
        ]
        line.execute("BEGIN")
        line.execute("DELETE FROM meta")
        _rescue(place.database, line, tables, found)
        line.execute("COMMIT")
        if last is not None:
            _fill_from(last, line, tables, found)
        elif not any(found.rows.values()):
            msg = "Nothing of this database can be read, and there is no backup. The stored mails in packs/ may still be whole."
            raise UserError(msg)


def _rescue(database: Path, line: sqlite3.Connection, tables: Sequence[str], found: Salvaged) -> None:
    try:
        damaged = integrity.connect(database)
    except sqlite3.Error:
        found.missing.update(dict.fromkeys(tables))
        return
    with contextlib.closing(damaged):
        for table in tables:
            one = rescue_table(damaged, line, table)
            found.rows[table] = one.rows
            if one.missing is None or one.missing:
                found.missing[table] = one.missing


def _fill_from(last: BackupResult, line: sqlite3.Connection, tables: Sequence[str], found: Salvaged) -> None:
    """Tables that lost rows take what the last backup has of them; so do rows that others point to.

    What was erased for good since does not come back: its tombstone is asked.
    """
    line.execute("ATTACH DATABASE ? AS past", (f"{last.database.absolute().as_uri()}?mode=ro",))
    try:
        line.execute("BEGIN")
        for table in tables:
            if table in found.missing and table != "tombstone":
                keyed = any(row[1] == "id" for row in line.execute(f'PRAGMA table_info("{table}")'))
                alive = " WHERE id NOT IN (SELECT id FROM main.tombstone)" if keyed else ""
                done = line.execute(f'INSERT OR IGNORE INTO main."{table}" SELECT * FROM past."{table}"{alive}')  # noqa: S608
                _add(found.from_backup, table, max(done.rowcount, 0))
        for table, number in fill_parents(line, "past").items():
            _add(found.from_backup, table, number)
        line.execute("COMMIT")
    finally:
        line.execute("DETACH DATABASE past")


def _bring_arrivals(place: Workspace, fresh: Workspace) -> int:
    """Words of visitors that had no place in the database yet; the engine of the new desk gives them one. How many."""
    brought = 0
    damaged = place.folder.glob(f"{place.arrivals.stem}-damaged-*{place.arrivals.suffix}")
    for file in (place.arrivals, *sorted(damaged)):
        with contextlib.suppress(sqlite3.Error):
            waiting = arrivals.waiting_in(file, all_that_can_be_read=True)
            arrivals.put_into_copy(fresh.database, waiting)
            brought += len(waiting)
    return brought


def _bring_packs(place: Workspace, fresh: Workspace) -> None:
    for name in Packs(place.packs).names():
        shutil.copyfile(place.packs / name, fresh.packs / name)


def _repair_blobs(desk: Desk, place: Workspace, found: Salvaged) -> None:
    """Look for damaged bytes in the packs of the backups."""
    with contextlib.closing(integrity.connect(desk.workspace.database)) as line:
        blobs = dict(integrity.blobs_of(line))
    damaged = integrity.damaged(desk.workspace.packs, list(blobs.items()))
    past = Packs(place.backups / "packs")
    for key, why in damaged:
        try:
            fresh = desk.packs.append(past.read(blobs[key]))
        except StorageError:
            found.damaged_blobs.append(desk.ask(name_of_blob, UUID(hex=key)) + f": {why}")
            continue
        desk.packs.flush()
        desk.work(_point_to, UUID(hex=key), fresh)
        found.repaired_blobs += 1


def _point_to(tx: Tx, key: UUID, ref: BlobRef) -> None:
    row = tx.get(Blob, key)
    assert row is not None
    row.pack, row.offset, row.length, row.sha256 = ref.pack, ref.offset, ref.length, ref.sha256


def _give_tickets(tx: Tx) -> int:
    """Open a ticket, under the id that it had, for the letters of each one that is lost; how many."""
    taken = max(tx.scalar(select(func.max(Ticket.number))) or 0, tx.scalar(select(func.max(TicketRef.number))) or 0)
    reserve_numbers(tx, taken)
    known = select(Ticket.id)
    query = (
        select(Message).where(Message.ticket.is_not(None), Message.ticket.not_in(known)).order_by(Message.occurred_at)
    )
    given: set[UUID] = set()
    for row in tx.scalars(query).all():
        if row.ticket is None or row.ticket in given:
            continue
        people = row.sender if row.direction == "in" else (row.to[0] if row.to else row.sender)
        address = people[1] if len(people) > 1 else ""
        customer = customer_for(tx, address, people[0], row.occurred_at) if "@" in address else None
        subject = row.subject or "?"
        open_ticket(tx, ticket=row.ticket, customer=customer, subject=subject, at=row.occurred_at, mailbox=row.mailbox)
        tx.flush()
        given.add(row.ticket)
    return len(given)


def _index_again(desk: Desk) -> None:
    kinds = (
        (Message.id, _message_docs),
        (FileText.attachment, _file_docs),
        (Ticket.id, _ticket_docs),
        (Customer.id, _customer_docs),
    )
    for column, make in kinds:
        keys = desk.ask(_every, column)
        for start in range(0, len(keys), _STEP):
            desk.work(make, keys[start : start + _STEP])


def _every(db: Session, column: Any) -> list[UUID]:
    return list(db.scalars(select(column)))


def _message_docs(tx: Tx, keys: Sequence[UUID]) -> None:
    rows = tx.scalars(select(Message).where(Message.id.in_(keys))).all()
    index.put(tx, [stored_doc(tx, row) for row in rows], fresh=True)


def _file_docs(tx: Tx, keys: Sequence[UUID]) -> None:
    index.put(tx, file_docs(tx, keys), fresh=True)


def _ticket_docs(tx: Tx, keys: Sequence[UUID]) -> None:
    for row in tx.scalars(select(Ticket).where(Ticket.id.in_(keys))).all():
        reindex(tx, row)


def _customer_docs(tx: Tx, keys: Sequence[UUID]) -> None:
    for row in tx.scalars(select(Customer).where(Customer.id.in_(keys))).all():
        handles = tx.scalars(select(Identity.handle).where(Identity.customer == row.id)).all()
        doc = index.Doc("customer", row.id, row.name, people=" ".join(handles), customer=row.id)
        index.put(tx, [doc])


def _write_loose_mails(desk: Desk, folder: Path) -> int:
    """Raw mails in the packs that no row knows any more, as files that any mail program opens."""
    with contextlib.closing(integrity.connect(desk.workspace.database)) as line:
        known = {(ref.pack, ref.offset) for _, ref in integrity.blobs_of(line)}
        digests = {ref.sha256 for _, ref in integrity.blobs_of(line)}
    number = 0
    for pack in desk.packs.names():
        for one in desk.packs.scan(pack):
            ref = one.ref
            if one.problem or (ref.pack, ref.offset) in known or ref.sha256 in digests:
                continue
            folder.mkdir(mode=0o700, exist_ok=True)
            number += 1
            (folder / f"{number:05}.eml").write_bytes(desk.packs.read(ref))
    return number


def _add(tally: dict[str, int], name: str, number: int) -> None:
    if number:
        tally[name] = tally.get(name, 0) + number
