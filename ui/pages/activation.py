"""What a link, a file or another start of the program asked for, shown on the page where one goes on from there.

Nothing is done by it: a mail is begun and waits to be sent by hand, a number is looked up among the customers, a backup is
offered to the assistant that restores. On a desk that has no mailbox yet, only the first run is shown.
"""

from __future__ import annotations

from pathlib import Path

from app.kernel.program.activation import Asked
from ui.pages import Context
from ui.pages.inbox.writing.letter import Letter
from ui.text import tr


def show_asked(context: Context, asked: Asked, *, is_set_up: bool) -> None:
    """Go where this leads. Nothing asked for: stay."""
    if asked.file:
        context.go("restore", file=Path(asked.file))
    elif not is_set_up:
        if asked.mail or asked.number:
            context.toasts.say(tr("Connect a mailbox first, then follow the link again."), "info")
    elif asked.mail:
        to, cc = tuple(("", one) for one in asked.to), tuple(("", one) for one in asked.cc)
        context.go("inbox", new_letter=Letter("new", asked.text, to, cc, subject=asked.subject))
    elif asked.number:
        context.go("inbox", search=asked.number)
