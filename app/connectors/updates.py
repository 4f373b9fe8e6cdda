"""Fetching the one small file that says which release is the newest. Nothing is sent but the request for it.

Everybody asks for the same address in the same words: no version, no id, no cookie. Only https, no redirections, little and soon.
"""

from __future__ import annotations

import http.client
import ssl
from typing import Final
from urllib.parse import urlsplit

from app.kernel.errors import ExternalError, Reason

MOST_BYTES: Final = 64 * 1024
SECONDS: Final = 15.0
_HEADERS: Final = {"Accept": "application/json", "User-Agent": "Deskbell", "Connection": "close"}


def fetch(url: str, trust: ssl.SSLContext | None = None) -> bytes:
    """The file at an https address. Raises ExternalError when it cannot be had. `trust` is there for tests on this machine."""
    place = urlsplit(url)
    if place.scheme != "https" or not place.hostname:
        msg = "The address for updates is not an https address."
        raise ExternalError(msg, reason=Reason.HOST, retryable=False)
    context = trust or ssl.create_default_context()
    line = http.client.HTTPSConnection(place.hostname, place.port or 443, timeout=SECONDS, context=context)
    try:
        line.request("GET", place.path or "/", headers=_HEADERS)
        answer = line.getresponse()
        body = answer.read(MOST_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        msg = "The place where releases are announced cannot be reached."
        raise ExternalError(msg, reason=Reason.OFFLINE, retryable=True) from error
    finally:
        line.close()
    if answer.status != http.HTTPStatus.OK or len(body) > MOST_BYTES:
        msg = "The place where releases are announced does not answer as it should."
        raise ExternalError(msg, reason=Reason.PROTOCOL, retryable=True)
    return body
