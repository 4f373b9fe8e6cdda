"""A question that is asked again whenever its answer may be another one: at most one is under way.

While chats pour in, changes come faster than they can be read. What changes while the question is under way makes it asked once
more afterwards, not once for each change; and each answer is shown, so that a busy hour delays the page without starving it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from ui.tasks import Tasks

Question = tuple[Callable[..., Any], tuple[Any, ...]]


class LiveQuery(QObject):
    """`question()` gives the query and its arguments, or None for nothing to ask; `then(answer)` shows the answer."""

    def __init__(
        self,
        tasks: Tasks,
        question: Callable[[], Question | None],
        then: Callable[[Any], object],
        owner: QObject,
        failed: Callable[[Exception], bool] = lambda _error: False,
    ) -> None:
        super().__init__(owner)
        self._tasks, self._question, self._then, self._failed = tasks, question, then, failed
        self._under_way = self._once_more = False

    @property
    def is_under_way(self) -> bool:
        """Is an answer awaited?"""
        return self._under_way

    def again(self) -> None:
        """Ask now, or as soon as the answer that is under way has come."""
        if self._under_way:
            self._once_more = True
            return
        asked = self._question()
        if asked is None:
            return
        self._under_way, self._once_more = True, False
        query, arguments = asked
        self._tasks.ask(query, *arguments, then=self._take, owner=self, failed=self._fail)

    def _take(self, answer: Any) -> None:
        self._under_way = False
        try:
            self._then(answer)
        finally:
            self._go_on()

    def _fail(self, error: Exception) -> bool:
        self._under_way = False
        seen = self._failed(error)
        self._go_on()
        return seen

    def _go_on(self) -> None:
        if self._once_more:
            self.again()
