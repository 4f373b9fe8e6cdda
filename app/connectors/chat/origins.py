"""Which web sites may use the chat. Pure.

A browser says truly from which site a script asks (RFC 6454, and the Fetch standard's Origin header), and any site may
try. Allowed are those that the owner named, and the server's own pages: by the names of this machine, by an IP address,
and by the public address. Not by whatever the Host header says: a stranger's name may lead here (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Origins:
    """`named`: as browsers say them; `public`: the origin of the public address, or ""; `scheme`: of this server."""

    named: frozenset[str]
    public: str
    scheme: str

    def allows(self, origin: str, host: str) -> bool:
        """May a page of this origin ask? `host`: the Host header. Who says no origin is no browser's page and may not."""
        if not origin or origin == "null":
            return False
        if origin in self.named or origin == self.public:
            return True
        parts = urlsplit(origin)
        return parts.netloc == host and parts.scheme == self.scheme and _is_own(parts.hostname or "")


def _is_own(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def origins(named: Collection[str], public_url: str, scheme: str) -> Origins:
    """The rule for these names; `named` are origins already."""
    parts = urlsplit(public_url)
    public = f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""
    return Origins(frozenset(named), public, scheme)
