"""The file in which a domain tells mail programs its servers (`config-v1.1.xml`), fetched by https only and read as hostile.

No document type, so no entities; at most 256 kB, three redirects and some seconds. The address itself is never sent.
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from app.connectors.email.config import ServerUrl
from app.kernel.errors import UserError

XML_MAX = 256 * 1024
_WEB_S = 6.0
_PIECE = 16 * 1024


@dataclass(frozen=True, slots=True)
class Configured:
    """A pair of servers of the file, the user name they expect, and whether they take nothing but OAuth."""

    receiving: ServerUrl
    sending: ServerUrl
    user: str
    only_oauth: bool = False


def places(domain: str) -> tuple[str, str]:
    """Where the file of a domain may lie, the better place first."""
    return (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    )


class _NoDocumentType(ET.TreeBuilder):
    """Refuses document types, and with them entities that grow without end or read files."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ValueError("a document type is not allowed")


def read(data: bytes, local: str, domain: str) -> tuple[Configured, ...]:
    """The pairs in an autoconfig file: only protected servers, in the file's order; () for anything unreadable."""
    if len(data) > XML_MAX:
        return ()
    try:
        parser = ET.XMLParser(target=_NoDocumentType())  # noqa: S314 - see _NoDocumentType
        parser.feed(data)
        root = parser.close()
    except (ET.ParseError, ValueError, LookupError):
        return ()
    receiving = list(_servers(root, "incomingServer", "imap", local, domain))
    sending = list(_servers(root, "outgoingServer", "smtp", local, domain))
    if not sending:
        return ()
    return tuple(Configured(url, sending[0][0], user, only_oauth) for url, user, only_oauth in receiving)


def _servers(root: ET.Element, tag: str, kind: str, local: str, domain: str) -> Iterator[tuple[ServerUrl, str, bool]]:
    fillers = (("%EMAILADDRESS%", f"{local}@{domain}"), ("%EMAILLOCALPART%", local), ("%EMAILDOMAIN%", domain))
    for server in root.iter(tag):
        texts = {child.tag: (child.text or "").strip() for child in server}
        ways = {(child.text or "").strip().casefold() for child in server.iter("authentication")}
        scheme = {"SSL": f"{kind}s", "STARTTLS": f"{kind}+starttls"}.get(texts.get("socketType", "").upper())
        if server.get("type", "").lower() != kind or scheme is None:
            continue
        host, user = texts.get("hostname", ""), texts.get("username") or "%EMAILADDRESS%"
        for sign, value in fillers:
            host, user = host.replace(sign, value), user.replace(sign, value)
        with contextlib.suppress(UserError):
            url = ServerUrl.parse(f"{scheme}://{host}:{texts.get('port', '')}".rstrip(":"))
            if user.isprintable():
                yield url, user, ways == {"oauth2"}


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Redirects stay encrypted and are few."""

    max_redirections = 3

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        return super().redirect_request(req, fp, code, msg, headers, newurl) if newurl.startswith("https://") else None


def https_get(url: str, trust: ssl.SSLContext | None = None, seconds: float = _WEB_S) -> bytes | None:
    """The file at an https address, None if there is none, it is too large or it comes too slowly."""
    if not url.startswith("https://"):
        return None
    opener = urllib.request.build_opener(_HttpsOnly, urllib.request.HTTPSHandler(context=trust))
    until = time.monotonic() + seconds
    data = b""
    try:
        with opener.open(url, timeout=seconds) as answer:
            while piece := answer.read1(_PIECE):
                data += piece
                if len(data) > XML_MAX or time.monotonic() > until:
                    return None
        return data
    except urllib.error.HTTPError as error:
        error.close()
        return None
    except (OSError, http.client.HTTPException, ValueError):
        return None
