"""Changing how the board is: limits, folded and hidden columns, their order, and the tags that have one. Each with Undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtWidgets import QMenu

from app.boards.commands import arrange_columns, fold_column, hide_column, pick_tags, set_limit
from app.boards.queries import BoardView, ColumnView
from app.boards.rules import as_limit
from app.kernel.errors import UserError
from app.kernel.sentences import words_of
from app.tickets.queries.board import tag_choices
from app.tickets.rules import NOBODY, BoardBy
from ui.models.board import named
from ui.pages.board.arranging import Arranging
from ui.pages.board.column import Column
from ui.pages.board.menus import Act, column_menu
from ui.text import count_text, told, tr
from ui.widgets.button import Button
from ui.widgets.field import FieldBlock, TextField
from ui.widgets.overlay import Dialog
from ui.widgets.picker import Option, Picker, pick

if TYPE_CHECKING:
    from ui.pages.board.page import Page


class Shaping:
    """What a person decides about the columns of one page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._sheet: Arranging | None = None

    @property
    def _view(self) -> BoardView:
        view = self._page.view
        assert view is not None
        return view

    def show_board(self, view: BoardView) -> None:
        """The board has changed: the open sheet follows."""
        if self._sheet is not None:
            self._sheet.show_board(view)

    def menu(self, column: Column) -> QMenu:
        """What can be done with a column."""
        place = list(self._page.columns.columns()).index(column)
        count = len(self._page.columns.columns())
        acts: list[tuple[str, str, Act] | None] = [
            (tr("Add a ticket here"), "plus", column.open_new),
            (tr("Mark all its cards"), "checkbox-multiple-outline", partial(self._page.mark_all, column)),
            None,
            (tr("Limit…"), "speedometer", partial(self.ask_limit, column)),
            (tr("Fold"), "arrow-collapse-horizontal", partial(self.fold, column)),
            (tr("Hide"), "eye-off-outline", partial(self.hide, column.key, hidden=True)),
            None,
        ]
        if place > 0:
            acts.append((tr("Move to the left"), "arrow-left", partial(self._shift, column, -1)))
        if place < count - 1:
            acts.append((tr("Move to the right"), "arrow-right", partial(self._shift, column, 1)))
        return column_menu(self._page, acts)

    def ask_limit(self, column: Column) -> None:
        """Ask for the limit of a column."""
        dialog = Dialog(tr("Limit of “{name}”", name=column.title), width=400)
        most = column.view.shape.most if column.view is not None else 0
        field = TextField(str(most or ""), placeholder=tr("No limit"), name=tr("At most this many cards"))
        hint = tr("A limit stops nobody: a column that holds more cards says so.")
        dialog.add(FieldBlock(tr("At most this many cards"), field, hint=hint))

        def take() -> None:
            try:
                wanted = as_limit(field.text())
            except UserError as error:
                field.set_wrong(told(words_of(error)))
                self._page.context.tasks.report(error)
                return
            self._page.context.overlay.close_sheet(dialog)
            self.limit(column.key, wanted)

        dialog.set_foot(
            Button(tr("Cancel"), clicked=dialog.close_dialog), Button(tr("Set the limit"), "primary", clicked=take)
        )
        self._page.context.overlay.open(dialog, focus=field)
        field.selectAll()

    def limit(self, key: str, most: int) -> None:
        """How many cards a column should hold."""
        name = self._title(key)
        said = (
            tr("“{name}” should hold at most {n}.", name=name, n=most)
            if most
            else tr("“{name}” has no limit.", name=name)
        )
        self._do(set_limit, key, most, said=said)

    def fold(self, column: Column) -> None:
        """Show a column as a strip, or whole again. It is seen at once, and nothing to make words about."""
        self._page.columns.will_focus(column)
        self._do(fold_column, column.key, not column.is_folded, said="")

    def hide(self, key: str, *, hidden: bool) -> None:
        """Leave a column out, or show it."""
        name = self._title(key)
        said = tr("“{name}” is hidden.", name=name) if hidden else tr("“{name}” is shown.", name=name)
        self._do(hide_column, key, hidden, said=said)

    def arrange(self) -> None:
        """The sheet for all columns."""
        sheet = Arranging(
            order=self._order,
            hide=lambda key, hidden: self.hide(key, hidden=hidden),
            limit=self.limit,
            tags=self._ask_tag,
            drop_tag=self._drop_tag,
        )
        sheet.show_board(self._view)
        self._sheet = sheet
        sheet.destroyed.connect(partial(self._forget, sheet))
        self._page.context.overlay.open(sheet)

    def _forget(self, sheet: Arranging, *_: object) -> None:
        if self._sheet is sheet:
            self._sheet = None

    def _shift(self, column: Column, by: int) -> None:
        """Past its neighbour among those shown; hidden ones keep their places."""
        shown = [one.key for one in self._view.columns]
        place = shown.index(column.key)
        other, order = shown[place + by], list(self._view.order)
        here, there = order.index(column.key), order.index(other)
        order[here], order[there] = order[there], order[here]
        self._order(order)

    def _order(self, keys: Sequence[str]) -> None:
        self._do(arrange_columns, list(keys), said=tr("Order of columns changed."))

    def _ask_tag(self) -> None:
        """Which tag gets a column."""
        sheet = self._sheet
        assert sheet is not None

        def show(found: tuple[tuple[str, str, int], ...]) -> None:
            shown = set(self._view.order)
            options = [Option(key, name, hint=count_text(count)) for key, name, count in found if key not in shown]
            pick(
                self._page.context.overlay, Picker(tr("A column for…"), options), sheet.tags_on_screen(), self._add_tag
            )

        self._page.context.tasks.ask(tag_choices, then=show, owner=self._page, key="board-tags")

    def _add_tag(self, key: str) -> None:
        self._do_tags([*self._tags(), key], tr("The tag has a column now."))

    def _drop_tag(self, key: str) -> None:
        self._do_tags([one for one in self._tags() if one != key], tr("The tag has no column any more."))

    def _tags(self) -> list[str]:
        return [key for key in self._view.order if key != NOBODY]

    def _do_tags(self, keys: list[str], said: str) -> None:
        self._page.context.tasks.do(pick_tags, keys, then=partial(self._told, said), owner=self._page)

    def _title(self, key: str) -> str:
        found: ColumnView = next(one for one in (*self._view.columns, *self._view.hidden) if one.key == key)
        return named(str(self._view.by), found.named)[0]

    def _do(self, command: Callable[..., UUID], *args: Any, said: str) -> None:
        by: BoardBy = self._view.by
        self._page.context.tasks.do(command, by, *args, then=partial(self._told, said), owner=self._page)

    def _told(self, said: str, action: UUID) -> None:
        if said:
            self._page.context.tasks.undo_offered.emit(said, action)
