"""Small pickers beside the row, or beside the button that was pressed: to whom, which tag, which priority, which status.

What is taken is done to what was chosen when the picker was asked for, whatever comes in or is pointed at meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QWidget

from app.states.queries import StateInfo, offered_states
from app.tickets.queries import TicketRow, tag_list
from ui.pages.inbox.actions.picked import Held
from ui.pages.inbox.words import PRIORITIES, priority_word, status_tone, status_word
from ui.text import count_text, tr
from ui.widgets.picker import Option, Picker, pick

if TYPE_CHECKING:
    from ui.pages.inbox.page import Page

_NOBODY = "nobody"
_PRIORITY_TONES = {"low": "text3", "normal": "text2", "high": "warn", "urgent": "bad"}
_DOTS = {"info": "accent", "plain": "text3"}


class Picking:
    """Opens the pickers of one page and does what is taken to what is chosen."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._beside: QWidget | None = None

    def press(self, button: QWidget, key: str) -> None:
        """Do an action by its button: what it opens stands beneath that."""
        self._beside = button
        try:
            self._page.context.actions.run(key)
        finally:
            self._beside = None

    def assign(self) -> None:
        """To whom."""
        page, held = self._page, self._page.picked.held()
        agents = list(page.around.agents) if page.around is not None else []
        agents.sort(key=lambda one: one.id != page.me)
        options = [
            Option(one.id.hex, one.name, person=one.name, hint=tr("you") if one.id == page.me else "") for one in agents
        ]
        options.append(Option(_NOBODY, tr("Nobody"), icon="account-off-outline", words=tr("unassigned none")))
        names = {one.id.hex: one for one in agents}
        owners = {row.assignee.hex if row.assignee else _NOBODY for row in held.rows()}

        def take(key: str) -> None:
            found = names.get(key)
            who = tr("you") if found is not None and found.id == page.me else found.name if found is not None else ""
            page.triage.assign(held.tickets, found.id if found is not None else None, who)

        self._open(held, tr("Assign to…"), options, take, current=_only(owners))

    def priority(self) -> None:
        """How much they press."""
        page, held = self._page, self._page.picked.held()
        options = [
            Option(word, priority_word(word), icon="", tone=_PRIORITY_TONES[word]) for word in reversed(PRIORITIES)
        ]
        current = _only({row.priority for row in held.rows()})
        take = lambda key: page.triage.set_priority(held.tickets, key)  # noqa: E731
        self._open(held, tr("Priority…"), options, take, current=current)

    def status(self) -> None:
        """In which state they are."""
        page, held, place = self._page, self._page.picked.held(), self._place()

        def show(found: tuple[StateInfo, ...]) -> None:
            options = [
                Option(
                    one.key,
                    one.name or status_word(one.category),
                    tone=_dot(one.colour or status_tone(one.category)),
                    hint=status_word(one.category) if one.name else "",
                )
                for one in found
                if one.category != "new"
            ]
            current = _only({row.state.hex if row.state else row.status for row in held.rows()})

            def take(key: str) -> None:
                def act() -> None:
                    page.triage.set_status(held.tickets, key, _text(options, key))

                if held.pointed:
                    act()  # the ticket shown stays
                else:
                    page.next.go_on(act)

            self._open(held, tr("Status…"), options, take, current=current, place=place)

        page.context.tasks.ask(offered_states, then=show, owner=page, key="inbox-statuses")

    def tag(self) -> None:
        """Which tag: one that all have is taken off, any other is put on; a new one is made."""
        page, held, place = self._page, self._page.picked.held(), self._place()

        def show(found: tuple[tuple[str, int], ...]) -> None:
            options = tag_options(found, held.rows())
            full = {one.key for one in options if one.state is Qt.CheckState.Checked}

            def take(name: str) -> None:
                act = page.triage.remove_tag if name in full else page.triage.add_tag
                act(held.tickets, name)

            self._open(held, tr("Tag…"), options, take, make=_new_tag, place=place)

        page.context.tasks.ask(tag_list, then=show, owner=page, key="inbox-tags")

    def _open(
        self,
        held: Held,
        title: str,
        options: Sequence[Option],
        take: Callable[[str], object],
        *,
        current: str = "",
        make: Callable[[str], Option | None] = lambda _typed: None,
        place: QRect | None = None,
    ) -> None:
        foot = tr("For {n} ticket|For {n} tickets", n=held.count) if held.many else ""
        picker = Picker(title, options, current=current, make=make, foot=foot)
        pick(self._page.context.overlay, picker, place or self._place(), take)

    def _place(self) -> QRect:
        """Where a picker stands: beneath the button that was pressed, else beside the row, else beneath the header."""
        anchor = self._beside
        if anchor is None:
            rows = self._page.list.shown
            pointed = rows.place_pointed_at()
            current = rows.model().index(pointed, 0) if pointed >= 0 else rows.currentIndex()
            rect = rows.visualRect(current) if current.isValid() and rows.isVisible() else QRect()
            if rect.isValid() and rows.viewport().rect().intersects(rect):
                return QRect(rows.viewport().mapToGlobal(rect.topLeft() + QPoint(52, 0)), rect.size())
            anchor = self._page.header.more
        return QRect(anchor.mapToGlobal(QPoint(0, 0)), anchor.size())


def tag_options(found: Sequence[tuple[str, int]], rows: Sequence[TicketRow]) -> list[Option]:
    """The tags to choose from, those that some of the tickets have first; the box says whether all of them do."""
    has = Counter(name for row in rows for name in row.tags)
    options = []
    for name, count in sorted(found, key=lambda each: each[0] not in has):
        state = Qt.CheckState.Unchecked
        if has[name]:
            state = Qt.CheckState.Checked if has[name] == len(rows) else Qt.CheckState.PartiallyChecked
        options.append(Option(name, name, hint=count_text(count), state=state))
    return options


def _new_tag(typed: str) -> Option:
    return Option(typed, tr("New tag “{name}”", name=typed), icon="plus")


def _only(values: set[Any]) -> str:
    """The one value that all have, if they have one."""
    return str(next(iter(values))) if len(values) == 1 else ""


def _text(options: Sequence[Option], key: str) -> str:
    return next((one.text for one in options if one.key == key), "")


def _dot(tone: str) -> str:
    """The colour of a dot for a tone of pills."""
    return _DOTS.get(tone, tone)
