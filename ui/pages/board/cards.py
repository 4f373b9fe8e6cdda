"""The cards of a column as a list: where they lie, how they are painted, and what mouse and keys do with them.

Where a card lies is arithmetic (`places`), and only what is in sight is painted, so thousands cost what a screenful does. It
is a QListView only because screen readers know that class; none of its layout is used. The card with the frame is where the
keyboard is; a marked card is one that is acted on together with others. What is done with cards is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
)
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QListView, QToolTip, QWidget

from app.kernel import clock
from ui.models.blocks import runs
from ui.models.board import Card, ColumnModel
from ui.pages.board.card import INSET, paint_card
from ui.pages.board.lane import lane_title, paint_lane
from ui.pages.board.marks import Marks
from ui.pages.board.places import CARD_HEIGHT, HEAD, STEP, Places, Plan
from ui.theme import tokens
from ui.widgets.paint import draw_text
from ui.widgets.painted import Painted

_Index = QModelIndex | QPersistentModelIndex
_NOTHING = Places(Plan(), (), 0)
_FEW = 4


class CardList(QListView):
    """The cards of a column."""

    opened = Signal(object)  # UUID
    entered = Signal()  # the keyboard is here now, or on another card
    more_wanted = Signal(int)  # the card at this place is in sight and was not read
    lane_pressed = Signal(int)
    menu_wanted = Signal(QPoint)  # on the screen
    lifted = Signal(QPoint)  # a drag begins, goes on, ends: where on the screen
    carried = Signal(QPoint)
    dropped = Signal(QPoint)
    lost = Signal()  # something else has the keyboard: whatever is carried falls back

    def __init__(self, model: ColumnModel, marks: Marks) -> None:
        super().__init__()
        self._cards, self._marks = model, marks
        self.places = _NOTHING
        self.lane_by = ""
        self.tells_status = False
        """Do cards say their status, because neither columns nor lanes do?"""
        self.leads = False
        """Does this column say what the lanes are called?"""
        self.target: int | None = None
        """The lane over which something is held (0 without lanes); None: nothing is."""
        self.empty_text = ""
        self.on_key: Callable[[QKeyEvent], bool] = lambda _event: False
        self._painted = {ground: Painted(ground) for ground in ("surface", "accent_soft")}
        self._hovered = -1
        self._pressed: QPoint | None = None
        self._carrying = False
        self.setModel(model)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # what stays is moved, not painted again
        self.verticalScrollBar().setSingleStep(32)
        for signal in (model.rowsRemoved, model.modelReset, model.layoutChanged):
            signal.connect(self._settle)
        marks.changed.connect(self._show_marks)

    # -- for its owner

    def cards(self) -> ColumnModel:
        """The model."""
        return self._cards

    def lay_out(self, places: Places) -> None:
        """The cards lie like this from now on."""
        self.places = places
        self._hovered = -1
        self.updateGeometries()
        self._show_marks()
        self.viewport().update()

    def current(self) -> Card | None:
        """The card where the keyboard is, or would be."""
        return self._cards.card_at(self.currentIndex().row())

    def go_to(self, place: int, *, scroll: bool = True) -> bool:
        """The keyboard's card is the one at this place; False without one."""
        if self._cards.card_at(place) is None:
            return False
        index = self._cards.index(place)
        if index != self.currentIndex():
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        if scroll:
            self.scrollTo(index)
        self.entered.emit()
        return True

    def go_near(self) -> bool:
        """The keyboard's card is the first one in sight; False without any."""
        return self.go_to(self.places.nearest(self.verticalOffset()))

    def card_on_screen(self) -> QRect:
        """Where, on the screen, the card is that the keyboard is on; the upper corner if it is not in sight."""
        rect = self.visualRect(self.currentIndex())
        if not rect.isValid() or not self.viewport().rect().intersects(rect):
            rect = QRect(INSET, 0, self.width() - 2 * INSET, HEAD)
        return QRect(self.viewport().mapToGlobal(rect.topLeft()), rect.size())

    def lane_at(self, at: QPoint) -> int:
        """The lane at a point of the view; -1 without lanes."""
        return self.places.plan.lane_at(at.y() + self.verticalOffset())

    def hold_over(self, lane: int | None) -> None:
        """Something is held over this lane (0 without lanes), or (None) not any more."""
        if lane != self.target:
            self.target = lane
            self.viewport().update()

    def let_go(self) -> None:
        """A drag that began here is over, however it ended."""
        self._pressed, self._carrying = None, False

    # -- where things are

    def _settle(self, *_: object) -> None:
        self._hovered = -1
        self.updateGeometries()
        self.viewport().update()

    def rowsInserted(self, parent: _Index, start: int, end: int, /) -> None:
        QAbstractItemView.rowsInserted(self, parent, start, end)
        self._settle()

    def rowsAboutToBeRemoved(self, parent: _Index, start: int, end: int, /) -> None:
        QAbstractItemView.rowsAboutToBeRemoved(self, parent, start, end)

    def doItemsLayout(self) -> None:
        QAbstractItemView.doItemsLayout(self)

    def dataChanged(self, first: _Index, last: _Index, roles: Any = (), /) -> None:
        offset = self.verticalOffset()
        shown = self.places.within(offset, offset + self.viewport().height())
        if not shown or first.row() > shown[-1] or last.row() < shown[0]:
            return
        if last.row() - first.row() < _FEW:  # mostly a single card: the others need not be painted for it
            for place in range(first.row(), last.row() + 1):
                self.viewport().update(self._rect(place))
        else:
            self.viewport().update()

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:
        return 0

    def isIndexHidden(self, index: _Index, /) -> bool:
        return index.isValid() and self.places.top(index.row()) < 0

    def visualRect(self, index: _Index, /) -> QRect:
        return self._rect(index.row()) if index.isValid() else QRect()

    def _rect(self, place: int) -> QRect:
        top = self.places.top(place)
        if top < 0:
            return QRect()
        return QRect(INSET, top - self.verticalOffset(), self.width() - 2 * INSET, CARD_HEIGHT)

    def indexAt(self, p: QPoint, /) -> QModelIndex:
        if not INSET <= p.x() < self.width() - INSET:
            return QModelIndex()
        place = self.places.at(p.y() + self.verticalOffset())
        return self._cards.index(place) if 0 <= place < self._cards.rowCount() else QModelIndex()

    def updateGeometries(self) -> None:
        bar, room = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self.places.height - room))
        bar.setPageStep(max(STEP, room - STEP))

    def scrollContentsBy(self, dx: int, dy: int, /) -> None:
        if self.places.plan.lanes:
            self.viewport().update()  # the heading at the top stays
        else:
            self.viewport().scroll(dx, dy)

    def scrollTo(self, index: _Index, hint: Any = QAbstractItemView.ScrollHint.EnsureVisible, /) -> None:
        top = self.places.top(index.row()) if index.isValid() else -1
        if top < 0:
            return
        bar, room = self.verticalScrollBar(), self.viewport().height()
        above = HEAD if self.places.plan.lanes else 0
        if top - above < bar.value():
            bar.setValue(top - above)
        elif top + CARD_HEIGHT > bar.value() + room:
            bar.setValue(top + CARD_HEIGHT - room)

    def moveCursor(self, action: Any, modifiers: Qt.KeyboardModifier, /) -> QModelIndex:
        return self.currentIndex()

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag, /) -> None:
        """Marks are kept elsewhere."""

    def visualRegionForSelection(self, selection: QItemSelection, /) -> QRegion:
        return QRegion(self.viewport().rect())

    def _show_marks(self) -> None:
        """What is marked is selected, for screen readers."""
        chosen, model = QItemSelection(), self.selectionModel()
        places = sorted(place for key in self._marks.keys() if (place := self._cards.place_of(key)) >= 0)  # noqa: SIM118
        for first, last in runs(places):
            chosen.select(self._cards.index(first), self._cards.index(last))
        if chosen.count() or model.hasSelection():
            model.select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.viewport().update()

    # -- painting

    def paintEvent(self, event: QPaintEvent, /) -> None:
        area, offset = event.rect(), self.verticalOffset()
        with QPainter(self.viewport()) as painter:
            painter.fillRect(area, QColor(tokens().colour(self._ground())))
            wanted = -1
            for place in self.places.within(area.top() + offset, area.bottom() + offset):
                if place < self._cards.rowCount():
                    self._paint_card(painter, place)
                else:
                    wanted = place
                    paint_card(painter, QRectF(self._rect(place)), None, clock.now())
            self._paint_lanes(painter, offset)
            if self.empty_text and not self.places.count and not self.places.plan.lanes:
                rect = QRectF(INSET, 16, self.width() - 2 * INSET, 20)
                draw_text(painter, rect, self.empty_text, colour="text3", align=Qt.AlignmentFlag.AlignHCenter)
        if wanted >= 0:
            self.more_wanted.emit(wanted)

    def _ground(self) -> str:
        held = self.target is not None and not self.places.plan.lanes
        return "accent_soft" if held else "surface"

    def _paint_card(self, painter: QPainter, place: int) -> None:
        card, row, rect, now = self._cards.card_at(place), self._cards.row_at(place), self._rect(place), clock.now()
        selected, hovered = card is not None and card[1] in self._marks, place == self._hovered
        focused = self.hasFocus() and place == self.currentIndex().row()

        def paint(own: QPainter, where: QRect) -> None:
            looks = {"selected": selected, "hovered": hovered, "focused": focused, "status": self.tells_status}
            paint_card(own, QRectF(where), row, now, **looks)

        if row is None:
            paint(painter, rect)
        else:
            look = (selected, hovered, focused, self.tells_status)
            tells_time = row.due_at is not None or row.snooze_until is not None
            self._painted[self._ground()].draw(painter, rect, row, look, paint, now if tells_time else None)

    def _paint_lanes(self, painter: QPainter, offset: int) -> None:
        plan = self.places.plan
        if not plan.lanes:
            return
        first, last = plan.lane_at(offset), plan.lane_at(offset + self.viewport().height())
        for lane in range(last, first - 1, -1):
            top, end = plan.tops[lane] - offset, plan.tops[lane + 1] - offset
            if lane == first:  # it stays in sight until the next one pushes it away
                top = min(max(top, 0), end - HEAD)
            paint_lane(
                painter,
                QRectF(0, top, self.width(), HEAD),
                lane_title(self.lane_by, plan.lanes[lane]) if self.leads else "",
                self.places.cells[lane],
                folded=plan.is_folded(lane),
                held=self.target == lane,
                room=end - top - HEAD,
            )

    # -- keyboard

    def event(self, event: QEvent, /) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and _wanders(event):
            event.accept()  # H and L lead left and right here, whatever they do elsewhere
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        event.setAccepted(self.on_key(event))

    def keyboardSearch(self, search: str, /) -> None:
        """Letters are for actions, not for jumping to a subject."""

    def focusInEvent(self, event: QFocusEvent, /) -> None:
        QWidget.focusInEvent(self, event)
        if self.current() is None:
            self.go_to(max(0, self.places.nearest(self.verticalOffset())), scroll=False)
        self.entered.emit()
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent, /) -> None:
        QWidget.focusOutEvent(self, event)
        if self._carrying:
            self.lost.emit()
        self.viewport().update()

    # -- mouse

    def mousePressEvent(self, event: QMouseEvent, /) -> None:
        at = event.position().toPoint()
        lane, place = self._heading_at(at), self.indexAt(at).row()
        left = event.button() == Qt.MouseButton.LeftButton
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if lane >= 0:
            if left:
                self.lane_pressed.emit(lane)
        elif place >= 0:
            self._press(place, event.modifiers(), left=left)
            self._pressed = at if left else None
        elif left and not event.modifiers():
            self._marks.clear()

    def _press(self, place: int, held: Qt.KeyboardModifier, *, left: bool) -> None:
        card = self._cards.card_at(place)
        before = self.currentIndex().row()
        self.go_to(place, scroll=False)
        if card is None:
            return
        if left and held & Qt.KeyboardModifier.ShiftModifier and before >= 0:
            self._marks.add(self.keys_between(before, place))
        elif left and held & Qt.KeyboardModifier.ControlModifier:
            self._marks.toggle_beside(card[1])
        else:
            self._marks.click(card[1])

    def keys_between(self, first: int, last: int) -> list[UUID]:
        """The tickets from one place to another, both included."""
        both = range(min(first, last), max(first, last) + 1)
        return [card[1] for place in both if (card := self._cards.card_at(place)) is not None]

    def mouseMoveEvent(self, event: QMouseEvent, /) -> None:
        at = event.position().toPoint()
        if self._carrying:
            self.carried.emit(event.globalPosition().toPoint())
        elif self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            if (at - self._pressed).manhattanLength() >= QApplication.startDragDistance():
                self._carrying = True
                self.lifted.emit(event.globalPosition().toPoint())
        else:
            self._hover(self.indexAt(at).row())

    def mouseReleaseEvent(self, event: QMouseEvent, /) -> None:
        carrying, pressed = self._carrying, self._pressed
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self.let_go()
        if carrying:
            self.dropped.emit(event.globalPosition().toPoint())
        elif pressed is not None and not event.modifiers():
            self._marks.clear()  # a plain click is about this card alone

    def mouseDoubleClickEvent(self, event: QMouseEvent, /) -> None:
        card = self._cards.card_at(self.indexAt(event.position().toPoint()).row())
        if card is not None and event.button() == Qt.MouseButton.LeftButton:
            self._pressed = None
            self.opened.emit(card[1])

    def contextMenuEvent(self, event: QContextMenuEvent, /) -> None:
        by_mouse = event.reason() is QContextMenuEvent.Reason.Mouse
        if self.current() is not None:
            self.menu_wanted.emit(event.globalPos() if by_mouse else self.card_on_screen().center())

    def leaveEvent(self, event: QEvent, /) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def viewportEvent(self, event: QEvent, /) -> bool:
        if isinstance(event, QHelpEvent):
            lane = self._heading_at(event.pos())
            words = lane_title(self.lane_by, self.places.plan.lanes[lane]) if lane >= 0 else ""
            QToolTip.showText(event.globalPos(), words, self.viewport())
            return True
        return super().viewportEvent(event)

    def _hover(self, place: int) -> None:
        if place != self._hovered:
            for one in (self._hovered, place):
                if 0 <= one < self._cards.rowCount():
                    self.viewport().update(self._rect(one).adjusted(-1, -1, 1, 1))
            self._hovered = place

    def _heading_at(self, at: QPoint) -> int:
        """The lane whose heading is at this point of the view, -1 for none."""
        plan, offset = self.places.plan, self.verticalOffset()
        if not plan.lanes:
            return -1
        for lane in {plan.lane_at(offset), plan.lane_at(offset + at.y())}:
            top, end = plan.tops[lane] - offset, plan.tops[lane + 1] - offset
            if lane == plan.lane_at(offset):
                top = min(max(top, 0), end - HEAD)
            if top <= at.y() < top + HEAD:
                return lane
        return -1


def _wanders(event: QKeyEvent) -> bool:
    return not event.modifiers() and event.key() in (Qt.Key.Key_H, Qt.Key.Key_L)
