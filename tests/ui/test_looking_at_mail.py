# mypy: disable-error-code="no-untyped-call"
"""Looking at mail: nothing is loaded, run, opened or believed that should not be, and no mail stalls or ends the window."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import QObject, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.connectors.pictures import PictureFetcher
from app.conversations.commands import NewAttachment, NewMessage, add_blob, add_message
from app.conversations.consent import domains_with_pictures
from app.kernel import clock
from app.kernel.ids import new_id
from app.mime.parse import parse
from tests.ui.inbox_desk import InboxDesk, inbox_window
from ui.pages.inbox.card import MessageCard
from ui.pages.inbox.mailfiles import hand_over
from ui.pages.inbox.page import Page
from ui.pages.inbox.rendering import RenderMarks
from ui.widgets.composer import AttachmentChip
from ui.widgets.pictures import decoder

PASSED = "mx.desk.example; dkim=pass header.d=shop.example; dmarc=pass header.from=shop.example"
FAILED = "mx.desk.example; dmarc=fail header.from=shop.example"
REMOTE = '<p><b>Hello</b></p><img src="https://cdn.shop.example/a.png" width="80"><img src="https://cdn.shop.example/wf/open?u=1">'
BOMBS = Path(__file__).resolve().parents[3] / "shared" / "mail" / "bombs"


class Fetcher(PictureFetcher):
    """Keeps what it was asked for, and never asks anybody."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def fetch(self, url: str) -> bytes | None:
        self.asked.append(url)
        return None


@pytest.fixture
def made(tmp_path: Path) -> Iterator[InboxDesk]:
    """A desk with a mailbox."""
    desk = InboxDesk(tmp_path / "desk")
    yield desk
    desk.desk.close()


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher()


@pytest.fixture
def page(made: InboxDesk, qapp: QApplication, qtbot: QtBot, fetcher: Fetcher) -> Iterator[Page]:
    """The inbox with one ticket shown."""
    made.some(1)
    with inbox_window(made, qapp, qtbot) as shown:
        qtbot.waitUntil(lambda: shown.shown is not None)
        shown.files.reader.pictures = fetcher
        yield shown
        assert decoder().wait()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was handed to the system to open."""
    found: list[str] = []

    def keep(url: QUrl) -> bool:
        found.append(url.toString())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", keep)
    return found


def html_mail(markup: str, results: str = "", sender: str = "c0@shop.example") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "help@desk.example", "Matter 0"
    if results:
        mail["Authentication-Results"] = results
    mail.set_content("Words of the text.")
    mail.add_alternative(markup, subtype="html")
    return mail.as_bytes()


def store(made: InboxDesk, ticket: UUID, raw: bytes) -> UUID:
    """A mail as receiving stores it."""
    ref = made.desk.packs.append(raw)
    made.desk.packs.flush()
    blob, message, mail = made.desk.work(add_blob, ref), new_id(), parse(raw)
    sender = (mail.from_.name, mail.from_.address) if mail.from_ else ("", "")
    files = tuple(
        NewAttachment(
            one.filename, one.content_type, one.size, part=one.path, content_id=one.content_id, inline=one.inline
        )
        for one in mail.attachments
    )
    made.desk.work(
        add_message,
        NewMessage(
            id=message,
            ticket=ticket,
            mailbox=made.mailbox,
            direction="in",
            sender=sender,
            text=mail.text,
            occurred_at=clock.now(),
            attachments=files,
            warnings=mail.warnings,
            extra={"class": mail.mail_class.value},
        ),
        blob=blob,
    )
    return message


def show(page: Page, made: InboxDesk, qtbot: QtBot, raw: bytes) -> MessageCard:
    """A mail comes in and is read."""
    assert page.shown is not None
    message = store(made, page.shown.detail.id, raw)
    return card_of(page, qtbot, message)


def card_of(page: Page, qtbot: QtBot, message: UUID) -> MessageCard:
    def there() -> bool:
        card = page.talk.card(message)
        return card is not None and card._reading is not None and page.context.tasks.running == 0

    qtbot.waitUntil(there)
    QApplication.processEvents()  # what was put into a layout is shown in the next turn
    card = page.talk.card(message)
    assert card is not None
    return card


def words_of(card: MessageCard) -> str:
    """What stands on a card beside the mail's own text."""
    return " | ".join(label.text() for label in card.findChildren(QLabel) if label.isVisibleTo(card))


