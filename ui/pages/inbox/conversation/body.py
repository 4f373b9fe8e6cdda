"""The text of one message: what was written now, the quoted rest behind "…", or the formatted mail.

Text is shown at once, because it is there; the formatted version is read from the raw mail in the background and takes
its place only where formatting carries something (pictures, tables, lists, links in words). Pictures from elsewhere are loaded
only after somebody said so, for this message or for good for a sender who is proven.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.mime.content.fold import fold
from ui.text import tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.label import Label
from ui.widgets.layout import column, flow, row
from ui.widgets.mailview import Guard, MailView, Marks

if TYPE_CHECKING:
    from app.desk.viewing.reading import Reading

_QUOTE = re.compile(r"<blockquote|<div[^>]*(?:gmail_quote|divRplyFwdMsg)", re.I)
_RICH = re.compile(r"<(?:img|table|ul|ol|h[1-4]|b|strong|i|em|u|a)\b", re.I)
Loader = Callable[[str], bytes | None]


def is_rich(markup: str, has_quote: bool) -> bool:
    """Does the formatting carry something that the text lacks? Only what stands before a quote counts."""
    found = _QUOTE.search(markup) if has_quote else None
    return bool(_RICH.search(markup[: found.start()] if found else markup))


class MessageBody(QFrame):
    """One message's text."""

    link_clicked = Signal(str)
    original_wanted = Signal()
    pictures_wanted = Signal(str)  # the domain from which they are always loaded, "" for this message only

    def __init__(
        self,
        text: str,
        parent: QWidget | None = None,
        *,
        loader: Loader | None = None,
        whole: bool = False,
        guard: Guard = nullcontext,
    ) -> None:
        super().__init__(parent)
        parts = None if whole else fold(text)
        self._visible = parts.visible if parts else text
        self._folded = parts.folded if parts else ""
        self._loader, self._guard = loader, guard
        self._reading: Reading | None = None
        self._agreed = False
        self._marks: Marks | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._main = self._add_view()
        self._main.show_text(self._visible)
        self._rest: MailView | None = None
        self._more: ToolButton | None = None
        self._notice: QFrame | None = None
        if self._folded:
            self._add_more()

    def offer(self, reading: Reading, *, as_text: bool = False) -> None:
        """The mail as its sender formatted it; shown if that carries something. `as_text`: the window ended over it once."""
        self._reading = reading
        if not reading.markup or not is_rich(reading.markup, bool(self._folded)):
            return
        if as_text:
            self._say_original(tr("Deskbell closed while drawing this message, so it is shown as text."))
        else:
            self.show_html()

    @property
    def has_html(self) -> bool:
        """Is there a formatted version?"""
        return self._reading is not None and bool(self._reading.markup)

    def show_html(self) -> None:
        """The formatted mail; with what lies elsewhere only if somebody agreed."""
        reading = self._reading
        if reading is None:
            return
        pictured = reading.allowed or self._agreed
        complete = not reading.heavy and self._main.show_html(
            reading.pictured if pictured else reading.markup, remote=pictured
        )
        for widget in (self._rest, self._more):
            if widget is not None:
                widget.setVisible(not complete and widget is self._more)
        self._drop_notice()
        if not complete:
            self._main.show_text(self._visible)
            self._say_original(tr("This message is too large to show with its formatting."))
        elif not pictured and reading.pictures:
            self._offer_pictures(reading)
        elif reading.trackers:
            self._show_notice(Label(_trackers(reading.trackers), "small"))

    def show_text(self) -> None:
        """Bare text."""
        self._main.show_text(self._visible)
        if self._more is not None:
            self._more.show()
        self._drop_notice()

    def mark(self, marks: Marks | None) -> None:
        """Mark stretches of what is shown; None marks nothing."""
        self._marks = marks
        for view in self.views():
            view.mark(marks)

    def views(self) -> list[MailView]:
        """The texts that are in sight, from top to bottom."""
        return [view for view in (self._main, self._rest) if view is not None and not view.isHidden()]

    def apply_tokens(self) -> None:
        """Follow another look."""
        for view in (self._main, self._rest):
            if view is not None:
                view.apply_tokens()

    def _add_view(self) -> MailView:
        view = MailView(self._loader, self, guard=self._guard)
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
        self._rest.mark(self._marks if on else None)
        if self._more is not None:
            self._more.set_name(tr("Hide quoted text") if on else tr("Show quoted text"))

    # -- the line beneath

    def _offer_pictures(self, reading: Reading) -> None:
        words = tr(
            "{n} picture from elsewhere is not loaded|{n} pictures from elsewhere are not loaded", n=reading.pictures
        )
        if reading.trackers:
            words = f"{words} · {_trackers(reading.trackers)}"
        once = Button(tr("Load for this message"), "small", clicked=lambda: self._agree(""))
        once.setToolTip(tr("The sender’s server can then see that the message was opened, and from which network."))
        acts = [once]
        if reading.domain:
            acts.append(
                Button(
                    tr("Always for {domain}", domain=reading.domain),
                    "small",
                    clicked=lambda: self._agree(reading.domain),
                )
            )
        self._show_notice(Label(words, "small"), *acts)

    def _agree(self, domain: str) -> None:
        self._agreed = True
        self.pictures_wanted.emit(domain)
        self.show_html()

    def _say_original(self, words: str) -> None:
        act = Button(tr("View original"), "small", clicked=self.original_wanted.emit)
        act.setToolTip(tr("Opens the message in your browser, where nothing of it can run."))
        self._drop_notice()
        self._show_notice(Label(words, "small"), act)

    def _show_notice(self, words: Label, *acts: Button) -> None:
        words.setWordWrap(True)
        self._notice = column(words, *([flow(*acts)] if acts else []), spacing=6, margins=(0, 2, 0, 2))
        self._layout.addWidget(self._notice)

    def _drop_notice(self) -> None:
        if self._notice is not None:
            self._notice.hide()
            self._notice.deleteLater()
            self._notice = None


def _trackers(count: int) -> str:
    return tr("{n} tracker blocked|{n} trackers blocked", n=count)
