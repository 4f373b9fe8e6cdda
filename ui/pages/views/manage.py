"""Keeping views: their order by dragging or by Alt and the arrow keys, which are shown, changed, shared, deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from PySide6.QtCore import QMimeData, QModelIndex, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.kernel.database.changes import Changes
from app.views.commands import change_view, delete_view, order_views, restore_view
from app.views.queries import ViewInfo, views
from ui.icons import draw_icon
from ui.pages import Context
from ui.pages.inbox.ticket_list.view_names import view_icon, view_word
from ui.pages.views.acts import noted
from ui.pages.views.builder import Start, open_builder
from ui.text import tr
from ui.theme import SMALL, tokens
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.widgets.layout import row
from ui.widgets.lines import Index, Lines
from ui.widgets.overlay import Dialog
from ui.widgets.paint import draw_focus, draw_row_ground, draw_text

VIEW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_ROW = 40
_MIME = "application/x-deskbell-view"
_State = QStyle.StateFlag


class OrderModel(Lines[ViewInfo]):
    """All views in their order; dropping a row elsewhere tells the new order."""

    ordered = Signal(object)  # list[UUID]

    line_role = VIEW_ROLE

    def words(self, one: ViewInfo) -> str:
        return view_word(one)

    def spoken(self, one: ViewInfo) -> str:
        return ", ".join(filter(None, [view_word(one), whose(one)]))

    def move(self, place: int, to: int) -> None:
        """Put the view at `place` before the one at `to`."""
        if not 0 <= place < len(self.shown) or not 0 <= to <= len(self.shown) or to in (place, place + 1):
            return
        self.beginMoveRows(QModelIndex(), place, place, QModelIndex(), to)
        moved = list(self.shown)
        one = moved.pop(place)
        moved.insert(to if to < place else to - 1, one)
        self.shown = tuple(moved)
        self.endMoveRows()
        self.ordered.emit([view.id for view in self.shown])

    def flags(self, index: Index, /) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex], /) -> QMimeData:
        data = QMimeData()
        data.setData(_MIME, str(indexes[0].row()).encode())
        return data

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index, /) -> bool:
        raw = bytes(data.data(_MIME).data())
        if action is not Qt.DropAction.MoveAction or not raw.isdigit():
            return False
        self.move(int(raw), row if row >= 0 else len(self.shown))
        return False  # it is moved already: nobody is to take the old row out


def whose(view: ViewInfo) -> str:
    """What kind of view it is, in a word."""
    if view.hidden:
        return tr("Hidden")
    if view.is_built_in:
        return ""
    return tr("For everybody") if view.owner is None else tr("Only you")


class _Painter(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index, /) -> QSize:
        return QSize(200, _ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, /) -> None:
        view: ViewInfo = index.data(VIEW_ROLE)
        rect, state = QRectF(option.rect).adjusted(0, 1, 0, -1), option.state
        painter.save()
        selected = bool(state & _State.State_Selected)
        draw_row_ground(painter, rect, selected=selected, hovered=bool(state & _State.State_MouseOver))
        middle = rect.center().y()
        draw_icon(painter, QPointF(rect.x() + 6, middle - 8), "drag-vertical", "text3", 16)
        ink = "text3" if view.hidden else tokens().tone(view.colour)[1] if view.colour else "text2"
        draw_icon(painter, QPointF(rect.x() + 30, middle - 8), view_icon(view), ink, 16)
        words = rect.adjusted(56, 0, -120, 0)
        draw_text(
            painter, words, view_word(view), colour="text3" if view.hidden else "text", weight=QFont.Weight.Medium
        )
        note = view.problem or whose(view)
        colour = "bad" if view.problem else "text3"
        place = QRectF(rect.right() - 116, rect.y(), 104, rect.height())
        draw_text(painter, place, note, px=SMALL, colour=colour, align=Qt.AlignmentFlag.AlignRight)
        if state & _State.State_HasFocus and state & _State.State_KeyboardFocusChange:
            draw_focus(painter, rect)
        painter.restore()


class OrderList(QListView):
    """The views in order; the keys that go with it are told by signals."""

    pressed_key = Signal(str)  # up, down, edit, delete, hide

    def __init__(self, model: OrderModel) -> None:
        super().__init__()
        self.setModel(model)
        self._views = model
        self.setItemDelegate(_Painter(self))
        self.setAccessibleName(tr("Views in their order"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(True)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setMinimumHeight(320)
        self.doubleClicked.connect(lambda _index: self.pressed_key.emit("edit"))

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        key = {
            Qt.Key.Key_Delete: "delete",
            Qt.Key.Key_Return: "edit",
            Qt.Key.Key_Enter: "edit",
            Qt.Key.Key_Space: "hide",
        }.get(Qt.Key(event.key()))
        if alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            key = "up" if event.key() == Qt.Key.Key_Up else "down"
        if key is not None:
            self.pressed_key.emit(key)
        else:
            super().keyPressEvent(event)


class ManageViews(Dialog):
    """The sheet: changes take effect at once, each can be taken back."""

    def __init__(self, context: Context, found: tuple[ViewInfo, ...]) -> None:
        super().__init__(tr("Views"), width=560)
        self._context = context
        self.model = OrderModel()
        self.list = OrderList(self.model)
        self.add(
            Label(tr("Drag a view, or press Alt with an arrow key, to move it."), "small", wrap=True),
            (self.list, 1),
        )
        self.up = Button(tr("Up"), "small", clicked=lambda: self.act("up"))
        self.down = Button(tr("Down"), "small", clicked=lambda: self.act("down"))
        self.hide_ = Button(tr("Hide"), "small", clicked=lambda: self.act("hide"))
        self.edit = Button(tr("Change"), "small", clicked=lambda: self.act("edit"))
        self.delete = Button(tr("Delete"), "danger", clicked=lambda: self.act("delete"))
        self.add(row(self.up, self.down, self.hide_, self.edit, None, self.delete, spacing=6))
        self.set_foot(
            Button(tr("New view"), clicked=self._new), Button(tr("Done"), "primary", clicked=self.close_dialog)
        )
        self.model.ordered.connect(lambda keys: self._do(order_views, keys, done=tr("Order of views changed")))
        self.list.pressed_key.connect(self.act)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._allow())
        context.bridge.changed.connect(self._changed)
        self._show(found)
        self.list.setCurrentIndex(self.model.index(0))

    # -- what is done

    def act(self, what: str) -> None:
        """Do something with the view that is marked."""
        view, place = self._marked(), self.list.currentIndex().row()
        if view is None:
            return
        if what in ("up", "down"):
            self.model.move(place, place - 1 if what == "up" else place + 2)
        elif what == "edit" and not view.is_built_in:
            self.close_dialog()
            open_builder(self._context, Start(view))
        elif what == "delete" and not view.is_built_in:
            self._do(delete_view, view.id, done=tr("View “{name}” deleted", name=view.name))
        elif what == "hide" and view.is_built_in:
            command = restore_view if view.hidden else delete_view
            words = tr("{name} is shown again") if view.hidden else tr("{name} is hidden")
            self._do(command, view.id, done=words.replace("{name}", view_word(view)))
        elif what == "hide":
            shared = view.owner is not None
            words = tr("“{name}” is for everybody now") if shared else tr("“{name}” is only yours now")
            self._do(change_view, view.id, shared=shared, done=words.replace("{name}", view.name))

    def _new(self) -> None:
        self.close_dialog()
        open_builder(self._context, Start())

    def _do(self, command: Callable[..., Any], *args: Any, done: str, **more: Any) -> None:
        self._context.tasks.do(noted, command, *args, done=done, **more)

    # -- what is shown

    def _changed(self, changes: Changes) -> None:
        if changes.touches("view"):
            me = self._context.desk.me()
            self._context.tasks.ask(views, me, hidden=True, then=self._show, owner=self, key="views-manage")

    def _show(self, found: tuple[ViewInfo, ...]) -> None:
        marked, place = self._marked(), self.list.currentIndex().row()
        self.model.show(tuple(one for one in found if one.is_built_in or not one.hidden))
        keys: list[UUID] = [one.id for one in self.model.shown]
        if marked is not None:
            at = keys.index(marked.id) if marked.id in keys else min(place, len(keys) - 1)
            self.list.setCurrentIndex(self.model.index(at))
        self._allow()

    def _marked(self) -> ViewInfo | None:
        found = self.list.currentIndex().data(VIEW_ROLE)
        return found if isinstance(found, ViewInfo) else None

    def _allow(self) -> None:
        view, place = self._marked(), self.list.currentIndex().row()
        own = view is not None and not view.is_built_in
        self.up.setEnabled(place > 0)
        self.down.setEnabled(0 <= place < self.model.rowCount() - 1)
        self.edit.setEnabled(own)
        self.delete.setEnabled(own)
        if view is None:
            return
        if own:
            self.hide_.setText(tr("Share") if view.owner is not None else tr("Keep to yourself"))
        else:
            self.hide_.setText(tr("Show") if view.hidden else tr("Hide"))


def open_manage(context: Context) -> None:
    """Show the sheet."""

    def take(found: tuple[ViewInfo, ...]) -> None:
        sheet = ManageViews(context, found)
        context.overlay.open(sheet, focus=sheet.list)

    context.tasks.ask(views, context.desk.me(), hidden=True, then=take, owner=context.overlay, key="views-manage")
