"""What is being written, as data: between the composer, the desk and the drafts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.conversations.commands import NewAttachment
from app.outbox.commands import Letter as Outgoing
from app.outbox.drafts import DraftContent
from app.outbox.queries import DraftView
from app.outbox.rules import FORWARD

Person = tuple[str, str]


@dataclass(frozen=True)
class Letter:
    """What is being written. `files` have their bytes in a pack already; `sender` is the address to write from.

    `html`: the text with its formatting, "" for a plain one; files with a Content-ID are pictures in it. `send_at`: the
    time that the rep chose; `about`: (ticket, message) of what is passed on to somebody else; `home`: the ticket in which it was
    begun, where that is a part of the one shown: its draft stays there.
    """

    mode: str = "reply"
    text: str = ""
    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()
    bcc: tuple[Person, ...] = ()
    subject: str = ""
    sender: str = ""
    files: tuple[NewAttachment, ...] = field(default=())
    send_at: datetime | None = None
    about: tuple[UUID, UUID] | None = None
    html: str = ""
    home: UUID | None = None

    @property
    def is_empty(self) -> bool:
        """Is there nothing to keep?"""
        return not self.text.strip() and not self.files

    @classmethod
    def of_draft(cls, draft: DraftView, shown: UUID | None = None) -> Letter:
        """What a draft holds, in the ticket shown."""
        files = tuple(map(_file, draft.files))
        passed = draft.kind == FORWARD and draft.ticket is not None and draft.answers is not None
        return cls(
            "new" if draft.kind == FORWARD else draft.kind, draft.text, draft.to, draft.cc, draft.bcc, draft.subject,
            draft.sender, files, about=(draft.ticket, draft.answers) if passed else None, html=draft.html,  # type: ignore[arg-type]
            home=draft.ticket if shown is not None and draft.ticket != shown else None,
        )  # fmt: skip

    def outgoing(self) -> Outgoing:
        """What leaves of it, whoever it goes to."""
        return {
            "text": self.text,
            "html": self.html,
            "cc": self.cc,
            "bcc": self.bcc,
            "files": self.files,
            "sender": self.sender,
        }

    def content(self) -> DraftContent:
        """What a draft keeps of it."""
        stored = [
            {
                "filename": one.filename,
                "content_type": one.content_type,
                "size": one.size,
                "blob": one.blob.hex,
                "content_id": one.content_id,
            }
            for one in self.files
            if one.blob is not None
        ]
        return DraftContent(self.text, self.html, self.subject, self.sender, self.to, self.cc, self.bcc, stored)


def _file(stored: Mapping[str, Any]) -> NewAttachment:
    cid = str(stored.get("content_id", ""))
    return NewAttachment(
        filename=stored["filename"],
        content_type=stored["content_type"],
        size=int(stored["size"]),
        blob=UUID(hex=stored["blob"]),
        content_id=cid,
        inline=bool(cid),
    )
