"""What is read from the raw mails for the screen: formatted text, pictures, files, the original in the browser.

All of it is read on task threads. Whatever is written to a file goes into the desk's temporary folder or where the person
says, private to them, under a harmless name and marked as a download; what was opened is removed at the end and at the start.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote
from uuid import UUID

from PySide6.QtCore import QCoreApplication, QMimeData, QObject, QStandardPaths, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QDrag, QGuiApplication

from app.conversations.consent import allow_pictures, forbid_pictures
from app.desk.viewing import downloads, files
from app.kernel.errors import UserError
from app.mime.files import dangers
from app.mime.files.dangers import Danger
from app.mime.html.sanitise import safe_link
from ui.pages import Context
from ui.pages.inbox.conversation.render_marks import RenderMarks
from ui.text import tr
from ui.widgets.overlay import ask

if TYPE_CHECKING:
    from app.desk.viewing.reading import MailReader, Reading

_KEPT = 200
_FETCHED = 64 * 1024 * 1024  # bytes of fetched pictures that are kept
_AFTER_PAINT_MS = 40
_FILE = "attachment:"


class MailFiles(QObject):
    """Reads and opens what belongs to messages."""

    def __init__(self, context: Context, *, opened: str = "opened") -> None:
        """`opened`: the folder for what is opened from here; another page's is its own."""
        super().__init__()
        self._context = context
        temporary = context.desk.workspace.temporary
        self._opened = temporary / opened
        self.marks = RenderMarks(temporary / "rendering")
        self._reader: MailReader | None = None
        self._making = threading.Lock()
        self._readings: OrderedDict[UUID, Reading] = OrderedDict()
        self._pictures: OrderedDict[UUID, dict[str, bytes]] = OrderedDict()
        self._fetched: OrderedDict[str, bytes] = OrderedDict()
        self._agreed: set[UUID] = set()  # whose pictures from elsewhere are loaded
        self._wanted: list[tuple[UUID, Callable[[UUID, Reading], object]]] = []
        self._pause = QTimer(self, singleShot=True, interval=_AFTER_PAINT_MS)
        self._pause.timeout.connect(self._read_next)
        context.tasks.run(lambda: downloads.remove(self._opened), then=lambda _done: None, owner=self)
        app = QCoreApplication.instance()
        assert app is not None
        app.aboutToQuit.connect(self.leave)

    def leave(self) -> None:
        """The window ends: nothing more is fetched, and nothing that was opened stays on the disk."""
        if self._reader is not None:
            self._reader.pictures.close()
        downloads.remove(self._opened)

    @property
    def reader(self) -> MailReader:
        """Reads mails; made on the thread that reads the first one, with all that takes mails apart. On any thread."""
        with self._making:
            if self._reader is None:
                from app.desk.viewing.reading import MailReader

                self._reader = MailReader(self._context.desk, lambda where: tr("(leads to {where})", where=where))
            return self._reader

    def read(self, message: UUID, then: Callable[[UUID, Reading], object]) -> None:
        """A message made ready for looking at; kept, because a mail never changes."""
        known = self._readings.get(message)
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

        def take(reading: Reading) -> None:
            self._readings[message] = reading
            if reading.allowed:
                self._agreed.add(message)
            while len(self._readings) > _KEPT:
                self._readings.popitem(last=False)
            then(message, reading)
            self._read_next()

        def failed(_error: Exception) -> bool:
            self._read_next()
            return True  # the text is shown; a mail that cannot be read again is not worth a message

        self._context.tasks.run(lambda: self.reader.read(message), then=take, owner=self, failed=failed)

    # -- pictures

    def load_pictures(self, message: UUID, domain: str) -> None:
        """Pictures from elsewhere are loaded for a message; from now on for every mail that is proven to be of `domain`."""
        self._agreed.add(message)
        if domain:
            self._readings.clear()
            said = tr("Pictures in mail from {domain} are loaded from now on.", domain=domain)
            self._context.tasks.do(allow_pictures, domain, done=said)

    def stop_pictures(self, domain: str) -> None:
        """They are not any more."""
        self._readings.clear()
        self._agreed.clear()
        said = tr("Pictures in mail from {domain} are not loaded any more.", domain=domain)
        self._context.tasks.do(forbid_pictures, domain, done=said)

    def picture(self, message: UUID, url: str) -> bytes | None:
        """A picture that the mail itself carries, or one from elsewhere that somebody agreed to; called on the decoder's threads."""
        if url.lower().startswith("https:"):
            return self._fetch(url) if message in self._agreed else None
        if url.startswith(_FILE):  # ours: no text of a mail can name it (`ui.widgets.mailview`)
            return self._file(UUID(url.removeprefix(_FILE)))
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

    def _file(self, attachment: UUID) -> bytes | None:
        try:
            return files.attachment_bytes(self._context.desk, attachment)
        except (UserError, OSError):
            return None  # it is told when somebody opens it

    def _fetch(self, url: str) -> bytes | None:
        known = self._fetched.get(url)
        if known is not None:
            return known
        data = self.reader.pictures.fetch(url)
        if data is not None:
            self._fetched[url] = data
            while sum(map(len, list(self._fetched.values()))) > _FETCHED:
                self._fetched.popitem(last=False)
        return data

    # -- files

    def open_file(self, attachment: UUID, name: str) -> None:
        """Open a file with the program that the system has for it, after saying what it could do; programs are only saved."""
        said = dangers.by_name(name)
        if said in dangers.ACTS:
            self._refuse(attachment, name)
            return
        desk, folder = self._context.desk, self._opened

        def prepare() -> tuple[Danger | None, Path | None]:
            danger = dangers.by_content(name, files.attachment_bytes(desk, attachment))
            return danger, None if danger in dangers.ACTS else files.save_attachment(desk, attachment, folder)

        def take(found: tuple[Danger | None, Path | None]) -> None:
            danger, path = found
            if path is None:
                self._refuse(attachment, name)
            elif danger is None:
                _show(path)
            else:
                title, words = _warning(danger, name)
                ask(self._context.overlay, title, words, tr("Open it anyway"), lambda: _show(path))

        self._context.tasks.run(prepare, then=take, owner=self)

    def _refuse(self, attachment: UUID, name: str) -> None:
        ask(
            self._context.overlay,
            tr("This file is a program"),
            tr(
                "“{name}” could do anything on your computer. It can be saved, but not opened from here.",
                name=dangers.plain_name(name),
            ),
            tr("Save it"),
            lambda: self.save_file(attachment),
        )

    def save_file(self, attachment: UUID) -> None:
        """Save a file into the person's download folder."""
        desk = self._context.desk
        self._keep(lambda: files.save_attachment(desk, attachment, _download_folder()))

    def save_mail(self, message: UUID) -> None:
        """Save a mail as it came into the person's download folder."""
        desk = self._context.desk
        self._keep(lambda: files.save_mail(desk, message, _download_folder()))

    def _keep(self, write: Callable[[], Path]) -> None:
        said = self._context.toasts.say
        self._context.tasks.run(write, then=lambda path: said(tr("Saved as {path}", path=str(path))), owner=self)

    def drag_file(self, attachment: UUID) -> None:
        """The person drags a file out: it is written, and is in their hand if they still hold the button."""
        desk, folder = self._context.desk, self._opened

        def take(path: Path) -> None:
            if QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
                drag = QDrag(self)
                drag.setMimeData(hand_over(path))
                drag.exec(Qt.DropAction.CopyAction)

        self._context.tasks.run(lambda: files.save_attachment(desk, attachment, folder), then=take, owner=self)

    def open_link(self, url: str) -> None:
        """Open a link of a mail after looking once more at what it is."""
        if safe_link(url) and QUrl(url).isValid():
            QDesktopServices.openUrl(QUrl(url))
        else:
            self._context.toasts.say(tr("This link is not opened: it leads to {url}", url=url[:80]), "bad")

    def show_original(self, message: UUID) -> None:
        """The cleaned mail with all of its formatting, in the browser."""
        desk, folder, agreed = self._context.desk, self._opened, message in self._agreed

        def write() -> Path:
            from app.desk.viewing.original import write_original

            return write_original(desk, self.reader, message, folder, pictures=agreed)

        self._context.tasks.run(write, then=_show, owner=self)

    def raw(self, message: UUID, then: Callable[[bytes], object]) -> None:
        """The mail as it came."""
        desk = self._context.desk
        self._context.tasks.run(lambda: files.raw_mail(desk, message) or b"", then=then, owner=self)


