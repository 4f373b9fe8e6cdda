"""The actions of formatting: each works on the letter in front, and brings the keyboard there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ui.text import tr
from ui.widgets.formatbar import FormatBar
from ui.widgets.growingedit import BULLETS, NUMBERS

if TYPE_CHECKING:
    from ui.pages.inbox.page import Page


def bind_formatting(page: Page, allowed: Callable[[], bool | str]) -> None:
    """Perform them while the inbox is shown."""

    def on(key: str, act: Callable[[FormatBar], object]) -> None:
        page.context.actions.bind(page, key, lambda: _perform(page, act), allowed)

    on("bold", FormatBar.toggle_bold)
    on("italic", FormatBar.toggle_italic)
    on("bullets", lambda bar: bar.toggle_items(BULLETS))
    on("numbers", lambda bar: bar.toggle_items(NUMBERS))
    on("link", FormatBar.ask_link)
    on("picture", lambda bar: bar.picture_wanted.emit())
    on("plain_words", lambda bar: bar.edit.set_plain())


def _perform(page: Page, act: Callable[[FormatBar], object]) -> None:
    writer = page.writer_shown()
    if not writer.takes_pictures:
        page.context.toasts.say(tr("A note is plain words, so that it reads alike everywhere."), "info")
        return
    writer.composer.edit.setFocus()
    act(writer.composer.format)
