"""Time spent on a ticket: typed afterwards, or by a timer. An agent has one timer; starting another stops it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.people.row_history import add_row, change_row, remove_row
from app.tickets.commands.rows import usable_row
from app.tickets.tables import TimeEntry
from app.tickets.work_rules import seconds_of, span_words

LONGEST = 24 * 3600 * 31
_LONGEST_NOTE = 500


def log_time(tx: Tx, ticket: UUID, spent: str | int, note: str = "") -> UUID:
    """So much was spent until now: seconds, or typed as `15m`, `1h 30m`, `1:30`, `90` (minutes). Returns the entry's id.

    Raises UserError for what is no span of time.
    """
    row = usable_row(tx, ticket)
    seconds = _checked(seconds_of(spent) if isinstance(spent, str) else spent)
    begun = tx.now - timedelta(seconds=seconds)
    words = " ".join(note.split())[:_LONGEST_NOTE]
    entry = TimeEntry(id=ids.new_id(), ticket=row.id, agent=tx.agent, begun_at=begun, seconds=seconds, note=words)
    add_row(tx, entry, span_words(seconds), ticket=row.id)
    return entry.id


def start_timer(tx: Tx, ticket: UUID) -> UUID:
    """Begin to count for who asks; a timer of theirs that runs elsewhere is stopped. Returns the entry's id."""
    row = usable_row(tx, ticket)
    running = _running(tx)
    if running is not None and running.ticket == row.id:
        return running.id
    if running is not None:
        _stop(tx, running)
    entry = TimeEntry(id=ids.new_id(), ticket=row.id, agent=tx.agent, begun_at=tx.now, seconds=None, note="")
    add_row(tx, entry, "timer", ticket=row.id)
    return entry.id


def stop_timer(tx: Tx) -> UUID | None:
    """Stop the timer of who asks; the entry that it became, None when none runs."""
    running = _running(tx)
    if running is None:
        return None
    _stop(tx, running)
    return running.id


def change_time(tx: Tx, entry: UUID, *, spent: str | int | None = None, note: str | None = None) -> UUID:
    """Correct an entry. Returns the action. Raises NotFoundError, UserError."""
    row = _entry(tx, entry)
    if spent is not None:
        seconds = _checked(seconds_of(spent) if isinstance(spent, str) else spent)
        change_row(tx, row, _about(row), ticket=row.ticket, seconds=seconds)
    if note is not None:
        change_row(tx, row, _about(row), ticket=row.ticket, note=" ".join(note.split())[:_LONGEST_NOTE])
    return tx.action


def remove_time(tx: Tx, entry: UUID) -> UUID:
    """Take an entry away. Returns the action. Raises NotFoundError."""
    row = _entry(tx, entry)
    remove_row(tx, row, _about(row), ticket=row.ticket)
    return tx.action


def _stop(tx: Tx, row: TimeEntry) -> None:
    seconds = min(max(1, round((tx.now - row.begun_at).total_seconds())), LONGEST)
    change_row(tx, row, span_words(seconds), ticket=row.ticket, seconds=seconds)


def _running(tx: Tx) -> TimeEntry | None:
    tx.flush()
    mine = TimeEntry.agent.is_(None) if tx.agent is None else TimeEntry.agent == tx.agent
    query = select(TimeEntry).where(TimeEntry.seconds.is_(None), TimeEntry.deleted_at.is_(None), mine)
    return tx.scalars(query.order_by(TimeEntry.id.desc())).first()


def _checked(seconds: int) -> int:
    if not 0 < seconds <= LONGEST:
        msg = "Please give a time between a second and a month."
        raise UserError(msg)
    return seconds


def _about(row: TimeEntry) -> str:
    return span_words(row.seconds) if row.seconds is not None else "timer"


def _entry(tx: Tx, entry: UUID) -> TimeEntry:
    tx.flush()
    row = tx.get(TimeEntry, entry)
    if row is None or row.deleted_at is not None:
        msg = "This entry is not there any more."
        raise NotFoundError(msg)
    return row
