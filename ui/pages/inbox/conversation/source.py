"""The source of a mail as it came, for those who want to see it."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit

from ui.text import size_text, tr
from ui.widgets.button import Button
from ui.widgets.overlay import Dialog, Overlay

_SHOWN = 400_000


def show_source(overlay: Overlay, raw: bytes) -> None:
    """Open a sheet with the first 400,000 bytes of a mail."""
    dialog = Dialog(tr("Source of the mail"), width=860)
    view = QPlainTextEdit(raw[:_SHOWN].decode("utf-8", "replace"))
    view.setProperty("look", "field")
    view.setReadOnly(True)
    view.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    view.setMinimumHeight(420)
    view.setAccessibleName(tr("Source of the mail"))
    dialog.add((view, 1))
    remark = tr("Its first {shown} of {all}.", shown=size_text(_SHOWN), all=size_text(len(raw)))
    close = Button(tr("Close"), clicked=dialog.close_dialog)
    dialog.set_foot(close, remark=remark if len(raw) > _SHOWN else size_text(len(raw)))
    overlay.open(dialog)
