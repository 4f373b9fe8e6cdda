# mypy: disable-error-code="no-untyped-call"
"""Mail that is made to hurt: the window goes on, and what it did not survive once is text the next time."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.kernel.ids import new_id
from tests.ui.inbox_desk import InboxDesk, inbox_window
from tests.ui.shown_mail import (
    button,
    card_of,
    html_mail,
    show,
    store,
    words_of,
)
from ui.pages.inbox.conversation.render_marks import RenderMarks
from ui.pages.inbox.page import Page
from ui.widgets.pictures import decoder

BOMBS = Path(__file__).resolve().parents[3] / "shared" / "mail" / "bombs"


@pytest.fixture
def page(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    """The inbox with one ticket shown."""
    made.some(1)
    with inbox_window(made, qapp, qtbot) as shown:
        qtbot.waitUntil(lambda: shown.shown is not None)
        yield shown
        assert decoder().wait()


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
