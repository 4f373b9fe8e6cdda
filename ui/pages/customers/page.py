"""The customers page: everybody, or one of them."""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QStackedWidget

from app.kernel.database.changes import Changes
from ui.pages import BasePage, Context
from ui.pages.customers.dossier import DossierFace
from ui.pages.customers.people import People
from ui.widgets.layout import vertical

_CALM_MS = 150
_KINDS = ("customer", "identity", "organisation", "ticket", "message", "survey")


class Page(BasePage):
    """Customers."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.people = People(context)
        self.people.opened.connect(self._open_from_list)
        self._dossier: DossierFace | None = None
        self._came_from_list = True
        self._calm = QTimer(self, singleShot=True, interval=_CALM_MS)
        self._calm.timeout.connect(self._read)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.people)
        vertical(self).addWidget(self._stack)

    # -- what the window calls

    def activate(self) -> None:
        bind = self.context.actions.bind
        bind(self, "search", self._search)
        bind(self, "new", self._new)
        bind(self, "next", lambda: self._step(1))
        bind(self, "previous", lambda: self._step(-1))
        bind(self, "open", self._open_current)
        if not self.people.is_loaded:
            self.people.read()
        self._focus()

    def deactivate(self) -> None:
        self._keep()

    def refresh(self, changes: Changes) -> None:
        if changes.touches(*_KINDS):
            self._calm.start()

    def show_place(self, **where: object) -> None:
        key = where.get("customer")
        if isinstance(key, UUID):
            self._came_from_list = False
            self._show(key)
        else:
            self._show_list()

    # -- moving about

    @property
    def dossier(self) -> DossierFace:
        """The face with one customer; made when the first one is opened."""
        if self._dossier is None:
            self._dossier = DossierFace(self.context)
            self._dossier.left.connect(self._back)
            self._stack.addWidget(self._dossier)
        return self._dossier

    @property
    def shows_one(self) -> bool:
        """Is it one customer that is shown?"""
        return self._dossier is not None and self._stack.currentWidget() is self._dossier

    def _keep(self) -> None:
        if self._dossier is not None:
            self._dossier.keep()

    def _read(self) -> None:
        if self.shows_one:
            self.dossier.read()
        else:
            self.people.read()

    def _open_from_list(self, key: UUID) -> None:
        self._came_from_list = True
        self._show(key)

    def _show(self, key: UUID) -> None:
        self._keep()
        self.dossier.show_customer(key)
        self._stack.setCurrentWidget(self.dossier)
        self._focus()

    def _back(self) -> None:
        self._keep()
        if self._came_from_list:
            self._show_list()
        else:
            self._came_from_list = True
            self._show_list()
            self.context.back()

    def _show_list(self) -> None:
        self._stack.setCurrentWidget(self.people)
        self.people.read()
        self._focus()

    def _focus(self) -> None:
        if self.shows_one:
            self.dossier.focus()
        else:
            self.people.focus()

    def _search(self) -> None:
        if self.shows_one:
            self._show_list()
        self.people.focus_search()

    def _new(self) -> None:
        if self.shows_one:
            self.dossier.write()
        else:
            self.context.go("inbox", new_to="")

    def _step(self, by: int) -> None:
        if self.shows_one:
            self.dossier.step(by)
        else:
            self.people.table.step(by)

    def _open_current(self) -> None:
        if self.shows_one:
            self.dossier.open_current()
        else:
            self.people.table.open_current()
