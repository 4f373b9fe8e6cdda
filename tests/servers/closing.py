"""Ending an asyncio server of the tests without leaving a connection behind.

Who has just been accepted is held by a task of asyncio's that has not begun; cancelled then, it never would, and the socket
would be found open whenever Python next tidies up: in some later test.
"""

from __future__ import annotations

import asyncio

_TURNS = 4
"""So many turns of the loop until a connection that was accepted has its transport, and one that was aborted has lost it."""


async def let_in_no_more(server: asyncio.AbstractServer) -> None:
    """Listen no more, and wait until whoever was just accepted has a transport."""
    server.close()
    await turns()


async def turns() -> None:
    """Some turns of the loop."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
