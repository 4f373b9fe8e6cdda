"""The sheet in which columns are put in order, hidden, and given limits; and, for tags, chosen. It takes effect at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.boards.queries import BoardView, ColumnView
from app.boards.rules import as_limit
from app.kernel.errors import UserError
from app.kernel.sentences import words_of
from app.tickets.rules import NOBODY, BoardBy
from ui.models.board import named
from ui.text import told, tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import TextField
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import Item, clear, row
from ui.widgets.overlay import Dialog
from ui.widgets.toggle import Switch

_MOST_ROOM = 380


class Arranging(Dialog):
    """One line a column. The page does what is wanted, and `show_board` brings what came of it."""

    def __init__(
        self,
        *,
        order: Callable[[list[str]], object],
        hide: Callable[[str, bool], object],
        limit: Callable[[str, int], object],
        tags: Callable[[], object],
        drop_tag: Callable[[str], object],
    ) -> None:
        super().__init__(tr("Columns of the board"), width=560)
        self._order, self._hide, self._limit, self._drop_tag = order, hide, limit, drop_tag
        self._keys: list[str] = []
        self._lines = QVBoxLayout()
        self._lines.setSpacing(6)
        inner = QFrame()
        inner.setLayout(self._lines)
        inner.setProperty("box", "clear")
        self._room = QScrollArea()
        self._room.setWidgetResizable(True)
        self._room.setFrameShape(QFrame.Shape.NoFrame)
        self._room.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._room.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._room.setWidget(inner)
        words = tr("A limit stops nobody: a column that holds more cards says so.")
        self._tags = Button(tr("Add a column for a tag…"), icon="tag-outline", clicked=tags)
        self.add(Label(words, "muted", wrap=True), self._room, row(self._tags, None))

    def show_board(self, view: BoardView) -> None:
        """Show the columns as they are now; the keyboard stays where it was."""
        focus: QWidget | None = self.focusWidget()
        name = focus.accessibleName() if focus is not None else ""
        clear(self._lines)
        self._tags.setVisible(view.by is BoardBy.TAG)
        columns = sorted((*view.columns, *view.hidden), key=lambda one: view.order.index(one.key))
        self._keys = [column.key for column in columns]
        for place, column in enumerate(columns):
            self._lines.addWidget(self._line(view, column, place, len(columns)))
        self._lines.addStretch(1)
        self._room.setFixedHeight(min(_MOST_ROOM, 40 * len(columns) + 8))
        for child in self.findChildren(QFrame) if name else ():
            for control in (
                *child.findChildren(ToolButton),
                *child.findChildren(Switch),
                *child.findChildren(TextField),
            ):
                if control.accessibleName() == name and control.isEnabled():
                    control.setFocus(Qt.FocusReason.OtherFocusReason)
                    return

    def tags_on_screen(self) -> QRect:
        """Where the button for another tag is."""
        return QRect(self._tags.mapToGlobal(QPoint(0, 0)), self._tags.size())

    def _line(self, view: BoardView, column: ColumnView, place: int, count: int) -> QFrame:
        title = named(view.by, column.named)[0]
        shown = Switch(tr("Show “{name}”", name=title), not column.shape.hidden)
        shown.toggled.connect(lambda on: self._hide(column.key, not on))
        most = TextField(
            str(column.shape.most or ""), placeholder=tr("No limit"), name=tr("Limit of “{name}”", name=title)
        )
        most.setFixedWidth(96)
        most.editingFinished.connect(partial(self._take_limit, column, most))
        up = ToolButton("arrow-up", tr("Move “{name}” up", name=title), clicked=partial(self._move, place, -1))
        down = ToolButton("arrow-down", tr("Move “{name}” down", name=title), clicked=partial(self._move, place, 1))
        up.setEnabled(place > 0)
        down.setEnabled(place < count - 1)
        items: list[Item] = [shown, (ElidingLabel(title), 1), most, up, down]
        if view.by is BoardBy.TAG and column.key != NOBODY:
            words = tr("No column for “{name}”", name=title)
            items.append(ToolButton("close", words, clicked=partial(self._drop_tag, column.key)))
        elif view.by is BoardBy.TAG:
            items.append(40)  # as wide as the button of the others
        return row(*items, spacing=8)

    def _take_limit(self, column: ColumnView, field: TextField) -> None:
        try:
            most = as_limit(field.text())
        except UserError as error:
            field.set_wrong(told(words_of(error)))
            return
        field.set_wrong("")
        if most != column.shape.most:
            self._limit(column.key, most)

    def _move(self, place: int, by: int) -> None:
        keys = list(self._keys)
        keys[place], keys[place + by] = keys[place + by], keys[place]
        self._order(keys)
