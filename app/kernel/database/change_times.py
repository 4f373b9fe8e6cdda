"""Which times this desk has seen: what a clock that is wrong from the beginning is measured by."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.database.tables import Change

_JUST_NOW = timedelta(minutes=10)
"""What was written since a moment ago was written by the clock that is in question."""


def newest(db: Session) -> datetime | None:
    """When the last change was made, by the clock of then."""
    return db.execute(select(Change.at).order_by(Change.seq.desc()).limit(1)).scalar()


def latest(db: Session) -> datetime | None:
    """The latest time that the change log knows; it is read as a whole."""
    return db.execute(select(func.max(Change.at))).scalar()


def last_at_work(db: Session, now: datetime) -> datetime | None:
    """When this desk was last at work before now."""
    before = select(Change.at).where(Change.at < now - _JUST_NOW)
    return db.execute(before.order_by(Change.seq.desc()).limit(1)).scalar()
