"""Another subject for a ticket."""

from __future__ import annotations

from ui.pages.inbox.loading import Opened
from ui.pages.inbox.triage.acts import Triage
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import TextField
from ui.widgets.overlay import Dialog, Overlay


def ask_subject(overlay: Overlay, shown: Opened | None, triage: Triage) -> None:
    """Open a sheet with the subject to change."""
    if shown is None:
        return
    dialog = Dialog(tr("Change subject"), width=520)
    field = TextField(shown.detail.row.subject, name=tr("Subject"))
    dialog.add(field)

    def keep() -> None:
        words = field.text().strip()
        if words and words != shown.detail.row.subject:
            triage.set_subject(shown.detail.id, words)
        dialog.close_dialog()

    dialog.set_foot(
        Button(tr("Cancel"), clicked=dialog.close_dialog),
        Button(tr("Change"), "primary", clicked=keep),
        remark=tr("Replies go on in the same thread."),
    )
    overlay.open(dialog, focus=field)
    field.selectAll()
