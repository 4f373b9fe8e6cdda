# mypy: disable-error-code="no-untyped-call"
"""What scrolls ends where its content ends, also where much stands side by side that would be tall in a narrow column."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame
from pytestqt.qtbot import QtBot

from ui.widgets.attachments import Attachment, AttachmentStrip
from ui.widgets.panel import ScrollPage


def test_a_page_with_many_files_ends_after_them(qtbot: QtBot) -> None:
    strip = AttachmentStrip([Attachment(str(number), f"photo {number:02d}.jpg", 9) for number in range(30)])
    page = ScrollPage(strip)
    qtbot.addWidget(page)
    page.resize(700, 200)
    page.show()
    inner = page.widget()
    assert isinstance(inner, QFrame)
    wanted = inner.heightForWidth(inner.width())
    assert 200 < wanted < 700  # several side by side; one below the other they need 1140
    qtbot.waitUntil(lambda: inner.height() == wanted)
    page.resize(360, 200)
    qtbot.waitUntil(lambda: inner.height() == inner.heightForWidth(inner.width()) > wanted)
