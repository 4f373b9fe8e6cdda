"""The copy of a sent mail in the Sent folder: a step of its own, which never sends anything again.

A copy that cannot be filed is tried again for more than a day, with the reason told beside the message; one that the
server does not take holds up no other.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from app.connectors.email.config import MailServer, Secret, ServerUrl
from app.connectors.email.folders import FolderRole
from app.connectors.email.imap import ImapSession
from app.connectors.email.oauth_tokens import tokens_of
from app.conversations.queries import MailboxInfo
from app.kernel.errors import ExternalError, Reason, UserError
from app.kernel.files.blobs import Packs
from app.outbox import commands, queries

log = logging.getLogger(__name__)

Do = Callable[..., Any]
Ask = Callable[..., Any]
Secrets = Callable[[str], str | None]
"""The secret kept under a reference, as `app.kernel.secrets.load_secret` gives it."""


def server_of(box: MailboxInfo, url: str, pin: str, secrets: Secrets) -> MailServer:
    """A mailbox's server as the connectors want it. Raises UserError when the password is missing."""
    secret = secrets(box.secret_ref)
    if box.user and secret is None:
        msg = "The password of this mailbox is not in the keyring. Sign in again."
        raise UserError(msg)
    tokens = tokens_of(box.secret_ref, secret or "", secrets)
    return MailServer(ServerUrl.parse(url), box.user, Secret(secret or ""), pinned_sha256=pin or None, tokens=tokens)


class Filing:
    """Files the due copies of one mailbox, by one thread. `cut` and `leave` may come from any thread."""

    is_going_over = False
    """A copy that is cut off is looked for before it is filed again."""

    def __init__(self, do: Do, packs: Packs, secrets: Secrets, stop: threading.Event, box: MailboxInfo) -> None:
        self._do, self._packs, self._secrets, self._stop, self._box = do, packs, secrets, stop, box
        self._session: ImapSession | None = None

    def run(self, copies: tuple[queries.SentCopy, ...]) -> None:
        """File them; what becomes of each is written to its row, nothing is raised."""
        left, words = list(copies), ""
        try:
            server = server_of(self._box, self._box.imap_url, self._box.imap_pin, self._secrets)
            with ImapSession.open(server) as session:
                self._session = session
                sent = next((each.name for each in session.folders() if each.role is FolderRole.SENT), None)
                while left and not self._stop.is_set():
                    words = self._one(session, sent, left[0])
                    self._do(commands.record_copy, left.pop(0).message, done=not words, words=words)
        except (ExternalError, UserError) as error:
            log.info("copies for the Sent folder could not be filed: %s", type(error).__name__)
            words = error.in_full if isinstance(error, ExternalError) else str(error)
        except Exception:
            log.exception("a copy for the Sent folder could not be filed")
        if not self._stop.is_set():
            for each in left:
                self._do(commands.record_copy, each.message, done=False, words=words)

    def cut(self) -> bool:
        """Cut the line at once; False if there is none yet. What is not filed is due again."""
        session = self._session
        if session is not None:
            session.abort()
        return session is not None

    def leave(self) -> None:
        """Nothing that comes yet is written; it is not, after a stop."""

    def _one(self, session: ImapSession, sent: str | None, copy: queries.SentCopy) -> str:
        """File one; empty, or why the server does not take it. Raises what ends it for all: no line, no room."""
        if sent is None:
            return "The mailbox has no folder for sent mail."
        try:
            self._file(session, sent, copy)
        except ExternalError as error:
            if error.reason is Reason.FULL or not session.usable:
                raise
            return error.in_full
        return ""

    def _file(self, session: ImapSession, folder: str, copy: queries.SentCopy) -> None:
        """Put the very bytes that were sent into the folder, unless the provider did so itself."""
        found = session.find_by_header(folder, "X-Deskbell-Id", copy.message.hex)
        found = found or session.find_by_header(folder, "Message-ID", copy.message_id)
        if not found:
            session.append(folder, self._packs.read(copy.blob), at=copy.sent_at)
