# mypy: disable-error-code="no-untyped-call"
"""Pictures that came as files are seen in small; what is none, too large or too many is a chip as before."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.conversations.commands import NewAttachment, add_blob
from app.desk.viewing.files import take_bytes
from tests.ui.inbox_desk import InboxDesk, inbox_window
from tests.ui.lint import findings
from ui.widgets.attachments import Attachment, AttachmentChip, AttachmentStrip, Thumbnail
from ui.widgets.pictures import decode, decoder, png_of

LONG = 30_000


def picture(wide: int, high: int) -> bytes:
    image = QImage(QSize(wide, high), QImage.Format.Format_RGB32)
    image.fill(0xFF3355AA)
    return png_of(image)


def _all_are_read(qapp: QApplication) -> None:
    """Every picture that was asked for has come to its tile, or was found to be none."""
    assert decoder().wait(LONG)
    qapp.processEvents()


def test_a_picture_is_seen_in_small_and_opens_like_any_file(tmp_path: Path, qapp: QApplication, qtbot: QtBot) -> None:
    made = InboxDesk(tmp_path / "desk")
    given = {"shade.png": picture(900, 300), "broken.png": b"no picture", "list.csv": b"1,2"}
    files = []
    for name, data in given.items():
        blob = made.desk.do(add_blob, take_bytes(made.desk, name, data).ref)
        files.append(NewAttachment(name, "text/csv" if name.endswith("csv") else "image/png", len(data), blob=blob))
    ticket, message = made.mail(files=tuple(files))
    with inbox_window(made, qapp, qtbot) as page:
        page.open(ticket)
        qtbot.waitUntil(lambda: page.talk.card(message) is not None, timeout=LONG)
        card = page.talk.card(message)
        assert card is not None
        tiles = card.findChildren(Thumbnail)
        assert len(tiles) == 2
        assert len(card.findChildren(AttachmentChip)) == 3
        _all_are_read(qapp)
        assert {tile.accessibleName().partition(",")[0]: tile.image.width() for tile in tiles} == {
            "shade.png": 296,
            "broken.png": 0,
        }
        qtbot.waitUntil(lambda: findings(page.window()) == [], timeout=LONG)  # what stands beside it comes later
        with qtbot.waitSignal(tiles[0].opened, timeout=LONG):
            qtbot.keyClick(tiles[0], "\r")
    made.desk.close()


def test_only_what_can_be_read_at_once_is_shown_in_small(qapp: QApplication, qtbot: QtBot) -> None:
    many = [Attachment(f"m{number}", f"{number}.jpg", 10, "image/jpeg") for number in range(20)]
    large = Attachment("large", "large.jpg", 50_000_000, "image/jpeg")
    odd = Attachment("odd", "odd.jpg.exe", 10, "image/jpeg", "A program")
    drawing = Attachment("drawing", "drawing.svg", 10, "image/svg+xml")
    strip = AttachmentStrip([large, odd, drawing, *many], load=lambda _key: None)
    qtbot.addWidget(strip)
    assert len(strip.findChildren(Thumbnail)) == 8
    assert len(strip.findChildren(AttachmentChip)) == 23
    _all_are_read(qapp)
    assert all(tile.image.isNull() for tile in strip.findChildren(Thumbnail))


def test_a_drawing_under_a_false_name_is_none() -> None:
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40"/></svg>'
    assert decode(drawing).isNull()


def test_a_large_picture_is_read_at_a_part_of_its_size() -> None:
    whole, small = decode(picture(2000, 1000)), decode(picture(2000, 1000), 300)
    assert (whole.width(), whole.height()) == (2000, 1000)
    assert (small.width(), small.height()) == (300, 150)
