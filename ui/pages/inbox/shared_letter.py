"""One letter of a ticket, in however many windows the ticket is shown.

Every window keeps what is typed as a draft when the keyboard leaves it. The window to which the keyboard comes takes what the
other one had at that very moment, and a window without the keyboard follows the draft. So nobody writes over newer words.
`others` are the pages that show the same ticket.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ui.pages.inbox.writing.writer import Letter

if TYPE_CHECKING:
    from ui.pages.inbox.page import Page


def take_over(page: Page, others: Sequence[Page]) -> None:
    """The keyboard comes to this window: what another one has of the same ticket is what is being written."""
    for other in others:
        letters = other.writer.letters()
        other.writer.keep_now()
        _show(page, letters)


def follow(page: Page, others: Sequence[Page], letters: Sequence[Letter]) -> None:
    """Drafts were read again. In front of somebody, what is typed here stays; else it is what another window wrote.

    What was begun in a ticket that is no part of this one any more leaves with it.
    """
    shown, writer = page.shown, page.writer
    if shown is not None and any(one.home is not None and one.home not in shown.parts for one in writer.letters()):
        writer.keep_now()
        writer.begin(shown.to, shown.cc, letters, senders=shown.senders, sender=shown.sender)
    elif page.window().isActiveWindow() or not others:
        page.writer.take_up(letters)
    else:
        _show(page, letters)


def _show(page: Page, letters: Sequence[Letter]) -> None:
    shown, writer = page.shown, page.writer
    same = {one.mode: (one.text, one.files, one.home) for one in letters if not one.is_empty}
    here = {one.mode: (one.text, one.files, one.home) for one in writer.letters() if not one.is_empty}
    if shown is not None and same != here and not writer.dirty:
        writer.begin(shown.to, shown.cc, letters, senders=shown.senders, sender=shown.sender, mode=writer.mode)
