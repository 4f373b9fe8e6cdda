"""Header blocks: fields by regular expression over bytes, decoded only when somebody asks.

Tolerant where mail programs are: spaces before the colon, an mbox "From " line, lines that are no fields, raw 8-bit
text, encoded words inside quotes or cut in the middle of a character (RFC 2047), parameters continued, encoded twice
or not at all as they should be (RFC 2231).
"""

from __future__ import annotations

import binascii
import functools
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from app.mime import limits
from app.mime.syntax import charsets

_FIELD: Final = re.compile(rb"^([!-9;-~]+)[ \t]*:[ \t]*([^\n]*(?:\n[ \t]+[^\n]*)*)", re.M)
_STRAY: Final = re.compile(rb"^(?![!-9;-~]+[ \t]*:|[ \t\r]|>?From )[^\n]", re.M)
_FOLD: Final = re.compile(r"\r*\n[ \t]*|\r")
_WORD: Final = re.compile(r"=\?([\w!#$%&'+.:;-]{1,60})(?:\*[\w-]*)?\?([bBqQ])\?(.{0,4000}?)\?=")
_PARAM: Final = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)("?)|([^;"]*))')
_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]")
_ESCAPED: Final = re.compile(r"\\(.)")
_KEYS: Final[dict[bytes, str]] = {}


class Headers:
    """The fields of one header block: raw values by lower-case name, in their order."""

    __slots__ = ("fields", "warnings")

    def __init__(self, block: bytes, pairs: list[tuple[bytes, bytes]] | None = None) -> None:
        self.fields: dict[str, list[bytes]] = {}
        self.warnings: list[str] = []
        if len(block) > limits.HEADER_BLOCK:
            block, pairs = block[: limits.HEADER_BLOCK], None
            self.warnings.append("header block cut")
        if pairs is None:
            pairs = _FIELD.findall(block)
        if len(pairs) > limits.HEADER_FIELDS:
            del pairs[limits.HEADER_FIELDS :]
            self.warnings.append("too many header fields")
        fields = self.fields
        for name, value in pairs:
            key = _KEYS.get(name) or _key(name)
            if key in fields:
                fields[key].append(value)
            else:
                fields[key] = [value]

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def count(self, name: str) -> int:
        """How often the field occurs."""
        return len(self.fields.get(name, ()))

    def line(self, name: str, index: int = 0) -> str:
        """One value unfolded, 8-bit text decoded, encoded words left as they are; "" if absent."""
        values = self.fields.get(name)
        if values is None or not -len(values) <= index < len(values):
            return ""
        return self._unfold(values[index])

    def lines(self, name: str) -> list[str]:
        """All values of a field, as `line` gives them."""
        return [self._unfold(value) for value in self.fields.get(name, ())]

    def after(self, name: str, mark: bytes) -> str:
        """What follows the last `mark` in the first value of a field, as `line` gives it; all of it without a mark."""
        values = self.fields.get(name)
        return self._unfold(values[0].rpartition(mark)[2]) if values else ""

    def text(self, name: str) -> str:
        """The first value as a person should read it."""
        return decode_words(self.line(name)).strip()

    def _unfold(self, value: bytes) -> str:
        if len(value) > limits.HEADER_VALUE:
            value = value[: limits.HEADER_VALUE]
            self.warnings.append("a header field was cut")
        if value.isascii():
            text = value.decode("ascii").strip()
        else:
            text, warning = charsets.decode(value)
            if warning:
                self.warnings.append(f"header: {warning}")
            text = text.strip()
        if "\n" in text or "\r" in text:
            text = _FOLD.sub(" ", text)
        return text.replace("\x00", "").strip() if "\x00" in text else text


def _key(name: bytes) -> str:
    """The lower-case name of a field; usual names are remembered, because every mail has the same ones."""
    key = name.decode("ascii").lower()
    if len(_KEYS) < 1000 and len(name) < 40:
        _KEYS[name] = key
    return key


def read_block(raw: bytes, start: int, end: int) -> tuple[Headers, bytes, int]:
    """`split` and `Headers` in one: fields, block, where the body begins.

    Nearly every block is nothing but fields, which counting its lines shows at once; the search for a body that
    begins without a blank line is left to the others.
    """
    if start >= end or raw[start] in b"\r\n":
        block, body = split(raw, start, end)
        return Headers(block), block, body
    stop, body = _blank_line(raw, start, min(end, start + limits.HEADER_BLOCK))
    if stop >= 0:
        block = raw[start:stop]
        pairs = _FIELD.findall(block)
        if len(pairs) + block.count(b"\n ") + block.count(b"\n\t") == block.count(b"\n"):
            return Headers(block, pairs), block, body
    block, body = split(raw, start, end)
    return Headers(block), block, body


