"""Signing in to a mailbox by the browser: under which client id, and the two ways to do it.

Deskbell itself is registered nowhere: whoever runs a desk registers it with Microsoft or Google once and enters the client
id, which is a setting. Where none is there yet, that is said, and nothing is tried. What comes back from a sign-in is the
text that is kept in the keyring in the password's place; it is treated like one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.connectors.email import oauth
from app.connectors.email.config import Secret
from app.connectors.email.oauth import CalledOffError, DeviceCode
from app.kernel import secrets
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.kernel.state import options
from app.kernel.state.settings import GOOGLE_CLIENT_ID, MICROSOFT_CLIENT_ID

if TYPE_CHECKING:
    from app.desk.desk import Desk

__all__ = ["CalledOffError", "DeviceCode", "NoClientError", "Way"]

_SETTINGS = {"microsoft": MICROSOFT_CLIENT_ID.key, "google": GOOGLE_CLIENT_ID.key}
_PAGES = {
    "microsoft": "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
    "google": "https://console.cloud.google.com/apis/credentials",
}


class NoClientError(UserError):
    """No client id is entered yet for this identity server."""


@dataclass(frozen=True, slots=True)
class Way:
    """A sign-in by the browser as a person sees it. `client_id`: "" until one is entered; `page`: where it is made."""

    key: str
    name: str
    client_id: str
    page: str
    wants_secret: bool
    has_code: bool


def way(desk: Desk, identity: str) -> Way:
    """How signing in with `identity` stands on this desk. Raises NotFoundError for one that is not known."""
    found = _identity(identity)
    client_id = str(desk.ask(options.get, _SETTINGS[identity]))
    return Way(identity, found.name, client_id, _PAGES[identity], identity == "google", found.has_device_code)


def set_client(desk: Desk, identity: str, client_id: str, client_secret: str = "") -> None:
    """Enter the client id, and the secret that Google gives with it (kept in the keyring). Raises UserError."""
    _identity(identity)
    client_id = client_id.strip()
    if not client_id or not client_id.isprintable() or " " in client_id:
        msg = "This is no client id. It is a line of letters, digits and dashes from the registration."
        raise UserError(msg)
    if client_secret:
        secrets.store_secret(_secret_ref(identity), client_secret.strip())
    desk.do(options.put, _SETTINGS[identity], client_id)


def by_browser(
    desk: Desk, identity: str, address: str, cancel: threading.Event, show: Callable[[str], None] | None = None
) -> str:
    """Open the browser and wait; the text to keep in the password's place.

    Raises NoClientError, CalledOffError, ExternalError. `show` hears the page's address, for a browser that did not open.
    """
    from app.connectors.email import oauth_flows  # only here: it brings in the libraries of the web

    return oauth_flows.by_browser(_identity(identity), _client(desk, identity), address, cancel, show).kept()


def by_code(desk: Desk, identity: str, show: Callable[[DeviceCode], None], cancel: threading.Event) -> str:
    """The same with a code that the person types on any device (RFC 8628)."""
    found = _identity(identity)
    if not found.has_device_code:
        msg = said("{name} signs nobody in to mail by a code.", name=found.name)
        raise UserError(msg)
    from app.connectors.email import oauth_flows

    return oauth_flows.by_device_code(found, _client(desk, identity), show, cancel).kept()


def _identity(key: str) -> oauth.Identity:
    if key not in oauth.IDENTITIES:
        msg = said("Nobody named “{key}” signs people in here.", key=key)
        raise NotFoundError(msg)
    return oauth.IDENTITIES[key]


def _client(desk: Desk, identity: str) -> oauth.Client:
    found = way(desk, identity)
    if not found.client_id:
        msg = said(
            "To sign in with {name}, Deskbell has to be registered there once. Enter the client id of that "
            "registration in Settings, or with “setting {setting}=…”.",
            name=found.name,
            setting=_SETTINGS[identity],
        )
        raise NoClientError(msg)
    kept = secrets.load_secret(_secret_ref(identity)) if found.wants_secret else None
    return oauth.Client(found.client_id, Secret(kept or ""))


def _secret_ref(identity: str) -> str:
    return f"client-{identity}"
