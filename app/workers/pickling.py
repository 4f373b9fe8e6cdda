"""How frozen dataclasses cross the line between two of our processes: made again with one call, not field by field.

Pickling sends a slotted dataclass as a list of its fields that is set one by one on the other side, three times the work.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from dataclasses import fields
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from multiprocessing.reduction import ForkingPickler
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from app.kernel import ids

ROOM: Final = 2**20
"""Bytes that lie between two processes until the other one reads them."""


def line_between(context: SpawnContext) -> tuple[Connection, Connection]:
    """Both ends of a line on which an answer of many mails has room: whoever sent it goes on with the next at once, however
    busy the other one is.
    """
    ends = context.Pipe()
    if os.name == "posix":
        for end in ends:
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(end.fileno())) as line:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
    return ends


def cross_in_one_call(*kinds: type[Any]) -> None:
    """Whatever of these kinds this process sends to another is made again there with one call; so are ids."""
    ForkingPickler.register(UUID, _by_its_bytes)
    for kind in kinds:
        ForkingPickler.register(kind, _in_one_call(kind))


def _by_its_bytes(key: UUID) -> tuple[Callable[[bytes], UUID], tuple[bytes]]:
    return ids.from_bytes, (key.bytes,)


def _in_one_call(kind: type[Any]) -> Callable[[Any], tuple[type[Any], tuple[Any, ...]]]:
    values = attrgetter(*(field.name for field in fields(kind)))
    return lambda one: (kind, values(one))
