"""Searching in the inbox: asks with every letter, shows page after page while one scrolls, counts meanwhile.

A newer question makes older ones void (`Tasks.ask` with a key), so that nothing waits for a pause in typing. The number of tickets
found grows in steps off the window's thread until it is exact, and only while nobody asks for something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QObject, QTimer

from app.conditions.tree import QueryError
from app.kernel.sentences import words_of
from app.search.completing import Completion, completion
from app.search.counting import Counting, Tally
from app.search.files import found_files
from app.search.queries import PAGE, After, Question
from app.search.suggesting import did_you_mean, why_nothing
from ui.models.hits import Batch, find, lines
from ui.pages.inbox.ticket_list.search_bar import found_words
from ui.text import told, tr

if TYPE_CHECKING:
    from ui.pages.inbox.page import Page

_LITTLE = 3
"""With fewer tickets, something better to type is offered."""

_MOST_AGAIN = 2_000
_AGAIN_MS = 3_000
"""While mail comes in, the number is counted anew so often."""

_AHEAD_PX = 2_000


class Searching(QObject):
    """What the inbox does while something stands in the search field."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self._page, self._list, self._tasks = page, page.list, page.context.tasks
        self.part = page.list.finding
        self.asked = Question("")
        self._after: After | None = None
        self._is_asking = False
        self._counted: Question | None = None
        self._recount = QTimer(self, singleShot=True, interval=_AGAIN_MS)
        self._recount.timeout.connect(lambda: self._count(Counting(self.asked)))
        self.part.field.offers_wanted.connect(self._complete)
        bar = page.list.results.verticalScrollBar()
        bar.valueChanged.connect(lambda _at: self._go_on())
        bar.rangeChanged.connect(lambda _low, _high: self._go_on())

    def mark(self, ticket: UUID, *, other: bool) -> None:
        """Mark in the conversation of a ticket what was looked for; of one that was just opened from what was found, show
        the message that fits.
        """
        line = next((one for one in self._list.hits.found if one.key == ticket), None) if self._list.searching else None
        if line is not None:
            marks, asked = self._page.marks, (ticket, line.words, line.phrases)
            marks.look_for(line.words, line.phrases, line.message if other else None)
            if other:
                marks.show_files(())
            self._tasks.ask(found_files, *asked, then=marks.show_files, owner=marks, key="inbox-search-files")
        else:
            self._tasks.forget("inbox-search-files")
            self._page.marks.look_for((), ())

    def ask(self, typed: str) -> None:
        """Look for what is typed; nothing typed is the end of searching."""
        before, self.asked = self.asked, Question("")
        if typed.strip():
            self.asked = Question(typed, self.part.scope, self.part.best_first, self._page.me)
        again = self.asked == before
        stale = ["inbox-search", "inbox-search-more"]
        stale += [] if again else ["inbox-search-count", "inbox-search-meant", "inbox-search-why"]
        for key in stale:
            self._tasks.forget(key)
        self._after, self._is_asking = None, False
        if not again:
            self._counted = None
            self._recount.stop()
        if not typed.strip():
            self._tasks.forget("inbox-search-files")
            self._page.marks.look_for((), ())
            return
        limit = min(_MOST_AGAIN, max(PAGE, self._list.hits.tickets())) if again else PAGE
        self._is_asking = True
        self._tasks.ask(
            find, self.asked, None, limit, then=self._take, owner=self, key="inbox-search", failed=self._failed
        )

    def _failed(self, error: Exception) -> bool:
        self._is_asking = False
        self.part.say_wrong(_placed(error, self.asked.typed))
        return True

    def _take(self, batch: Batch) -> None:
        self._is_asking = False
        self._after = batch.after
        self.part.say_wrong("")
        self._list.show_found(lines(batch.customers, batch.tickets), more=batch.after is not None)
        if self._page.shown is not None:
            self.mark(self._page.shown.detail.id, other=False)
        if batch.after is None:
            self._say(Tally(len(batch.tickets), is_done=True))
        elif self._counted != self.asked:
            self._counted = self.asked
            self._count(Counting(self.asked))
        elif not self._recount.isActive():
            self._recount.start()
        if len(batch.tickets) < _LITTLE and not batch.customers and batch.words:
            self._tasks.ask(
                did_you_mean, self.asked, then=self.part.suggest, owner=self, key="inbox-search-meant", failed=_quietly
            )
        if batch.after is None and not batch.tickets and not batch.customers:
            self._ask_why()
        self._go_on()

    # -- more of it

    def _go_on(self) -> None:
        """Ask for the next page when the end of what is shown comes near."""
        bar = self._list.results.verticalScrollBar()
        is_near = bar.maximum() - bar.value() < _AHEAD_PX
        if self._after is None or self._is_asking or not self._list.searching or not is_near:
            return
        self._is_asking = True
        self._tasks.ask(
            find,
            self.asked,
            self._after,
            PAGE,
            then=self._add,
            owner=self,
            key="inbox-search-more",
            failed=self._failed,
        )

    def _add(self, batch: Batch) -> None:
        self._is_asking = False
        self._after = batch.after
        self._list.add_found(batch.tickets, more=batch.after is not None)
        if batch.after is None and not self._list.hits.tickets():
            self._say(Tally(0, is_done=True))
            self._ask_why()
        self._go_on()

    def _ask_why(self) -> None:
        """Nothing was found: is something asked for that there is not?"""
        tell, key = self.part.say_wrong, "inbox-search-why"
        self._tasks.ask(why_nothing, self.asked, then=tell, owner=self, key=key, failed=_quietly)

    # -- how many

    def _count(self, counting: Counting) -> None:
        def take(tally: Tally) -> None:
            self._say(tally)
            if not tally.is_done:
                self._count(counting)

        self._tasks.ask(counting.step, then=take, owner=self, key="inbox-search-count", failed=_quietly)

    def _say(self, tally: Tally) -> None:
        shown = self._list.hits.tickets()
        many = tally.tickets if tally.is_done else max(tally.tickets, shown)
        self._list.say_found(found_words(many, is_done=tally.is_done), many)

    # -- what can be typed next

    def _complete(self, typed: str, cursor: int) -> None:
        def take(found: Completion) -> None:
            field = self.part.field
            if field.text() == typed:
                offers = [(one.text, tr(one.label) if one.is_field else "") for one in found.offers]
                field.offer(found.start, found.end, offers)

        self._tasks.ask(completion, typed, cursor, then=take, owner=self, key="inbox-search-complete", failed=_quietly)


def _placed(error: Exception, typed: str) -> str:
    """What is wrong, and where, if the words alone do not say it."""
    if not isinstance(error, QueryError):
        return told(words_of(error))
    piece = typed[error.position : error.position + error.length].strip()
    if not piece or (len(piece) > 1 and piece in told(words_of(error))):
        return told(words_of(error))
    return tr(
        "{problem} It is at character {n}: “{piece}”.", problem=told(words_of(error)), n=error.position + 1, piece=piece
    )


def _quietly(_error: Exception) -> bool:
    """Half a question is no mistake yet; the answer itself says what is wrong."""
    return True
