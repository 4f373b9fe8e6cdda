"""How much one visitor, and one address, may ask of the desk. No clock of its own: `now` is seconds that only go forward."""

from __future__ import annotations

import ipaddress
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

HOUR_S: Final = 3_600.0
_MOST_REMEMBERED: Final = 10_000


@dataclass(slots=True)
class Bucket:
    """So many a second, and so many at once (a token bucket)."""

    rate: float
    burst: float
    left: float = field(init=False)
    at: float | None = None

    def __post_init__(self) -> None:
        self.left = self.burst

    def take(self, now: float) -> float:
        """0 if one more is welcome, else the seconds until it is."""
        if self.at is not None:
            self.left = min(self.burst, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left >= 1:
            self.left -= 1
            return 0.0
        return (1 - self.left) / self.rate


class Hourly:
    """How often something was done within the last hour, by whom. Remembers a bounded number of doers."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._done: dict[str, deque[float]] = {}

    def is_full(self, who: str, now: float) -> bool:
        """Has this one done it as often as is welcome?"""
        done = self._done.get(who)
        while done and now - done[0] > HOUR_S:
            done.popleft()
        if done is not None and not done:
            del self._done[who]
        return done is not None and len(done) >= self.most

    def note(self, who: str, now: float) -> None:
        """It was done once more."""
        if len(self._done) >= _MOST_REMEMBERED:
            self._done.pop(next(iter(self._done)))
        self._done.setdefault(who, deque()).append(now)

    def take_back(self, who: str) -> None:
        """It was not done after all."""
        done = self._done.get(who)
        if done:
            done.pop()


class Places:
    """How many connections each address has open."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._open: Counter[str] = Counter()

    def enter(self, who: str) -> bool:
        """Take a place; False if this address has as many as it may."""
        if self._open[who] >= self.most:
            return False
        self._open[who] += 1
        return True

    def leave(self, who: str) -> None:
        """Give a place back."""
        self._open[who] -= 1
        if self._open[who] <= 0:
            del self._open[who]


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(words: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks as they are set. Raises ValueError."""
    return tuple(ipaddress.ip_network(each, strict=False) for each in words)


def client_address(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Who asks: the peer itself, or behind proxies of ours the last address in X-Forwarded-For that is no such proxy.

    What stands further left was written by whoever asked and is believed by nobody. An IPv6 address counts by its /64,
    which is what one line of a provider has.
    """
    address = peer
    for each in [one.strip() for one in reversed(forwarded.split(","))] if forwarded else ():
        if not _is_in(address, trusted):
            break
        if _parsed(each) is None:
            break
        address = each
    found = _parsed(address)
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return address


def is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    """Is the other end of the connection a proxy of ours?"""
    return _is_in(peer, trusted)


def _is_in(address: str, nets: Sequence[Network]) -> bool:
    found = _parsed(address)
    return found is not None and any(found.version == net.version and found in net for net in nets)


def _parsed(words: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(words.partition("%")[0])
    except ValueError:
        return None
