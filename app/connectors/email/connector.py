"""E-mail as a connector like every other: one mailbox's inbox, received as it fills, and mail handed over.

The workers of e-mail drive the sessions themselves, since they receive in bulk, in pieces and by many folders. This is the
plain form of the same sessions, for whoever needs a mailbox as a channel; the contract suite holds it to what all
channels promise.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Final

from app.connectors.contracts import (
    Abilities,
    Cursor,
    Health,
    HealthState,
    Incoming,
    Outgoing,
    Phase,
    Receipt,
    Receiving,
)
from app.connectors.email.config import MailServer
from app.connectors.email.imap import ImapSession
from app.connectors.email.smtp import SmtpSession
from app.connectors.wake import Wake
from app.kernel import clock
from app.kernel.errors import ExternalError, Reason

Take = Callable[[Incoming, Cursor], Awaitable[None]]
"""The door: takes a mail and the cursor that goes with it, and returns after the commit."""
OnPhase = Callable[[Phase], Awaitable[None]]

INBOX: Final = "INBOX"
_IDLE_S: Final = 240.0
_PATIENCE_S: Final = 1.0
"""So long a thread may take to see that it is to end; then its line is cut."""
_FOR_A_PERSON: Final = frozenset({Reason.SIGN_IN, Reason.TLS, Reason.PLAIN})


class EmailConnector:
    """A mailbox. `cursor`: how far it was received; `cap`: bytes of the largest mail that comes whole."""

    def __init__(
        self, imap: MailServer, smtp: MailServer, take: Take, cursor: Cursor | None = None, cap: int = 50_000_000
    ) -> None:
        self.abilities = Abilities(
            receive=Receiving.PUSH, needs_public_url=False, typing=False, receipts=False, threads=True, html=True,
            max_chars=None, max_file=None, file_types=(), upstream_keeps=True,
        )  # fmt: skip
        self._imap, self._smtp, self._take, self._cap = imap, smtp, take, cap
        self._cursor = cursor

    async def check(self) -> Health:
        """Do both servers take the sign-in?"""
        try:
            await asyncio.to_thread(self._try_both)
        except ExternalError as error:
            state = HealthState.ATTENTION if error.reason in _FOR_A_PERSON else HealthState.OFFLINE
            return Health(state, error.reason, error.words or str(error), clock.now())
        return Health(HealthState.OK, None, "", clock.now())

    def _try_both(self) -> None:
        with ImapSession.open(self._imap):
            pass
        with SmtpSession.open(self._smtp):
            pass

    async def run(self) -> None:
        """Receive until cancelled. Raises ExternalError."""
        work = _Work(self._imap, self._cap, self._cursor, asyncio.get_running_loop(), self._took)
        thread = asyncio.create_task(asyncio.to_thread(work.receive))
        try:
            await asyncio.shield(thread)
        except asyncio.CancelledError:
            work.stop()
            if not (await asyncio.wait([thread], timeout=_PATIENCE_S))[0]:
                work.cut()
                await asyncio.wait([thread], timeout=_PATIENCE_S / 2)
            # One that still dials a server which says nothing ends by itself, later, and takes nothing any more.
            thread.add_done_callback(_forget)
            raise
        finally:
            work.wake.close()

    async def _took(self, mail: Incoming, cursor: Cursor) -> None:
        await self._take(mail, cursor)
        self._cursor = cursor  # only now: what the door did not take comes again

    async def send(self, outgoing: Outgoing, phase: OnPhase) -> Receipt:
        """Hand a mail over; `phase` is awaited before each step. Raises SendError (see `SmtpSession.send`)."""
        loop = asyncio.get_running_loop()

        def hand_over() -> Receipt:
            def on_phase(step: Phase) -> None:
                asyncio.run_coroutine_threadsafe(_awaited(phase, step), loop).result()

            with SmtpSession.open(self._smtp, on_phase) as session:
                return session.send(outgoing, on_phase)

        return await asyncio.to_thread(hand_over)


def _forget(thread: asyncio.Task[None]) -> None:
    """Whatever it failed with concerns nobody any more."""
    if not thread.cancelled():
        thread.exception()


async def _awaited(phase: OnPhase, step: Phase) -> None:
    await phase(step)


class _Work:
    """The thread that holds the connection."""

    def __init__(
        self, server: MailServer, cap: int, cursor: Cursor | None, loop: asyncio.AbstractEventLoop, take: Take
    ) -> None:
        self.wake = Wake()
        self._server, self._cap, self._cursor, self._loop, self._take = server, cap, cursor, loop, take
        self._stop = threading.Event()
        self._session: ImapSession | None = None

    def stop(self) -> None:
        """End soon: from any thread."""
        self._stop.set()
        self.wake.set()

    def cut(self) -> None:
        """Drop the line at once."""
        if self._session is not None:
            self._session.abort()

    def receive(self) -> None:
        """Until `stop`. Raises ExternalError."""
        with ImapSession.open(self._server) as session:
            self._session = session
            while not self._stop.is_set():
                self._look(session)
                self.wake.clear()
                # What came meanwhile was announced meanwhile, and is not announced again to whoever waits from now on.
                if not session.changed and not self._stop.is_set():
                    session.idle(_IDLE_S, self.wake)

    def _look(self, session: ImapSession) -> None:
        """Take all that is beyond the cursor."""
        state = session.select(INBOX)
        if self._cursor is None or self._cursor.uidvalidity != state.uidvalidity:
            self._cursor = Cursor(INBOX, state.uidvalidity, 0)
        for uid in session.uids(self._cursor.uid):
            if self._stop.is_set():
                return
            self._cursor = self._one(session, uid, self._cursor)

    def _one(self, session: ImapSession, uid: int, known: Cursor) -> Cursor:
        after = Cursor(known.folder, known.uidvalidity, uid)
        for mail in session.fetch([uid], cap=self._cap):
            asyncio.run_coroutine_threadsafe(_taken(self._take, mail, after), self._loop).result()
        return after


async def _taken(take: Take, mail: Incoming, cursor: Cursor) -> None:
    await take(mail, cursor)
