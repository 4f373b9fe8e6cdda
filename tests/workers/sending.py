"""Sending on a small desk: what every test of it does."""

from __future__ import annotations

from uuid import UUID

from app.kernel import clock
from app.outbox.queries import OutboxRow, outbox_row
from app.workers.sending.senders import SendCounts, Sender, send_due
from tests.outbox.small_desk import SmallDesk


def send(desk: SmallDesk) -> SendCounts:
    """One pass over everything that is due."""
    return send_due(desk.do, desk.ask, desk.packs, desk.secrets, desk.stop)


def sender_of(desk: SmallDesk) -> Sender:
    """The sender of an engine that goes on running: it remembers which mailboxes are quiet."""
    return Sender(desk.do, desk.ask, desk.packs, desk.secrets, desk.stop)


def told(desk: SmallDesk, message: UUID) -> OutboxRow:
    """What a person is told of a message now."""
    row: OutboxRow = desk.ask(outbox_row, message, clock.now())
    return row
