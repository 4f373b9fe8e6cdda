"""The text of one message: what was written now, the quoted rest behind "…", or the formatted mail.

Text is shown at once, because it is there; the formatted version is read from the raw mail in the background and takes
its place only where formatting carries something (pictures, tables, lists, links in words). Remote pictures are never loaded here.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QUrl, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.mime.fold import fold
from ui.text import tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.label import Label
from ui.widgets.layout import row
from ui.widgets.mailview import MailView

_QUOTE = re.compile(r"<blockquote|<div[^>]*(?:gmail_quote|divRplyFwdMsg)", re.I)
_RICH = re.compile(r"<(?:img|table|ul|ol|h[1-4]|b|strong|i|em|u|a)\b", re.I)
_REMOTE = re.compile(r"data-remote-src=", re.I)
Loader = Callable[[str], bytes | None]


def is_rich(markup: str, has_quote: bool) -> bool:
    """Does the formatting carry something that the text lacks? Only what stands before a quote counts."""
    found = _QUOTE.search(markup) if has_quote else None
    return bool(_RICH.search(markup[: found.start()] if found else markup))


class MessageBody(QFrame):
    """One message's text."""

    link_clicked = Signal(str)
    original_wanted = Signal()

    def __init__(self, text: str, *, loader: Loader | None = None, whole: bool = False) -> None:
        super().__init__()
        parts = None if whole else fold(text)
        self._visible = parts.visible if parts else text
        self._folded = parts.folded if parts else ""
        self._loader, self._markup = loader, ""
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._main = self._add_view()
        self._main.show_text(self._visible)
        self._rest: MailView | None = None
        self._more: ToolButton | None = None
        self._blocked: QFrame | None = None
        self._switch: Button | None = None
        if self._folded:
            self._add_more()

    def offer_html(self, markup: str) -> None:
        """The mail as its sender formatted it; shown if that carries something."""
        self._markup = markup
        if not markup:
            return
        if is_rich(markup, bool(self._folded)):
            self.show_html()

    @property
    def has_html(self) -> bool:
        """Is there a formatted version?"""
        return bool(self._markup)

    def show_html(self) -> None:
        """The formatted mail, without anything from the net."""
        complete = self._main.show_html(self._markup)
        for widget in (self._rest, self._more):
            if widget is not None:
                widget.hide()
        if not complete:
            self._offer_original(tr("This mail is too large to show with its formatting."), tr("View original"))
        elif count := len(_REMOTE.findall(self._markup)):
            words = tr(
                "{n} picture from the internet is not shown.|{n} pictures from the internet are not shown.", n=count
            )
            self._offer_original(words, tr("Show pictures"))

    def show_text(self) -> None:
        """Bare text."""
        self._main.show_text(self._visible)
        if self._more is not None:
            self._more.show()
        if self._blocked is not None:
            self._blocked.hide()

    def apply_tokens(self) -> None:
        """Follow another look."""
        for view in (self._main, self._rest):
            if view is not None:
                view.apply_tokens()

    def _add_view(self) -> MailView:
        view = MailView(self._loader)
        view.link_clicked.connect(self.link_clicked)
        self._layout.addWidget(view)
        return view

    def _add_more(self) -> None:
        self._more = ToolButton("dots-horizontal", tr("Show quoted text"), size=28, icon_size=16, checkable=True)
        self._more.toggled.connect(self._show_rest)
        self._layout.addWidget(row(self._more, None))

    def _show_rest(self, on: bool) -> None:
        if self._rest is None:
            self._rest = self._add_view()
            self._rest.show_text(self._folded)
        self._rest.setVisible(on)
        if self._more is not None:
            self._more.set_name(tr("Hide quoted text") if on else tr("Show quoted text"))

    def _offer_original(self, words: str, button: str) -> None:
        if self._blocked is not None:
            return
        act = Button(button, "ghost", clicked=self.original_wanted.emit)
        act.setToolTip(tr("Opens the mail in your browser, where its pictures are fetched from the sender."))
        self._blocked = row((Label(words, "caption", wrap=True), 1), act, spacing=8)
        self._layout.addWidget(self._blocked)


def is_safe_link(url: str) -> bool:
    """May this address be opened from a mail?"""
    return QUrl(url).scheme().lower() in ("http", "https", "mailto", "tel")
