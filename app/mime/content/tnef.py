"""winmail.dat: files and text that Outlook packed its own way (MS-OXTNEF).

A small reader of its own: a stream of attributes, some of which carry MAPI properties. Only names, contents and
bodies are taken. A broken stream gives what could be read so far; lengths are never trusted.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import Final

from app.mime.syntax import charsets

_SIGNATURE: Final = 0x223E9F78
_BODY: Final = 0x800C
_RENDER: Final = 0x9002  # begins an attachment
_TITLE: Final = 0x8010
_DATA: Final = 0x800F
_MESSAGE_PROPERTIES: Final = 0x9003
_ATTACHMENT_PROPERTIES: Final = 0x9005
_CODE_PAGE: Final = 0x9007
_MOST_FILES: Final = 500


@dataclass(slots=True)
class TnefFile:
    """One file inside; `data` is its contents."""

    name: str = ""
    long_name: str = ""
    content_type: str = "application/octet-stream"
    content_id: str = ""
    data: bytes = b""


@dataclass(slots=True)
class Tnef:
    """What a winmail.dat holds; `whole` is False when the stream breaks off or its lengths lie."""

    files: list[TnefFile] = field(default_factory=list)
    text: str = ""
    html: str = ""
    whole: bool = True


def read_tnef(data: bytes) -> Tnef | None:
    """The contents, or None when `data` is no TNEF stream. Never raises."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        return None
    result = Tnef()
    page = "cp1252"
    at = 6
    while at + 9 <= len(data):
        _level, attribute, _kind, length = struct.unpack_from("<BHHI", data, at)
        begin = at + 9
        value = data[begin : begin + length]
        at = begin + length + 2
        if len(value) < length:
            result.whole = False
            break
        try:
            page = _take(result, attribute, value, page)
        except (struct.error, ValueError, IndexError):
            result.whole = False
        if len(result.files) > _MOST_FILES:
            break
    if at < len(data) and result.whole:
        result.whole = False
    return result


def _take(result: Tnef, attribute: int, value: bytes, page: str) -> str:
    if attribute == _CODE_PAGE and len(value) >= 4:
        return f"cp{struct.unpack_from('<I', value)[0]}"
    if attribute == _RENDER:
        result.files.append(TnefFile())
    elif attribute == _BODY and not result.text:
        result.text = charsets.decode(value.rstrip(b"\x00"), page)[0]
    elif attribute == _MESSAGE_PROPERTIES:
        _message(result, _properties(value, page), page)
    elif result.files:
        last = result.files[-1]
        if attribute == _TITLE:
            last.name = charsets.decode(value.rstrip(b"\x00"), page)[0]
        elif attribute == _DATA:
            last.data = value
        elif attribute == _ATTACHMENT_PROPERTIES:
            _attachment(last, _properties(value, page))
    return page


def _message(result: Tnef, properties: dict[int, str | bytes], page: str) -> None:
    body = properties.get(0x1000)
    if isinstance(body, str) and body and not result.text:
        result.text = body
    page_html = properties.get(0x1013)
    if isinstance(page_html, bytes):
        page_html = charsets.decode(page_html, "utf-8")[0]
    if page_html and not result.html:
        result.html = page_html.rstrip("\x00")
    packed = properties.get(0x1009)
    if isinstance(packed, bytes) and not result.text and not result.html:
        result.text = rtf_text(unpack_rtf(packed), page)


def _attachment(file: TnefFile, properties: dict[int, str | bytes]) -> None:
    for key, name in ((0x3707, "long_name"), (0x370E, "content_type"), (0x3712, "content_id")):
        value = properties.get(key)
        if isinstance(value, str) and value:
            setattr(file, name, value)
    short = properties.get(0x3704)
    if isinstance(short, str) and short and not file.name:
        file.name = short
    data = properties.get(0x3701)
    if isinstance(data, bytes) and data and not file.data:
        file.data = data


_SIZES: Final = {0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 4, 0x0014: 8,
                 0x0040: 8, 0x0048: 16}  # fmt: skip


