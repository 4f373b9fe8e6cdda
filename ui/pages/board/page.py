"""The board page: columns side by side, the filter, the way of grouping, and what moves the cards."""

from __future__ import annotations

from functools import partial
from typing import Any, Final
from uuid import UUID

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QScrollArea, QStackedWidget, QWidget

from app.kernel.changes import Changes
from app.kernel.errors import UserError
from app.tickets.commands import assign, delete_ticket, set_priority, set_status
from app.tickets.commands.results import Changed
from app.tickets.queries import BoardBy
from ui.actions import Run
from ui.models.board import FIRST, BoardView, column_name, read_board
from ui.pages import BasePage, Context
from ui.pages.board.column import Column
from ui.pages.board.menus import assignee_menu, card_menu, priority_menu
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import SearchField
from ui.widgets.layout import clear, horizontal, vertical
from ui.widgets.panel import BarHeader
from ui.widgets.state import EmptyState, ErrorState, Skeleton

_GROUPINGS: Final = (BoardBy.STATUS, BoardBy.ASSIGNEE, BoardBy.PRIORITY)
_CALM_MS: Final = 120  # changes that come in quick succession are read once
_CLOCK_MS: Final = 30_000  # "Due in 3 min" grows old


class Page(BasePage):
    """The board."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._by = BoardBy.STATUS
        self._limit = FIRST
        self._typed = ""
        self._shown: BoardView | None = None
        self._columns: list[Column] = []
        self._last = 0  # the column in which somebody worked last
        self._follow: tuple[tuple[UUID, ...], str] | None = None
        self._moved: tuple[tuple[UUID, ...], str] | None = None  # what was moved last, and where to
        self._calm = QTimer(self, singleShot=True, interval=_CALM_MS)
        self._calm.timeout.connect(self.read)
        self._clock = QTimer(self, interval=_CLOCK_MS)
        self._clock.timeout.connect(self._tick)
        self._build()

    # -- what the window calls

    def activate(self) -> None:
        actions: dict[str, Run] = {
            "new": self._new,
            "search": self._focus_filter,
            "next": partial(self._step, 1),
            "previous": partial(self._step, -1),
        }
        for key, run in actions.items():
            self.context.actions.bind(self, key, run)
        chosen: dict[str, Run] = {
            "open": lambda: self._list().open_current(),
            "solve": lambda: self._set_status("solved"),
            "reopen": lambda: self._set_status("open"),
            "assign_me": self._assign_me,
            "assign": self._choose_assignee,
            "priority": self._choose_priority,
            "delete": self._delete,
        }
        for key, run in chosen.items():
            self.context.actions.bind(self, key, run, self._has_choice)
        self._clock.start()
        if self._shown is None:
            self.read()
        self._focus()

    def deactivate(self) -> None:
        self._clock.stop()

    def refresh(self, changes: Changes) -> None:
        if changes.touches("ticket", "agent"):
            self._calm.start(0 if self._follow else _CALM_MS)  # one's own doing shows at once

    def show_place(self, **where: object) -> None:
        by = where.get("by")
        if isinstance(by, str):
            self.group_by(BoardBy(by))

    # -- what is shown

    def read(self) -> None:
        """Read the columns again."""
        typed = self._typed
        self.context.tasks.ask(
            read_board,
            self._by,
            self._limit,
            typed,
            self.context.desk.me(),
            then=self._show,
            owner=self,
            key="board",
            failed=self._failed,
        )

    def group_by(self, by: BoardBy) -> None:
        """Other columns."""
        if by is self._by:
            return
        self._by, self._limit, self._last = by, FIRST, 0
        self._name_grouping()
        self._typed_is_fine()
        self.read()

    def columns(self) -> list[Column]:
        """The columns from left to right."""
        return list(self._columns)

    def _show(self, view: BoardView) -> None:
        if view.by is not self._by:
            return
        self._typed_is_fine()
        fresh = self._shown is None
        self._shown = view
        keys = [(view.by, column.key) for column in view.columns]
        if keys != [(column.by, column.key) for column in self._columns]:
            self._make_columns(view)
        for column, data in zip(self._columns, view.columns, strict=True):
            column.show_column(data, view.names, filtered=view.filtered)
        self._stack.setCurrentWidget(self._choose_face(view))
        self._follow_moved()
        self._follow_back()
        if fresh:
            self._focus()
        self.context.actions.refresh()

    def _choose_face(self, view: BoardView) -> QWidget:
        if view.count:
            return self._scroll
        return self._no_hits if view.filtered else self._nothing

    def _failed(self, error: Exception) -> bool:
        if isinstance(error, UserError) and self._typed:
            self._filter.set_wrong(str(error))
            return True
        if self._shown is None:
            self._stack.setCurrentWidget(self._error)
        return False

    def _typed_is_fine(self) -> None:
        self._filter.set_wrong("")

    def _tick(self) -> None:
        for column in self._columns:
            column.list.viewport().update()

    def _repaint(self) -> None:
        for column in self._columns:
            column.list.cards().refresh_all()

    def _grow(self) -> None:
        self._limit *= 4
        self.read()

    def _search(self, typed: str) -> None:
        self._typed = typed
        self.read()

    # -- moving about

    def _list(self) -> Any:
        return self._columns[min(self._last, len(self._columns) - 1)].list

    def _focus(self) -> None:
        """The keyboard goes to the cards, to the column where it was last."""
        if not self.isVisible() or self._shown is None:
            return
        order = [self._last, *range(len(self._columns))]
        for place in order:
            if place < len(self._columns) and self._columns[place].list.cards().rowCount():
                self._columns[place].list.setFocus(Qt.FocusReason.OtherFocusReason)
                return
        self._filter.setFocus(Qt.FocusReason.OtherFocusReason)

    def _focus_filter(self) -> None:
        self._filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._filter.selectAll()

    def _step(self, by: int) -> None:
        if self._columns:
            self._list().setFocus(Qt.FocusReason.OtherFocusReason)
            self._list().step(by)

    def _wander(self, place: int, by: int, height: int) -> None:
        """To the next column that has cards, at the same height."""
        place += by
        while 0 <= place < len(self._columns):
            target = self._columns[place]
            if target.list.cards().rowCount():
                target.list.setFocus(Qt.FocusReason.OtherFocusReason)
                target.list.select_at(height)
                self._scroll.ensureWidgetVisible(target, 16, 0)
                return
            place += by

    def _worked_in(self, place: int) -> None:
        self._last = place
        for other, column in enumerate(self._columns):
            if other != place and column.list.selectionModel().hasSelection():
                column.list.clearSelection()
        self.context.actions.refresh()

    def _open(self, key: UUID) -> None:
        self.context.go("inbox", ticket=key)

    def _new(self) -> None:
        self.context.go("inbox", new_to="")

    # -- acting

    def _has_choice(self) -> bool | str:
        return bool(self._columns and self._list().selected()) or tr("Choose a card first")

    def _push(self, place: int, by: int) -> None:
        self._place(place, place + by)

    def _place(self, place: int, target: int) -> None:
        if 0 <= target < len(self._columns) and target != place:
            self.move_cards(self._columns[place].list.selected(), self._columns[target].key)

    def move_cards(self, keys: tuple[UUID, ...], target: str) -> None:
        """Move cards into the column with this key: one command, one undo. They appear there when it is done."""
        column = next(column for column in self._columns if column.key == target)
        here = set(column.list.cards().ids)
        moved = tuple(key for key in keys if key not in here)
        if not moved or self._shown is None:
            return
        name, _ = column_name(self._by, target, self._shown.names)
        done = partial(_moved_words, name)
        if self._by is BoardBy.STATUS:
            self._do(set_status, moved, target, done=done)
        elif self._by is BoardBy.PRIORITY:
            self._do(set_priority, moved, target, done=done)
        else:
            self._do(assign, moved, UUID(target) if target else None, done=done)
        self._follow = (moved, target)

    def _do(self, command: Any, keys: tuple[UUID, ...], *values: Any, done: Any) -> None:
        self.context.tasks.do(command, keys, *values, done=done, failed=self._not_moved)

    def _not_moved(self, _error: Exception) -> bool:
        self._follow = None
        return False

    def _follow_moved(self) -> None:
        """The focus goes along with cards that were moved, so that they can be moved on."""
        if self._follow is None:
            return
        keys, target = self._follow
        for place, column in enumerate(self._columns):
            if column.key == target and column.list.select(keys):
                self._moved, self._follow = self._follow, None
                self._go_to(place)
                return

    def _follow_back(self) -> None:
        """Cards whose move was undone are followed back; where the keyboard is, a card is chosen."""
        held = next((column for column in self._columns if column.list.hasFocus()), None)
        if held is None:
            return
        if self._moved is not None and held.key == self._moved[1]:
            keys, _ = self._moved
            if all(held.list.cards().place_of(key) < 0 for key in keys):
                self._moved = None
                for place, column in enumerate(self._columns):
                    if column.list.select(keys):
                        self._go_to(place)
                        return
        held.list.keep_choice()

    def _go_to(self, place: int) -> None:
        column = self._columns[place]
        self._worked_in(place)
        column.list.setFocus(Qt.FocusReason.OtherFocusReason)
        self._scroll.ensureWidgetVisible(column, 16, 0)

    def _set_status(self, status: str) -> None:
        keys = self._list().selected()
        name, _ = column_name(BoardBy.STATUS, status, {})
        self._do(set_status, keys, status, done=partial(_moved_words, name))

    def _assign_me(self) -> None:
        me = self.context.desk.me()
        self._do(assign, self._list().selected(), me, done=_mine_words)

    def _open_menu(self, at: QPoint) -> None:
        if self._shown is not None:
            keys, names = self._list().selected(), self._shown.names
            columns = [(one.key, column_name(self._by, one.key, names)[0]) for one in self._columns]
            card_menu(self, self.context.actions, self._by, columns, partial(self.move_cards, keys)).popup(at)

    def _choose_assignee(self) -> None:
        if self._shown is not None:
            keys, names = self._list().selected(), self._shown.names

            def give(agent: UUID | None) -> None:
                name, _ = column_name(BoardBy.ASSIGNEE, agent.hex if agent else "", names)
                self._do(assign, keys, agent, done=partial(_given_words, name))

            assignee_menu(self, names, give).popup(self._list().current_corner())

    def _choose_priority(self) -> None:
        keys = self._list().selected()

        def press(priority: str) -> None:
            name, _ = column_name(BoardBy.PRIORITY, priority, {})
            self._do(set_priority, keys, priority, done=partial(_priority_words, name))

        priority_menu(self, press).popup(self._list().current_corner())

    def _delete(self) -> None:
        self._do(delete_ticket, self._list().selected(), done=_bin_words)

    # -- building

    def _build(self) -> None:
        self._filter = SearchField(tr("Filter cards"))
        self._filter.setFixedWidth(220)
        self._filter.searched.connect(self._search)
        self._filter.left.connect(self._focus)
        self._group = Button("", icon="view-column-outline")
        self._group.setMenu(self._menu())
        self._name_grouping()
        new = Button(tr("New ticket"), "primary", clicked=self._new)
        header = BarHeader(tr("Board"), self._filter, self._group, new)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._body = QFrame()
        self._body.setProperty("box", "clear")
        self._row = QHBoxLayout(self._body)
        self._row.setContentsMargins(16, 16, 16, 16)
        self._row.setSpacing(12)
        self._scroll.setWidget(self._body)
        self._nothing = EmptyState(
            tr("No tickets yet"),
            tr("When a customer writes, the ticket shows up here as a card in “New”."),
            icon="view-column-outline",
            tone="plain",
            action=(tr("Write to a customer"), self._new),
        )
        self._no_hits = EmptyState(
            tr("No card fits"),
            tr("Other words may find it. The search in the inbox also looks at closed tickets."),
            icon="magnify",
            tone="plain",
            action=(tr("Show all cards"), self._filter.clear),
        )
        self._error = ErrorState(tr("The board cannot be shown"), tr("The details are in the log file."), self.read)
        self._stack = QStackedWidget()
        for face in (_loading(), self._scroll, self._nothing, self._no_hits, self._error):
            self._stack.addWidget(face)
        layout = vertical(self)
        layout.addWidget(header)
        layout.addWidget(self._stack, 1)

    def _menu(self) -> QMenu:
        menu, group = QMenu(self), QActionGroup(self)
        for by in _GROUPINGS:
            choice = QAction(_grouping_word(by), self, checkable=True, checked=by is self._by)
            choice.triggered.connect(partial(self.group_by, by))
            group.addAction(choice)
            menu.addAction(choice)
        self._choices = dict(zip(_GROUPINGS, group.actions(), strict=True))
        return menu

    def _name_grouping(self) -> None:
        words = {
            BoardBy.STATUS: tr("Group by status"),
            BoardBy.ASSIGNEE: tr("Group by assignee"),
            BoardBy.PRIORITY: tr("Group by priority"),
        }
        self._group.setText(words[self._by])
        self._choices[self._by].setChecked(True)

    def _make_columns(self, view: BoardView) -> None:
        clear(self._row)
        self._columns = []
        for place, data in enumerate(view.columns):
            column = Column(view.by, data.key, self.context.rows)
            cards = column.list
            cards.opened.connect(self._open)
            cards.dropped.connect(partial(self.move_cards, target=data.key))
            cards.pushed.connect(partial(self._push, place))
            cards.placed.connect(partial(self._place, place))
            cards.wandered.connect(partial(self._wander, place))
            cards.chosen.connect(partial(self._worked_in, place))
            cards.menu_wanted.connect(self._open_menu)
            cards.hovered_drop.connect(partial(self._show_target, place))
            cards.cards().more_wanted.connect(self._grow)
            self._row.addWidget(column, 1)
            self._columns.append(column)
        for before, after in zip(self._columns, self._columns[1:], strict=False):
            QWidget.setTabOrder(before.list, after.list)

    def _show_target(self, place: int, on: bool) -> None:
        """Columns that lie outside come into sight while something is dragged over their edge."""
        if on:
            self._scroll.ensureWidgetVisible(self._columns[place], 48, 0)


def _loading() -> QWidget:
    body = QFrame()
    row = horizontal(body)
    row.setContentsMargins(16, 16, 16, 16)
    row.setSpacing(12)
    for _ in range(4):
        row.addWidget(Skeleton(106, avatar=False), 1)
    return body


def _grouping_word(by: BoardBy) -> str:
    return {
        BoardBy.STATUS: tr("Status"),
        BoardBy.ASSIGNEE: tr("Assignee"),
        BoardBy.PRIORITY: tr("Priority"),
    }[by]


def _moved_words(name: str, changed: Changed) -> str:
    if not changed.tickets:
        return ""
    return tr("Ticket moved to “{name}”|{n} tickets moved to “{name}”", n=changed.tickets, name=name)


def _given_words(name: str, changed: Changed) -> str:
    if not changed.tickets:
        return ""
    return tr("Ticket given to {name}|{n} tickets given to {name}", n=changed.tickets, name=name)


def _priority_words(name: str, changed: Changed) -> str:
    if not changed.tickets:
        return ""
    return tr("Priority is now “{name}”|Priority of {n} tickets is now “{name}”", n=changed.tickets, name=name)


def _mine_words(changed: Changed) -> str:
    return tr("Ticket is yours now|{n} tickets are yours now", n=changed.tickets) if changed.tickets else ""


def _bin_words(changed: Changed) -> str:
    return tr("Ticket moved to the Bin|{n} tickets moved to the Bin", n=changed.tickets) if changed.tickets else ""
