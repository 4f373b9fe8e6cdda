"""What a file is by its first bytes, whatever it is called: for files of strangers. Pure.

Only a few kinds pass, those that a visitor of a chat has a reason to send and that a desk can look at without risk. A
file that claims to be one kind and begins like another is what it begins like.
"""

from __future__ import annotations

import re
from typing import Final

KINDS: Final = ("image/png", "image/jpeg", "image/webp", "application/pdf", "text/plain")

_MARKUP: Final = re.compile(r"\s*<(!doctype|html|head|body|svg|script|\?xml|!--)", re.IGNORECASE)


def kind_of(data: bytes) -> str:
    """The content type of a whole file, one of KINDS; "" for anything else. Text is UTF-8 without control characters and
    no markup.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    return "text/plain" if _is_text(data) else ""


def _is_text(data: bytes) -> bool:
    try:
        words = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    if not words or _MARKUP.match(words.removeprefix("\ufeff")):
        return False
    return not any(ord(char) < 32 and char not in "\t\n\r\f" for char in words)