def _properties(value: bytes, page: str) -> dict[int, str | bytes]:
    """Strings and binaries of a MAPI property list, by property id."""
    found: dict[int, str | bytes] = {}
    (count,) = struct.unpack_from("<I", value)
    at = 4
    for _ in range(min(count, 5_000)):
        kind, key = struct.unpack_from("<HH", value, at)
        at += 4
        if key >= 0x8000:
            at = _skip_name(value, at)
        many = bool(kind & 0x1000)
        base = kind & 0x0FFF
        values = 1
        if many or base in (0x001E, 0x001F, 0x0102, 0x000D):
            (values,) = struct.unpack_from("<I", value, at)
            at += 4
        if values > 10_000:
            raise ValueError("a property list that lies")
        for _ in range(values):
            if base in _SIZES:
                at += _SIZES[base]
                continue
            if base not in (0x001E, 0x001F, 0x0102, 0x000D):
                raise ValueError("unknown property type")
            (length,) = struct.unpack_from("<I", value, at)
            data = value[at + 4 : at + 4 + length]
            if len(data) < length:
                raise ValueError("a property longer than its list")
            at += 4 + length + (-length % 4)
            if key not in found:
                found[key] = _property(base, data, page)
    return found


def _property(base: int, data: bytes, page: str) -> str | bytes:
    if base == 0x001E:
        return charsets.decode(data.rstrip(b"\x00"), page)[0]
    if base == 0x001F:
        return data.decode("utf-16-le", "replace").rstrip("\x00")
    return data


def _skip_name(value: bytes, at: int) -> int:
    (kind,) = struct.unpack_from("<I", value, at + 16)
    at += 20
    if kind == 0:
        return at + 4
    length: int = struct.unpack_from("<I", value, at)[0]
    return at + 4 + length + (-length % 4)


_RTF_START: Final = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans "
    b"SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u"
    b"\\tab\\tx"
)
_RTF_MOST: Final = 4_000_000


def unpack_rtf(data: bytes) -> bytes:
    """Compressed RTF (MS-OXRTFCP): a 4 kB ring of text already seen, starting with a known preamble."""
    if len(data) < 16:
        return b""
    size, raw_size, magic, _crc = struct.unpack_from("<4I", data)
    if magic == 0x414C454D:
        return data[16 : 16 + raw_size]
    if magic != 0x75465A4C:
        return b""
    ring = bytearray(_RTF_START.ljust(4096, b"\x00"))
    write = len(_RTF_START)
    out = bytearray()
    at = 16
    end = min(len(data), size + 4)
    most = min(raw_size, _RTF_MOST)
    while at < end and len(out) < most:
        control = data[at]
        at += 1
        for bit in range(8):
            if at >= end or len(out) >= most:
                break
            if not control >> bit & 1:
                ring[write] = data[at]
                out.append(data[at])
                write = (write + 1) & 4095
                at += 1
                continue
            if at + 1 >= end:
                return bytes(out)
            pair = data[at] << 8 | data[at + 1]
            at += 2
            read = pair >> 4
            if read == write:
                return bytes(out)
            for _ in range((pair & 15) + 2):
                byte = ring[read]
                out.append(byte)
                ring[write] = byte
                read = (read + 1) & 4095
                write = (write + 1) & 4095
    return bytes(out)


def rtf_text(source: bytes, page: str) -> str:
    """The words of an RTF body; formatting, fonts and pictures are dropped. HTML wrapped in RTF gives its words."""
    token = re.compile(rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(\*)|\\([^a-z*'])|([{}])|([^\\{}\r\n]+)")
    out: list[bytes] = []
    skip = 0  # group depth from which nothing is text
    depth = 0
    for match in token.finditer(source):
        word, number, code, star, escaped, brace, plain = match.groups()
        if brace:
            depth += 1 if brace == b"{" else -1
            if depth < skip:
                skip = 0
        elif skip:
            continue
        elif star or word in (b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"htmltag"):
            skip = depth
        elif word in (b"par", b"line"):
            out.append(b"\n")
        elif word == b"tab":
            out.append(b"\t")
        elif word == b"u" and number:
            out.append(chr(int(number) & 0xFFFF).encode("utf-8", "replace").decode("utf-8").encode(page, "replace"))
        elif code:
            out.append(bytes([int(code, 16)]))
        elif escaped and escaped in b"\\{}":
            out.append(escaped)
        elif plain:
            out.append(plain)
    return charsets.decode(b"".join(out), page)[0].strip()
