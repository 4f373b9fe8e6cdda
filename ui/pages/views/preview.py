"""What a condition would list, while it is being built: how many, and the first of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QVBoxLayout

from app.conditions.tree import Node
from app.search.catalogue import FieldEntry, catalogue, check_names
from app.tickets.queries import TicketRow, ticket_rows
from app.views.listing import listing_count, listing_ids
from app.views.queries import Listing
from ui.models.tickets import ROW_ROLE
from ui.models.words import spoken
from ui.pages.inbox.ticket_list.painter import ListPainter
from ui.text import tr
from ui.widgets.label import Label
from ui.widgets.layout import row
from ui.widgets.lines import Lines

SHOWN = 30


@dataclass(frozen=True, slots=True)
class Found:
    """What a condition lists now."""

    count: int
    rows: tuple[TicketRow, ...]


def find(db: Any, tree: Node, me: UUID | None, *, finished: bool = True) -> Found:
    """Count and read the first rows of a condition. Raises QueryError, where `finished` also for names nobody has."""
    if finished:
        check_names(db, tree, me)
    listing = Listing(tree)
    return Found(listing_count(db, listing, me), ticket_rows(db, listing_ids(db, listing, me, SHOWN), me))


def fields_of(db: Any) -> dict[str, FieldEntry]:
    """Every field of the desk, by its name."""
    return {one.name: one for one in catalogue(db)}


class RowsModel(Lines[TicketRow]):
    """A few rows of tickets, to look at."""

    line_role = ROW_ROLE

    def words(self, one: TicketRow) -> str:
        return one.subject

    def spoken(self, one: TicketRow) -> str:
        return spoken(one)


class Preview(QFrame):
    """The count above the first rows."""

    def __init__(self) -> None:
        super().__init__()
        self.count = Label("", "strong")
        self._note = Label("", "small")
        self.rows = QListView()
        self.model = RowsModel()
        self.rows.setModel(self.model)
        painter = ListPainter(self.rows, "raised")
        painter.compact = True
        self.rows.setItemDelegate(painter)
        self.rows.setAccessibleName(tr("The first tickets"))
        self.rows.setFrameShape(QFrame.Shape.NoFrame)
        self.rows.setUniformItemSizes(True)
        self.rows.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(row(self.count, self._note, None, margins=(12, 4, 0, 0)))
        layout.addWidget(self.rows, 1)

    def show_found(self, found: Found) -> None:
        """Show what was found."""
        self.count.setText(tr("{n} ticket|{n} tickets", n=found.count))
        self._note.setText(tr("the newest {n}", n=len(found.rows)) if found.count > len(found.rows) else "")
        self.model.show(found.rows)
        self.rows.setEnabled(True)

    def show_waiting(self) -> None:
        """The condition cannot be read just now: what is here is of before, and says so."""
        self._note.setText(tr("as of the last readable condition"))
        self.rows.setEnabled(False)
