"""Short-lived words between processes: "check mail now", "stop", progress, the engine's state."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import clock
from app.kernel.database.tables import SignalRow
from app.kernel.database.transaction import Tx


def send(tx: Tx, topic: str, payload: dict[str, Any] | None = None, *, ttl_s: float = 60) -> None:
    """Tell every process of this desk; whoever is not there within `ttl_s` seconds never hears it."""
    tx.signal(topic, payload, ttl_s=ttl_s)


def latest(db: Session, topic: str) -> dict[str, Any] | None:
    """The newest word on a topic that has not expired."""
    return db.execute(
        select(SignalRow.payload)
        .where(SignalRow.topic == topic, SignalRow.expires_at > clock.now())
        .order_by(SignalRow.seq.desc())
        .limit(1)
    ).scalar_one_or_none()


def after(db: Session, topic: str, seq: int) -> list[tuple[int, dict[str, Any]]]:
    """What was said on a topic after `seq`, oldest first, with the number of each word."""
    rows = db.execute(
        select(SignalRow.seq, SignalRow.payload)
        .where(SignalRow.topic == topic, SignalRow.seq > seq)
        .order_by(SignalRow.seq)
    )
    return [(row.seq, row.payload) for row in rows]
