"""A letter turned into the exact bytes that will be sent.

Every byte is made here, once, and frozen: what the outbox holds is what the server gets and what the Sent folder
shows. The result passes any server: 7-bit only (but for an address beyond ASCII, RFC 6532: there is no other way), CRLF, no line over 998 bytes, no Bcc. Values that would smuggle in a
header are refused, not repaired: they can only come from an attack or a bug.
"""

from __future__ import annotations

import binascii
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from app.kernel.errors import UserError
from app.kernel.sentences import said
from app.mime.files.names import file_name
from app.mime.model import Address
from app.mime.syntax.message_ids import fold_references

_LINE: Final = 76
_LONG_NAME: Final = 300
_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+\Z")
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+\Z|\"(?:[^\"\\\r\n]|\\.)+\"\Z")
_LOCAL_BEYOND_ASCII: Final = re.compile(r"(?=.*[^\x00-\x7f])(?:[\w!#$%&'*+/=?^`{|}~.-])+\Z")
_FIELD_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}\Z")
_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+\Z")
_BLOCK: Final = 57 * 1024
"""Bytes of a file that become whole lines of base64."""
Part = list[bytes | bytearray]
"""A part of a mail in pieces, which are put together once."""
_OWN: Final = frozenset({"from", "to", "cc", "bcc", "subject", "date", "message-id", "in-reply-to", "references",
                         "mime-version", "content-type", "content-transfer-encoding", "content-disposition"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything that goes into one outgoing mail. Ids carry no angle brackets; `date` is aware."""

    message_id: str
    from_: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    date: datetime
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()  # for the envelope only; never in the bytes
    html: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    attachments: tuple[tuple[str, str, bytes], ...] = ()  # (file name, content type, bytes)
    pictures: tuple[tuple[str, str, bytes, str], ...] = ()  # what `html` shows by cid: the same, and the Content-ID
    headers: Mapping[str, str] = field(default_factory=dict)  # Auto-Submitted, X-Deskbell-Id, List-Unsubscribe …


def compose(letter: Letter) -> bytes:
    """The mail as bytes. Raises UserError for an address, subject or header that no mail can carry."""
    content = _content(letter)
    lines = [*_head(letter), b"MIME-Version: 1.0", b""]
    return b"".join([b"\r\n".join(lines), *content])


def recipients(letter: Letter) -> tuple[str, ...]:
    """The envelope's recipients: everybody in To, Cc and Bcc, each once, domains in their ASCII form."""
    found = [wire_address(each.address) for each in (*letter.to, *letter.cc, *letter.bcc)]
    return tuple(dict.fromkeys(found))


def wire_address(address: str) -> str:
    """An address as it stands in bytes: the domain in its ASCII form (IDNA). Raises UserError if it is none."""
    local, at, domain = address.rpartition("@")
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError as fault:
        raise UserError(said("{address} is not a mail address.", address=repr(address))) from fault
    if (
        not at
        or not (_LOCAL.match(local) or _LOCAL_BEYOND_ASCII.match(local))
        or not re.match(r"(?:[\w-]+\.)*[\w-]+\Z|\[[\w.:]+\]\Z", ascii_domain)
    ):
        raise UserError(said("{address} is not a mail address.", address=repr(address)))
    if len(local) > 64 * 4 or len(ascii_domain) > 255:
        raise UserError(said("{address} is too long for a mail address.", address=repr(address[:80])))
    return f"{local}@{ascii_domain}"


def _head(letter: Letter) -> list[bytes]:
    if not letter.to and not letter.cc and not letter.bcc:
        raise UserError("A mail needs at least one recipient.")
    lines = [_fold("From", [_mailbox(letter.from_)], ", ")]
    if letter.to:
        lines.append(_fold("To", [_mailbox(each) for each in letter.to], ", "))
    if letter.cc:
        lines.append(_fold("Cc", [_mailbox(each) for each in letter.cc], ", "))
    lines.append(_fold("Subject", _words(_one_line(letter.subject, "subject")), " "))
    lines.append(_fold("Date", [format_datetime(letter.date)], " "))
    lines.append(_fold("Message-ID", [_id(letter.message_id)], " "))
    if letter.in_reply_to:
        lines.append(_fold("In-Reply-To", [_id(letter.in_reply_to)], " "))
    references = fold_references(letter.references)
    if references:
        lines.append(_fold("References", [_id(each) for each in references], " "))
    for name, value in letter.headers.items():
        if not _FIELD_NAME.match(name) or name.lower() in _OWN:
            raise UserError(said("{name} cannot be set as a mail header.", name=repr(name)))
        lines.append(_fold(name, _words(_one_line(value, name)), " "))
    return lines


def _one_line(value: str, what: str) -> str:
    if re.search(r"[\r\n\x00\u2028\u2029\x85\x0b\x0c]", value):
        raise UserError(said("The {what} must be a single line.", what=said(what)))
    return value


def _id(value: str) -> str:
    if not value or re.search(r"[\s<>\x00]", value) or not value.isascii() or len(value) > 900:
        raise UserError("A message id holds characters that a mail cannot carry.")
    return f"<{value}>"


def _mailbox(address: Address) -> str:
    """One address with its name; a long encoded name comes in several words, which may be folded between."""
    wire = wire_address(address.address)
    name = " ".join(_one_line(address.name, "name").split())
    if not name:
        return wire
    if len(name) > _LONG_NAME:  # a quoted name cannot be folded, encoded words can
        return " ".join([*_encoded_words(name), f"<{wire}>"])
    if _ATOM.match(name) and "=?" not in name:
        return f"{name} <{wire}>"
    if name.isascii() and "=?" not in name and name.isprintable():
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{wire}>'
    return " ".join([*_encoded_words(name), f"<{wire}>"])


def _words(value: str) -> list[str]:
    """A header text as pieces that may be put on lines of their own."""
    words = value.split(" ")
    if value.isascii() and value.isprintable() and "=?" not in value and max(map(len, words)) < 900:
        return words
    return _encoded_words(value)


def _encoded_words(value: str) -> list[str]:
    """RFC 2047 words of at most 75 characters, cut between characters; base64 because it never surprises."""
    words: list[str] = []
    chunk = b""
    for char in value:
        data = char.encode("utf-8", "replace")
        if len(chunk) + len(data) > 45:
            words.append(_encoded(chunk))
            chunk = b""
        chunk += data
    if chunk or not words:
        words.append(_encoded(chunk))
    return words


def _encoded(chunk: bytes) -> str:
    return f"=?utf-8?B?{binascii.b2a_base64(chunk, newline=False).decode('ascii')}?="


def _fold(name: str, pieces: list[str], joint: str) -> bytes:
    """A header field on lines of about 76 characters, broken only where there was a blank."""
    lines: list[str] = []
    line = f"{name}:"
    for index, piece in enumerate(pieces):
        last = index == len(pieces) - 1
        text = piece + (joint.rstrip() if not last else "")
        for word in _breakable(text):
            if len(line) + 1 + len(word) > _LINE and line.strip() and word.strip() and line.rstrip() != f"{name}:":
                lines.append(line)
                line = ""
            line += f" {word}"
    lines.append(line)
    return "\r\n".join(lines).encode("utf-8", "replace")


def _breakable(text: str) -> list[str]:
    """Words of a mailbox; a quoted name stays in one piece, as a break inside it would change it."""
    if text.startswith('"'):
        return [text] if len(text) < 900 else text.split(" ")
    return text.split(" ")


def _content(letter: Letter) -> Part:
    body: Part = [_text_part(letter.text)]
    if letter.html is not None:
        shown: Part = [_html_part(letter.html)]
        if letter.pictures:  # RFC 2387: the HTML and what it shows, as one
            pictures = [_attachment(name, kind, data, _id(cid)) for name, kind, data, cid in letter.pictures]
            shown = _multipart("related", [shown, *pictures], root="text/html")
        body = _multipart("alternative", [body, shown])
    if letter.attachments:
        body = _multipart("mixed", [body, *(_attachment(*each) for each in letter.attachments)])
    return body


def _multipart(kind: str, parts: list[Part], *, root: str = "") -> Part:
    boundary = f"=_{secrets.token_hex(16)}".encode()
    pieces = [piece for part in parts for piece in (b"--" + boundary + b"\r\n", *part, b"\r\n")]
    of_type = f'; type="{root}"'.encode() if root else b""
    head = b"Content-Type: multipart/" + kind.encode() + of_type + b';\r\n boundary="' + boundary + b'"\r\n\r\n'
    return [head, *pieces, b"--" + boundary + b"--\r\n"]


def _text_part(text: str) -> bytes:
    lines = _flow(text)
    data = "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n"
    plain = data.isascii() and b"\x00" not in data and max(map(len, lines), default=0) < 998
    if plain:
        return (
            b"Content-Type: text/plain; charset=us-ascii; format=flowed\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
            + data
        )
    return (
        b"Content-Type: text/plain; charset=utf-8; format=flowed\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted_printable(data)
    )


def _html_part(html: str) -> bytes:
    data = re.sub(r"\r\n|\r|\n", "\r\n", html).encode("utf-8", "replace") + b"\r\n"
    return (
        b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + quoted_printable(data)
    )


def _flow(text: str) -> list[str]:
    """format=flowed (RFC 3676): paragraphs in lines of at most 72, a blank at the end where one goes on."""
    out: list[str] = []
    for line in re.sub(r"\r\n|\r", "\n", text).replace("\x00", "").rstrip("\n").split("\n"):
        depth = re.match(r">*", line)
        quote = depth[0] if depth is not None else ""
        body = line[len(quote) :] if line != "-- " else line
        if quote:
            out.append(line.rstrip())
            continue
        body = body if body == "-- " else body.rstrip(" ")
        stuffed = f" {body}" if body.startswith((" ", ">", "From ")) else body
        out += _wrap(stuffed)
    return out


def _wrap(line: str) -> list[str]:
    lines: list[str] = []
    while len(line) > 72:
        cut = line.rfind(" ", 1, 72)
        if cut < 1:
            cut = line.find(" ", 72)
        if cut < 1 or not line[cut:].strip():
            break
        rest = line[cut + 1 :]
        lines.append(line[: cut + 1])
        line = f" {rest}" if rest.startswith((" ", ">", "From ")) else rest
    return [*lines, line]


def quoted_printable(data: bytes) -> bytes:
    """Quoted-printable of CRLF text with lines of at most 76 (RFC 2045); also "From " and a lone dot are hidden."""
    lines: list[bytes] = []
    for line in data.split(b"\r\n"):
        coded = binascii.b2a_qp(line, istext=False, quotetabs=False).replace(b"=\n", b"")
        lines += _break(coded)
    return b"\r\n".join(lines)


def _break(line: bytes) -> list[bytes]:
    if line.endswith((b" ", b"\t")):
        line = line[:-1] + b"=%02X" % line[-1]
    if line.startswith(b"From "):
        line = b"=46" + line[1:]
    elif line == b".":
        line = b"=2E"
    lines: list[bytes] = []
    while len(line) > 76:
        cut = 75
        if line[cut - 1 : cut] == b"=":
            cut -= 1
        elif line[cut - 2 : cut - 1] == b"=":
            cut -= 2
        lines.append(line[:cut] + b"=")
        line = line[cut:]
    return [*lines, line]


def _attachment(name: str, kind: str, data: bytes, content_id: str = "") -> Part:
    """A file; with `content_id` (in angle brackets) a picture within the text (RFC 2392)."""
    kind = kind.lower() if _TYPE.match(kind) and not kind.lower().startswith(("multipart/", "message/")) else ""
    shown = file_name(name, kind, "1")
    head = (
        f"Content-Type: {kind or 'application/octet-stream'};\r\n".encode()
        + _parameter("name", shown)
        + (f"\r\nContent-ID: {content_id}".encode() if content_id else b"")
        + b"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: "
        + (b"inline" if content_id else b"attachment")
        + b";\r\n"
        + _parameter("filename", shown)
        + b"\r\n\r\n"
    )
    return [head, _base64(data)]


def _base64(data: bytes) -> bytearray:
    """Base64 on lines of 76 (RFC 2045, section 6.8), a block at a time: a large file is never in pieces as a whole."""
    lines = bytearray()
    for at in range(0, len(data), _BLOCK):
        coded = binascii.b2a_base64(data[at : at + _BLOCK], newline=False)
        for start in range(0, len(coded), 76):
            lines += coded[start : start + 76] + b"\r\n"
    return lines or bytearray(b"\r\n")


def _parameter(name: str, value: str) -> bytes:
    """A parameter on lines of its own; what is not plain ASCII goes by RFC 2231."""
    if value.isascii() and value.isprintable() and len(value) < 60:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f' {name}="{escaped}"'.encode()
    coded = [
        chr(byte) if (chr(byte).isalnum() and byte < 128) or byte in b"-._" else f"%{byte:02X}"
        for byte in value.encode("utf-8", "replace")
    ]
    pieces: list[str] = []
    line = "utf-8''"
    for each in coded:
        if len(line) + len(each) > 55:
            pieces.append(line)
            line = ""
        line += each
    pieces.append(line)
    if len(pieces) == 1:
        return f" {name}*={pieces[0]}".encode()
    return ";\r\n".join(f" {name}*{number}*={piece}" for number, piece in enumerate(pieces)).encode()
