"""Between a visitor's word and its ticket: acknowledged as soon as it cannot be lost, given its place a moment later.

An acknowledgement promises that a word is never lost, and nothing else. So it waits for one small commit
(`app.kernel.files.arrivals`, at once if it comes alone, else together with others), not for a ticket, an index, a history
and a turn at the desk's database. The work on tickets follows from memory, in the order of arrival, many words in one
transaction; the first after a pause at once. A word leaves the file when its place is on the disk, which is waited
for once in a while, not for every group. Whatever ends the engine or the computer in between, the file has the word,
and the next engine gives it its place before it opens chat. A word is known by its id: done twice is done once.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.chats.arriving import copied_arrivals, forget_copied, payload_of, said_in
from app.chats.commands import Accepted, Refused, Said
from app.chats.commands.visitor_cache import Who
from app.kernel.database.connections import plain_errors
from app.kernel.errors import StoreError, UserError
from app.kernel.files.arrivals import Arrivals
from app.workers.chat.writer import MOST, Receive, Writer

log = logging.getLogger(__name__)

Ask = Callable[..., Any]
Told = Callable[[Said, Accepted | Refused], None]

EVERY_S: Final = 0.1
"""So long words gather while many come."""
_APART_S: Final = 0.0005
_TURNS: Final = 3
"""So many turns of the loop until everybody who was acknowledged has been sent it."""
_LOOK_S: Final = 1.0
_TIDY_S: Final = 2.0
_TRIES: Final = 3
_LONGEST_S: Final = 30.0


@dataclass(eq=False, slots=True)
class _Word:
    """A word on its way. `waiting`: done when it cannot be lost; `placed`: done when it has its place, or never will."""

    said: Said
    told: Told | None
    placed: asyncio.Future[None]
    number: int = 0
    tries: int = 0
    is_kept: bool = False
    waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def answer(self, error: Exception | None = None) -> None:
        """It is kept, or it could not be: whoever waited for that may be gone meanwhile."""
        self.is_kept = error is None
        for one in self.waiting:
            if one.done():
                continue
            if error is None:
                one.set_result(None)
            else:
                one.set_exception(error)
        self.waiting.clear()


@dataclass(slots=True)
class _Times:
    """When the last work on tickets ended, by the loop's clock, and how often it has failed since it last went well."""

    kept: float = 0.0
    ended: float = 0.0
    failures: int = 0
    due: asyncio.Event = field(default_factory=asyncio.Event)


