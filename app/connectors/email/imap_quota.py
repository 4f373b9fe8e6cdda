"""How full a mailbox is, where the server tells (RFC 9208; RFC 2087 before it).

A full mailbox is refused its mail by its own provider, which neither its owner nor a help desk sees otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_QUOTA: Final = re.compile(rb"\* QUOTA .*\(([^()]*)\)\s*$", re.IGNORECASE)
_TRIPLE: Final = re.compile(rb"([A-Z-]+) (\d{1,19}) (\d{1,19})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Room:
    """`used` of `limit`: 1,024 bytes each for the resource STORAGE, mails for MESSAGE, …"""

    resource: str
    used: int
    limit: int

    @property
    def share(self) -> float:
        """1.0 is full; servers let a mailbox go beyond it at times."""
        return self.used / self.limit if self.limit else 0.0


def scarcest(lines: Iterable[bytes]) -> Room | None:
    """Of all limits in the answers to GETQUOTAROOT the one that is nearest; None where there is none."""
    found = [
        Room(name.decode("ascii").upper(), int(used), int(limit))
        for line in lines
        if (quota := _QUOTA.match(line)) is not None
        for name, used, limit in _TRIPLE.findall(quota[1])
        if int(limit)
    ]
    return max(found, key=lambda room: room.share, default=None)