def split(raw: bytes, start: int, end: int) -> tuple[bytes, int]:
    """The header block that begins at `start` and where its body begins (`end` when there is none).

    Without a blank line, the body begins at the first line that is neither a field nor a continuation, if no field
    follows it: some programs forget the blank line.
    """
    if start >= end:
        return b"", end
    if raw.startswith((b"\n", b"\r\n", b"\r\r\n"), start):
        return b"", raw.index(b"\n", start) + 1
    near = min(end, start + limits.HEADER_BLOCK)
    stop, body = _blank_line(raw, start, near)
    if stop < 0:
        stop, body = near, near
    block = raw[start:stop]
    stray = _STRAY.search(block)
    if stray is not None and not _FIELD.search(block, stray.start() + 1):
        return block[: stray.start()], start + stray.start()
    return block, body


def _blank_line(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the first blank line begins and ends, (-1, -1) without one. LF and CRLF may be mixed; CR CR LF is what a program
    writes that makes CRLF of each LF, also of those that had their CR.
    """
    first = raw.find(b"\n", start, end)
    crlf = first > 0 and raw[first - 1] == 13
    usual, other = (b"\n\r\n", b"\n\n") if crlf else (b"\n\n", b"\n\r\n")
    if crlf and first > 1 and raw[first - 2] == 13:
        usual, other = b"\n\r\r\n", usual
    at, size = raw.find(usual, start, end), len(usual)
    early = raw.find(other, start, at if at >= 0 else end)
    if early >= 0:
        at, size = early, len(other)
    return (at + 1, at + size) if at >= 0 else (-1, -1)


def decode_words(value: str) -> str:
    """RFC 2047 encoded words of `value` decoded; neighbours of one charset are joined before decoding."""
    if "=?" not in value:
        return value
    out: list[str] = []
    waiting: list[tuple[str, str]] = []  # (encoding, payload) of neighbours of one charset
    charset = ""
    at = 0
    for match in _WORD.finditer(value):
        gap = value[at : match.start()]
        if waiting and (gap.strip() or match[1].lower() != charset):
            out.append(_join_words(waiting, charset))
            waiting = []
        if gap.strip() or (not out and not waiting and at == 0):
            out.append(gap)
        charset = match[1].lower()
        waiting.append((match[2].lower(), match[3]))
        at = match.end()
    if waiting:
        out.append(_join_words(waiting, charset))
    out.append(value[at:])
    return "".join(out)


def _join_words(words: list[tuple[str, str]], charset: str) -> str:
    data = b""
    carry = ""
    for encoding, payload in words:
        if encoding == "q":
            data += _unbase64(carry) + _unquote_q(payload)
            carry = ""
            continue
        carry += payload
        if len(carry) % 4 == 0 or payload.endswith("="):
            data += _unbase64(carry)
            carry = ""
    text, _ = charsets.decode(data + _unbase64(carry), charset)
    return text.replace("\r\n", " ").replace("\n", " ").replace("\r", " ").replace("\x00", "")


def _unquote_q(payload: str) -> bytes:
    return binascii.a2b_qp(payload.replace(" ", "_").encode("utf-8", "replace"), header=True)


def _unbase64(payload: str) -> bytes:
    if not payload:
        return b""
    data = _NOT_BASE64.sub(b"", payload.encode("ascii", "ignore"))
    if len(data) % 4 == 1:
        data = data[:-1]
    return binascii.a2b_base64(data + b"=" * (-len(data) % 4))


def value_and_params(line: str) -> tuple[str, dict[str, str]]:
    """A structured value such as Content-Type: ("text/plain", {"charset": "utf-8"}), names in lower case.

    RFC 2231 pieces are joined and decoded; encoded words, which do not belong there, are decoded too. Answers are
    remembered, because most parts say one of a few lines: nobody may change them.
    """
    return remembered(line) if len(line) < 200 else _value_and_params(line)


def _value_and_params(line: str) -> tuple[str, dict[str, str]]:
    cut = line.find(";")
    if cut < 0:
        return line.strip().lower(), {}
    main = line[:cut].strip().lower()
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for count, match in enumerate(_PARAM.finditer(line, cut)):
        if count > 500:
            break
        name = match[1].lower()
        quoted = match[2]
        value = match[4].strip() if quoted is None else _ESCAPED.sub(r"\1", quoted) if "\\" in quoted else quoted
        if "*" not in name:
            plain.setdefault(name, decode_words(value))
            continue
        base, _, rest = name.partition("*")
        number = rest.rstrip("*")
        order = int(number) if number.isdecimal() and len(number) < 6 else 0
        pieces.setdefault(base, []).append((order, name.endswith("*"), value))
    for base, found in pieces.items():
        plain[base] = _join_pieces(sorted(found, key=lambda piece: piece[0]))
    return main, plain


remembered: Final = functools.lru_cache(maxsize=1024)(_value_and_params)


def _join_pieces(pieces: list[tuple[int, bool, str]]) -> str:
    charset = ""
    data = b""
    for index, (_, encoded, value) in enumerate(pieces):
        if encoded and index == 0 and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        data += unquote_to_bytes(value) if encoded else value.encode("utf-8", "surrogateescape")
    text, _ = charsets.decode(data, charset)
    return decode_words(text)
