"""Bringing the bytes of single mails into the packs, each in the way that suits it, and never twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from app.connectors.email.imap import ImapSession
from app.inbox import commands
from app.inbox.queries import FolderPlan, ReceivePlan
from app.inbox.receiving import KnownMail, known_mails
from app.inbox.rules import Part
from app.workers.receiving.carry import Carried, keep, written_at
from app.workers.receiving.hands import Hands, Line

Carry = Callable[[FolderPlan, Sequence[int], bool], Iterator[Carried]]
"""How whole mails of a folder come into the packs: by their UIDs; whether what their Date says is wanted too."""

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
    `named`: whole mails by their provider's name that were brought a moment ago, whose lines may not be written yet.
    """

    def __init__(
        self,
        session: ImapSession,
        carry: Carry,
        hands: Hands,
        line: Line,
        plan: ReceivePlan,
        folder: FolderPlan,
        named: dict[str, KnownMail],
    ) -> None:
        self._session, self._carry, self._hands, self._line = session, carry, hands, line
        self._plan, self._folder, self._named = plan, folder, named
        self.at_hand: int | None = None

    def take(self, mails: Sequence[Wanted]) -> Iterator[commands.ReceivedMail]:
        """The mails, `mails` by ascending UID. What the server does not give is not among them."""
        names = {mail.provider_id for mail in mails if mail.provider_id}
        known: dict[str, KnownMail] = self._hands.ask(known_mails, self._hands.mailbox, names) if names else {}
        known |= self._named
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
        for mail in self._carry(self._folder, list(names), self._needs_date(min(names, default=0))):
            owed.pop(mail.uid, None)
            self.at_hand = next(iter(owed), None)
            if mail.uid in names:
                yield self._received(mail, names[mail.uid])
        self.at_hand = None

    def _beginning(self, mail: Wanted) -> commands.ReceivedMail | None:
        self.at_hand = mail.uid
        raw = self._session.fetch_piece(mail.uid, 0, self._line.piece)
        self.at_hand = None
        if not raw:
            return None
        if len(raw) < self._line.piece:
            return self._keep(mail, raw, len(raw))
        part = Part.HELD if mail.size > self._line.cap else Part.COMING
        size = max(mail.size, len(raw))
        return self._keep(mail, raw, size, part)

    def _was_stuck(self, mail: Wanted) -> bool:
        return mail.uid == self._folder.stuck_uid and self._folder.stuck_times > 0

    def _keep(self, mail: Wanted, raw: bytes, size: int, part: Part = Part.WHOLE) -> commands.ReceivedMail:
        dated = self._needs_date(mail.uid)
        kept = keep(self._hands.packs, mail.uid, raw, mail.internal_at, size, dated=dated)
        return self._received(kept, mail.provider_id, part)

    def _received(self, mail: Carried, provider_id: str, part: Part = Part.WHOLE) -> commands.ReceivedMail:
        if provider_id and part is Part.WHOLE:
            self._named[provider_id] = KnownMail(mail.blob, mail.header_hash, mail.size)
        return commands.ReceivedMail(
            uid=mail.uid,
            internal_at=mail.internal_at,
            size=mail.size,
            header_hash=mail.header_hash,
            blob=mail.blob,
            was_there=self._was_there(mail.uid, mail.internal_at, mail.written_at),
            provider_id=provider_id,
            part=part,
        )

    def _again(self, mail: Wanted, known: KnownMail) -> commands.ReceivedMail:
        written = written_at(self._hands.packs.read(known.blob)) if self._needs_date(mail.uid) else None
        return commands.ReceivedMail(
            uid=mail.uid,
            internal_at=mail.internal_at,
            size=known.size,
            header_hash=known.header_hash,
            blob=known.blob,
            was_there=self._was_there(mail.uid, mail.internal_at, written),
            provider_id=mail.provider_id,
            is_known=True,
        )

    def _needs_date(self, uid: int) -> bool:
        """Does it take what a mail says of itself to know whether it was there?"""
        return uid < self._folder.first_uid and self._plan.first_import_done

    def _was_there(self, uid: int, at: datetime | None, written: datetime | None) -> bool:
        """Did it lie in the mailbox before that was connected? What gets a line late must not pass as history."""
        if not self._needs_date(uid):
            return uid < self._folder.first_uid
        return min((one for one in (at, written) if one), default=_OLD) <= self._plan.connected_at
