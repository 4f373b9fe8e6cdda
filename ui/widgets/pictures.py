"""Pictures of mails, read and decoded in a thread, within limits.

A picture of 20,000 × 20,000 points is a few kilobytes of PNG and gigabytes of memory, so the size is read before the
points are: over 20 megapixels a picture stays away. Every source is the owner's: a `cid:` from the mail or a `data:` URL.
Nothing here ever opens a connection.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import shiboken6
from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QIODevice, QObject, QThreadPool, Signal
from PySide6.QtGui import QImage, QImageReader

MOST_PIXELS = 20_000_000
MOST_MEGABYTES = 128
Loader = Callable[[str], bytes | None]


def decode(data: bytes) -> QImage:
    """The picture in `data`; a null image if it is none, is damaged or too large. Any thread."""
    if not data:
        return QImage()
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > MOST_PIXELS:
        return QImage()
    return reader.read()


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
    """Decodes pictures in two threads and hands them to whoever asked, in the window's thread."""

    ready = Signal(int, str, QImage)  # number of the request, address, picture (null: none)

    def __init__(self, parent: QObject | None) -> None:
        super().__init__(parent)
        QImageReader.setAllocationLimit(MOST_MEGABYTES)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(2)

    def request(self, number: int, url: str, load: Loader) -> None:
        """Read and decode; `ready` follows in any case."""

        def work() -> None:
            data = data_url(url) if url.lower().startswith("data:") else load(url)
            image = decode(data or b"")
            if shiboken6.isValid(self):
                self.ready.emit(number, url, image)

        self._pool.start(work)

    def wait(self, timeout_ms: int = 5000) -> bool:
        """Wait until nothing runs any more."""
        return self._pool.waitForDone(timeout_ms)


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
