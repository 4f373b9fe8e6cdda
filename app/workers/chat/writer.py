"""Group commits for chat: what comes while one transaction is being committed goes into the next, together.

Nothing is waited for: a thread that is free commits at once what there is. While much comes the groups grow by themselves.
A commit waits for the disk; two hundred visitors who each wait for one of their own would wait for two hundred. Nobody is
told "it is yours" before the commit that holds it. One that fails is left out of the group, and alone gets its error.
Words that lie on the disk elsewhere do not wait for it a second time: ten groups a second that did kept it from those whom
an acknowledgement is owed. Nor does anybody wait for them: while a core is free they are written by a thread that lets go first
(`app.kernel.program.time_slice`), else by the one that writes everything else.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from app.chats.commands.receiving import Refused, Said, receive_chat
from app.chats.commands.visitor_cache import Accepted, know
from app.kernel.database.transaction import Tx
from app.kernel.program.time_slice import ask_for_little, is_a_core_free

log = logging.getLogger(__name__)

R = TypeVar("R")


class Books(Protocol):
    """What is asked of the desk; see `app.desk.Desk`."""

    def work(self, command: Callable[..., Any], *args: Any) -> Any: ...

    def land(self, command: Callable[..., Any], *args: Any) -> Any: ...

    def settle(self) -> None: ...

    def ask(self, query: Callable[..., Any], *args: Any) -> Any: ...


MOST: Final = 24
"""So many at a time, so that no transaction holds up the window for long."""


class Writer:
    """Writes for one loop, in the order of asking. `close` lets what was asked for be written."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._waiting: deque[tuple[Callable[[Tx], Any], asyncio.Future[Any]]] = deque()
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="chat-write")
        self._modest = ThreadPoolExecutor(1, thread_name_prefix="chat-land", initializer=ask_for_little)
        self._task = asyncio.create_task(self._run())
        self._closing = False

    async def do(self, op: Callable[[Tx], R]) -> R:
        """The result of `op` once it is committed."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((op, future))
        self._wake.set()
        return await future

    def later(self, op: Callable[[Tx], object]) -> None:
        """Have it written soon; nobody waits, and what fails is only logged."""
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_log_failure)
        self._waiting.append((op, future))
        self._wake.set()

    async def settle(self) -> None:
        """What was written so far survives a power cut when this returns. Raises OSError."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._books.settle)

    async def close(self) -> None:
        """Write what waits, and end."""
        self._closing = True
        self._wake.set()
        await self._task
        self._thread.shutdown()
        self._modest.shutdown()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting or not self._closing:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                group = self._next_group()
                ops = [op for op, _ in group]
                thread = self._modest if _lie_elsewhere(ops) and is_a_core_free() else self._thread
                results = await loop.run_in_executor(thread, self._write, ops)
                for (_, future), result in zip(group, results, strict=True):
                    if future.done():
                        continue
                    if isinstance(result, Exception):
                        future.set_exception(result)
                    else:
                        future.set_result(result)

    def _next_group(self) -> list[tuple[Callable[[Tx], Any], asyncio.Future[Any]]]:
        """What goes into one transaction: visitors' words, or else what is not, never both.

        Words are taken by plain rows, everything else by the unit of work; neither would see what the other has not written.
        """
        group = [self._waiting.popleft()]
        words = isinstance(group[0][0], Receive)
        while self._waiting and len(group) < MOST and isinstance(self._waiting[0][0], Receive) is words:
            group.append(self._waiting.popleft())
        return group

    def _write(self, ops: Sequence[Callable[[Tx], Any]]) -> list[Any]:
        do = self._books.land if _lie_elsewhere(ops) else self._books.work
        try:
            return list(do(write_chats, ops))
        except Exception as error:  # noqa: BLE001 - whose it is shows when each is tried alone
            return [error] if len(ops) == 1 else self._one_by_one(ops)

    def _one_by_one(self, ops: Sequence[Callable[[Tx], Any]]) -> list[Any]:
        """What a visitor said after something that could not be written is not written before it."""
        results: list[Any] = []
        failed: dict[bytes | str, Exception] = {}
        for op in ops:
            who = op.said.who if isinstance(op, Receive) else b""
            result = failed.get(who) or self._write([op])[0]
            if who and isinstance(result, Exception):
                failed[who] = result
            results.append(result)
        return results


def _log_failure(future: asyncio.Future[object]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        log.error("something about a chat could not be written: %s", type(error).__name__)


@dataclass(frozen=True, slots=True)
class Receive:
    """A visitor's message to take. Of a group, what each needs to know is looked up for all of them at once.

    `is_kept`: it lies among the arrivals until it is settled here.
    """

    said: Said
    is_kept: bool = False

    def __call__(self, tx: Tx) -> Accepted | Refused:
        return receive_chat(tx, self.said)


def _lie_elsewhere(ops: Sequence[Callable[[Tx], Any]]) -> bool:
    return all(isinstance(op, Receive) and op.is_kept for op in ops)


def write_chats(tx: Tx, ops: Sequence[Callable[[Tx], Any]]) -> list[Any]:
    """All of them in one transaction."""
    said = [(op.said.who, op.said.external_id) for op in ops if isinstance(op, Receive)]
    if len(said) > 1:
        know(tx, said)
    return [op(tx) for op in ops]
