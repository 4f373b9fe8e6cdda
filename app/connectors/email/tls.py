"""Encryption and whom to trust: the system's authorities, one more file, or one pinned certificate."""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl

from app.connectors.email.config import MailServer
from app.connectors.email.faults import mail_error
from app.connectors.email.words import Fault
from app.kernel.errors import ExternalError


def context(server: MailServer) -> ssl.SSLContext:
    """A context that checks everything; for a pinned certificate the check is `require_pinned` after the handshake."""
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if server.pinned_sha256:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    elif server.cafile:
        made.load_verify_locations(cafile=str(server.cafile))
    return made


def wrap(sock: socket.socket, server: MailServer) -> ssl.SSLSocket:
    """Encrypt a connected socket. Nothing has been sent through it when a certificate is refused."""
    wrapped = context(server).wrap_socket(sock, server_hostname=server.url.host)
    try:
        require_pinned(wrapped, server)
    except ExternalError:
        wrapped.close()
        raise
    return wrapped


def require_pinned(sock: socket.socket | None, server: MailServer) -> None:
    """Raise unless the other side shows exactly the pinned certificate (if one is pinned)."""
    if not server.pinned_sha256:
        return
    shown = sock.getpeercert(binary_form=True) if isinstance(sock, ssl.SSLSocket) else None
    wanted = server.pinned_sha256.replace(":", "").replace(" ", "").lower()
    if not shown or not hmac.compare_digest(hashlib.sha256(shown).hexdigest(), wanted):
        raise mail_error(Fault.CERT_CHANGED, server)