class Landing:
    """For one loop. `recover` before chat opens; `close` gives everything its place that can have one."""

    def __init__(self, arrivals: Arrivals, writer: Writer, ask: Ask) -> None:
        self._arrivals, self.writer, self._ask = arrivals, writer, ask
        self._words: dict[tuple[Who, str], _Word] = {}
        self._fresh: list[_Word] = []
        self._order: deque[_Word] = deque()
        self._over: list[int] = []
        self._times = _Times()
        self._task: asyncio.Task[None] | None = None
        self._tidying: asyncio.Task[None] | None = None
        self._closing = False

    async def recover(self) -> None:
        """Give everything its place that an earlier engine, or the desk of which this one is a copy, had acknowledged."""
        try:
            waiting = [(one.number, one.payload) for one in await asyncio.to_thread(self._arrivals.waiting)]
        except sqlite3.OperationalError as error:
            log.warning("the file of arrivals cannot be read now: %s", error)
            waiting = []
        except sqlite3.DatabaseError:
            aside = await asyncio.to_thread(self._arrivals.set_aside)
            log.exception("the file of arrivals is damaged; it lies in %s now", aside.name)
            waiting = []
        copied = await asyncio.to_thread(self._ask, copied_arrivals)
        for number, payload in [*((0, one) for one in copied.values()), *waiting]:
            if (said := said_in(payload)) is None:
                log.error("an arrival cannot be read; it stays where it is")
            else:
                self._line_up(self._word(said, None, number))
        while (task := self._task) is not None and not self._times.failures:  # a full disk does not keep chat closed
            await asyncio.wait({task}, timeout=_LOOK_S)
        placed = [key for key, payload in copied.items() if said_in(payload) is not None]
        if placed and not self._words:
            await self.writer.do(lambda tx: forget_copied(tx, placed))
        await self._tidy()

    async def keep(self, said: Said, told: Told) -> datetime:
        """When it was kept: it cannot be lost when this returns. `told` is called once it has its place, or is refused.

        Raises UserError where the disk does not take it.
        """
        assert said.at is not None
        word = self._words.get((said.who, said.external_id))
        if word is None:
            word = self._word(said, told, 0)
            self._fresh.append(word)
        else:
            word.told = told
        if not word.is_kept:
            await self._in_the_file(word)
        return word.said.at or said.at

    async def settled(self, who: Who) -> None:
        """Nothing of this visitor is on its way any more."""
        mine = [word.placed for word in self._words.values() if word.said.who == who]
        if mine:
            self._times.due.set()
            await asyncio.wait(mine)

    async def close(self) -> None:
        """Give what waits its place; what cannot have it now stays in the file."""
        self._closing = True
        self._times.due.set()
        if self._task is not None:
            await self._task
        if self._tidying is not None:
            self._tidying.cancel()
            await asyncio.wait({self._tidying})
        await self._tidy()
        self._arrivals.close()

    # -- kept

    async def _in_the_file(self, word: _Word) -> None:
        """A word alone is committed at once, as each further turn of the loop may wait for a turn at the processor; those that
        come right after another one go together.
        """
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[None] = loop.create_future()
        word.waiting.append(mine)
        if self._fresh == [word]:
            if loop.time() - self._times.kept > _APART_S:
                self._commit()
            else:
                loop.call_soon(self._commit)
        await mine

    def _word(self, said: Said, told: Told | None, number: int) -> _Word:
        loop = asyncio.get_running_loop()
        word = _Word(said, told, loop.create_future(), number)
        self._words[said.who, said.external_id] = word
        return word

    def _commit(self) -> None:
        """On the loop itself: whoever waits for a thread waits twice for its turn, and here there is nothing else to do."""
        words, self._fresh = self._fresh, []
        try:
            with plain_errors():
                numbers = self._keep([payload_of(word.said) for word in words])
        except (UserError, sqlite3.Error) as error:
            for word in words:
                del self._words[word.said.who, word.said.external_id]
                word.answer(error)
                word.placed.set_result(None)
            return
        self._times.kept = asyncio.get_running_loop().time()
        for word, number in zip(words, numbers, strict=True):
            word.number = number
            self._line_up(word)

    def _keep(self, payloads: list[str]) -> range:
        try:
            return self._arrivals.keep(payloads)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            log.exception("the file of arrivals is damaged; it lies in %s now", self._arrivals.set_aside().name)
            return self._arrivals.keep(payloads)

    def _line_up(self, word: _Word) -> None:
        word.answer()
        self._order.append(word)
        if self._task is None:
            self._task = asyncio.create_task(self._work())

    # -- placed

    async def _work(self) -> None:
        """Until nothing waits."""
        loop, times = asyncio.get_running_loop(), self._times
        try:
            while self._order:
                await self._pause(times.ended + EVERY_S - loop.time())
                times.due.clear()
                words = [self._order.popleft() for _ in range(min(MOST, len(self._order)))]
                failed = await self._place(words)
                self._order.extendleft(reversed(failed))
                times.ended = loop.time()
                if len(failed) < len(words):
                    times.failures = 0
                elif self._closing:
                    return
                else:
                    times.failures += 1
                    await self._pause(min(_LONGEST_S, 2**times.failures / 4))
        finally:
            self._task = None

    async def _pause(self, seconds: float) -> None:
        """So long, or until somebody cannot wait. First whoever was acknowledged is told so."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        if seconds > 0 and not self._closing:
            try:
                async with asyncio.timeout(seconds):
                    await self._times.due.wait()
            except TimeoutError:
                return

    async def _place(self, words: list[_Word]) -> list[_Word]:
        """Those of them that have no place yet and are to be tried again."""
        answers = await asyncio.gather(
            *(self.writer.do(Receive(word.said, is_kept=True)) for word in words), return_exceptions=True
        )
        failed = []
        for word, answer in zip(words, answers, strict=True):
            word.tries += not isinstance(answer, StoreError)  # a full disk, a busy desk: not this word's fault
            if isinstance(answer, Accepted | Refused):
                self._is_over(word, answer)
            elif word.tries < _TRIES:
                failed.append(word)
            else:
                log.error("a word of a chat has no place and stays among the arrivals: %s", type(answer).__name__)
                self._leave(word)
        return failed

    def _is_over(self, word: _Word, answer: Accepted | Refused) -> None:
        if word.number:
            self._over.append(word.number)
        self._leave(word)
        if word.told is not None:
            word.told(word.said, answer)
        if self._tidying is None and not self._closing:
            self._tidying = asyncio.create_task(self._tidy_later())

    def _leave(self, word: _Word) -> None:
        del self._words[word.said.who, word.said.external_id]
        word.placed.set_result(None)

    async def _tidy_later(self) -> None:
        try:
            while self._over:
                await asyncio.sleep(_TIDY_S)
                await self._tidy()
        finally:
            self._tidying = None

    async def _tidy(self) -> None:
        """Take out of the file what has its place on the disk; what stays in it for now is known by its id."""
        over, self._over = self._over, []
        if not over:
            return
        try:
            await self.writer.settle()
            self._arrivals.forget(over)
        except BaseException as error:
            self._over = over + self._over
            if not isinstance(error, OSError | sqlite3.Error):
                raise
            log.warning("the file of arrivals could not be tidied: %s", error)
