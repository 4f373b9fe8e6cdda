"""Choosing many: what the list and the place beside it show while several tickets are chosen.

The list's head says how many, boxes stand where avatars were, and beside it is a bar of what can be done, which stays at one
place. "Select all" chooses by the list's condition, so that it also means what is not loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
)

from app.kernel import clock
from app.tickets.queries import TicketRow
from ui.actions import Actions
from ui.icons import draw_icon
from ui.pages.inbox.words import channel_icon, status_tone, status_word
from ui.text import span_text, tr
from ui.theme import tokens
from ui.widgets.button import Button, ToolButton
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import column, flow, row, set_box
from ui.widgets.lines import Index, Lines
from ui.widgets.paint import draw_pill, draw_text, pill_width
from ui.widgets.toggle import CheckBox

if TYPE_CHECKING:
    from ui.pages.inbox.page import Page

_ROW = 44
_BOX = 56
"""Up to here (px from a row's left edge) a click ticks its box instead of opening the ticket."""

_BUTTONS = (
    ("assign", "Assign"),
    ("status", "Status"),
    ("priority", "Priority"),
    ("tag", "Tag"),
    ("snooze", "Snooze"),
    ("merge", "Merge"),
)
_MORE = ("assign_me", "solve", "reopen", "unread", "read", "follow_up", "spam", "block", "delete", "restore")


class SelectionHead(QFrame):
    """In the place of the list's head: a box that says "some" or "all", how many, and the way to all."""

    cleared = Signal()
    all_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.box = CheckBox(name=tr("All tickets of this list"))
        self.box.setTristate(True)
        self.box.clicked.connect(self._clicked)
        self.words = ElidingLabel("", "title")
        self.all = Button("", "ghost", clicked=self.all_wanted.emit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(row(self.box, (self.words, 1), self.all, margins=(16, 12, 12, 0)))
        self._is_all = False

    def show_count(self, count: int, total: int, *, is_all: bool) -> None:
        """`count` of `total` are chosen."""
        self._is_all = is_all
        self.box.setCheckState(Qt.CheckState.Checked if is_all else Qt.CheckState.PartiallyChecked)
        self.words.setText(tr("{n} selected", n=count))
        self.all.setText(tr("Select all {n}", n=total))
        self.all.setVisible(not is_all and total > count)

    def _clicked(self) -> None:
        (self.cleared if self._is_all else self.all_wanted).emit()


class _Chosen(Lines[TicketRow]):
    """The first of the tickets that are chosen."""

    def words(self, one: TicketRow) -> str:
        return f"{one.customer_name}: {one.subject}. {_state_word(one)}"


class _ChosenPainter(QStyledItemDelegate):
    """Channel, customer, subject, status."""

    def __init__(self, chosen: _Chosen, parent: QObject) -> None:
        super().__init__(parent)
        self._chosen = chosen

    def sizeHint(self, option: QStyleOptionViewItem, index: Index, /) -> QSize:
        return QSize(200, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, /) -> None:
        one, rect = self._chosen.shown[index.row()], QRectF(option.rect)
        painter.save()
        if index.row():
            painter.fillRect(QRectF(rect.x(), rect.y(), rect.width(), 1), QColor(tokens().line))
        middle, left, right = rect.center().y(), rect.x() + 16, rect.right() - 16
        draw_icon(painter, QPointF(left, middle - 8), channel_icon(one.channel), "text2", 16)
        word = _state_word(one)
        right -= pill_width(word)
        draw_pill(painter, right, middle - 10, word, one.state_colour or status_tone(one.status))
        left, who = left + 28, max(120.0, min(190.0, rect.width() * 0.24))
        name = one.customer_name or tr("Unknown sender")
        draw_text(painter, QRectF(left, rect.y(), who - 12, _ROW), name, weight=QFont.Weight.Medium)
        draw_text(painter, QRectF(left + who, rect.y(), right - left - who - 12, _ROW), one.subject, colour="text2")
        painter.restore()


def _state_word(one: TicketRow) -> str:
    return one.state_name or status_word(one.status)


class SelectionPanel(QFrame):
    """Beside the list: how many, who they are, the bar of what can be done with all of them."""

    cleared = Signal()
    pressed = Signal(str)  # the action of a button; what it opens stands beneath that

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        set_box(self, "canvas")
        self._actions = actions
        self.title = ElidingLabel("", "title")
        self._facts = ElidingLabel("", "small")
        self.clear = Button(tr("Clear"), clicked=self.cleared.emit)
        words = column(None, self.title, self._facts, None, spacing=6)
        head = row((words, 1), self.clear, margins=(24, 0, 24, 0))
        set_box(head, "bar")
        head.setFixedHeight(80)
        self.buttons = {key: self._button(key, words) for key, words in _BUTTONS}
        self.more = ToolButton("dots-horizontal", tr("More actions"), clicked=self._open_more)
        self._remark = Label(tr("Esc clears"), "small")
        wrapping = flow(*self.buttons.values(), self.more)
        self.bar = row((wrapping, 1), self._remark, margins=(16, 11, 16, 11), box="tile")
        self._listed = Label(tr("Selected"), "section")
        together = ElidingLabel(tr("All are changed together and can be undone together"), "small")
        together.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._chosen = _Chosen(self)
        self._list = QListView()
        self._list.setModel(self._chosen)
        self._list.setItemDelegate(_ChosenPainter(self._chosen, self._list))
        self._list.setUniformItemSizes(True)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setSelectionMode(QListView.SelectionMode.NoSelection)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setAccessibleName(tr("Selected tickets"))
        self._rest = Label("", "small")
        self._tile = column((self._list, 1), box="tile", margins=(1, 1, 1, 1))
        body = column(
            self.bar,
            16,
            row(self._listed, (together, 1)),
            8,
            (self._tile, 1000),
            8,
            self._rest,
            None,
            margins=(24, 20, 24, 16),
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(head)
        layout.addWidget(body, 1)

    def show_chosen(self, count: int, rows: Sequence[TicketRow]) -> None:
        """`count` are chosen; `rows` are those of the first that are known."""
        self.title.setText(tr("{n} ticket|{n} tickets", n=count))
        self._facts.setText(_facts(count, rows))
        self._chosen.show(rows)
        self._tile.setMaximumHeight(_ROW * max(1, len(rows)) + 4)
        left = count - len(rows)
        self._rest.setText(tr("and {n} more", n=left) if left > 0 and rows else "")

    def set_narrow(self, narrow: bool) -> None:
        """With less room the remark goes first."""
        self._remark.setVisible(not narrow)

    def _button(self, key: str, words: str) -> Button:
        action = self._actions[key]
        button = Button(tr(words), icon=self._actions.declared[key].icon)
        button.clicked.connect(lambda _on=False: self.pressed.emit(key))
        self._actions.explain(button, key)
        action.changed.connect(lambda: self._follow(key))
        return button

    def _follow(self, key: str) -> None:
        self.buttons[key].setEnabled(self._actions[key].isEnabled() or self._actions.resting)

    def _open_more(self) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        for key in _MORE:
            if self._actions[key].isEnabled():
                menu.addAction(self._actions.entry(key, menu))
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))


def _facts(count: int, rows: Sequence[TicketRow]) -> str:
    """What the chosen have in common, as far as all of them are known."""
    if not rows or len(rows) < count:
        return ""
    now = clock.now()
    people = len({row.customer for row in rows})
    waited = max((now - row.last_message_at).total_seconds() for row in rows)
    unread = sum(row.unread for row in rows)
    facts = [tr("{n} customer|{n} customers", n=people), tr("oldest waited {span}", span=span_text(waited))]
    if unread:
        facts.append(tr("{n} unread", n=unread))
    return "  ·  ".join(facts)


class Selecting(QObject):
    """Keeps head, boxes and panel as the choice is. `everything`: all that the list's condition means is chosen."""

    turned = Signal(bool)

    def __init__(self, page: Page, panel: SelectionPanel) -> None:
        super().__init__(page)
        self._page, self.panel = page, panel
        self.everything = False
        self.on = False
        self.head = SelectionHead()
        left = page.list
        layout = left.layout()
        assert isinstance(layout, QVBoxLayout)
        item = layout.itemAt(0)
        plain = item.widget() if item is not None else None
        assert plain is not None
        self._plain = plain
        layout.insertWidget(0, self.head)
        self.head.setFixedHeight(plain.sizeHint().height())
        self.head.hide()
        self.head.cleared.connect(self.clear)
        self.head.all_wanted.connect(self.choose_all)
        panel.cleared.connect(self.clear)
        left.selection_changed.connect(self.follow)
        left.rows_changed.connect(self._more_rows)
        page.context.rows.arrived.connect(self._arrived)
        page.model.followed.connect(self._know)
        for view in (left.rows, left.results):
            view.viewport().installEventFilter(self)

    # -- how it stands

    @property
    def wanted(self) -> bool:
        """Are several chosen, or one marked to be joined by others?"""
        rows = self._page.list.shown
        return rows.marking or self.everything or rows.count_chosen() > 1

    @property
    def count(self) -> int:
        """How many are chosen."""
        return self.total if self.everything else self._chosen()

    @property
    def total(self) -> int:
        """How many could be."""
        left = self._page.list
        return left.found_count if left.searching else left.rows.count_all()

    def _chosen(self) -> int:
        left = self._page.list
        return len(left.selected()) if left.searching else left.rows.count_chosen()

    # -- what is done

    def choose_all(self) -> None:
        """Everything that this list means, loaded or not."""
        rows = self._page.list.shown
        if self.total:
            self.everything = rows.marking = True
            rows.selectAll()
            self.follow()

    def clear(self) -> bool:
        """Back to one: the row where the keyboard is. False if several were not chosen."""
        self.everything = False
        was = self._page.list.shown.reset_marks()
        if was:
            self._page.list.focus_rows()
        self.follow()
        return was

    def follow(self) -> None:
        """Show what is chosen now."""
        if self.everything and self._chosen() < self.total:
            self.everything = False  # one was taken out again
        self._page.model.all_chosen = self.everything and not self._page.list.searching
        on = self.wanted
        turned, self.on = on is not self.on, on
        if turned:
            self.head.setVisible(on)
            self._plain.setVisible(not on)
            for view in (self._page.list.rows, self._page.list.results):
                view.show_boxes(on)
        if on:
            self.head.show_count(self.count, self.total, is_all=self.count >= self.total)
            self._show_panel()
        if turned:
            self.turned.emit(on)

    def _show_panel(self) -> None:
        picked = self._page.picked
        self._page.context.rows.want(picked.first_keys())
        self.panel.show_chosen(self.count, picked.rows())

    def _arrived(self, _keys: object) -> None:
        if self.on:
            self._show_panel()

    def _know(self) -> None:
        """What is chosen is known as it stands now, painted or scrolled away: a key that turns a mark round looks at it."""
        self._page.context.rows.want(self._page.picked.first_keys())

    def _more_rows(self) -> None:
        """Rows came or went under the choice: all is still all."""
        if self.everything:
            self._page.list.shown.selectAll()
        elif not self._chosen():
            self._page.list.shown.marking = False
        self.follow()

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        if (
            event.type() is QEvent.Type.MouseButtonPress
            and isinstance(event, QMouseEvent)
            and event.button() is Qt.MouseButton.LeftButton
            and event.modifiers() == Qt.KeyboardModifier.NoModifier
            and event.position().x() < _BOX
        ):
            rows = self._page.list.shown
            return watched is rows.viewport() and rows.tick(rows.indexAt(event.position().toPoint()))
        return False
