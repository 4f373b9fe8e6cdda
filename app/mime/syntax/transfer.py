"""Content-Transfer-Encoding undone, also where it is broken: what can be read is read, and said to be damaged."""

from __future__ import annotations

import binascii
import functools
import re
from typing import Final

_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/=]")
_SMALL: Final = 16_000  # bytes; decoding fewer is as quick as measuring them
_UU_BEGIN: Final = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,255}?)[ \t]*\r?\n(?=[!-M][^\r\n]*\r?\n|`\r?\n)", re.M)
_UU_END: Final = re.compile(rb"^(?:`\r?\n)?end[ \t]*\r?$", re.M)


@functools.lru_cache(maxsize=256)
def _kind(encoding: str) -> str:
    """What a Content-Transfer-Encoding means: "", "base64", "qp" or "uu"; anything else is unknown."""
    name = encoding.split(";", 1)[0].strip().lower()
    if name in ("", "7bit", "8bit", "binary", "7-bit", "8-bit", "none"):
        return ""
    if name in ("quoted-printable", "quoted_printable", "quotedprintable"):
        return "qp"
    return "uu" if name in ("x-uuencode", "uuencode", "x-uue", "uue") else name[:60]


def decode(data: bytes, encoding: str) -> tuple[bytes, str]:
    """The decoded bytes and a warning ("" when all was well). Unknown encodings are passed through."""
    kind = _kind(encoding[:200])
    if not kind:
        return data, ""
    if kind == "base64":
        return unbase64(data)
    if kind == "qp":
        return binascii.a2b_qp(data), ""
    if kind == "uu":
        found = uu_files(data)
        return (found[0][1], "") if found else (data, "broken uuencode")
    return data, f"unknown transfer encoding {kind[:30]!r}"


def unbase64(data: bytes) -> tuple[bytes, str]:
    """Base64 with wrong padding, foreign characters or a plain-text footer still gives its bytes."""
    try:
        return binascii.a2b_base64(data), ""
    except binascii.Error:
        clean = _NOT_BASE64.sub(b"", data).split(b"=", 1)[0]
        if len(clean) % 4 == 1:
            clean = clean[:-1]
        return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4)), "broken base64"


def size_of(raw: bytes, start: int, end: int, encoding: str) -> int | None:
    """The decoded size of regular base64 or plain data without decoding it; None when it must be decoded to know.

    Programs write base64 in lines of one length, so looking at where lines should end is enough to count them. In a
    damaged part the size may be wrong by the damage; it is right again when the part is opened. Small parts are
    decoded anyway.
    """
    kind = _kind(encoding[:200])
    if not kind:
        return end - start
    if kind != "base64" or end - start < _SMALL:
        return None
    signs = end - start - _breaks(raw, start, end)
    if signs % 4:
        return None
    tail = raw[max(start, end - 80) : end].rstrip()
    return signs // 4 * 3 - (len(tail) - len(tail.rstrip(b"=")))


def _breaks(raw: bytes, start: int, end: int) -> int:
    """How many bytes of line ends there are."""
    first = raw.find(b"\n", start, end)
    if first < 0:
        return raw.count(b"\r", start, end)
    width = first + 1 - start
    ends = raw[first:end:width]
    crlf = width > 1 and raw[first - 1] == 13
    if (
        width < 20
        or ends.count(b"\n") != len(ends)
        or (crlf and raw[first - 1 : end : width].count(b"\r") != len(ends))
    ):
        return raw.count(b"\n", start, end) + raw.count(b"\r", start, end)
    rest = start + len(ends) * width
    return len(ends) * (2 if crlf else 1) + raw.count(b"\n", rest, end) + raw.count(b"\r", rest, end)


def uu_files(data: bytes) -> list[tuple[str, bytes, int, int]]:
    """Files uuencoded inside a text: (name, bytes, start, end) of each block."""
    found: list[tuple[str, bytes, int, int]] = []
    at = 0
    while len(found) < 100 and (begin := _UU_BEGIN.search(data, at)) is not None:
        end = _UU_END.search(data, begin.end())
        if end is None:
            break
        lines = data[begin.end() : end.start()].splitlines()
        found.append((begin[1].decode("utf-8", "replace"), b"".join(map(_uu_line, lines)), begin.start(), end.end()))
        at = end.end()
    return found


def _uu_line(line: bytes) -> bytes:
    if not line:
        return b""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:  # some encoders leave off or add characters at the end of a line
        wanted = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[:wanted])
        except binascii.Error:
            return b""