def button(of: QObject, text: str) -> QPushButton | None:
    return next(
        (one for one in of.findChildren(QPushButton) if one.text() == text and one.isVisibleTo(one.window())), None
    )


def press(of: QObject, text: str) -> None:
    found = button(of, text)
    assert found is not None, text
    found.click()


def vouch(made: InboxDesk, ticket: UUID) -> None:
    """Our server writes its results into every mail."""
    for number in range(6):
        store(made, ticket, html_mail(f"<b>{number}</b>", PASSED))


def test_pictures_from_elsewhere_are_not_loaded_and_trackers_are_counted(
    page: Page, made: InboxDesk, qtbot: QtBot, fetcher: Fetcher
) -> None:
    card = show(page, made, qtbot, html_mail(REMOTE))
    assert "1 picture from elsewhere is not loaded · 1 tracker kept away" in words_of(card)
    assert button(card, "Always for shop.example") is None  # nobody vouches for the sender
    assert decoder().wait()
    assert fetcher.asked == []


def test_pictures_are_loaded_for_one_message_only_and_trackers_never(
    page: Page, made: InboxDesk, qtbot: QtBot, fetcher: Fetcher
) -> None:
    card = show(page, made, qtbot, html_mail(REMOTE))
    press(card, "Load for this message")
    qtbot.waitUntil(lambda: bool(fetcher.asked))
    other = show(page, made, qtbot, html_mail(REMOTE))
    assert decoder().wait()
    assert fetcher.asked == ["https://cdn.shop.example/a.png"]
    assert "not loaded" not in words_of(card)
    assert "not loaded" in words_of(other)
    assert made.desk.ask(domains_with_pictures) == ()


def test_consent_for_a_domain_holds_for_proven_senders_alone_and_can_be_taken_back(
    page: Page, made: InboxDesk, qtbot: QtBot, fetcher: Fetcher
) -> None:
    assert page.shown is not None
    vouch(made, page.shown.detail.id)
    card = show(page, made, qtbot, html_mail(REMOTE, PASSED))
    press(card, "Always for shop.example")
    qtbot.waitUntil(lambda: made.desk.ask(domains_with_pictures) == ("shop.example",))
    assert "not loaded" not in words_of(show(page, made, qtbot, html_mail(REMOTE, PASSED)))
    assert "not loaded" in words_of(show(page, made, qtbot, html_mail(REMOTE, FAILED)))
    assert "not loaded" in words_of(show(page, made, qtbot, html_mail(REMOTE)))
    foreign = PASSED.replace("mx.desk.example", "mx.shop.example")
    assert "not loaded" in words_of(show(page, made, qtbot, html_mail(REMOTE, foreign)))
    page.files.stop_pictures("shop.example")
    qtbot.waitUntil(lambda: made.desk.ask(domains_with_pictures) == ())
    assert "not loaded" in words_of(show(page, made, qtbot, html_mail(REMOTE, PASSED)))


