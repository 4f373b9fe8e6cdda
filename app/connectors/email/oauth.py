"""Signing in by the browser (OAuth 2, RFC 6749): who does that for us, what is kept of it, and how it is renewed.

What is kept is one text in the keyring, in the place of the password: whose sign-in it is, under which client id, the
refresh token, and the access token with its end. Everything that a renewal needs is in it, so that the engine needs no
setting. An access token is renewed five minutes before its end and whenever a server rejects it; the person is asked only
when the refresh token itself is refused.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from app.connectors.email.config import Secret
from app.connectors.email.faults import MailError
from app.connectors.email.words import Fault
from app.kernel import clock, log
from app.kernel.errors import ExternalError, Reason, UserError

_MARK: Final = "deskbell-sign-in:"
EARLY: Final = timedelta(minutes=5)
_USUAL_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Identity:
    """One who signs people in. `authority` is msal's base address; where it is empty the other two rule (RFC 6749)."""

    key: str
    name: str
    scopes: tuple[str, ...]
    authority: str = ""
    authorize_url: str = ""
    token_url: str = ""
    has_device_code: bool = False  # RFC 8628


IDENTITIES: dict[str, Identity] = {
    each.key: each
    for each in (
        Identity(
            "microsoft",
            "Microsoft",
            ("https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"),
            authority="https://login.microsoftonline.com/common",
            has_device_code=True,
        ),
        Identity(
            "google",
            "Google",
            ("https://mail.google.com/",),
            authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
            token_url="https://oauth2.googleapis.com/token",
        ),
    )
}
"""By the name that a mailbox keeps in its `auth`. The tests put a server of their own in here."""


@dataclass(frozen=True, slots=True)
class Client:
    """Under which name Deskbell is registered there. `secret`: Google gives one even to desktop programs."""

    id: str
    secret: Secret = field(default_factory=lambda: Secret(""))


@dataclass(frozen=True, slots=True)
class SignIn:
    """What is kept of a sign-in. `server`: the authority or token address; `until`: end of the access token, aware UTC.

    `account`: who signed in, if the identity server says so.
    """

    identity: str
    client_id: str
    client_secret: str
    server: str
    scopes: tuple[str, ...]
    refresh: str
    access: str
    until: datetime
    account: str = ""

    def __post_init__(self) -> None:
        for secret in (self.client_secret, self.refresh, self.access):
            if secret:
                log.hide(secret)

    def __repr__(self) -> str:
        return f"SignIn({self.identity!r}, …)"

    @property
    def is_fresh(self) -> bool:
        """Is the access token good for some minutes yet?"""
        return bool(self.access) and self.until - clock.now() > EARLY

    def kept(self) -> str:
        """The text for the keyring."""
        return _MARK + json.dumps(asdict(self) | {"until": self.until.timestamp()}, separators=(",", ":"))

    @classmethod
    def read(cls, kept: str) -> Self | None:
        """What a text of the keyring holds; None for a password or something damaged."""
        if not is_sign_in(kept):
            return None
        try:
            values = json.loads(kept.removeprefix(_MARK))
            until = datetime.fromtimestamp(values.pop("until"), UTC)
            return cls(**(values | {"until": until, "scopes": tuple(values["scopes"])}))
        except (ValueError, TypeError, KeyError, OverflowError):
            return None

    def answered(self, answer: dict[str, Any]) -> Self:
        """With what a token endpoint has answered (RFC 6749, section 5.1). A new refresh token replaces the old one."""
        seconds = answer.get("expires_in", _USUAL_S)
        seconds = int(seconds) if str(seconds).isdigit() else _USUAL_S
        return replace(
            self,
            access=str(answer["access_token"]),
            refresh=str(answer.get("refresh_token") or self.refresh),
            until=clock.now() + timedelta(seconds=seconds),
        )


def is_sign_in(kept: str) -> bool:
    """Is this text of the keyring a sign-in, and no password?"""
    return kept.startswith(_MARK)


class SignInError(ExternalError):
    """A sign-in in the browser that did not come about; `said` is the identity server's own word for it."""

    def __init__(self, text: str, *, said: str = "", reason: Reason = Reason.SIGN_IN, retryable: bool = False) -> None:
        super().__init__(text, reason=reason, retryable=retryable, words=said)


class CalledOffError(UserError):
    """The person called the sign-in off."""


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What the person types at `url`, on any device."""

    code: str
    url: str


def ended(said: str) -> MailError:
    """The error for a sign-in that only the person can renew."""
    text = "The sign-in has expired or was withdrawn. Sign in again."
    return MailError(text, Fault.SIGN_IN_ENDED, reason=Reason.SIGN_IN, retryable=False, words=said)
