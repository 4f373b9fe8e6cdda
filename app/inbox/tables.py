"""Rows of receiving: the folders of a mailbox with their cursors, and the ledger: one line for every item a server showed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.indexes import partial_index
from app.kernel.store import Base
from app.kernel.types import Id, Utc

_HAS_REF = "own_ref <> ''"


class MailFolder(Base):
    """A folder that is watched, and how far it has been received (`received_uid`: highest UID received)."""

    __tablename__ = "mail_folder"
    __table_args__ = (UniqueConstraint("mailbox", "name"),)
    change_kind = "mail_folder"
    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    mailbox: Mapped[UUID] = mapped_column(Id, ForeignKey("mailbox.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    uidvalidity: Mapped[int] = mapped_column(BigInteger, default=0)
    uidnext: Mapped[int | None] = mapped_column(BigInteger)
    highestmodseq: Mapped[int | None] = mapped_column(BigInteger)
    received_uid: Mapped[int] = mapped_column(BigInteger, default=0)
    first_uid: Mapped[int] = mapped_column(BigInteger, default=0)
    server_count: Mapped[int] = mapped_column(Integer, default=0)
    unaccounted: Mapped[int] = mapped_column(Integer, default=0)
    listed_at: Mapped[datetime | None] = mapped_column(Utc)


class MailItem(Base):
    """The ledger: what became of one item on the server. Outcomes: `app.inbox.rules.Outcome`.

    `own_ref`, `answers_ref`: of a mail that is kept as a line only (sent from another program to nobody known), its
    Message-ID and the one it answers, by which it is found again when its conversation comes to light.
    """

    __tablename__ = "mail_item"
    __table_args__ = (
        UniqueConstraint("folder", "uidvalidity", "uid"),
        Index("mail_item_by_outcome", "outcome", "folder"),
        Index("mail_item_by_message", "message"),
        partial_index("mail_item_by_own_ref", "own_ref", where=_HAS_REF),
        partial_index("mail_item_by_answers_ref", "answers_ref", where=_HAS_REF),
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
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    is_history: Mapped[bool] = mapped_column(Boolean, default=False)
    received_at: Mapped[datetime] = mapped_column(Utc)
    gone_at: Mapped[datetime | None] = mapped_column(Utc)
