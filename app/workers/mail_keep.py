"""Bringing the bytes of single mails into the packs, each in the way that suits it, and never twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from app.connectors.email.imap import ImapSession
from app.inbox import commands
from app.inbox.queries import FolderPlan, ReceivePlan
from app.inbox.receiving import KnownMail, known_mails
from app.inbox.rules import Part
from app.mime.dates import parse_date
from app.mime.parse import read_headers
from app.workers.mail_hands import Hands, Line

_HEADER_BYTES: Final = 64_000
_OLD: Final = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A mail that has no line yet: where it lies, when the server got it, and what the server says of it."""

    folder: UUID
    uid: int
    internal_at: datetime | None
    size: int = 0
    provider_id: str = ""

    @property
    def at(self) -> datetime:
        """The time by which mails are put in order."""
        return self.internal_at or _OLD


class Keeper:
    """Brings the bytes of some mails of one folder into the packs, each in the way that suits it.

    A mail whose bytes came with another folder is not fetched again. Of a large mail, and of one at which the line
    broke before, the beginning comes first; the rest follows in pieces. `at_hand`: the mail that the server owes us.
    """

    def __init__(self, session: ImapSession, hands: Hands, line: Line, plan: ReceivePlan, folder: FolderPlan) -> None:
        self._session, self._hands, self._line, self._plan, self._folder = session, hands, line, plan, folder
        self.at_hand: int | None = None

    def take(self, mails: Sequence[Wanted]) -> Iterator[commands.ReceivedMail]:
        """The mails, `mails` by ascending UID. What the server does not give is not among them."""
        names = {mail.provider_id for mail in mails if mail.provider_id}
        known: dict[str, KnownMail] = self._hands.ask(known_mails, self._hands.mailbox, names) if names else {}
        plain: list[Wanted] = []
        for mail in mails:
            if mail.provider_id in known:
                yield self._again(mail, known[mail.provider_id])
            elif mail.size > self._line.large or self._was_stuck(mail):
                received = self._beginning(mail)
                if received is not None:
                    yield received
            else:
                plain.append(mail)
        yield from self._stream(plain)

    def _stream(self, mails: Sequence[Wanted]) -> Iterator[commands.ReceivedMail]:
        names = {mail.uid: mail.provider_id for mail in mails}
        owed = dict.fromkeys(names)
        self.at_hand = next(iter(owed), None)
        for mail in self._session.fetch(names):
            owed.pop(mail.uid, None)
            self.at_hand = next(iter(owed), None)
            if mail.uid in names:
                yield self._keep(mail.uid, mail.raw, mail.internal_at, mail.size, names[mail.uid])
        self.at_hand = None

    def _beginning(self, mail: Wanted) -> commands.ReceivedMail | None:
        self.at_hand = mail.uid
        raw = self._session.fetch_piece(mail.uid, 0, self._line.piece)
        self.at_hand = None
        if not raw:
            return None
        if len(raw) < self._line.piece:
            return self._keep(mail.uid, raw, mail.internal_at, len(raw), mail.provider_id)
        part = Part.HELD if mail.size > self._line.cap else Part.COMING
        size = max(mail.size, len(raw))
        return self._keep(mail.uid, raw, mail.internal_at, size, mail.provider_id, part)

    def _was_stuck(self, mail: Wanted) -> bool:
        return mail.uid == self._folder.stuck_uid and self._folder.stuck_times > 0

    def _keep(
        self, uid: int, raw: bytes, at: datetime | None, size: int, provider_id: str, part: Part = Part.WHOLE
    ) -> commands.ReceivedMail:
        return commands.ReceivedMail(
            uid=uid,
            internal_at=at,
            size=size,
            header_hash=header_hash(raw),
            blob=self._hands.packs.append(raw),
            was_there=self._was_there(uid, raw, at),
            provider_id=provider_id,
            part=part,
        )

    def _again(self, mail: Wanted, known: KnownMail) -> commands.ReceivedMail:
        raw = b"" if mail.uid >= self._folder.first_uid else self._hands.packs.read(known.blob)
        return commands.ReceivedMail(
            uid=mail.uid,
            internal_at=mail.internal_at,
            size=known.size,
            header_hash=known.header_hash,
            blob=known.blob,
            was_there=self._was_there(mail.uid, raw, mail.internal_at),
            provider_id=mail.provider_id,
            is_known=True,
        )

    def _was_there(self, uid: int, raw: bytes, at: datetime | None) -> bool:
        """Did it lie in the mailbox before that was connected? What gets a line late must not pass as history."""
        if uid >= self._folder.first_uid:
            return False
        if not self._plan.first_import_done:
            return True
        written = parse_date(read_headers(raw[:_HEADER_BYTES]).line("date"))
        return min((one for one in (at, written) if one), default=_OLD) <= self._plan.connected_at


def header_hash(raw: bytes) -> bytes:
    """The sha256 of a mail's header as a server gives it: up to and with the first empty line."""
    end = raw.find(b"\r\n\r\n")
    bare = raw.find(b"\n\n", 0, end + 1 if end >= 0 else len(raw))  # not through the whole of a large mail
    if bare >= 0:
        return hashlib.sha256(raw[: bare + 2]).digest()
    return hashlib.sha256(raw[: end + 4] if end >= 0 else raw).digest()
