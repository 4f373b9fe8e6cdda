"""File names of attachments: decoded, never a path, never a trick, never empty."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ENDINGS: Final = {
    "text/plain": ".txt", "text/html": ".html", "text/csv": ".csv", "image/png": ".png",
    "text/x-vcard": ".vcf", "text/vcard": ".vcf", "text/directory": ".vcf",
    "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/gif": ".gif", "image/webp": ".webp", "image/svg+xml": ".svg",
    "image/bmp": ".bmp", "image/tiff": ".tif", "application/pdf": ".pdf", "application/zip": ".zip",
    "application/json": ".json", "application/xml": ".xml", "text/xml": ".xml", "message/rfc822": ".eml",
    "message/global": ".eml", "application/pgp-keys": ".asc", "audio/mpeg": ".mp3", "audio/wav": ".wav",
    "audio/ogg": ".ogg", "video/mp4": ".mp4", "application/msword": ".doc", "application/rtf": ".rtf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}  # fmt: skip
_USUAL: Final = {
    "message/delivery-status": "Delivery report.txt", "message/global-delivery-status": "Delivery report.txt",
    "message/disposition-notification": "Read receipt.txt", "message/feedback-report": "Complaint.txt",
    "text/rfc822-headers": "Returned headers.txt", "message/global-headers": "Returned headers.txt",
    "message/partial": "Part of a message.txt", "text/calendar": "invite.ics", "application/ms-tnef": "winmail.dat",
    "application/pgp-signature": "signature.asc", "application/pgp-encrypted": "OpenPGP version.txt",
    "application/pkcs7-signature": "smime.p7s", "application/x-pkcs7-signature": "smime.p7s",
    "application/pkcs7-mime": "smime.p7m", "application/x-pkcs7-mime": "smime.p7m",
}  # fmt: skip
"""Parts of reports and their kin, which come without a name: what they are, or as most programs call them."""
_FORBIDDEN: Final = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_LONGEST: Final = 180


def file_name(said: str, content_type: str, path: str) -> str:
    """A name to show and to save under: the last piece of what the mail says, or one by its type, or by its place."""
    if said:
        name = _FORBIDDEN.sub("", re.sub(r"[ \t\r\n]+", " ", said))
        name = re.split(r"[\\/]", name.rstrip("\\/ "))[-1].strip(" ")
        name = unicodedata.normalize("NFC", name)
        if name.strip("."):
            return _shorten(name)
    return _USUAL.get(content_type) or f"attachment-{path or '1'}{_ENDINGS.get(content_type, '.bin')}"


def _shorten(name: str) -> str:
    if len(name) <= _LONGEST:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 16:
        return name[:_LONGEST]
    return f"{stem[: _LONGEST - len(ending) - 1]}.{ending}"
