"""Is there a newer Deskbell? Asked only when somebody wants to know, and believed only with the project's signature.

Where releases are announced, and the keys that may sign for them, come with an installer (resources/updates.json). A package
of a distribution has no such file, since the distribution itself brings what is new; then nothing is offered and nothing asked.
The announcement is a JSON object of two texts: `release`, itself a JSON object as text, and `signature`, Ed25519 (RFC 8032)
over the bytes of that text, in base64. Nothing is downloaded by it and nothing is installed: the person gets a page to open.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, Final

from app import VERSION
from app.connectors.updates import fetch
from app.kernel.errors import ExternalError, Reason
from app.kernel.sentences import said

PRODUCT: Final = "deskbell"
_CHANNEL: Final = "updates.json"
_MOST_NOTES: Final = 500


@dataclass(frozen=True, slots=True)
class Channel:
    """Where releases are announced, and the public keys (32 bytes each) that may sign for them."""

    url: str
    keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """One that is announced: its version, the page where one gets it, and a line about it."""

    version: str
    page: str
    published_on: date
    notes: str = ""


def channel() -> Channel | None:
    """Where this installation may ask; None where it may not."""
    place = files("resources").joinpath(_CHANNEL)
    if not place.is_file():
        return None
    said = json.loads(place.read_text(encoding="utf-8"))
    return Channel(str(said["url"]), tuple(base64.b64decode(key, validate=True) for key in said["keys"]))


def newer(where: Channel, get: Callable[[str], bytes] = fetch, current: str = VERSION) -> Release | None:
    """The newest release if it is newer than this program. Raises ExternalError. Blocks."""
    release = read(get(where.url), where.keys)
    return release if _numbers(release.version) > _numbers(current) else None


def read(announcement: bytes, keys: tuple[bytes, ...]) -> Release:
    """What is announced. Raises ExternalError for anything that none of the keys has signed or that is not as it should be."""
    try:
        outer = json.loads(announcement)
        text, signature = str(outer["release"]), base64.b64decode(outer["signature"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error, RecursionError) as error:
        raise _wrong("what is announced cannot be read") from error
    if not any(_is_signed(text.encode(), signature, key) for key in keys):
        raise _wrong("its signature is not the project’s")
    try:
        return _release(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise _wrong("what is announced cannot be read") from error


def _is_signed(data: bytes, signature: bytes, key: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _release(said: dict[str, Any]) -> Release:
    if said["product"] != PRODUCT:
        raise ValueError("another product")
    page, version = str(said["page"]), str(said["version"])
    _numbers(version)
    if not page.startswith("https://"):
        raise ValueError("no https page")
    notes = " ".join(str(said.get("notes", "")).split())[:_MOST_NOTES]
    return Release(version, page, date.fromisoformat(said["published_on"]), notes)


def _numbers(version: str) -> tuple[int, ...]:
    """A version of three numbers, to compare. Raises ValueError."""
    if not re.fullmatch(r"\d{1,5}\.\d{1,5}\.\d{1,5}", version):
        msg = f"{version[:40]!r} is no version"
        raise ValueError(msg)
    return tuple(int(part) for part in version.split("."))


def _wrong(why: str) -> ExternalError:
    return ExternalError(
        said("The announcement of releases was not believed: {why}.", why=why), reason=Reason.PROTOCOL, retryable=True
    )
