"""What happens by the clock alone: surveys that are due, solved tickets that close, snoozed ones that wake, the Bin that is
emptied, old traces that are dropped.

A pass is short and can run at any time, as often as one likes; missing some (the desk was off) loses nothing, since
every pass asks what is due by now and never what happened since the last one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select

from app.answering.commands import trim_log
from app.inbox.commands import erase_binned
from app.kernel import clock
from app.kernel.database.changes import ENDS
from app.kernel.database.tables import Change, SignalRow
from app.kernel.database.transaction import Tx
from app.surveys import commands as surveys
from app.tickets.commands import close_solved, wake_due
from app.workers.steps import repeat

log = logging.getLogger(__name__)

Do = Callable[..., Any]
Ask = Callable[..., Any]
Backup = Callable[[datetime], bool]
"""Makes the daily backup if it is due; True if it made one."""

_STEPS = 40
_KEEP = timedelta(days=7)
_MOST_CHANGES = 100_000
_TRIM_STEP = 5_000


@dataclass(frozen=True, slots=True)
class TimerCounts:
    """What one pass did."""

    surveys_sent: int = 0
    invites_expired: int = 0
    tickets_closed: int = 0
    tickets_woken: int = 0
    tickets_erased: int = 0
    rows_trimmed: int = 0
    backed_up: bool = False


def timers_pass(
    do: Do, ask: Ask, now: datetime | None = None, *, backup: Backup | None = None, doubt: clock.Doubt | None = None
) -> TimerCounts:
    """Do what is due by now, each kind in short transactions; a part that fails is logged and stops no other.

    Nothing by the clock while there is `doubt` about it: what is erased from the Bin cannot be taken back.
    """
    del ask  # a pass only writes; it is given so that all workers are started alike
    if doubt is not None and doubt.doubts:
        return TimerCounts()
    now = now or clock.now()
    return TimerCounts(
        surveys_sent=repeat(do, surveys.send_due, _STEPS),
        invites_expired=repeat(do, surveys.expire, _STEPS),
        tickets_closed=repeat(do, close_solved, _STEPS),
        tickets_woken=repeat(do, wake_due, _STEPS),
        tickets_erased=repeat(do, erase_binned, _STEPS),
        rows_trimmed=sum(repeat(do, trim, _STEPS) for trim in (trim_changes, trim_signals, trim_log)),
        backed_up=_back_up(backup, now),
    )


def trim_changes(tx: Tx) -> int:
    """Drop the oldest entries of the change log: older than a week, or beyond 100,000. At most some a call."""
    lowest, highest = tx.connection().exec_driver_sql(ENDS).one()
    if lowest is None:
        return 0
    old = select(func.max(Change.seq)).where(Change.seq < lowest + _TRIM_STEP, Change.at < tx.now - _KEEP)
    until = max(tx.execute(old).scalar() or 0, highest - _MOST_CHANGES)
    until = min(until, lowest + _TRIM_STEP - 1, highest - 1)  # the newest stays: watchers know the end of the log by it
    if until < lowest:
        return 0
    tx.execute(delete(Change).where(Change.seq <= until))
    return int(until - lowest + 1)


def trim_signals(tx: Tx) -> int:
    """Drop signals that expired a while ago; the newest stays."""
    newest = tx.execute(select(func.max(SignalRow.seq))).scalar() or 0
    where = (SignalRow.expires_at < tx.now - timedelta(minutes=5), SignalRow.seq < newest)
    doomed = tx.execute(select(SignalRow.seq).where(*where).limit(_TRIM_STEP)).scalars().all()
    if doomed:
        tx.execute(delete(SignalRow).where(SignalRow.seq.in_(doomed)))
    return len(doomed)


def _back_up(backup: Backup | None, now: datetime) -> bool:
    if backup is None:
        return False
    try:
        return backup(now)
    except Exception:
        log.exception("the daily backup failed")
        return False
