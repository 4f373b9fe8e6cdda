"""The kernel's own tables: the change log, signals, jobs, counters, blobs, settings, the lease and tombstones."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base, Mutable
from app.kernel.database.types import Id, Json, Utc, Words


class Change(Base):
    """What changed, in commit order. Kept 7 days or 100,000 rows."""

    __tablename__ = "change"
    __table_args__ = {"sqlite_autoincrement": True}
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[UUID] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(Utc)


class SignalRow(Base):
    """A short-lived word between processes; it expires."""

    __tablename__ = "signal"
    __table_args__ = {"sqlite_autoincrement": True}
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    topic: Mapped[str] = mapped_column(Text, index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)


class Job(Base):
    """Long work, done in short steps by whoever holds the engine lock."""

    __tablename__ = "job"
    change_kind = "job"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    cursor: Mapped[dict[str, Any]] = mapped_column(Json)
    done: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str] = mapped_column(Words, default="")
    agent: Mapped[UUID | None] = mapped_column(Id)
    action: Mapped[UUID] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)


class JobKeys(Base):
    """What a job has to do, frozen when it was asked for: the ids of the things, 16 bytes each, some hundreds a row.

    Beside the job's own row, which is written anew with every step.
    """

    __tablename__ = "job_keys"
    job: Mapped[UUID] = mapped_column(Id, primary_key=True)
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    keys: Mapped[bytes] = mapped_column(LargeBinary)


class Counter(Base):
    """A number kept by the commands that change it; `check` recounts it."""

    __tablename__ = "counter"
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[int] = mapped_column(Integer, default=0)


class Blob(Base):
    """Where some bytes lie: in which pack file, from where, how many."""

    __tablename__ = "blob"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    pack: Mapped[str] = mapped_column(Text)
    offset: Mapped[int] = mapped_column(BigInteger)
    length: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))


class SettingRow(Mutable, Base):
    """A setting of the whole desk; declared in `app.kernel.state.settings`."""

    __tablename__ = "setting"
    change_kind = "setting"
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class DeviceSettingRow(Base):
    """A setting of this device alone (window size, theme)."""

    __tablename__ = "device_setting"
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Meta(Base):
    """Facts of this file: workspace id, when it was made, whether the last exit was clean."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Tombstone(Base):
    """The id of something erased for good: it never comes back."""

    __tablename__ = "tombstone"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
