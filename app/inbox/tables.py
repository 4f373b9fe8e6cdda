"""Rows of receiving: the folders of a mailbox with their cursors, and the ledger: one line for every item a server showed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.database.base import Base
from app.kernel.database.indexes import partial_index
from app.kernel.database.types import Id, Utc

HAS_REF = "own_ref <> ''"
HAS_PROVIDER_ID = "provider_id <> ''"
IS_PART = "part <> ''"
"""A query says these conditions in the same words, or SQLite does not use the index over them."""


class MailFolder(Base):
    """A folder of a mailbox, and how far it has been received (`received_uid`: highest UID received).

    `is_received`: chosen to be read, by its role or by a person. `stuck_uid`, `stuck_times`: the mail at which the line
    broke last, and how often in a row.
    """

    __tablename__ = "mail_folder"
    __table_args__ = (UniqueConstraint("mailbox", "name"),)
    change_kind = "mail_folder"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    mailbox: Mapped[UUID] = mapped_column(Id, ForeignKey("mailbox.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    is_received: Mapped[bool] = mapped_column(Boolean, default=True)
    uidvalidity: Mapped[int] = mapped_column(BigInteger, default=0)
    uidnext: Mapped[int | None] = mapped_column(BigInteger)
    highestmodseq: Mapped[int | None] = mapped_column(BigInteger)
    received_uid: Mapped[int] = mapped_column(BigInteger, default=0)
    first_uid: Mapped[int] = mapped_column(BigInteger, default=0)
    server_count: Mapped[int] = mapped_column(Integer, default=0)
    unaccounted: Mapped[int] = mapped_column(Integer, default=0)
    listed_at: Mapped[datetime | None] = mapped_column(Utc)
    stuck_uid: Mapped[int] = mapped_column(BigInteger, default=0)
    stuck_times: Mapped[int] = mapped_column(Integer, default=0)


class MailItem(Base):
    """The ledger: what became of one item on the server. Outcomes: `app.inbox.rules.Outcome`.

    `own_ref`, `answers_ref`: of a mail that is kept as a line only (sent from another program to nobody known), its
    Message-ID and the one it answers, by which it is found again when its conversation comes to light.
    `provider_id`: the provider's own name of a mail, the same in every folder (Gmail, RFC 8474). `part`: only the
    beginning of a large mail is here, `blob` holds it; the rest is `coming`, or `held` back until a person asks.
    """

    __tablename__ = "mail_item"
    __table_args__ = (
        UniqueConstraint("folder", "uidvalidity", "uid"),
        Index("mail_item_by_outcome", "outcome", "folder"),
        Index("mail_item_by_message", "message"),
        partial_index("mail_item_by_own_ref", "own_ref", where=HAS_REF),
        partial_index("mail_item_by_answers_ref", "answers_ref", where=HAS_REF),
        partial_index("mail_item_by_provider_id", "mailbox", "provider_id", where=HAS_PROVIDER_ID),
        partial_index("mail_item_by_part", "mailbox", "part", where=IS_PART),
    )
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    mailbox: Mapped[UUID] = mapped_column(Id, ForeignKey("mailbox.id"), index=True)
    folder: Mapped[UUID] = mapped_column(Id, ForeignKey("mail_folder.id"))
    uidvalidity: Mapped[int] = mapped_column(BigInteger)
    uid: Mapped[int] = mapped_column(BigInteger)
    blob: Mapped[UUID | None] = mapped_column(Id, ForeignKey("blob.id"))
    header_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    size: Mapped[int] = mapped_column(Integer)
    internal_at: Mapped[datetime | None] = mapped_column(Utc)
    outcome: Mapped[str] = mapped_column(Text)
    message: Mapped[UUID | None] = mapped_column(Id)
    ticket: Mapped[UUID | None] = mapped_column(Id)
    sender: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    own_ref: Mapped[str] = mapped_column(Text, default="")
    answers_ref: Mapped[str] = mapped_column(Text, default="")
    provider_id: Mapped[str] = mapped_column(Text, default="")
    part: Mapped[str] = mapped_column(Text, default="")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    is_history: Mapped[bool] = mapped_column(Boolean, default=False)
    received_at: Mapped[datetime] = mapped_column(Utc)
    gone_at: Mapped[datetime | None] = mapped_column(Utc)


class MailPiece(Base):
    """A piece of a large mail that has come already: its bytes from `start` on are safe, also over a restart."""

    __tablename__ = "mail_piece"
    item: Mapped[UUID] = mapped_column(Id, ForeignKey("mail_item.id"), primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    blob: Mapped[UUID] = mapped_column(Id, ForeignKey("blob.id"))


class MailHistory(Base):
    """What lay in a mailbox when it was connected: counted before it is fetched. `is_held`: a person stopped it."""

    __tablename__ = "mail_history"
    change_kind = "mail_history"
    id: Mapped[UUID] = mapped_column(Id, ForeignKey("mailbox.id"), primary_key=True)
    mails: Mapped[int] = mapped_column(Integer, default=0)
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    oldest_at: Mapped[datetime | None] = mapped_column(Utc)
    counted_at: Mapped[datetime | None] = mapped_column(Utc)
    is_held: Mapped[bool] = mapped_column(Boolean, default=False)


class MailTraffic(Base):
    """Bytes that receiving moved for a mailbox on one day (UTC, `2026-01-31`), in both directions."""

    __tablename__ = "mail_traffic"
    mailbox: Mapped[UUID] = mapped_column(Id, ForeignKey("mailbox.id"), primary_key=True)
    day: Mapped[str] = mapped_column(Text, primary_key=True)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    sent: Mapped[int] = mapped_column(BigInteger, default=0)
