"""The list at the left: title and exact count, search, lists to choose from, states, and the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from app.views.queries import ViewInfo
from app.views.rules import TO_DO, Density, Group
from ui.models.hits import HIT_ROLE, Found, HitModel
from ui.models.tickets import ID_ROLE, TicketModel
from ui.pages.inbox.ticket_list.choosing import Rows
from ui.pages.inbox.ticket_list.painter import COMPACT_HEIGHT, HEADING_HEIGHT, ListPainter
from ui.pages.inbox.ticket_list.rows import ROW_HEIGHT, HitPainter
from ui.pages.inbox.ticket_list.search_bar import SearchBar
from ui.pages.inbox.ticket_list.view import NO_OTHERS, Others
from ui.pages.inbox.ticket_list.view_names import chip_word, chips_of, view_word
from ui.text import count_text, tr
from ui.widgets.ages import keep_ages
from ui.widgets.button import ToolButton
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import clear, row, set_box
from ui.widgets.state import EmptyState, ErrorState, Skeleton
from ui.widgets.toggle import Choices

_CHIP_MARGIN = 24
_LATE_MS = 150
"""So long the rows of the list before stay in sight while another one is read."""


class ListPanel(QFrame):
    """The whole left column. It shows what the page gives it and tells what the person wants."""

    view_chosen = Signal(object)  # UUID
    views_wanted = Signal()  # all of them, in a list of their own
    look_wanted = Signal()  # how the list is ordered, grouped, how close its rows stand
    view_of_search_wanted = Signal(str)  # what is typed shall be a view
    searched = Signal(str)
    ticket_chosen = Signal(object)  # UUID
    customer_chosen = Signal(object)  # UUID
    own_window_wanted = Signal(object)  # UUID: a double click
    entered = Signal()  # Enter in the list: go to the conversation
    first_painted = Signal()
    selection_changed = Signal()
    rows_changed = Signal()  # tickets came or went; the choice may have to be made anew

    def __init__(self, model: TicketModel, new: QAction) -> None:
        super().__init__()
        set_box(self, "panel")
        self.model, self.hits = model, HitModel()
        self._views: tuple[ViewInfo, ...] = ()
        self._view: ViewInfo | None = None
        self._count_of: Callable[[ViewInfo], int | None] = lambda _view: None
        self._is_stale: Callable[[ViewInfo], bool] = lambda _view: False
        self._quiet = self._told = self._built = self._looking = self._was_loaded = False
        self._found_words, self.found_count = "", 0
        self._measured: tuple[Sequence[Found], Others] = ((), NO_OTHERS)
        model.rowsAboutToBeRemoved.connect(self._hold)  # before the view hears of it and marks a neighbour
        model.modelAboutToBeReset.connect(self._hold)
        self._build(new)
        self._built = True
        model.loaded.connect(self.show_state)
        self._late = QTimer(self, singleShot=True, interval=_LATE_MS)
        self._late.timeout.connect(self._wait)
        self._after = QTimer(self, singleShot=True, interval=0)
        self._after.timeout.connect(self._settle)
        for change in (model.rowsInserted, model.rowsRemoved, model.modelReset):
            change.connect(lambda *_: self._after.start())
        for view in (self.rows, self.results):
            keep_ages(view)

    # -- for the page

    @property
    def searching(self) -> bool:
        """Are results shown instead of a list?"""
        return bool(self.search.text().strip())

    @property
    def shown(self) -> Rows:
        """The rows that are in front: the list's or the search's."""
        return self.results if self.searching else self.rows

    def selected(self) -> list[UUID]:
        """The tickets chosen, from top to bottom."""
        selection = self.shown.selectionModel()
        rows = sorted(selection.selectedRows(), key=lambda index: index.row())
        return [key for index in rows if isinstance(key := index.data(ID_ROLE), UUID)]

    def choose(self, key: UUID | None) -> None:
        """Mark a ticket without telling anybody; None marks none. Rows that are being marked one by one are left alone."""
        if self.shown.marking and self.shown.selectionModel().hasSelection():
            return
        self.shown.marking = False
        self._quiet = True
        place = -1 if key is None else self._place(key)
        if place < 0:
            self.shown.setCurrentIndex(QModelIndex())
            self.shown.clearSelection()
        elif self.shown.currentIndex().row() != place or not self.shown.selectionModel().hasSelection():
            self.shown.setCurrentIndex(self.shown.model().index(place, 0))
        self._quiet = False

    def show_views(
        self,
        views: tuple[ViewInfo, ...],
        current: ViewInfo | None,
        count_of: Callable[[ViewInfo], int | None],
        is_stale: Callable[[ViewInfo], bool],
    ) -> None:
        """The views there are, the one shown, how many tickets lie in each, and whether that may be old by now."""
        self._views, self._count_of, self._is_stale = views, count_of, is_stale
        if current is not None and current != self._view:
            self._view = current
            self._apply_look(current)
        self._fit_chips()
        self._say_count()

    def _fit_chips(self) -> None:
        current = self._view
        shown = chips_of(self._views, current)
        key = current.id.hex if current is not None else ""
        self.chips.set_options([(one.id.hex, self._chip(one)) for one in shown], key)
        while self.chips.sizeHint().width() > self.width() - _CHIP_MARGIN and len(shown) > 1:
            # A longer language: first the names without numbers, then fewer of them; the list of views has all.
            self.chips.set_options([(one.id.hex, chip_word(one)) for one in shown], key)
            shown.remove(next(one for one in reversed(shown) if current is None or one.id != current.id))

    def _apply_look(self, view: ViewInfo) -> None:
        """How close the rows stand, as this view has it."""
        compact = view.density is Density.COMPACT
        self._painter.compact, self._painter.group = compact, view.listing.group
        self.rows.sticky = view.listing.group is not Group.NONE
        self.rows.set_row_height(COMPACT_HEIGHT if compact else ROW_HEIGHT)

    def show_found(self, found: tuple[Found, ...], *, more: bool = False) -> None:
        """Show what the search found; `more` of it is still looked for. The row where the keyboard was stays, else the
        keyboard is given another one.
        """
        line, here = self.results.currentIndex().data(HIT_ROLE), self.results.hasFocus()
        self._looking = more
        self._quiet = True
        self.hits.show(found)
        self._quiet = False
        if isinstance(line, Found) and line.key is not None:
            self.choose(line.key)
        self.show_state()
        self._say_count()
        here = here or self.results.hasFocus()  # what is shown again has the keyboard that it was promised while hidden
        if here and not found:
            self.search.setFocus()
        elif here and not self.results.selectionModel().hasSelection():
            self.results.step(1)

    def add_found(self, tickets: tuple[Found, ...], *, more: bool) -> None:
        """The next page of what the search found."""
        self._looking = more
        self.hits.add(tickets)
        self.show_state()
        self._say_count()

    def say_found(self, words: str, tickets: int) -> None:
        """How many tickets the search found, as far as they are counted."""
        self._found_words, self.found_count = words, tickets
        self._say_count()

    def set_banners(self, banners: Sequence[QWidget]) -> None:
        """What stays above the rows until its reason is gone: offline, an error, mail being brought in."""
        clear(self._banners)
        for banner in banners:
            self._banners.addWidget(banner)
        self._banner_frame.setVisible(bool(banners))

    def show_error(self, words: str, retry: Callable[[], object]) -> None:
        """The list could not be read."""
        old = self._stack.widget(4)
        if old is not None:
            self._stack.removeWidget(old)
            old.deleteLater()
        self._stack.addWidget(ErrorState(tr("This list cannot be shown"), words, retry))
        self._stack.setCurrentIndex(4)

    def show_state(self) -> None:
        """Rows, results, nothing, or still loading."""
        self._chips.setVisible(not self.searching)
        if self.searching:
            self._stack.setCurrentIndex(1 if self.hits.rowCount() else 3 if self._looking else 2)
            self._set_empty(self.hits.rowCount() == 0)
        elif not self.model.is_loaded:
            if not self._was_loaded:
                self._stack.setCurrentIndex(3)
            elif not self._late.isActive():
                self._late.start()  # another list mostly comes so soon that a skeleton would only flicker
        else:
            self._was_loaded = True
            self._set_empty(self.model.rowCount() == 0)
            if not self.model.rowCount() and not self._told:
                self._told = True  # an empty list is a first list too
                QTimer.singleShot(0, self, self.first_painted.emit)
            self._stack.setCurrentIndex(0 if self.model.rowCount() else 2)

    def _wait(self) -> None:
        if not self.model.is_loaded and not self.searching:
            self._stack.setCurrentIndex(3)

    # -- building

    def _build(self, new: QAction) -> None:
        self.title = ElidingLabel(tr("Inbox"), "title")
        self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._count = Label("", "small")
        self.views = ToolButton("chevron-down", tr("All lists"), clicked=self.views_wanted.emit)
        self.look = ToolButton("sort-variant", tr("Order, headings and density"), clicked=self.look_wanted.emit)
        self.new = ToolButton("square-edit-outline", tr("New mail"), clicked=new.trigger)
        self.new.setToolTip(f"{tr('New mail')}  ({new.shortcut().toString()})")
        title = row((self.title, 1), self.views, self._count, spacing=4)
        head = row((title, 1), self.look, self.new, margins=(20, 12, 12, 0))
        self.finding = SearchBar()
        self.search = self.finding.field
        self.finding.searched.connect(self._search)
        self.finding.kept.connect(self.view_of_search_wanted)
        self.search.left.connect(self.focus_rows)
        self.chips = Choices([], name=tr("List"))
        self.chips.chosen.connect(lambda key: self.view_chosen.emit(UUID(hex=key)))
        self._banner_frame = QFrame()
        self._banners = QVBoxLayout(self._banner_frame)
        self._banners.setContentsMargins(16, 4, 16, 4)
        self._banners.setSpacing(8)
        self._banner_frame.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 1, 0)  # the panel has a line there
        layout.setSpacing(0)
        layout.addWidget(head)
        layout.addWidget(self.finding)
        self._chips = row(self.chips, None, margins=(12, 8, 12, 6))
        layout.addWidget(self._chips)
        layout.addWidget(self._banner_frame)
        layout.addWidget(self._build_stack(), 1)

    def _build_stack(self) -> QStackedWidget:
        self.rows = Rows(tr("Tickets"), self.model.headings)
        self.results = Rows(tr("Search results"), self._heights_of_found)
        self.rows.setModel(self.model)
        self._painter = ListPainter(self.rows)
        self.rows.setItemDelegate(self._painter)
        self.model.heading_height = HEADING_HEIGHT
        self.results.setModel(self.hits)
        self.results.setItemDelegate(HitPainter(self.results))
        self.rows.painted.connect(self.first_painted)
        for view in (self.rows, self.results):
            view.selectionModel().currentChanged.connect(self._current_changed)
            view.selectionModel().selectionChanged.connect(self._selection_changed)
            view.activated_key.connect(self.entered)
            view.clicked.connect(self._clicked)
            view.doubleClicked.connect(self._double_clicked)
        self._stack = QStackedWidget()
        self._empty = EmptyState("", "")
        for widget in (self.rows, self.results, self._empty, Skeleton()):
            self._stack.addWidget(widget)
        self._stack.setCurrentIndex(3)
        return self._stack

    def _heights_of_found(self) -> Others:
        """Headings and customers among what was found, made once for each answer."""
        found = self.hits.found
        if found is not self._measured[0]:
            places = [n for n, one in enumerate(found) if one.height != ROW_HEIGHT]
            self._measured = (found, (places, [found[n].height for n in places]))
        return self._measured[1]

    # -- what happens

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit_chips()

    def focus_rows(self) -> None:
        """The keyboard goes to the rows."""
        self.shown.setFocus(Qt.FocusReason.OtherFocusReason)
        if not self.shown.selectionModel().hasSelection():  # the focus alone marks the first row, be it a heading
            self.shown.step(1)

    def _hold(self, *_: object) -> None:
        """Rows go: that another one is marked now is not the person's choice."""
        self._quiet = True
        self._after.start()

    def settle_now(self) -> None:
        """What follows from rows that came or went, at once instead of soon."""
        if self._after.isActive():
            self._after.stop()
            self._settle()

    def _settle(self) -> None:
        self._quiet = False
        self.show_state()
        self.rows_changed.emit()

    def _search(self, typed: str) -> None:
        if not typed.strip():
            self._looking = False
            self.hits.show(())
            self.say_found("", 0)
            self.show_state()
        self.searched.emit(typed)

    def _current_changed(self, now: QModelIndex, _before: QModelIndex) -> None:
        key = now.data(ID_ROLE) if now.isValid() else None
        if isinstance(key, UUID) and not self._quiet and not self.shown.marking:
            self.ticket_chosen.emit(key)

    def _selection_changed(self, *_: object) -> None:
        self._say_count()
        self.selection_changed.emit()

    def _clicked(self, index: QModelIndex) -> None:
        found = index.data(HIT_ROLE)
        if isinstance(found, Found) and found.kind == "customer":
            self.customer_chosen.emit(found.key)

    def _double_clicked(self, index: QModelIndex) -> None:
        if isinstance(key := index.data(ID_ROLE), UUID):
            self.own_window_wanted.emit(key)

    def enter_customer(self) -> bool:
        """Enter on a customer that was found opens the customer; False if no customer is marked."""
        found = self.shown.currentIndex().data(HIT_ROLE)
        if isinstance(found, Found) and found.kind == "customer":
            self.customer_chosen.emit(found.key)
            return True
        return False

    def _place(self, key: UUID) -> int:
        return self.hits.place_of(key) if self.searching else self.model.place_of(key)

    def _chip(self, view: ViewInfo) -> str:
        count = self._count_of(view)
        return chip_word(view) if view.key == TO_DO or not count else f"{chip_word(view)} {self._number(view, count)}"

    def _number(self, view: ViewInfo, count: int) -> str:
        """A number; what may be old by now is marked as about so many."""
        return f"~{count_text(count)}" if self._is_stale(view) else count_text(count)

    def _say_count(self) -> None:
        view = self._view
        self.title.setText(tr("Inbox") if view is None or view.key == TO_DO else view_word(view))
        chosen = self.shown.count_chosen() if self._built else 0
        count = self._count_of(view) if view is not None else None
        if chosen > 1 or (chosen and self.shown.marking):
            self._count.setText(tr("{n} selected", n=chosen))
        elif self.searching:
            self._count.setText(self._found_words)
        elif view is None or count is None:
            self._count.setText("")
        elif view.key == TO_DO:
            self._count.setText(tr("{n} open", n=count))
        else:
            self._count.setText(self._number(view, count))

    def _set_empty(self, empty: bool) -> None:
        if empty:
            self._empty.set_text(*self._empty_words())

    def _empty_words(self) -> tuple[str, str]:
        if self.searching:
            return tr("Nothing found"), tr("Try fewer words, or another spelling.")
        key = self._view.key if self._view is not None else TO_DO
        if key == "bin":
            return tr("The Bin is empty"), tr("Deleted tickets wait here before they are erased for good.")
        if key == "snoozed":
            return tr("Nothing is snoozed"), tr("Snooze a ticket (H) to have it back at a time of your choice.")
        if key == "drafts":
            return tr("Nothing is begun"), tr("A reply that you begin and leave stands here until it is sent.")
        if key == TO_DO:
            return tr("All answered"), tr("Nothing is open. The next mail shows up here at once.")
        return tr("Nothing here"), tr("There is no ticket in this list now.")
