"""Three kinds of failure, told apart by type.

* `UserError`: the person can do something about it; its text is shown as it is, without a traceback.
* `ExternalError`: the world did not do its part (a line, a server, a sign-in). It says whether trying again
  can help (`retryable`), whether we are simply not connected (`offline`), and what kind of trouble it is
  (`reason`), so that the status lamp and the back-off decide by data and never by reading messages.
* Anything else is a bug: logged, and the program goes on where it can.

Library exceptions are translated at the edge that talks to the library, and nowhere else.
"""

from __future__ import annotations

import enum

from app.kernel.sentences import said, words_of


class UserError(Exception):
    """Something the person asked for cannot be done; `str(error)` is one clear sentence to show."""


class NotFoundError(UserError):
    """What the person named does not exist here."""


class StoreError(UserError):
    """The database takes nothing at this moment: another program holds it, the disk is full or fails.

    Nothing is wrong with what was to be written; it can be written later.
    """


class DamagedError(StoreError):
    """Pages of the database hold nonsense. What was to be written waits until the desk is restored."""


class Reason(enum.StrEnum):
    """Why the world did not do its part. The value is stored and shown in `--json`."""

    OFFLINE = "offline"  # no network, host not found, nothing answers
    HOST = "host"  # a wrong host name or port
    TLS = "tls"  # certificate not trusted, changed, expired, or TLS refused
    PLAIN = "plain"  # the server offers no encryption where it is required
    SIGN_IN = "sign_in"  # wrong or missing password, expired token
    REFUSED = "refused"  # the server said no for good (5xx)
    FULL = "full"  # the mailbox has no room left
    BUSY = "busy"  # the server said not now (4xx, too many connections)
    PROTOCOL = "protocol"  # the server does not speak as its standard says, or hung up


class ExternalError(Exception):
    """The world did not do its part.

    `words` are the server's own words, if it said any (never a secret, never a letter's text).
    """

    def __init__(self, text: str, *, reason: Reason, retryable: bool, words: str = "") -> None:
        super().__init__(text)
        self.reason = reason
        self.retryable = retryable
        self.words = words

    @property
    def in_full(self) -> str:
        """Our sentence, and in brackets the server's own words, if it said any: never ours as if the server had said them."""
        text = words_of(self)
        return said("{text} ({words})", text=text, words=self.words) if self.words and self.words not in text else text

    @property
    def offline(self) -> bool:
        """Are we merely not connected, so that nothing needs attention?"""
        return self.reason is Reason.OFFLINE
