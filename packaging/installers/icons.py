"""The program's icon in every size and form that systems want, drawn from the two SVG sources in resources/icons.

Small sizes have a drawing of their own, because strokes of the large one would be less than a pixel there. Needs Qt, so it runs
in the environment of the program: `python packaging/installers/icons.py FOLDER`.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).resolve().parents[2] / "resources" / "icons"
SIZES: Final = (16, 22, 24, 32, 48, 64, 128, 256, 512, 1024)
SMALL_UP_TO: Final = 32
WINDOWS_SIZES: Final = (16, 24, 32, 48, 64, 128, 256)
# The types of an .icns file that take a PNG, by their pixels (Apple Icon Image format).
MACOS_TYPES: Final = {16: b"icp4", 32: b"icp5", 64: b"icp6", 128: b"ic07", 256: b"ic08", 512: b"ic09", 1024: b"ic10"}


def draw(side: int) -> bytes:
    """The icon as a PNG, `side` pixels square. Needs a QGuiApplication."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    source = SOURCES / ("deskbell-small.svg" if side <= SMALL_UP_TO else "deskbell.svg")
    picture = QImage(side, side, QImage.Format.Format_ARGB32)
    picture.fill(0)
    renderer = QSvgRenderer(str(source))
    if not renderer.isValid():
        msg = f"{source.name} cannot be drawn"
        raise ValueError(msg)
    with QPainter(picture) as painter:
        renderer.render(painter)
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")  # type: ignore[call-overload]  # the stub of save() wants bytes for the format
    return bytes(data.data())


def windows_icon(pictures: dict[int, bytes]) -> bytes:
    """An .ico file that holds PNGs, as Windows has read them since Vista."""
    offset = 6 + 16 * len(pictures)
    entries, body = b"", b""
    for side, picture in sorted(pictures.items()):
        entries += struct.pack("<BBBBHHII", side % 256, side % 256, 0, 0, 1, 32, len(picture), offset + len(body))
        body += picture
    return struct.pack("<HHH", 0, 1, len(pictures)) + entries + body


def macos_icon(pictures: dict[int, bytes]) -> bytes:
    """An .icns file that holds PNGs."""
    parts = b"".join(MACOS_TYPES[side] + struct.pack(">I", len(data) + 8) + data for side, data in pictures.items())
    return b"icns" + struct.pack(">I", len(parts) + 8) + parts


def write_icons(folder: Path) -> None:
    """Every size as `SIZE.png`, and the files of Windows and macOS."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    application = QGuiApplication.instance() or QGuiApplication([])
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {side: draw(side) for side in SIZES}
    for side, picture in pictures.items():
        (folder / f"{side}.png").write_bytes(picture)
    (folder / "deskbell.ico").write_bytes(windows_icon({side: pictures[side] for side in WINDOWS_SIZES}))
    (folder / "deskbell.icns").write_bytes(macos_icon({side: pictures[side] for side in MACOS_TYPES}))
    del application


if __name__ == "__main__":
    write_icons(Path(sys.argv[1]))
