"""The view of one mail: what it shows, what it refuses to fetch or to lay out, and what stands where a picture is missing."""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QUrl
from PySide6.QtGui import QFontMetrics, QImage, QTextDocument
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from ui.theme import Theme
from ui.widgets.mailview import MailView, too_heavy, with_breaks
from ui.widgets.pictures import data_url, decode, decoder


@pytest.fixture
def page(qapp: QApplication, qtbot: QtBot) -> Iterator[QWidget]:
    """A page with room for a mail."""
    (qapp.findChild(Theme) or Theme(qapp)).choose("light")
    page = QWidget()
    page.resize(900, 640)
    qtbot.addWidget(page)
    page.show()
    yield page
    decoder().wait()


def png(width: int, height: int) -> bytes:
    """A grey picture."""
    image = QImage(width, height, QImage.Format.Format_Grayscale8)
    image.fill(128)
    store = QByteArray()
    buffer = QBuffer(store)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs know only file names and bytes
    return bytes(store.data())


def test_a_mail_fetches_nothing_and_says_so(page: QWidget, qtbot: QtBot) -> None:
    asked: list[str] = []

    def load(url: str) -> bytes:
        asked.append(url)
        return png(40, 30)

    view = MailView(load, page)
    view.resize(400, 100)
    view.show()
    with qtbot.waitSignal(view.pictures_blocked) as blocked:
        view.show_html(
            '<p>Hello</p><img src="cid:glass"><img src="https://track.example/p.png"><img src="file:///etc/passwd">'
        )
    assert blocked.args == [2]
    image = QTextDocument.ResourceType.ImageResource.value
    qtbot.waitUntil(lambda: view.document().resource(image, QUrl("cid:glass")).width() == 40)
    assert asked == ["cid:glass"]
    assert view.loadResource(image, QUrl("http://track.example/p.png")).width() == 1  # type: ignore[attr-defined]


def test_beneath_a_picture_is_no_hole(page: QWidget, qtbot: QtBot) -> None:
    view = MailView(lambda _url: png(40, 300), page)
    view.resize(400, 100)
    view.show()
    view.show_html('<div>Here it is:</div><div><img src="cid:glass"></div><div>Ann</div>')
    qtbot.waitUntil(lambda: view.height() > 300)
    text = QFontMetrics(view.font()).lineSpacing()
    assert view.height() < 300 + 5 * text


def test_pictures_that_do_not_come_leave_words_and_no_hole(page: QWidget, qtbot: QtBot) -> None:
    view = MailView(lambda url: png(40, 30) if "here" in url else None, page)
    view.resize(400, 100)
    view.show()
    view.show_html(
        '<div>See <img src="https://a.example/gone one.png" width="300" height="900"> and '
        '<img src="https://a.example/here.png"> and <img src="cid:gone" alt="Our shop"></div>',
        remote=True,
    )
    there = "See [picture not loaded] and \ufffc and [Our shop]"
    qtbot.waitUntil(lambda: view.document().toRawText() == there)
    qtbot.waitUntil(lambda: view.height() < 200)
    view.apply_tokens()  # another look is taken
    assert view.document().toRawText() == there


@pytest.mark.parametrize(
    ("markup", "lines"),
    [
        ("<div>a</div><div><br></div><div>b</div>", ["a", "", "b"]),
        ("<div>a<br></div><div>b</div>", ["a", "b"]),
        ("<div>a<br><br></div>b", ["a", "", "b"]),
        ("a<br>b<br><br>c", ["a", "b", "", "c"]),
    ],
)
def test_a_break_at_the_end_of_a_block_begins_no_line(page: QWidget, markup: str, lines: list[str]) -> None:
    view = MailView(parent=page)
    view.show_html(markup)
    assert view.toPlainText().strip("\n").splitlines() == lines


def test_a_mail_is_as_high_as_its_text_and_tells_links(page: QWidget, qtbot: QtBot) -> None:
    view = MailView(parent=page)
    view.resize(400, 10)
    view.show()
    view.show_text("one line")
    low = view.height()
    view.show_text("\n".join(f"line {n} https://example.org/{n}" for n in range(30)))
    assert view.height() > low * 10
    assert view.verticalScrollBar().maximum() == 0
    with qtbot.waitSignal(view.link_clicked) as told:
        view.anchorClicked.emit(QUrl("https://example.org/3"))
    assert told.args == ["https://example.org/3"]
    assert not view.document().isEmpty(), "a click does not leave the page"


@pytest.mark.parametrize(
    "markup",
    ["x" * 300_001, "<div>" * 31 + "</div>" * 31, "<table>" + "<tr><td>1</td></tr>" * 2001 + "</table>"],
    ids=["long", "deep", "cells"],
)
def test_a_mail_too_heavy_to_lay_out_is_shown_as_text(page: QWidget, markup: str) -> None:
    assert too_heavy(markup)
    view = MailView(parent=page)
    assert not view.show_html(markup)
    assert 0 < view.document().characterCount() < 61_000
    if len(markup) > 300_000:
        assert view.toPlainText().endswith("in the original.]")


def test_closing_tags_inside_an_attribute_do_not_hide_the_depth() -> None:
    assert too_heavy('<div title="</div></div>">' * 31)
    assert not too_heavy("<p>one</p>" * 200)


@pytest.mark.parametrize(
    ("word", "longest"), [("\u05d0a&amp;<b>b</b>", 500), ("abcdefg&amp;", 5_000), ("w" * 1_000, 5_000)]
)
def test_a_word_without_end_breaks(word: str, longest: int) -> None:
    endless = "<p>" + word * 2_000 + "</p>"
    broken = with_breaks(endless)
    assert broken.replace("\u200b", "") == endless, "nothing else is touched, no tag or character is cut"
    letters = re.sub("<[^>]*>", "", broken).replace("&amp;", "&")
    assert max(map(len, letters.split("\u200b"))) <= longest


@pytest.mark.parametrize(
    "markup", ["<p>" + "\u05e9\u05dc\u05d5\u05dd hello " * 2_000, "<b>" + "w" * 4_000, "\u65e5" * 9_000]
)
def test_what_people_write_is_not_broken(markup: str) -> None:
    assert with_breaks(markup) == markup


def test_pictures_have_limits() -> None:
    assert decode(png(20, 10)).width() == 20
    assert decode(png(5000, 5000)).isNull(), "25 megapixels"
    assert decode(b"no picture").isNull()
    assert data_url("data:image/png;base64," + base64.b64encode(b"abc").decode()) == b"abc"
    assert data_url("data:text/html,<b>") is None
    assert data_url("data:image/svg+xml,<svg/>") is None
    assert data_url("data:image/png;base64,!") is None
