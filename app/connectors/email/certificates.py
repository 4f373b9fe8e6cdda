"""What a server's certificate says, read without trusting it, to be shown before somebody pins it.

Python's `ssl` tells the contents of trusted certificates only, so the four fields needed are read from the DER by
hand: names, dates, fingerprint. Nothing here decides whether a certificate is good.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from app.connectors.email.config import MailServer, Security

_COMMON_NAME = bytes.fromhex("550403")
_ORGANISATION = bytes.fromhex("55040a")
_LINE_MAX = 8192


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """A certificate for a person to judge; `sha256` (hex) is what pinning stores."""

    subject: str
    issuer: str
    not_before: datetime | None
    not_after: datetime | None
    sha256: str


def shown_certificate(server: MailServer) -> CertificateInfo | None:
    """The certificate that the server shows now, however bad it is; None if none came. Nothing secret is sent."""
    with contextlib.suppress(OSError, ValueError), _handshake(server) as wrapped:
        shown = wrapped.getpeercert(binary_form=True)
        return describe(shown) if shown else None
    return None


def describe(der: bytes) -> CertificateInfo:
    """Names, dates and fingerprint of a DER certificate; what cannot be read stays empty."""
    subject = issuer = ""
    since = until = None
    with contextlib.suppress(IndexError, ValueError):
        fields = _parts(_parts(_parts(der)[0][1])[0][1])
        if fields[0][0] == 0xA0:  # the version number is optional
            fields = fields[1:]
        _serial, _algorithm, issued_by, dates, named = fields[:5]
        issuer, subject = _name(issued_by[1]), _name(named[1])
        since, until = (_time(tag, value) for tag, value in _parts(dates[1])[:2])
    return CertificateInfo(subject, issuer, since, until, hashlib.sha256(der).hexdigest())


def _handshake(server: MailServer) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # only to look; this connection ends after the handshake
    sock = socket.create_connection((server.url.host, server.url.port), server.timeout_s)
    try:
        if server.url.security is not Security.TLS:
            _ask_for_tls(sock, server.url.protocol)
        return context.wrap_socket(sock, server_hostname=server.url.host)
    except BaseException:
        sock.close()
        raise


def _ask_for_tls(sock: socket.socket, protocol: str) -> None:
    with sock.makefile("rb") as lines:
        _line_with(lines.readline(_LINE_MAX), b"*" if protocol == "imap" else b"220")
        if protocol == "imap":
            sock.sendall(b"a STARTTLS\r\n")
            _line_with(lines.readline(_LINE_MAX), b"a OK")
            return
        sock.sendall(b"EHLO [127.0.0.1]\r\n")
        while (line := lines.readline(_LINE_MAX)).startswith(b"250-"):
            pass
        _line_with(line, b"250")
        sock.sendall(b"STARTTLS\r\n")
        _line_with(lines.readline(_LINE_MAX), b"220")


def _line_with(line: bytes, start: bytes) -> None:
    if not line.startswith(start):
        raise ValueError("the server offers no TLS")


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    """The (tag, value) pairs in a DER value."""
    found, at = [], 0
    while at < len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(data[at : at + count]), at + count
        if at + length > len(data):
            raise ValueError("cut certificate")
        found.append((tag, data[at : at + length]))
        at += length
    return found


def _name(data: bytes) -> str:
    """A distinguished name as "common name (organisation)"."""
    values: dict[bytes, str] = {}
    for _, group in _parts(data):
        for _, pair in _parts(group):
            (_, kind), (tag, value) = _parts(pair)[:2]
            values[kind] = value.decode("utf-16-be" if tag == 0x1E else "utf-8", "replace")
    common, organisation = values.get(_COMMON_NAME, ""), values.get(_ORGANISATION, "")
    return f"{common} ({organisation})" if common and organisation else common or organisation


def _time(tag: int, value: bytes) -> datetime:
    """UTCTime (two-digit years, 1950-2049) or GeneralizedTime."""
    text = value.decode("ascii").rstrip("Z")
    if tag == 0x17:
        text = ("19" if text[:2] >= "50" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
