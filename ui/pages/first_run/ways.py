"""How to sign in to a mailbox: what its provider wants, the other way it offers, the browser, servers to be confirmed.

Owns the way that is chosen and what a sign-in by the browser gave; the password stays in the form's own field.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from app.desk.setup.accounts import PASSWORD, Found
from ui.pages import Context
from ui.pages.first_run.browser import BrowserSignIn
from ui.pages.first_run.results import Act, page_act
from ui.pages.first_run.words import advice_text
from ui.text import tr
from ui.widgets.button import link_button
from ui.widgets.label import Label
from ui.widgets.layout import column, row, vertical


class WaysIn(QFrame):
    """What stands between the address and the test. `way` is password, or whose sign-in in the browser it is."""

    changed = Signal()
    signed_in = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.way = PASSWORD
        self.sign_in = ""  # as secret as a password
        self._ways: tuple[str, ...] = (PASSWORD,)
        self._address = ""
        self._page: Act | None = None
        self._hint = Label("", "small", wrap=True)
        self._hint_page = link_button("", self._open_page)
        self.other_way = link_button("", self._take_other_way)
        self._links = row(self._hint_page, self.other_way, None, spacing=4)
        self._confirm = Label("", "small", wrap=True)
        self._confirm_box = column(self._confirm, margins=(12, 10, 12, 10), box="warn")
        self.browser = BrowserSignIn(context)
        self.browser.signed_in.connect(self._signed_in)
        self.browser.changed.connect(self.changed)
        vertical(self).addWidget(column(self._hint, self._links, self._confirm_box, self.browser, spacing=8))
        self._show()

    @property
    def by_browser(self) -> bool:
        """Is the way chosen one without a password?"""
        return self.way != PASSWORD

    def show_found(self, found: Found | None) -> None:
        """What is known of the provider; None for nothing (any more)."""
        advice = found.advice if found else None
        self._hint.setText(advice_text(advice))
        self._page = page_act(advice) if advice is not None and advice.page else None
        self._hint_page.setText(self._page[0] if self._page else "")
        hosts = ", ".join(found.confirm) if found else ""
        words = tr(
            "The domain names servers that lie elsewhere: {hosts}. Is that your provider? Press Test only if it is: your "
            "password goes there.",
            hosts=hosts,
        )
        self._confirm.setText(words if hosts else "")
        self._show()

    def choose(self, ways: tuple[str, ...], address: str) -> None:
        """How one can sign in, the usual way first. The same ways again change nothing."""
        if ways != self._ways or address != self._address:
            self._ways, self._address = ways, address
            self._take(self.way if self.way in ways and self.way != PASSWORD else ways[0])

    def forget(self) -> None:
        """What was signed in is of no use any more."""
        self.sign_in = ""
        self._show()

    def begin_again(self) -> None:
        """Open the browser once more: what it gave was not taken."""
        self.forget()
        self.changed.emit()
        self.browser.begin()

    def _take(self, way: str) -> None:
        self.way, self.sign_in = way, ""
        if self.by_browser:
            self.browser.offer(way, self._address)
        others = [each for each in self._ways if each != way]
        words = {PASSWORD: tr("Use an app password instead"), "google": tr("Sign in with Google instead")}
        self.other_way.setText(words.get(others[0], "") if others else "")
        self._show()

    def _take_other_way(self) -> None:
        self._take(next(each for each in self._ways if each != self.way))
        self.changed.emit()

    def _signed_in(self, kept: str) -> None:
        self.sign_in = kept
        self._show()
        self.signed_in.emit()

    def _open_page(self) -> None:
        if self._page is not None:
            self._page[1]()

    def _show(self) -> None:
        self._hint.setVisible(bool(self._hint.text()))
        self._hint_page.setVisible(self._page is not None and not self.by_browser)
        self.other_way.setVisible(bool(self.other_way.text()))
        self._links.setVisible(bool(self.other_way.text()) or (self._page is not None and not self.by_browser))
        self._confirm_box.setVisible(bool(self._confirm.text()))
        self.browser.setVisible(self.by_browser and not self.sign_in)
        self.setVisible(any((self._hint.text(), self.other_way.text(), self._confirm.text(), self.by_browser)))
