"""The board page: reads the board, shows it, and does what a person wants with its cards and columns."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QWidget

from app.boards.commands import remember_folded, remember_look
from app.boards.queries import BoardView, Look, open_board
from app.boards.rules import Step
from app.kernel.database.changes import Changes
from app.kernel.errors import UserError
from app.kernel.sentences import words_of
from app.people.queries import agents
from app.tickets.rules import BoardBy, LaneBy
from ui.models.board import named
from ui.pages import Context
from ui.pages.board import acting
from ui.pages.board.binding import bind
from ui.pages.board.column import Column
from ui.pages.board.frame import BoardFrame
from ui.pages.board.menus import card_menu, fill_board_menu
from ui.pages.board.picking import CardPicking
from ui.pages.board.shaping import Shaping
from ui.pages.inbox.triage.acts import Triage
from ui.text import told

FIRST: Final = 120
"""Ids a column that are read at first: some screenfuls. More of them follow where somebody scrolls."""

_CLOCK_MS: Final = 30_000  # "Due in 3 min" grows old


class Page(BoardFrame):
    """The board."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.look: Look | None = None
        self._wanted: tuple[str, str] = ("", "")  # columns and lanes that were asked for; empty: as they were last
        self._limit = FIRST
        self._typed = ""
        self._to_mark: str | None = None  # the column of which all cards are marked once they are read
        self._held: tuple[Look, BoardView] | None = None
        self.triage = Triage(context, self)
        self.picking = CardPicking(context, self.columns, self.triage)
        self.shaping = Shaping(self)
        self._is_reading = self._is_old = False  # it is being read; something has changed since that began
        self._clock = QTimer(self, interval=_CLOCK_MS)
        self._clock.timeout.connect(self.columns.repaint_cards)
        self._wire()

    @property
    def view(self) -> BoardView | None:
        """What is shown."""
        return self.columns.view

    # -- what the window calls

    def activate(self) -> None:
        bind(self)
        self._clock.start()
        if self.view is None:
            self.read()
        self.context.tasks.ask(agents, then=self.picking.know_agents, owner=self, key="board-agents")
        self._focus()

    def deactivate(self) -> None:
        self._clock.stop()
        self.columns.drag.cancel()

    def refresh(self, changes: Changes) -> None:
        if changes.touches("agent"):
            self.context.tasks.ask(agents, then=self.picking.know_agents, owner=self, key="board-agents")
        if changes.touches("ticket", "agent", "board", "state", "tag"):
            self._is_old = True
            self._read_if_old()

    def take_focus(self) -> None:
        if not self.columns.take_focus():
            super().take_focus()

    def show_place(self, **where: object) -> None:
        by = where.get("by")
        if isinstance(by, str):
            self.group_by(BoardBy(by))

    # -- what is shown

    def read(self) -> None:
        """Read the board again."""
        self._is_reading, self._is_old = True, False
        self.context.tasks.ask(
            open_board,
            *self._wanted,
            limit=self._limit,
            typed=self._typed,
            me=self.context.desk.me(),
            then=self._came,
            owner=self,
            key="board",
            failed=self._failed,
        )

    def _read_if_old(self) -> None:
        """What changes while it is being read is looked at together, as soon as that has come."""
        if self._is_old and not self._is_reading:
            self.read()

    def group_by(self, by: BoardBy) -> None:
        """Other columns."""
        self._look_at(str(by), self._wanted[1] or (str(self.look.lanes) if self.look is not None else ""))

    def lanes_by(self, lanes: LaneBy) -> None:
        """Other lanes, or none."""
        self._look_at(self._wanted[0] or (str(self.look.by) if self.look is not None else ""), str(lanes))

    def _look_at(self, by: str, lanes: str) -> None:
        self._wanted, self._limit = (by, lanes), FIRST
        self.columns.marks.clear()
        self.filter.set_wrong("")
        self.read()

    def _came(self, found: tuple[Look, BoardView]) -> None:
        self._is_reading = False
        self._take(found)
        self._read_if_old()

    def _take(self, found: tuple[Look, BoardView]) -> None:
        if self.columns.drag.is_on:
            self._held = found  # a column must not go away under what is carried
            return
        look, view = found
        before, self.look = self.look, look
        self.filter.set_wrong("")
        fresh = self.view is None
        if before is not None and (before.by, before.lanes) != (look.by, look.lanes):
            self.context.tasks.do(remember_look, look.by, look.lanes)
        if before is None or before.lanes is not look.lanes:
            self.columns.fold_lanes(look.folded)
        had = self.columns.focused() is not None
        self.columns.show_board(view)
        if self._to_mark is not None:
            self._mark_read()
        self.show_face(view)
        self.say_groupings(view)
        self.shaping.show_board(view)
        if fresh or (had and self.columns.focused() is None):
            self._focus()
        self.context.actions.refresh()

    def _failed(self, error: Exception) -> bool:
        self._is_reading = False
        if isinstance(error, UserError) and self._typed:
            self.filter.set_wrong(told(words_of(error)))
            return True
        if self.view is None:
            self.show_error()
        return False

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._take(held)

    def _grow(self, place: int) -> None:
        if place >= self._limit:
            self._limit = max(self._limit * 4, place + FIRST)
            self.read()

    def mark_all(self, column: Column) -> None:
        """Mark all cards of a column; those that were not read yet are read for it."""
        if column.list.cards().rowCount() >= column.count:
            column.take_focus()
            self.columns.marks.set(column.list.cards().ids)
        else:
            self._to_mark, self._limit = column.key, column.count + FIRST
            self.read()

    def _mark_read(self) -> None:
        key, self._to_mark = self._to_mark, None
        column = next((one for one in self.columns.columns() if one.key == key), None)
        if column is not None and column.list.cards().rowCount() >= column.count:
            self.mark_all(column)

    def _search(self, typed: str) -> None:
        self._typed = typed
        self.read()

    def _focus(self) -> None:
        """The keyboard goes to the cards, to the column where it was last; without cards to the filter."""
        if self.isVisible() and self.view is not None and not self.columns.take_focus():
            self.focus_filter()

    # -- acting

    def open(self, key: UUID) -> None:
        """Show the ticket of a card."""
        self.context.go("inbox", ticket=key)

    def write(self) -> None:
        """A new mail."""
        self.context.go("inbox", new_to="")

    def _move(self, keys: tuple[UUID, ...], steps: tuple[Step, ...]) -> None:
        acting.move(self.context, keys, steps, self._step_words(steps))

    def _step_words(self, steps: tuple[Step, ...]) -> str:
        """What a move leads to, in words."""
        view = self.view
        assert view is not None
        found = []
        for step in steps:
            known = [column.named for column in view.columns] if step.by == str(view.by) else view.lanes
            one = next(one for one in known if step.to == (one.name if step.by == "tag" else one.key))
            found.append(named(step.by, one)[0])
        return " · ".join(found)

    def _add(self, column: Column, subject: str) -> None:
        def failed(_error: Exception) -> bool:
            column.give_back(subject)
            return False

        acting.add(self.context, subject, self.columns.steps_to(column, 0)[:1], column.title, failed)

    def _open_menu(self, at: QPoint) -> None:
        keys = self.columns.those()
        move = lambda column: self.columns.move_to(column, keys)  # noqa: E731
        card_menu(self, self.context.actions, self.columns.columns(), move).popup(at)

    # -- building

    def _wire(self) -> None:
        self.filter.searched.connect(self._search)
        self.filter.left.connect(self._focus)
        self.retried.connect(self.read)
        self.writing.connect(self.write)
        self.groupings.aboutToShow.connect(self._fill_groupings)
        columns = self.columns
        columns.opened.connect(self.open)
        columns.moved.connect(self._move)
        columns.added.connect(self._add)
        columns.chosen.connect(self.context.actions.refresh)
        columns.more_wanted.connect(self._grow)
        columns.menu_wanted.connect(self._open_menu)
        columns.column_menu_wanted.connect(self._open_column_menu)
        columns.unfold_wanted.connect(self.shaping.fold)
        columns.lanes_folded.connect(self._remember_folded)
        columns.drag.ended.connect(self._let_go)

    def _open_column_menu(self, column: Column, button: QWidget) -> None:
        self.shaping.menu(column).popup(button.mapToGlobal(QPoint(0, button.height())))

    def _fill_groupings(self) -> None:
        if self.view is not None:
            show = lambda key: self.shaping.hide(key, hidden=False)  # noqa: E731
            fill_board_menu(self.groupings, self.view, self.group_by, self.lanes_by, show, self.shaping.arrange)

    def _remember_folded(self, folded: frozenset[str]) -> None:
        if self.look is not None:
            self.context.tasks.do(remember_folded, self.look.lanes, folded)
