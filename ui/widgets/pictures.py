"""Pictures of mails, read and decoded in a thread, within limits.

A picture of 20,000 × 20,000 points is a few kilobytes of PNG and gigabytes of memory, so the size is read before the
points are: over 20 megapixels a picture stays away, and what is kept is no wider than it will be shown. Every source is the
owner's: a `cid:` from the mail, a `data:` URL, or an https address that the owner agrees to fetch. Those have threads of their
own, so that a slow server keeps no other mail waiting. Nothing here ever opens a connection.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import shiboken6
from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QObject, Qt, Signal
from PySide6.QtGui import QImage, QImageIOHandler, QImageReader, QPainter

from ui.threads import Threads

MOST_PIXELS = 20_000_000
MOST_MEGABYTES = 128
WIDEST_SENT = 1600
MOST_SENT = 1_500_000
FACE_PX = 80
_DRAWN = (b"svg", b"svgz", b"pdf")
"""What is drawn by a program of its author's, under whatever name it came: no points are read from such a file."""
Loader = Callable[[str], bytes | None]


def decode(data: bytes, widest: int = 0) -> QImage:
    """The picture in `data`, made as narrow as `widest` px (0: as it is); null if it is none, damaged or too large. Any thread."""
    if not data:
        return QImage()
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    if reader.format().data() in _DRAWN:
        return QImage()
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > MOST_PIXELS:
        return QImage()
    if widest:
        turned = bool(reader.transformation() & QImageIOHandler.Transformation.TransformationRotate90)
        shown = size.height() if turned else size.width()
        if shown > 2 * widest:  # a photograph is read several times faster at a part of its size
            reader.setScaledSize(size * (2 * widest / shown))
    image = reader.read()
    if widest and image.width() > widest:
        return image.scaledToWidth(widest, Qt.TransformationMode.SmoothTransformation)
    return image


def for_mail(data: bytes) -> tuple[bytes, str, QImage] | None:
    """A picture as a mail can carry it in its text: (bytes, content type, its points); None if it is none. Any thread.

    What is moderate and of a kind that every mail program shows stays byte for byte. The rest is made at most
    `WIDEST_SENT` wide and written anew, which also leaves out where a photograph was taken.
    """
    image = decode(data)
    if image.isNull():
        return None
    kind = _kind_of(data)
    moderate = image.width() <= WIDEST_SENT and len(data) <= MOST_SENT
    if kind and (moderate or (kind == "image/gif" and len(data) <= 4 * MOST_SENT)):
        return data, kind, image
    if image.width() > WIDEST_SENT:
        image = image.scaledToWidth(WIDEST_SENT, Qt.TransformationMode.SmoothTransformation)
    drawn = png_of(image)
    if kind == "image/jpeg" or (len(drawn) > MOST_SENT and not image.hasAlphaChannel()):
        return _written(image, "JPG", 88), "image/jpeg", image
    return drawn, "image/png", image


def for_face(data: bytes) -> bytes | None:
    """The middle of a picture, square and small, as a JPEG that fits into a word of a chat; None if it is none. Any thread."""
    image = decode(data, 4 * FACE_PX)
    if image.isNull():
        return None
    side = min(image.width(), image.height())
    middle = image.copy((image.width() - side) // 2, (image.height() - side) // 2, side, side)
    small = middle.scaled(FACE_PX, FACE_PX, mode=Qt.TransformationMode.SmoothTransformation)
    ground = QImage(small.size(), QImage.Format.Format_RGB32)
    ground.fill(Qt.GlobalColor.white)
    with QPainter(ground) as painter:
        painter.drawImage(0, 0, small)
    return _written(ground, "JPG", 85)


def png_of(image: QImage) -> bytes:
    """A picture as a PNG file. Any thread."""
    return _written(image, "PNG", -1)


def _written(image: QImage, kind: str, quality: int) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, kind, quality)  # type: ignore[call-overload]  # the stubs know only file names and bytes
    return bytes(buffer.data().data())


def _kind_of(data: bytes) -> str:
    """Which of the kinds that every mail program shows, by the first bytes."""
    signs = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
    return next((kind for sign, kind in signs.items() if data.startswith(sign)), "")


def data_url(url: str) -> bytes | None:
    """The bytes of a `data:` URL with a picture; None for any other."""
    head, comma, body = url.partition(",")
    if not comma or not head.lower().startswith("data:image/") or "svg" in head.lower():
        return None
    raw = unquote_to_bytes(body)
    if not head.lower().rstrip().endswith(";base64"):
        return raw
    try:
        return base64.b64decode(raw) or None
    except binascii.Error:
        return None


class Decoder(QObject):
    """Decodes pictures in a few threads and hands them to whoever asked, in the window's thread."""

    ready = Signal(int, str, QImage)  # number of the request, address, picture (null: none)

    def __init__(self, parent: QObject | None) -> None:
        super().__init__(parent)
        QImageReader.setAllocationLimit(MOST_MEGABYTES)
        self._near, self._far = Threads(2), Threads(4)

    def request(self, number: int, url: str, load: Loader, widest: int = 0) -> None:
        """Read and decode; `ready` follows in any case."""

        def work() -> None:
            data = data_url(url) if url.lower().startswith("data:") else load(url)
            image = decode(data or b"", widest)
            if shiboken6.isValid(self):
                self.ready.emit(number, url, image)

        (self._far if url.lower().startswith("https:") else self._near).start(work)

    def wait(self, timeout_ms: int = 5000) -> bool:
        """Wait until nothing runs any more."""
        self._far.drop()
        return self._near.wait(timeout_ms / 1e3) and self._far.wait(timeout_ms / 1e3)


def decoder() -> Decoder:
    """The application's decoder, made when the first picture is asked for and ended with the application."""
    app = QCoreApplication.instance()
    assert app is not None
    found = app.findChild(Decoder, "pictures")
    if not isinstance(found, Decoder):
        found = Decoder(app)
        found.setObjectName("pictures")
        app.aboutToQuit.connect(found.wait)
    return found