def test_results_that_our_server_does_not_always_write_prove_nobody(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    for _ in range(6):
        show(page, made, qtbot, html_mail("<b>x</b>"))
    card = show(page, made, qtbot, html_mail(REMOTE, PASSED))  # so it may be the sender's own
    assert button(card, "Always for shop.example") is None


def test_a_sender_is_marked_only_where_our_provider_says_that_it_is_another(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    def doubted(results: str) -> bool:
        card = show(page, made, qtbot, html_mail("<b>x</b>", results))
        return card._doubt.isVisibleTo(card)

    assert doubted(FAILED)
    assert not doubted(FAILED.replace("mx.desk.example", "mx.evil.example"))
    assert not doubted("")


def test_a_link_that_says_another_place_tells_where_it_leads(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    markup = '<p><a href="https://evil.example/x">www.bank.example</a> <a href="https://shop.example/">our shop</a></p>'
    card = show(page, made, qtbot, html_mail(markup))
    assert card._body is not None
    shown = card._body._main.toPlainText()
    assert "www.bank.example (leads to evil.example)" in shown
    assert shown.count("leads to") == 1


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "file:///etc/passwd", "ms-msdt:/id", "smb://host/x", "", "java\nscript:x"]
)
def test_a_dangerous_link_is_refused_when_it_is_clicked(page: Page, opened: list[str], url: str) -> None:
    page.files.open_link(url)
    assert opened == []


def test_an_ordinary_link_opens(page: Page, opened: list[str]) -> None:
    page.files.open_link("https://shop.example/?a=1")
    assert opened == ["https://shop.example/?a=1"]


def with_files(*files: tuple[str, bytes]) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "c0@shop.example", "help@desk.example", "Re: Matter / 0"
    mail.set_content("See the files.")
    for name, data in files:
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def chips(card: MessageCard) -> list[AttachmentChip]:
    return card.findChildren(AttachmentChip)


def test_dangerous_files_are_named_and_programs_are_never_opened(
    page: Page, made: InboxDesk, qtbot: QtBot, opened: list[str]
) -> None:
    card = show(
        page,
        made,
        qtbot,
        with_files(("invoice.pdf.exe", b"MZ"), ("list.xlsm", b"x"), ("a.pdf", b"MZ"), ("b.txt", b"b")),
    )
    names = [chip.accessibleName() for chip in chips(card)]
    assert [("disguised program" in name, "has macros" in name) for name in names] == [
        (True, False), (False, True), (False, False), (False, False),
    ]  # fmt: skip
    keys = [one.id for one in card.message.attachments]
    for key, name in zip(keys[:3], ("invoice.pdf.exe", "list.xlsm", "a.pdf"), strict=True):
        page.open_file(key)
        wanted = "Open it anyway" if name.endswith("m") else "Save it"
        qtbot.waitUntil(lambda wanted=wanted: button(page.window(), wanted) is not None)  # type: ignore[misc]
        assert opened == []
        page.context.overlay.close_sheet()
    page.open_file(keys[3])
    qtbot.waitUntil(lambda: len(opened) == 1)
    path = Path(QUrl(opened[0]).toLocalFile())
    assert (path.name, path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == ("b.txt", b"b", 0o600)


def test_what_was_opened_is_removed_at_the_end_and_at_the_next_start(
    made: InboxDesk, qapp: QApplication, qtbot: QtBot
) -> None:
    left = made.desk.workspace.temporary / "opened" / "left.txt"
    left.parent.mkdir(parents=True)
    left.touch()
    with inbox_window(made, qapp, qtbot) as page:
        qtbot.waitUntil(lambda: not left.exists())
        left.parent.mkdir(parents=True, exist_ok=True)
        left.touch()
        page.files.leave()  # what the application calls when it quits
        assert not left.exists()


def test_a_mail_is_saved_as_it_came(
    page: Page, made: InboxDesk, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.pages.inbox.mailfiles._download_folder", lambda: tmp_path / "saved")
    raw = with_files(("b.txt", b"b"))
    card = show(page, made, qtbot, raw)
    page.talk.mail_saved.emit(card.key)
    qtbot.waitUntil(lambda: (tmp_path / "saved").exists() and any((tmp_path / "saved").iterdir()))
    (saved,) = (tmp_path / "saved").iterdir()
    assert saved.suffix == ".eml"
    qtbot.waitUntil(lambda: saved.read_bytes() == raw)


def test_a_file_is_dragged_out_and_not_opened_by_it(
    page: Page, made: InboxDesk, qtbot: QtBot, opened: list[str]
) -> None:
    card = show(page, made, qtbot, with_files(("b.txt", b"b")))
    (chip,) = chips(card)
    with qtbot.waitSignal(page.talk.file_dragged):
        qtbot.mousePress(chip, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
        move = QMouseEvent(
            QMouseEvent.Type.MouseMove, QPoint(60, 5).toPointF(), chip.mapToGlobal(QPoint(60, 5)).toPointF(),
            Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(chip, move)
    qtbot.mouseRelease(chip, Qt.MouseButton.LeftButton, pos=QPoint(60, 5))
    folder = made.desk.workspace.temporary / "opened"
    qtbot.waitUntil(lambda: page.context.tasks.running == 0 and (folder / "b.txt").exists())
    assert hand_over(folder / "b.txt").urls() == [QUrl.fromLocalFile(str(folder / "b.txt"))]
    assert opened == []


def test_the_original_runs_nothing_and_loads_nothing(
    page: Page, made: InboxDesk, qtbot: QtBot, opened: list[str]
) -> None:
    card = show(
        page,
        made,
        qtbot,
        html_mail(REMOTE + '<script>alert(1)</script><form action="https://evil.example"><input></form>'),
    )
    page.files.show_original(card.key)
    qtbot.waitUntil(lambda: len(opened) == 1)
    path = Path(QUrl(opened[0]).toLocalFile())
    shown = path.read_text("utf-8")
    assert "default-src 'none'; img-src data:;" in shown
    assert " src=" not in shown
    assert "<script" not in shown
    assert "<form" not in shown
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    press(card, "Load for this message")
    page.files.show_original(card.key)
    qtbot.waitUntil(lambda: len(opened) == 2)
    shown = path.read_text("utf-8")
    assert "img-src https: data:;" in shown
    assert shown.count(" src=") == 1
    assert "wf/open" not in shown.replace("data-remote-src", "")


@pytest.mark.parametrize(
    "markup",
    ["<p>" + "word " * 61_000, "<div>" * 31 + "deep", "<table><tr>" + "<td>1" * 2_001],
    ids=["300 kB", "30 levels", "2,000 cells"],
)
def test_a_heavy_mail_is_shown_as_text_with_its_original_at_hand(
    page: Page, made: InboxDesk, qtbot: QtBot, markup: str
) -> None:
    card = show(page, made, qtbot, html_mail(f"<b>Hello</b>{markup}"))
    assert card._body is not None
    assert card._body._main.toPlainText() == "Words of the text."
    assert "too large" in words_of(card)
    assert button(card, "View original") is not None


def test_a_signed_mail_says_that_nobody_verified_it(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    raw = (
        b'From: c0@shop.example\nMIME-Version: 1.0\nContent-Type: multipart/signed; boundary=b; protocol="application/pgp-signature"\n\n'
        b"--b\nContent-Type: text/plain\n\nMy words.\n--b\nContent-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----\n\nx\n"
        b"-----END PGP SIGNATURE-----\n--b--\n"
    )
    assert "The signature is not verified" in words_of(show(page, made, qtbot, raw))


def test_drawing_a_mail_is_marked_first_and_the_mark_goes_with_success(tmp_path: Path) -> None:
    key, folder = new_id(), tmp_path / "rendering"
    marks = RenderMarks(folder)
    with marks.guard(key):
        assert RenderMarks(folder).died(key)
    assert not RenderMarks(folder).died(key)


_DYING = """
import os, signal, sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from tests.ui.inbox_desk import inbox_window
from app.desk import Desk
from ui.widgets.mailview import MailView

class Made: desk = Desk.open(Path(sys.argv[1]))
class Bot:
    def waitUntil(self, what):
        while not what(): app.processEvents()
app = QApplication([])
MailView.loadResource = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with inbox_window(Made, app, Bot()) as page:
    Bot().waitUntil(lambda: False)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_mail_that_ended_the_window_opens_as_text(tmp_path: Path, qapp: QApplication, qtbot: QtBot) -> None:
    made = InboxDesk(tmp_path / "desk")
    ticket, _ = made.mail(subject="Matter 0")
    message = store(made, ticket, html_mail('<b>Hello</b><img src="cid:x">'))
    made.desk.close()
    child = subprocess.run(
        [sys.executable, "-c", _DYING, str(tmp_path / "desk")], cwd=Path(__file__).parents[2], timeout=120, check=False
    )
    assert child.returncode == -signal.SIGKILL
    again = InboxDesk.__new__(InboxDesk)
    from app.desk import Desk

    again.desk = Desk.open(tmp_path / "desk")
    try:
        with inbox_window(again, qapp, qtbot) as page:
            qtbot.waitUntil(lambda: page.shown is not None)
            card = card_of(page, qtbot, message)
            assert card._body is not None
            assert card._body._main.toPlainText() == "Words of the text."
            assert "it is shown as text" in words_of(card)
            card._body.show_html()
            assert "Hello" in card._body._main.toPlainText()
            assert not page.files.marks.died(message)
    finally:
        again.desk.close()


NASTY = {
    "a picture of a thousand megapixels": '<b>x</b><img src="data:image/bmp;base64,Qk0AAAAAAAAAADYAAAAoAAAAoIYBAKCGAQABABgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA">',
    "a huge place for a picture": '<b>x</b><img src="cid:a" width="99999999" height="99999999">',
    "a table of huge spans": "<b>x</b><table>"
    + '<tr><td colspan="99999" rowspan="99999">x</td></tr>' * 300
    + "</table>",
    "a thousand pictures": "<b>x</b>" + "".join(f'<img src="cid:{n}">' for n in range(4_000)),
    "a word without end": "<b>x</b>" + "w" * 250_000,
    "a huge font": '<b>x</b><p style="font-size:99999999px;line-height:99999999px">big</p>',
    "huge margins": '<b>x</b><p style="margin:99999999px;padding:99999999px;text-indent:-99999999px">big</p>',
    "a table in a table": "<b>x</b>" + "<table><tr><td>" * 14 + "deep",
    "a list that begins far away": f'<b>x</b><ol start="2147483647">{"<li>x" * 2000}</ol>',
    "letters of all directions": "<b>x</b>" + "\u202e\u2067\u05d0a" * 20_000,
    "letters upon letters": "<b>x</b>a" + "\u0300" * 50_000,
}


@pytest.mark.parametrize("name", NASTY)
def test_the_window_goes_on_while_a_nasty_mail_is_shown(page: Page, made: InboxDesk, qtbot: QtBot, name: str) -> None:
    assert "x" in show(page, made, qtbot, html_mail(NASTY[name]))._body._main.toPlainText()  # type: ignore[union-attr]
    still_alive(page, qtbot)


@pytest.mark.skipif(not BOMBS.is_dir(), reason="the sample mails are not here")
def test_the_window_goes_on_while_every_bomb_is_shown(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    for bomb in sorted(BOMBS.glob("*.eml")):
        show(page, made, qtbot, bomb.read_bytes())
        still_alive(page, qtbot)


def still_alive(page: Page, qtbot: QtBot) -> None:
    """Events go on being handled: a timer fires as often as it should, and what is shown can be painted."""
    fired: list[int] = []
    timer = QTimer(page, interval=0)
    timer.timeout.connect(lambda: fired.append(1))
    timer.start()
    qtbot.waitUntil(lambda: len(fired) > 20)
    timer.stop()
    assert not page.talk.grab().isNull()
    assert decoder().wait()
