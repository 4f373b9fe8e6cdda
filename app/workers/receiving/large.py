"""The rest of large mails, in pieces that resume: a broken line or a stopped engine costs one piece, never the mail.

The whole mail is fetched as it came (`BODY.PEEK[]<offset.n>`), never part by part: parts do not give back its bytes,
and servers err about its structure, which nobody asks for here.
"""

from __future__ import annotations

import logging
import time
from typing import Final

from app.connectors.email.imap import ImapSession
from app.inbox import commands
from app.inbox.receiving import LargeMail, large_mails, pieces
from app.kernel.files.blobs import BlobRef
from app.workers.parsing import Read
from app.workers.receiving.hands import Hands, Line

log = logging.getLogger(__name__)

_MOST: Final = 450_000_000
"""More than any mail has; a server that goes on giving is broken."""


class LargeMails:
    """Brings in what is missing of large mails, on one session, until `until` (monotonic) if that is given."""

    def __init__(self, session: ImapSession, hands: Hands, line: Line, until: float | None = None) -> None:
        self._session, self._hands, self._line, self._until = session, hands, line, until

    def take(self) -> int:
        """Bring all that are to come; how many became whole. Raises ExternalError; the pieces that came are safe."""
        done = 0
        for mail in self._hands.ask(large_mails, self._hands.mailbox, coming=True):
            if not self._goes_on():
                break
            if self._session.folder != mail.folder:
                self._session.select(mail.folder)
            if self._session.uidvalidity == mail.uidvalidity:
                done += self._bring(mail)
        return done

    def _bring(self, mail: LargeMail) -> bool:
        here: list[BlobRef] = list(self._hands.ask(pieces, mail.item))
        at = sum(ref.length for ref in here)
        while self._goes_on():
            piece = self._session.fetch_piece(mail.uid, at, self._line.piece)
            if piece is None or at > _MOST:
                words = "It left the server" if piece is None else "The server goes on beyond any size"
                self._hands.do(commands.give_up, mail.item, f"{words} before the rest of it came.")
                return False
            if piece:
                here.append(self._keep(mail, at, piece))
                at += len(piece)
            if not piece or (len(piece) < self._line.piece and at >= mail.size):  # servers err about sizes
                self._join(mail, here)
                return True
        return False

    def _goes_on(self) -> bool:
        return not self._hands.stop.is_set() and (self._until is None or time.monotonic() < self._until)

    def _keep(self, mail: LargeMail, at: int, piece: bytes) -> BlobRef:
        packs = self._hands.packs
        ref = packs.append(piece)
        packs.flush()
        self._hands.do(commands.add_piece, mail.item, at, ref)
        return ref

    def _join(self, mail: LargeMail, here: list[BlobRef]) -> None:
        packs = self._hands.packs
        whole = packs.append(b"".join(packs.read(ref) for ref in here))
        packs.flush()
        (parsed,) = self._hands.pool.parse([whole], apart=True)
        says = parsed.mail if isinstance(parsed, Read) else None
        if says is None:
            log.warning("a large mail could not be read as a whole; its beginning stays")
        self._hands.do(commands.make_whole, mail.item, whole, says)