def hand_over(path: Path) -> QMimeData:
    """A file as other programs take it when it is dropped on them."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    return data


def danger_word(name: str, content_type: str) -> str:
    """What stands on a file that is dangerous to open, "" for any other."""
    words = {
        Danger.PROGRAM: tr("program"),
        Danger.SCRIPT: tr("script"),
        Danger.DISGUISED: tr("disguised program"),
        Danger.MACROS: tr("has macros"),
        Danger.DISK: tr("disk image"),
        Danger.PAGE: tr("web page"),
    }
    danger = dangers.by_name(name, content_type)
    return words.get(danger, "") if danger is not None else ""


def _warning(danger: Danger, name: str) -> tuple[str, str]:
    name = dangers.plain_name(name)
    if danger is Danger.MACROS:
        return tr("This file brings its own program"), tr(
            "“{name}” may contain macros, which can do anything on your computer. Open it only if you expected it.",
            name=name,
        )
    if danger is Danger.PAGE:
        return tr("This file is a web page"), tr(
            "“{name}” opens in your browser and may look like a page that you know. Type no password into it.",
            name=name,
        )
    return tr("This file may hide programs"), tr(
        "“{name}” holds other files, and what is in it may be a program. Open it only if you expected it.", name=name
    )


def _download_folder() -> Path:
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
    return Path(place or Path.home())


def _show(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
