# mypy: disable-error-code="no-untyped-call"
"""The inbox as a person uses it: choose, read, search, answer, call back, note, triage by key, write first."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.conversations.commands import NewAttachment, NewMessage, add_blob, add_message
from app.kernel import clock
from app.kernel.ids import new_id
from app.kernel.state import signals
from app.outbox.delivery import claim, record_uncertain
from app.outbox.queries import drafts, outbox_rows
from app.tickets import commands
from app.tickets.queries import conversation, ticket
from tests.ui.inbox_desk import InboxDesk, inbox_window
from tests.ui.lint import findings
from ui.models.hits import HIT_ROLE
from ui.pages.inbox.conversation.card import MessageCard
from ui.pages.inbox.page import Page
from ui.widgets.pictures import decoder
from ui.widgets.state import Banner, Skeleton

KEY = Qt.Key


@pytest.fixture
def page(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    """The inbox with three tickets; the newest is shown."""
    made.some(3)
    with inbox_window(made, qapp, qtbot) as shown:
        qtbot.waitUntil(lambda: shown.shown is not None)
        yield shown


WAIT_MS = 20_000  # a busy machine is not a fault


def settled(page: Page, qtbot: QtBot, what: Callable[[], bool]) -> None:
    """Wait until something is so and nothing runs any more."""

    def so() -> None:
        shown = page.shown.detail.row.subject if page.shown else None
        assert what(), f"shown: {shown} {page.ticket}, chosen: {page.list.selected()}"
        assert page.context.tasks.running == 0

    qtbot.waitUntil(so)


def subject(page: Page) -> str:
    """The subject shown."""
    return page.shown.detail.row.subject if page.shown else ""


def test_the_newest_ticket_is_shown_and_j_moves_on(page: Page, qtbot: QtBot) -> None:
    assert subject(page) == "Matter 0"
    qtbot.keyClick(page.list.rows, KEY.Key_J)
    settled(page, qtbot, lambda: subject(page) == "Matter 1")
    qtbot.keyClick(page.list.rows, KEY.Key_K)
    settled(page, qtbot, lambda: subject(page) == "Matter 0")


def test_the_rows_before_stay_in_sight_while_another_list_is_read_for_no_more_than_a_moment(
    page: Page, qtbot: QtBot
) -> None:
    rows, skeleton = page.list.rows, page.list.findChild(Skeleton)
    assert skeleton is not None
    page.show_pile("all")
    assert rows.isVisible(), "nothing flickers"
    qtbot.waitUntil(lambda: page.model.is_loaded)
    page.model.clear()  # an answer that does not come
    page.list.show_state()
    assert rows.isVisible()
    qtbot.waitUntil(skeleton.isVisible)
    page.show_pile("to_do")
    qtbot.waitUntil(rows.isVisible)


def test_a_reply_is_queued_with_its_recipients_and_undo_makes_it_a_draft(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    assert page.shown is not None
    key = page.shown.detail.id
    page.writer.composer.edit.setPlainText("It is on its way.")
    page.writer.copies.setChecked(True)
    page.writer.recipients.cc.setText("boss@shop.example")
    page.context.actions.run("send")
    settled(page, qtbot, lambda: bool(made.desk.ask(outbox_rows, clock.now())))
    row = made.desk.ask(outbox_rows, clock.now())[0]
    assert [address for _, address in row.to] == ["c0@shop.example", "boss@shop.example"]
    found = made.desk.ask(ticket, key)
    assert found is not None
    assert found.row.status == "waiting"
    assert page.writer.composer.text() == ""
    qtbot.waitUntil(page.context.toasts.act)  # it is told a moment after what it tells of
    settled(page, qtbot, lambda: page.writer.composer.text() == "It is on its way.")
    found = made.desk.ask(ticket, key)
    assert found is not None
    assert found.row.status == "new"
    assert len(made.desk.ask(conversation, key)) == 1


def test_the_key_that_undoes_takes_a_letter_back_from_where_it_was_written(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    edit, control = page.writer.composer.edit, Qt.KeyboardModifier.ControlModifier
    page.writer.set_mode("reply")
    qtbot.waitUntil(edit.hasFocus)
    qtbot.keyClicks(edit, "Too early")
    qtbot.keyClick(edit, KEY.Key_Return, control)
    settled(page, qtbot, lambda: bool(made.desk.ask(outbox_rows, clock.now())))
    qtbot.keyClick(edit, KEY.Key_Z, control)
    settled(page, qtbot, lambda: page.writer.composer.text() == "Too early")


def test_what_is_typed_is_there_again_when_the_ticket_is_opened_again(page: Page, qtbot: QtBot) -> None:
    page.writer.composer.edit.setPlainText("Half a thou")
    page.writer.set_mode("note")
    page.writer.composer.edit.setPlainText("Ask the warehouse")
    page.list.rows.step(1)
    settled(page, qtbot, lambda: subject(page) == "Matter 1")
    assert page.writer.composer.text() == ""
    page.list.rows.step(-1)
    settled(page, qtbot, lambda: subject(page) == "Matter 0")
    texts = {}
    for mode in ("reply", "note"):
        page.writer.set_mode(mode)
        texts[mode] = page.writer.composer.text()
    assert texts == {"reply": "Half a thou", "note": "Ask the warehouse"}


def test_a_note_is_a_note(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    assert page.shown is not None
    key = page.shown.detail.id
    page.context.actions.run("note")
    qtbot.keyClicks(page.writer.composer.edit, "Only for us")
    qtbot.keyClick(page.writer.composer.edit, KEY.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settled(page, qtbot, lambda: len(made.desk.ask(conversation, key)) == 2)
    assert made.desk.ask(conversation, key)[-1].direction == "internal"
    assert not made.desk.ask(outbox_rows, clock.now())


def test_a_wrong_address_is_refused_and_nothing_is_lost(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    page.writer.composer.edit.setPlainText("Words")
    page.writer.copies.setChecked(True)
    page.writer.recipients.cc.insertPlainText("nobody at all")
    assert page.writer.recipients.cc.property("wrong") != "true"  # it is being typed
    page.writer.submit()
    assert page.writer.composer.text() == "Words"
    assert page.writer.recipients.cc.property("wrong") == "true"
    assert not made.desk.ask(outbox_rows, clock.now())


def test_a_new_mail_comes_to_the_top_and_the_choice_stays(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    page.list.rows.step(1)
    settled(page, qtbot, lambda: subject(page) == "Matter 1")
    fresh, _ = made.mail(address="new@shop.example", name="Somebody New", subject="Fresh")
    qtbot.waitUntil(lambda: page.model.rowCount() == 4)
    assert page.model.place_of(fresh) == 0
    settled(page, qtbot, lambda: page.shown is not None and page.list.selected() == [page.shown.detail.id])
    assert subject(page) == "Matter 1"


def test_a_key_that_is_still_held_down_chooses_no_second_ticket(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    """Ctrl is still down when Ctrl+Enter has sent a reply and the list goes on to the next ticket."""
    qtbot.keyPress(page.writer.composer.edit, KEY.Key_Control, Qt.KeyboardModifier.ControlModifier)
    try:
        page.list.rows.step(1)
        settled(page, qtbot, lambda: subject(page) == "Matter 1")
        assert page.shown is not None
        assert page.list.selected() == [page.shown.detail.id]
    finally:
        qtbot.keyRelease(page.writer.composer.edit, KEY.Key_Control)


def test_an_answer_to_the_ticket_shown_appears_and_warns_who_is_writing(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    assert page.shown is not None
    page.writer.composer.edit.setPlainText("I am just answering")
    made.mail(page.shown.detail.id, address="c0@shop.example", name="Customer 0", words="One more thing")
    settled(page, qtbot, lambda: page.shown is not None and len(page.shown.messages) == 2)
    assert not page.writer._hint.isHidden()
    assert page.writer.composer.text() == "I am just answering"


def test_e_solves_and_undo_brings_it_back(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    assert page.shown is not None
    key = page.shown.detail.id

    def status() -> str:
        found = made.desk.ask(ticket, key)
        return found.row.status if found else ""

    qtbot.keyClick(page.list.rows, KEY.Key_E)
    settled(page, qtbot, lambda: status() == "solved")
    qtbot.waitUntil(page.context.toasts.act)  # it is told a moment after what it tells of
    settled(page, qtbot, lambda: status() == "new")


def test_m_assigns_to_me_what_is_chosen(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    page.list.rows.selectAll()
    qtbot.keyClick(page.list.rows, KEY.Key_M)
    keys = [page.model.id_at(n) for n in range(3)]

    def owners() -> set[object]:
        return {found.row.assignee for key in keys if (found := made.desk.ask(ticket, key)) is not None}

    settled(page, qtbot, lambda: owners() == {made.ann})


def test_search_finds_tickets_and_customers_and_escape_ends_it(page: Page, qtbot: QtBot) -> None:
    field = page.list.search
    field.setFocus()
    qtbot.keyClicks(field, "Customer 2")

    def kinds() -> list[str]:
        return [line.kind for line in page.list.hits.found]

    settled(page, qtbot, lambda: kinds() == ["heading", "customer", "heading", "ticket"])
    qtbot.keyClick(field, KEY.Key_Escape)
    settled(page, qtbot, lambda: not page.list.searching)
    assert page.list.shown is page.list.rows


def test_the_keyboard_in_the_results_is_always_in_a_row(page: Page, qtbot: QtBot) -> None:
    """What is found changes under the reader: as mail comes in, or as the rest of what was typed takes effect."""
    panel = page.list
    panel.search.setText("Customer 2")
    settled(page, qtbot, lambda: panel.hits.rowCount() > 1)
    found = panel.hits.found
    panel.focus_rows()
    assert panel.results.currentIndex().row() == 1
    line = panel.results.currentIndex().data(HIT_ROLE)
    panel.show_found((found[0], found[0], *found[1:]))
    assert panel.results.currentIndex().data(HIT_ROLE) == line
    panel.show_found(())
    qtbot.waitUntil(panel.search.hasFocus)
    panel.show_found(found)
    panel.results.setFocus()
    panel.show_found(())
    panel.results.setFocus()  # an answer that comes between the key and the next answer
    panel.show_found(found)
    qtbot.waitUntil(panel.results.hasFocus)
    assert panel.results.currentIndex().row() == 1


def test_a_query_that_cannot_be_understood_is_said_under_the_field(page: Page, qtbot: QtBot) -> None:
    page.list.search.setText("is:nonsense")
    settled(page, qtbot, lambda: not page.list.finding.wrong.isHidden())
    assert "nonsense" in page.list.finding.wrong.text()


def test_the_bin_shows_what_was_deleted_and_gives_it_back(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    assert page.shown is not None
    key = page.shown.detail.id
    page.list.rows.setFocus()
    page.context.actions.run("delete")
    settled(page, qtbot, lambda: page.model.rowCount() == 2)
    page.show_pile("bin")
    settled(page, qtbot, lambda: page.model.rowCount() == 1)
    page.open(key)
    settled(page, qtbot, lambda: page.shown is not None and page.shown.detail.row.deleted_at is not None)
    banner = page.talk.findChild(Banner)
    assert banner is not None
    next(b for b in banner.findChildren(QPushButton) if b.text() == "Restore").click()
    settled(page, qtbot, lambda: page.model.rowCount() == 0)
    found = made.desk.ask(ticket, key)
    assert found is not None
    assert found.row.deleted_at is None


def test_a_new_mail_is_written_with_subject_and_becomes_a_ticket(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    page.context.actions.run("new")
    settled(page, qtbot, page.new_mail.isVisible)
    writer = page.new_mail.writer
    writer.recipients.to.setText("Ida Berg <ida@berg.example>")
    writer.composer.edit.setPlainText("Your catalogue is here.")
    writer.submit()
    assert not made.desk.ask(outbox_rows, clock.now())  # no subject yet
    writer.recipients.subject.setText("The catalogue")
    writer.submit()
    settled(page, qtbot, lambda: subject(page) == "The catalogue")
    row = made.desk.ask(outbox_rows, clock.now())[0]
    assert row.to == (("Ida Berg", "ida@berg.example"),)
    assert not made.desk.ask(drafts)
    key = page.shown.detail.id if page.shown is not None else row.id
    page.context.actions.run("undo")
    settled(page, qtbot, lambda: page.shown is None and made.desk.ask(ticket, key) is None)
    assert [one.text for one in made.desk.ask(drafts)] == ["Your catalogue is here."]
    page.context.actions.run("new")
    settled(page, qtbot, lambda: writer.composer.edit.toPlainText() == "Your catalogue is here.")


def test_a_file_is_attached_sent_and_kept_in_the_draft(
    page: Page, made: InboxDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    assert page.shown is not None
    key = page.shown.detail.id
    path = tmp_path / "offer.txt"
    path.write_text("one lamp, 40 euro")
    page.post.attach(page.writer, [str(path)])
    settled(page, qtbot, lambda: len(page.writer.letter().files) == 1)
    page.writer.composer.edit.setPlainText("See the offer")
    page.writer.keep_now()
    settled(page, qtbot, lambda: bool(made.desk.ask(drafts)))
    assert made.desk.ask(drafts)[0].files[0]["filename"] == "offer.txt"
    page.writer.submit()
    settled(page, qtbot, lambda: len(made.desk.ask(conversation, key)) == 2)
    assert [one.filename for one in made.desk.ask(conversation, key)[-1].attachments] == ["offer.txt"]
    assert not made.desk.ask(drafts)


def test_an_empty_desk_says_what_happens_next(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> None:
    with inbox_window(made, qapp, qtbot) as page:
        assert page.list._stack.currentWidget() is page.list._empty
        assert page.shown is None
        assert page.list._count.text() == "0 open"


def test_a_message_longer_than_the_view_is_shown_from_its_beginning(
    made: InboxDesk, qapp: QApplication, qtbot: QtBot
) -> None:
    short, _ = made.mail(words="Short.", address="short@shop.example")
    made.mail(short, words="Short, too.")
    long, _ = made.mail(words="Short.", address="long@shop.example", ago_minutes=5)
    _, newest = made.mail(long, words="\n\n".join(f"Paragraph {number}" for number in range(80)))
    with inbox_window(made, qapp, qtbot) as page:
        bar = page.talk.verticalScrollBar()

        def top_of(card: QWidget | None) -> int:
            return card.mapTo(page.talk.viewport(), QPoint(0, 0)).y() if card is not None else -1

        page.open(long)
        settled(page, qtbot, lambda: bar.maximum() > 500 and top_of(page.talk.card(newest)) == 16)
        page.open(short)
        settled(page, qtbot, lambda: page.talk.newest != newest and bar.value() == bar.maximum())


@pytest.mark.parametrize("way", ["mouse", "key", "down"])
def test_what_comes_into_an_empty_inbox_is_opened_by_nobody_but_the_person(
    made: InboxDesk, qapp: QApplication, qtbot: QtBot, way: str
) -> None:
    with inbox_window(made, qapp, qtbot) as page:
        page.list.rows.setFocus()
        made.mail(subject="The first", words="Hello")
        made.mail(subject="The second", words="Hello again")
        settled(page, qtbot, lambda: page.model.rowCount() == 2 and page.list.rows.isVisible())
        page.list.rows.setFocus()
        qtbot.waitUntil(page.list.rows.hasFocus, timeout=30_000)
        assert (page.ticket, page.list.selected()) == (None, [])
        if way == "mouse":
            page.list.search.setFocus()  # so that the press brings the focus as well
            qtbot.waitUntil(page.list.search.hasFocus, timeout=30_000)
            spot = page.list.rows.visualRect(page.model.index(0, 0)).center()
            qtbot.mouseClick(page.list.rows.viewport(), Qt.MouseButton.LeftButton, pos=spot)
        else:
            qtbot.keyClick(page.list.rows, Qt.Key.Key_J if way == "key" else Qt.Key.Key_Down)
        first = page.model.id_at(0)
        settled(page, qtbot, lambda: page.shown is not None and page.shown.detail.id == first)
        assert page.list.selected() == [first]


@pytest.mark.parametrize("size", [(1440, 900), (1024, 700), (960, 640)])
def test_no_fault_in_the_layout(made: InboxDesk, qapp: QApplication, qtbot: QtBot, size: tuple[int, int]) -> None:
    file = NewAttachment("a long name of a picture of the broken glass.jpg", "image/jpeg", 31_000, part="2")
    key, _ = made.mail(
        subject="Rückerstattungsanforderung für Donaudampfschifffahrtsgesellschaftskapitänsmützen 領収書を再発行していただけますか",
        name="Wolfeschlegelsteinhausenbergerdorff-Schulze geb. von Hohenlohe",
        words="お世話になっております。\n\nDanke und viele Grüße\n\n> gestern schrieb ich\n> noch mehr",
        files=(file,),
    )
    made.desk.do(commands.add_tag, [key], "Großhandelskunde mit Sondervereinbarung")
    made.desk.do(commands.reply, key, text="Wir kümmern uns sofort darum.")
    made.desk.do(commands.add_note, key, "Only for us")
    with inbox_window(made, qapp, qtbot, size) as page:
        page.open(key)
        settled(page, qtbot, lambda: page.shown is not None)
        qtbot.waitUntil(lambda: page.side.history.moments.rowCount() > 0)
        page.writer.copies.setChecked(True)
        page.writer.composer.edit.setPlainText("words")
        with contextlib.suppress(qtbot.TimeoutError):  # what is laid out in a few turns may still be on its way
            qtbot.waitUntil(lambda: page.context.tasks.running == 0 and not findings(page.window()), timeout=5000)
        assert [str(one) for one in findings(page.window())] == []


def formatted(made: InboxDesk, page: Page) -> UUID:
    """A mail with a picture of its own and one from the internet, received into the ticket shown."""
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    store = QByteArray()
    buffer = QBuffer(store)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs know only file names and bytes
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "c0@shop.example", "help@desk.example", "Re: Matter 0"
    letter.set_content("See the red thing.")
    letter.add_alternative(
        '<p>See the <b>red</b> thing: <img src="cid:red@shop"><img src="https://shop.example/spy.png"></p>', "html"
    )
    letter.get_payload()[1].add_related(bytes(store.data()), "image", "png", cid="<red@shop>")  # type: ignore[union-attr,index]
    ref = made.desk.packs.append(letter.as_bytes())
    made.desk.packs.flush()
    blob = made.desk.work(add_blob, ref)
    assert page.shown is not None
    ticket_key, message = page.shown.detail.id, new_id()
    made.desk.work(
        add_message,
        NewMessage(
            id=message,
            ticket=ticket_key,
            direction="in",
            sender=("Customer 0", "c0@shop.example"),
            text="See the red thing.",
            occurred_at=clock.now(),
            attachments=(NewAttachment("red.png", "image/png", 90, part="2.2", content_id="red@shop", inline=True),),
        ),
        blob=blob,
    )
    return message


def test_a_formatted_mail_shows_its_own_picture_and_fetches_none(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    message = formatted(made, page)
    qtbot.waitUntil(lambda: page.talk.card(message) is not None)
    card = page.talk.card(message)
    assert isinstance(card, MessageCard)
    qtbot.waitUntil(lambda: card._body is not None and card._body.has_html)
    body = card._body
    assert body is not None
    assert body._notice is not None  # says that one picture from elsewhere is not loaded
    qtbot.waitUntil(lambda: page.files._pictures.get(message, {}).get("red@shop") is not None)
    assert decoder().wait()


def test_what_became_of_a_reply_can_be_settled_by_button(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    assert page.shown is not None
    key = page.shown.detail.id
    written = made.desk.do(commands.reply, key, text="On its way")
    assert made.desk.work(claim, written.message, made.desk.packs.append(b"mail"))
    made.desk.work(record_uncertain, written.message, "the line broke")
    page.show_pile("waiting")

    def button() -> QPushButton | None:
        return next((b for b in page.talk.findChildren(QPushButton) if b.text() == "It arrived"), None)

    qtbot.waitUntil(lambda: button() is not None)
    pressed = button()
    assert pressed is not None
    pressed.click()
    settled(page, qtbot, lambda: button() is None)
    found = made.desk.ask(conversation, key)[-1].delivery
    assert found is not None
    assert found.state == "sent"


def test_a_mailbox_without_a_line_is_said_above_the_list(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    payload = {"mailbox": str(made.mailbox), "state": "offline", "reason": "offline", "words": ""}
    made.desk.work(signals.send, "mailbox_state", {**payload, "at": clock.now().isoformat()})
    qtbot.waitUntil(lambda: page.list.findChild(Banner) is not None)
    banner = page.list.findChild(Banner)
    assert banner is not None
    assert "Offline since" in banner.accessibleName()
    made.desk.work(
        signals.send, "mailbox_state", {**payload, "state": "ok", "reason": "", "at": clock.now().isoformat()}
    )
    qtbot.waitUntil(lambda: page.list._banner_frame.isHidden() or page.list.findChild(Banner) is not banner)
