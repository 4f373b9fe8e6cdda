"""Unguessable tokens in mail: how they are made, kept and hidden. Pure.

A token is 128 random bits. It stands only in the mail that carries it; what is stored is its sha256, so that neither a
database, a log nor an export gives it away. All tokens have one shape, so that one expression hides every kind.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from typing import Final

_ANYWHERE: Final = re.compile(r"(?:\[\s*|%5B|\+|%2B|\b)DB-[A-Z2-7]{26}(?![A-Z2-7])(?:\s*\]|%5D)?", re.IGNORECASE)


def new_token() -> str:
    """A fresh token."""
    return token_of(secrets.token_bytes(16))


def token_of(random: bytes) -> str:
    """16 random bytes as 26 letters and digits that survive any mail program, in either case."""
    return base64.b32encode(random).decode("ascii").rstrip("=").lower()


def sha256_of(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.lower().encode("ascii")).digest()


def hide_token(subject: str) -> str:
    """A subject for showing, storing and logging: without any token."""
    hidden = hide_tokens(subject)
    return subject if hidden is subject else " ".join(hidden.split())


def hide_tokens(text: str) -> str:
    """A text or HTML for showing and storing, without the tokens that a quoted mail of ours carries."""
    return _ANYWHERE.sub("", text) if "DB-" in text or "db-" in text else text
