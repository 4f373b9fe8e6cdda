"""What is read from the raw mails for the screen: formatted text, pictures, files, the original in the browser.

All of it is read on task threads. Whatever is written to a file goes into the desk's temporary folder or where the person
says, private to them and under a harmless name.
"""

from __future__ import annotations

import base64
import html
import os
import re
import shutil
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote
from uuid import UUID

from PySide6.QtCore import QObject, QStandardPaths, QTimer, QUrl
from PySide6.QtGui import QDesktopServices

from app.desk import Desk, files
from app.kernel.errors import UserError
from ui.pages import Context
from ui.pages.inbox.body import is_safe_link
from ui.text import tr
from ui.widgets.overlay import ask

_KEPT = 200
_AFTER_PAINT_MS = 40
_RUNS = frozenset(
    "app appimage bat cmd com cpl desktop exe hta jar js jse lnk msc msi pif ps1 reg scr sh url vb vbe vbs wsf wsh".split()
)
_POLICY = "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'"


class MailFiles(QObject):
    """Reads and opens what belongs to messages."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._html: OrderedDict[UUID, str] = OrderedDict()
        self._pictures: OrderedDict[UUID, dict[str, bytes]] = OrderedDict()
        self._wanted: list[tuple[UUID, Callable[[UUID, str], object]]] = []
        self._pause = QTimer(self, singleShot=True, interval=_AFTER_PAINT_MS)
        self._pause.timeout.connect(self._read_next)
        opened = context.desk.workspace.temporary / "opened"  # what an earlier run left
        context.tasks.run(lambda: shutil.rmtree(opened, ignore_errors=True), then=lambda _done: None, owner=self)

    def html(self, message: UUID, then: Callable[[UUID, str], object]) -> None:
        """The cleaned HTML of a message, "" if it has none; kept, because a mail never changes."""
        known = self._html.get(message)
        if known is not None:
            then(message, known)
        else:
            self._wanted.append((message, then))
            self._pause.start()

    def forget(self) -> None:
        """What was wanted for another ticket is not wanted any more."""
        self._wanted.clear()

    def _read_next(self) -> None:
        """One mail after the other, newest first, and only when the text has been painted: reading takes the window's time."""
        if not self._wanted:
            return
        message, then = self._wanted.pop()

        def take(markup: str | None) -> None:
            self._html[message] = markup or ""
            while len(self._html) > _KEPT:
                self._html.popitem(last=False)
            then(message, markup or "")
            self._read_next()

        def failed(_error: Exception) -> bool:
            self._read_next()
            return True  # the text is shown; a mail that cannot be read again is not worth a message

        desk = self._context.desk
        self._context.tasks.run(lambda: files.message_html(desk, message), then=take, owner=self, failed=failed)

    def picture(self, message: UUID, url: str) -> bytes | None:
        """A picture that the mail itself carries (`cid:`); called on the decoder's threads."""
        if not url.lower().startswith("cid:"):
            return None
        found = self._pictures.get(message)
        if found is None:
            try:
                found = files.inline_images(self._context.desk, message)
            except (UserError, OSError):
                found = {}
            self._pictures[message] = found
            while len(self._pictures) > 8:
                self._pictures.popitem(last=False)
        return found.get(unquote(url[4:])) or found.get(unquote(url[4:]).strip("<>"))

    def open_file(self, attachment: UUID, name: str) -> None:
        """Open a file with the program that the system has for it; programs are only saved."""
        if name.rpartition(".")[2].lower() in _RUNS:
            ask(
                self._context.overlay,
                tr("This file is a program"),
                tr(
                    "“{name}” could do anything on your computer. It can be saved, but not opened from here.", name=name
                ),
                tr("Save it"),
                lambda: self.save_file(attachment),
            )
            return
        folder = self._context.desk.workspace.temporary / "opened"
        self._save(attachment, folder, lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))))

    def save_file(self, attachment: UUID) -> None:
        """Save a file into the person's download folder."""
        place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
        said = self._context.toasts.say
        self._save(attachment, Path(place or Path.home()), lambda path: said(tr("Saved as {path}", path=str(path))))

    def open_link(self, url: str) -> None:
        """Open a link of a mail after looking at where it leads."""
        if not is_safe_link(url):
            self._context.toasts.say(tr("This link is not opened: it leads to {url}", url=url[:80]), "bad")
        else:
            QDesktopServices.openUrl(QUrl(url))

    def show_original(self, message: UUID) -> None:
        """The cleaned mail with its pictures, in the browser."""
        desk, folder = self._context.desk, self._context.desk.workspace.temporary / "opened"
        self._context.tasks.run(
            lambda: _write_original(desk, message, folder),
            then=lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))),
            owner=self,
        )

    def raw(self, message: UUID, then: Callable[[bytes], object]) -> None:
        """The mail as it came."""
        desk = self._context.desk
        self._context.tasks.run(lambda: files.raw_mail(desk, message) or b"", then=then, owner=self)

    def _save(self, attachment: UUID, folder: Path, then: Callable[[Path], object]) -> None:
        desk = self._context.desk
        self._context.tasks.run(lambda: files.save_attachment(desk, attachment, folder), then=then, owner=self)


def _write_original(desk: Desk, message: UUID, folder: Path) -> Path:
    """The cleaned mail as a page of its own that may show pictures and nothing else. Any thread."""
    markup = files.message_html(desk, message)
    if markup is None:
        raw = files.raw_mail(desk, message) or b""
        markup = f"<pre>{html.escape(raw.decode('utf-8', 'replace'))}</pre>"
    pictures = files.inline_images(desk, message)

    def inline(found: re.Match[str]) -> str:
        data = pictures.get(unquote(found[1]))
        kind = "png" if data is None or data.startswith(b"\x89PNG") else "jpeg" if data[:2] == b"\xff\xd8" else "gif"
        return f'src="data:image/{kind};base64,{base64.b64encode(data).decode()}"' if data else 'src=""'

    markup = re.sub(r'src="cid:([^"]*)"', inline, markup).replace("data-remote-src=", "src=")
    page = (
        f'<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="referrer" content="no-referrer"><title>Mail</title><body>{markup}</body>'
    )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"mail-{message.hex[:12]}.html"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(page)
    return path
