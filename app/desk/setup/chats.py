"""Chat from the owner's chair: looking at its server as a visitor would, and the key by which a site signs its visitors."""

from __future__ import annotations

import http.client
import secrets
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.chats.queries import ChannelInfo
from app.kernel.secrets import store_secret

_PATIENCE_S = 6
_ENOUGH = 200_000


@dataclass(frozen=True, slots=True)
class Reached:
    """Does the address answer with the widget? `words`: what it said instead, in English as servers speak."""

    ok: bool
    words: str = ""


def reach(address: str) -> Reached:
    """Ask a chat's address for its widget, certificate checked; blocks for some seconds at most."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return Reached(ok=False, words=f"{address} is no web address.")
    request = urllib.request.Request(f"{address.rstrip('/')}/widget.js")  # noqa: S310 - http(s), looked at above
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310
            kind, found = answer.headers.get_content_type(), answer.read(_ENOUGH)
    except urllib.error.HTTPError as error:
        return Reached(ok=False, words=f"{error.code} {error.reason}")
    except urllib.error.URLError as error:
        return Reached(ok=False, words=str(error.reason))
    except (OSError, http.client.HTTPException, ssl.SSLError, ValueError) as error:
        return Reached(ok=False, words=str(error) or type(error).__name__)
    if "javascript" not in kind or not found:
        return Reached(ok=False, words=f"Something else answers there ({kind}).")
    return Reached(ok=True)


def new_signing_key(info: ChannelInfo) -> str:
    """A new key by which the site signs who its visitors are, in the keyring from now on; the one before is void.

    It is given back this once, to be put into the site. Raises KeyringError.
    """
    made = secrets.token_urlsafe(32)
    store_secret(info.secret_ref, made)
    return made
