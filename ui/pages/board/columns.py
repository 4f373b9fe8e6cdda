"""All columns side by side: where the keyboard is among them, what is marked, lanes that scroll together, and drags.

What is done with cards is not decided here: this tells what a person wants (`moved`, `opened` …), and shows what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QWidget

from app.boards.queries import BoardView
from app.boards.rules import FIXED, Step
from app.tickets.rules import BoardBy, LaneBy
from ui.models.board import Card, named
from ui.models.cache import TicketCache
from ui.pages.board.column import Column
from ui.pages.board.dragging import Drag, Spot
from ui.pages.board.keys import Keys
from ui.pages.board.marks import Marks
from ui.pages.board.places import Plan
from ui.text import tr
from ui.widgets.layout import clear

_AIR = 16


class Columns(QScrollArea):
    """The row of columns."""

    opened = Signal(object)  # UUID
    moved = Signal(object, object)  # tuple[UUID, ...], tuple[Step, ...]
    added = Signal(object, str)  # Column, str
    chosen = Signal()  # the keyboard is on another card, or marks have changed
    more_wanted = Signal(int)
    menu_wanted = Signal(QPoint)
    column_menu_wanted = Signal(object, object)  # Column, QWidget
    unfold_wanted = Signal(object)  # Column
    lanes_folded = Signal(object)  # frozenset[str]

    def __init__(self, cache: TicketCache, host: QWidget) -> None:
        super().__init__()
        self._cache = cache
        self.marks = Marks(self)
        self.marks.changed.connect(self.chosen)
        self.view: BoardView | None = None
        self.plan = Plan()
        self._folded: frozenset[str] = frozenset()
        self._columns: list[Column] = []
        self._last = 0  # the column in which somebody worked last
        self._follow: tuple[tuple[UUID, ...], str] | None = None
        self._moved: tuple[tuple[UUID, ...], str, str] | None = None
        self.keys = Keys(self)
        self.drag = Drag(host, self, self._spot_at, self._words_for)
        self.drag.dropped.connect(self._drop)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._body = QFrame()
        self._body.setProperty("box", "clear")
        self._row = QHBoxLayout(self._body)
        self._row.setContentsMargins(_AIR, _AIR, _AIR, _AIR)
        self._row.setSpacing(12)
        self.setWidget(self._body)
        self.horizontalScrollBar().valueChanged.connect(self._lead)
        self.horizontalScrollBar().rangeChanged.connect(self._lead)

    # -- what is shown

    def columns(self) -> Sequence[Column]:
        """The columns from left to right."""
        return tuple(self._columns)

    def show_board(self, view: BoardView) -> None:
        """Take over what is stored now. The keyboard stays on its card, or follows one that was just moved."""
        held = self.focused()
        card = held.list.current() if held is not None else None
        keys = [(view.by, column.key) for column in view.columns]
        if keys != [(column.by, column.key) for column in self._columns]:
            self._make(view)
        self.view = view
        self._lay_out()
        if len(self.marks):
            self.marks.keep(key for column in self._columns for key in column.list.cards().ids)
        if held is not None and not self._follow_moved():
            self._follow_back()
            self._keep(held, card)
        self.chosen.emit()

    def fold_lanes(self, folded: frozenset[str]) -> None:
        """Show only the headings of these lanes."""
        self._folded = folded
        if self.view is not None:
            self._lay_out()

    def toggle_lane(self, lane: int) -> None:
        """Fold a lane, or unfold it."""
        key = self.plan.lanes[lane].key
        self.fold_lanes(self._folded ^ {key})
        self.lanes_folded.emit(self._folded)

    def _lay_out(self) -> None:
        view = self.view
        assert view is not None
        self.plan = Plan.of(view, self._folded)
        tall = any(column.shape.most for column in view.columns)
        for column, data in zip(self._columns, view.columns, strict=True):
            column.show_column(data, view, self.plan, tall=tall)
        self._lead()

    def _lead(self) -> None:
        """The leftmost column in sight says what the lanes are called; the last one shows where they are scrolled to."""
        edge = self.horizontalScrollBar().value()
        whole = [column for column in self._columns if not column.is_folded]
        leads = next((one for one in whole if one.x() + one.width() // 2 >= edge), None)
        off, needed = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
        for column in whole:
            hidden = bool(self.plan.lanes) and column is not whole[-1]
            column.list.setVerticalScrollBarPolicy(off if hidden else needed)
            if column.list.leads is not (column is leads):
                column.list.leads = column is leads
                column.list.viewport().update()

    def _make(self, view: BoardView) -> None:
        self.drag.cancel()
        self._columns = []  # before: a list that goes hands the keyboard to its neighbour
        clear(self._row)
        for data in view.columns:
            column = Column(view.by, data.key, self._cache, self.marks)
            self._wire(column)
            self._row.addWidget(column, 1)
            column.show()  # at once: what is not seen yet cannot take the keyboard
            self._columns.append(column)
        self._row.addStretch(0)
        self._last = min(self._last, max(0, len(self._columns) - 1))
        for before, after in zip(self._columns, self._columns[1:], strict=False):
            QWidget.setTabOrder(before.list, after.list)

    def _wire(self, column: Column) -> None:
        cards = column.list
        cards.on_key = partial(self.keys.press, column)
        cards.opened.connect(self.opened)
        cards.entered.connect(partial(self._entered, column))
        cards.more_wanted.connect(self.more_wanted, Qt.ConnectionType.QueuedConnection)
        cards.lane_pressed.connect(self.toggle_lane)
        cards.menu_wanted.connect(self.menu_wanted)
        cards.lifted.connect(partial(self._lift, column))
        cards.carried.connect(self.drag.move)
        cards.dropped.connect(self.drag.drop)
        cards.lost.connect(self.drag.cancel)
        cards.verticalScrollBar().valueChanged.connect(self._scroll_together)
        column.added.connect(partial(self.added.emit, column))
        column.lined.connect(self._level)
        column.unfolded.connect(partial(self.unfold_wanted.emit, column))
        column.menu_wanted.connect(partial(self.column_menu_wanted.emit, column))
        column.strip.installEventFilter(self.keys)

    def _scroll_together(self, value: int) -> None:
        if self.plan.lanes:
            for column in self._columns:
                column.list.verticalScrollBar().setValue(value)

    def _level(self, on: bool) -> None:
        for column in self._columns:
            column.leave_room(on and bool(self.plan.lanes))

    def repaint_cards(self) -> None:
        """Paint all cards in sight again: what is due grows old."""
        for column in self._columns:
            column.list.viewport().update()

    # -- where the keyboard is

    def here(self) -> Column | None:
        """The column where the keyboard is, or was last."""
        return self._columns[self._last] if self._last < len(self._columns) else None

    def focused(self) -> Column | None:
        """The column where the keyboard is."""
        here = self.here()
        return here if here is not None and (here.list.hasFocus() or here.strip.hasFocus()) else None

    def those(self) -> tuple[UUID, ...]:
        """What is acted on: the marked cards, else the one where the keyboard is."""
        if len(self.marks):
            return self.marks.keys()
        here = self.here()
        card = here.list.current() if here is not None and not here.is_folded else None
        return (card[1],) if card is not None else ()

    def take_focus(self) -> bool:
        """The keyboard goes to the cards, to the column where it was last; False if there are none."""
        here = self.here()
        order = [here] if here is not None else []
        for column in [*order, *self._columns]:
            if not column.is_folded and column.list.cards().rowCount():
                column.take_focus()
                return True
        return False

    def will_focus(self, column: Column) -> None:
        """The keyboard belongs to this column, folded or not."""
        self._last = self._columns.index(column)

    def step(self, by: int) -> None:
        """Up or down within the column."""
        here = self.here()
        if here is None or here.is_folded:
            self.take_focus()
            return
        here.take_focus()
        place = here.list.currentIndex().row()
        found = here.list.places.step(place, by) if place >= 0 else here.list.places.nearest(0)
        here.list.go_to(found)

    def wander(self, by: int) -> None:
        """To the next column that has cards, at the same height."""
        here = self.here()
        if here is None:
            return
        rect = here.list.visualRect(here.list.currentIndex())
        height = rect.center().y() + here.list.verticalOffset() if self.plan.lanes else rect.center().y()
        place = self._last + by
        while 0 <= place < len(self._columns):
            column = self._columns[place]
            if column.is_folded:
                self._last = place
                column.take_focus()
                self.ensureWidgetVisible(column, _AIR, 0)
                return
            offset = 0 if self.plan.lanes else column.list.verticalOffset()
            if column.list.go_to(column.list.places.nearest(height + offset)):
                self._go_to(column)
                return
            place += by

    def select(self, keys: Sequence[UUID], column: Column) -> bool:
        """The keyboard goes to the first of these cards that is in this column; False if none is."""
        lane = self._lane_key()
        places = [place for key in keys if (place := column.list.cards().place_of(key, lane)) >= 0]
        if not places or column.is_folded:
            return False
        column.list.go_to(min(places))
        self._go_to(column)
        return True

    def _lane_key(self) -> str | None:
        here = self.here()
        card = here.list.current() if here is not None else None
        return card[0] if card is not None else None

    def _go_to(self, column: Column) -> None:
        self._last = self._columns.index(column)
        column.take_focus()
        self.ensureWidgetVisible(column, _AIR, 0)
        self.chosen.emit()

    def _entered(self, column: Column) -> None:
        if column in self._columns:
            self._last = self._columns.index(column)
            self.chosen.emit()

    def _keep(self, held: Column, card: Card | None) -> None:
        """Where the keyboard is, a card is chosen, if there is any; among other columns it stays on its ticket."""
        if held not in self._columns:
            same = sorted(self._columns, key=lambda one: one.key != held.key)
            if card is None or not any(self.select((card[1],), column) for column in same):
                self.take_focus()
        elif held.list.hasFocus() and held.list.current() is None and not held.list.go_near():
            self.take_focus()

    # -- moving cards

    def steps_to(self, column: Column, lane: int, source: Column | None = None) -> tuple[Step, ...]:
        """What moving into this column (and this lane, if there are lanes) means."""
        view = self.view
        assert view is not None
        by_tag = view.by is BoardBy.TAG
        name = column.view.named.name if by_tag and column.view is not None else column.key
        was = source.view.named.name if by_tag and source is not None and source.view is not None else ""
        steps = [Step(str(view.by), name, was)]
        if view.lanes and view.lane_by not in FIXED:
            one = view.lanes[lane]
            held = self._lane_named() if view.lane_by is LaneBy.TAG else ""
            steps.append(Step(str(view.lane_by), one.name if view.lane_by is LaneBy.TAG else one.key, held))
        return tuple(steps)

    def _lane_named(self) -> str:
        key = self._lane_key()
        return next((lane.name for lane in self.plan.lanes if lane.key == key), "")

    def push(self, by: int) -> None:
        """Move what is acted on into the column beside."""
        self.place(self._last + by)

    def push_lane(self, by: int) -> None:
        """Move what is acted on into the lane above or below."""
        here, key = self.here(), self._lane_key()
        keys = [lane.key for lane in self.plan.lanes]
        if here is None or key not in keys or (self.view is not None and self.view.lane_by in FIXED):
            return
        lane = keys.index(key) + by
        if 0 <= lane < len(keys):
            self.follow(self.those(), here)
            self.moved.emit(self.those(), self.steps_to(here, lane, here)[1:])

    def place(self, target: int) -> None:
        """Move what is acted on into the column at this place, counted from 0; the lane stays."""
        if 0 <= target < len(self._columns):
            self.move_to(self._columns[target], self.those())

    def move_to(self, column: Column, keys: Sequence[UUID]) -> None:
        """Move cards into a column; their lanes stay. Those that are there already stay where they are."""
        gone = self._not_in(column, keys)
        if gone:
            self.follow(gone, column)
            self.moved.emit(gone, self.steps_to(column, 0, self.here())[:1])

    def _not_in(self, column: Column, keys: Sequence[UUID]) -> tuple[UUID, ...]:
        return tuple(key for key in keys if column.list.cards().place_of(key) < 0)

    def follow(self, keys: tuple[UUID, ...], column: Column) -> None:
        """The keyboard will go along with these cards into that column, so that they can be moved on."""
        self._follow = (keys, column.key)

    def _follow_moved(self) -> bool:
        if self._follow is None:
            return False
        keys, target = self._follow
        for column in self._columns:
            if column.key == target and column.list.cards().place_of(keys[0]) >= 0:
                before = self.here()
                self._follow = None
                self._moved = (keys, target, before.key if before is not None else "")
                return self.select(keys, column)
        return False

    def _follow_back(self) -> None:
        """Cards whose move was undone are followed back."""
        here = self.here()
        if self._moved is None or here is None or here.key != self._moved[1]:
            return
        keys = self._moved[0]
        if all(here.list.cards().place_of(key) < 0 for key in keys):
            self._moved = None
            any(self.select(keys, column) for column in self._columns)

    # -- dragging

    def _lift(self, column: Column, at: QPoint) -> None:
        card = column.list.current()
        if card is None:
            return
        keys = self.those() if card[1] in self.marks else (card[1],)
        self.drag.begin(column, keys, self._cache.row(card[1]), at)

    def _spot_at(self, at: QPoint) -> Spot | None:
        if not self.viewport().rect().contains(self.viewport().mapFromGlobal(at)):
            return None
        x = self._body.mapFromGlobal(at).x()
        for column in self._columns:
            if column.x() - 6 <= x < column.x() + column.width() + 6:
                port = column.list.viewport()
                y = min(max(0, port.mapFromGlobal(at).y()), port.height() - 1)
                return column, max(0, column.list.lane_at(QPoint(0, y)))
        return None

    def _words_for(self, spot: Spot) -> tuple[str, str]:
        """(where the carried cards would go, tone)."""
        column, lane = spot
        view = self.view
        if view is None or not view.lanes:
            return column.title, "info"
        if view.lane_by in FIXED:
            return tr("{column}, stays in its lane", column=column.title), "info"
        return f"{column.title} · {named(str(view.lane_by), view.lanes[lane])[0]}", "info"

    def _drop(self, keys: tuple[UUID, ...], column: Column, lane: int) -> None:
        source = self.drag.source
        steps = self.steps_to(column, lane, source)
        if len(steps) == 1:
            keys = self._not_in(column, keys)
        else:
            key = self.plan.lanes[lane].key
            cards = column.list.cards()
            keys = tuple(one for one in keys if not _is_in(cards.place_of(one, key), cards.card_at, key))
        if keys:
            self.follow(keys, column)
            self.moved.emit(keys, steps)


def _is_in(place: int, card_at: Callable[[int], tuple[str, UUID] | None], lane: str) -> bool:
    card = card_at(place)
    return card is not None and card[0] == lane
