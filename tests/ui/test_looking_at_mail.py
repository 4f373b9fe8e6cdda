# mypy: disable-error-code="no-untyped-call"
"""Looking at mail: nothing is loaded, run, opened or believed that should not be, and no mail stalls or ends the window."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.conversations.consent import domains_with_pictures
from tests.ui.inbox_desk import InboxDesk, inbox_window
from tests.ui.shown_mail import (
    FAILED,
    PASSED,
    REMOTE,
    Fetcher,
    button,
    html_mail,
    png,
    press,
    show,
    vouch,
    with_files,
    words_of,
)
from ui.pages.inbox.conversation.card import MessageCard
from ui.pages.inbox.conversation.mail_files import hand_over
from ui.pages.inbox.page import Page
from ui.widgets.attachments import AttachmentChip
from ui.widgets.pictures import decoder

MAILS = Path(__file__).parent.parent / "mail"


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


def test_pictures_from_elsewhere_are_not_loaded_and_trackers_are_counted(
    page: Page, made: InboxDesk, qtbot: QtBot, fetcher: Fetcher
) -> None:
    card = show(page, made, qtbot, html_mail(REMOTE))
    assert "1 picture from elsewhere is not loaded · 1 tracker blocked" in words_of(card)
    assert button(card, "Always for shop.example") is None  # nobody vouches for the sender
    assert decoder().wait()
    assert fetcher.asked == []


def test_an_encrypted_mail_says_so_where_its_words_would_be_and_in_the_list(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    card = show(page, made, qtbot, (MAILS / "encrypted-smime.eml").read_bytes())
    assert card._snippet.text() == "Encrypted message"
    assert card._body is not None
    assert card._body._visible == "(encrypted)"
    assert "This message is encrypted" in words_of(card)


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


def test_a_picture_that_was_agreed_to_is_shown(page: Page, made: InboxDesk, qtbot: QtBot, fetcher: Fetcher) -> None:
    fetcher.data = png(70, 30)
    card = show(page, made, qtbot, html_mail(REMOTE))
    body = card._body
    assert body is not None
    before = body._main.height()
    press(card, "Load for this message")
    qtbot.waitUntil(lambda: body._main.height() >= before + 20)


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
        return card._doubt is not None and card._doubt.isVisibleTo(card)

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
    monkeypatch.setattr("ui.pages.inbox.conversation.mail_files._download_folder", lambda: tmp_path / "saved")
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


def test_a_signed_mail_says_that_nobody_verified_it(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    raw = (
        b'From: c0@shop.example\nMIME-Version: 1.0\nContent-Type: multipart/signed; boundary=b; protocol="application/pgp-signature"\n\n'
        b"--b\nContent-Type: text/plain\n\nMy words.\n--b\nContent-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----\n\nx\n"
        b"-----END PGP SIGNATURE-----\n--b--\n"
    )
    assert "The signature is not verified" in words_of(show(page, made, qtbot, raw))
