"""A ticket's checklist: tick, add by Enter, rename in place; put in order by carrying lines, or by Alt and arrows."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QMenu

from app.tickets import commands
from app.tickets.queries import Item
from ui.icons import icon
from ui.pages.inbox.beside.acts import Acts
from ui.text import tr
from ui.widgets.button import ToolButton
from ui.widgets.carrying import RowCarrier
from ui.widgets.field import TextField
from ui.widgets.folding import FoldingSection, KeyedRows
from ui.widgets.label import Label
from ui.widgets.layout import horizontal, restyle
from ui.widgets.toggle import CheckBox

_OWN_KEYS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_F2, Qt.Key.Key_Up, Qt.Key.Key_Down)


class ItemRow(QFrame):
    """One line: a box, its words, a menu. The keyboard is on the box."""

    ticked = Signal(object, bool)
    renamed = Signal(object, str)
    moved = Signal(object, int)  # by so many places
    removed = Signal(object)
    stepped = Signal(object, int)

    def __init__(self, item: Item) -> None:
        super().__init__()
        self.key: UUID = item.id
        self._title = ""
        self.box = CheckBox(name=item.title)
        self.box.setFixedWidth(24)
        self.words = Label("", wrap=True)
        self.words.setContentsMargins(2, 3, 0, 3)
        self.field = TextField(name=tr("What is to be done"))
        self.field.hide()
        self.menu = ToolButton("dots-horizontal", tr("More"), size=24, icon_size=14, clicked=self._open_menu)
        layout = horizontal(self)
        top = Qt.AlignmentFlag.AlignTop
        layout.addWidget(self.box, 0, top)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.field, 1)
        layout.addWidget(self.menu, 0, top)
        self.setFocusProxy(self.box)
        self.box.clicked.connect(lambda on: self.ticked.emit(self.key, on))
        self.field.returnPressed.connect(self._rename)
        self.field.editingFinished.connect(self._stop)
        self.box.installEventFilter(self)
        self.show_item(item)

    def show_item(self, item: Item) -> None:
        """Show it as it is now."""
        done = item.done_at is not None
        self._title = item.title
        self.box.setChecked(done)
        self.box.setAccessibleName(item.title)
        self.words.setText(item.title)
        restyle(self.words, look="muted" if done else "")
        self.words.setToolTip(tr("Done by {name}", name=item.done_by) if done and item.done_by else "")

    def mouseDoubleClickEvent(self, event: QMouseEvent, /) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.edit()

    def eventFilter(self, watched: Any, event: Any, /) -> bool:
        if watched is not self.box or not isinstance(event, QKeyEvent):
            return False
        if event.type() is QKeyEvent.Type.ShortcutOverride and event.key() in _OWN_KEYS:
            event.accept()  # the line is removed, not the ticket
            return True
        return event.type() is QKeyEvent.Type.KeyPress and self._key(event)

    def edit(self) -> None:
        """Change the words in place."""
        self.field.setText(self._title)
        self.words.hide()
        self.field.show()
        self.field.setFocus()
        self.field.selectAll()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() == Qt.Key.Key_Escape and self.field.isVisible():
            self._stop()
            self.box.setFocus()
            return
        super().keyPressEvent(event)

    def _key(self, event: QKeyEvent) -> bool:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is not None:
            told = self.moved if event.modifiers() & Qt.KeyboardModifier.AltModifier else self.stepped
            told.emit(self.key, step)
        elif event.key() == Qt.Key.Key_F2:
            self.edit()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self.key)
        else:
            return False
        return True

    def _rename(self) -> None:
        words = self.field.text().strip()
        if words and words != self._title:
            self.renamed.emit(self.key, words)
        self._stop()
        self.box.setFocus()

    def _stop(self) -> None:
        self.field.hide()
        self.words.show()

    def _open_menu(self) -> None:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction(icon("pencil-outline"), tr("Rename"), self.edit)
        menu.addAction(icon("arrow-up"), tr("Move up"), partial(self.moved.emit, self.key, -1))
        menu.addAction(icon("arrow-down"), tr("Move down"), partial(self.moved.emit, self.key, 1))
        menu.addSeparator()
        menu.addAction(icon("trash-can-outline"), tr("Remove"), partial(self.removed.emit, self.key))
        menu.popup(self.menu.mapToGlobal(QPoint(0, self.menu.height())))


class Checklist(FoldingSection):
    """The section."""

    def __init__(self, acts: Acts) -> None:
        super().__init__(tr("Checklist"), tr("Add to the checklist"))
        self._acts = acts
        self._items: tuple[Item, ...] = ()
        self.field = TextField(placeholder=tr("What is to be done"), name=tr("Add to the checklist"))
        restyle(self.field, look="quiet")
        self.rows = KeyedRows(self._make, lambda shown, item: shown.show_item(item), self.field.setFocus)
        self.carrier = RowCarrier(self.rows, self.rows.rows)
        self.carrier.moved.connect(lambda row, place: self._put(row.key, place))
        self.content.addWidget(self.rows)
        self.content.addWidget(self.field)
        self.field.returnPressed.connect(self._add_item)
        self.add_wanted.connect(self.begin)

    def show_items(self, items: tuple[Item, ...]) -> None:
        """The lines, in order."""
        self._items = items
        self.rows.sync([(item.id, item) for item in items])
        done = sum(item.done_at is not None for item in items)
        self.set_summary(tr("{done} of {all}", done=done, all=len(items)) if items else "")

    def begin(self) -> None:
        """Put the keyboard where one is added."""
        self.fold(False)
        self.field.setFocus()

    def _make(self, item: Item) -> ItemRow:
        shown = ItemRow(item)
        self.carrier.watch(shown.words)
        shown.ticked.connect(self._tick)
        shown.renamed.connect(
            lambda key, words: self._acts.do(commands.rename_item, key, words, said=tr("Checklist changed"))
        )
        shown.moved.connect(self._move)
        shown.removed.connect(
            lambda key: self._acts.do(commands.remove_item, key, said=tr("Removed from the checklist"))
        )
        shown.stepped.connect(self._step)
        return shown

    def _add_item(self) -> None:
        words = self.field.text().strip()
        if words:
            self._acts.here(commands.add_item, words, said=tr("Added to the checklist"))
            self.field.clear()

    def _tick(self, key: UUID, on: bool) -> None:
        self._acts.do(commands.tick_item, key, on, said=tr("Ticked") if on else tr("Not ticked any more"))

    def _move(self, key: UUID, by: int) -> None:
        place = self._place(key) + by
        if 0 <= place < len(self._items):
            self._put(key, place)

    def _put(self, key: UUID, place: int) -> None:
        self._acts.do(commands.move_item, key, place, said=tr("Checklist put in order"))

    def _step(self, key: UUID, by: int) -> None:
        place, rows = self._place(key) + by, self.rows.rows()
        if 0 <= place < len(rows):
            rows[place].setFocus()
        elif place >= len(rows):
            self.field.setFocus()

    def _place(self, key: UUID) -> int:
        return next(place for place, item in enumerate(self._items) if item.id == key)
