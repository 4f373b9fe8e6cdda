# mypy: disable-error-code="no-untyped-call"
"""Sending as a person sees it: later, from which address, passed on, files that are too large, and every button of the outbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.conversations.commands import NewAttachment, add_blob
from app.conversations.mailboxes import pause_mailbox, update_mailbox
from app.desk.viewing.files import take_bytes
from app.kernel import clock
from app.outbox import commands as outbox
from app.outbox.queries import draft_of, drafts, outbox_row, outbox_rows
from app.outbox.rules import Hold
from app.people.choosing import choose_all
from app.tickets import commands
from app.tickets.queries import conversation, ticket
from tests.ui.inbox_desk import InboxDesk, inbox_window
from tests.ui.lint import findings
from ui.pages.health.page import Page as Health
from ui.pages.inbox.page import Page
from ui.pages.inbox.writing.send_later import LaterSheet
from ui.widgets.button import Button

SALES = "sales@desk.example"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[InboxDesk]:
    desk = InboxDesk(tmp_path / "desk")
    desk.desk.work(update_mailbox, desk.mailbox, aliases=[SALES], signature="The desk")
    yield desk
    desk.desk.close()


@pytest.fixture
def page(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    made.some(2)
    with inbox_window(made, qapp, qtbot) as shown:
        qtbot.waitUntil(lambda: shown.shown is not None and shown.around is not None)
        yield shown


def settled(page: Page, qtbot: QtBot, what: Callable[[], Any]) -> None:
    qtbot.waitUntil(lambda: bool(what()) and page.context.tasks.running == 0)


def texts(root: QWidget) -> str:
    return "\n".join(label.text() for label in root.findChildren(QLabel) if label.isVisibleTo(root))


def queued(made: InboxDesk) -> Any:
    return made.desk.ask(outbox_rows, clock.now())


def test_a_reply_is_sent_later_and_says_when_and_that_the_customer_was_first(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    assert page.shown is not None
    key = page.shown.detail.id
    page.writer.composer.edit.setPlainText("See you in the morning")
    page.writer.later.click()
    sheet = page.window().findChild(LaterSheet)
    assert sheet is not None
    next(one for one in sheet.offers if one.text().startswith("Tomorrow")).click()
    settled(page, qtbot, lambda: queued(made))
    row = queued(made)[0]
    assert row.send_at == row.not_before
    assert row.send_at > clock.now()
    settled(page, qtbot, lambda: "It is not sent if the customer writes before." in texts(page.talk))
    made.mail(key, words="Never mind, I found it.")
    made.desk.do(outbox.recall_overtaken, row.id)
    settled(page, qtbot, lambda: page.writer.composer.text() == "See you in the morning")
    assert "the customer has written first" in texts(page.writer)
    settled(page, qtbot, lambda: findings(page) == [])


def test_what_leaves_at_once_offers_no_undo(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    made.desk.do(choose_all, {"undo_send_seconds": 0})
    settled(page, qtbot, lambda: page.around is not None and page.around.undo_seconds == 0)
    page.writer.composer.edit.setPlainText("At once")
    page.writer.submit()
    settled(page, qtbot, lambda: queued(made))
    toasts = page.context.toasts
    qtbot.waitUntil(lambda: toasts.current is not None)
    assert toasts.current is not None
    assert (toasts.current.text, toasts.current.act) == ("Reply on its way", None)


def test_who_is_in_copy_for_the_first_time_is_marked_until_we_have_answered_them(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    assert page.shown is not None
    aside, key = page.writer.composer.aside, page.shown.detail.id
    made.mail(key, address="c0@shop.example", name="Customer 0", cc=(("Carol", "Carol@elsewhere.example"),))
    settled(page, qtbot, lambda: "Carol" in aside.text())
    assert aside.text().endswith("Cc Carol (new here)")
    made.desk.do(commands.reply, key, text="Hello to both")
    qtbot.waitUntil(lambda: aside.text().endswith("Cc Carol"))


def test_who_gets_a_hidden_copy_is_not_said_to_be_in_copy(page: Page, qtbot: QtBot) -> None:
    writer = page.writer
    writer.copies.setChecked(True)
    writer.recipients.cc.setText("carol@elsewhere.example")
    writer.recipients.bcc.setText("books@shop.example")
    writer._changed()
    words = " · Cc carol@elsewhere.example · Bcc books@shop.example"
    qtbot.waitUntil(lambda: writer.composer.aside.text().endswith(words))


def test_another_address_to_write_from_is_chosen_and_kept_in_the_draft(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    assert page.shown is not None
    key = page.shown.detail.id
    writer = page.writer
    writer.composer.edit.setPlainText("From the shop")
    writer.copies.setChecked(True)
    writer.recipients.mailbox.choose(SALES)
    writer._changed()
    writer.keep_now()
    settled(page, qtbot, lambda: made.desk.ask(draft_of, key, made.ann) is not None)
    draft = made.desk.ask(draft_of, key, made.ann)
    assert draft is not None
    assert draft.sender == SALES
    writer.submit()
    settled(page, qtbot, lambda: queued(made))
    assert made.desk.ask(conversation, key)[-1].author_address == SALES
    assert made.desk.ask(conversation, key)[-1].text.endswith("-- \nThe desk\n")


def with_file(made: InboxDesk, size: int) -> UUID:
    """A ticket whose mail has a file."""
    file = take_bytes(made.desk, "photo.png", b"x" * size)
    blob = made.desk.do(add_blob, file.ref)
    part = NewAttachment("photo.png", "image/png", size, blob=blob)
    return made.mail(subject="The lamp is broken", words="See the picture.", files=(part,))[0]


def test_a_mail_is_passed_on_with_its_files_and_the_ticket_stays_as_it_is(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    key = with_file(made, 5_000)
    page.show_place(ticket=key)
    settled(page, qtbot, lambda: page.shown is not None and page.shown.detail.id == key)
    source = made.desk.ask(conversation, key)[0].id
    page.pass_on(source)
    settled(page, qtbot, page.new_mail.isVisible)
    writer = page.new_mail.writer
    assert writer.recipients.subject.text() == "Fwd: The lamp is broken"
    assert "See the picture." in writer.composer.text()
    assert "Mia Wong" in writer.composer.text()
    assert not writer.send_solve.isVisible()
    assert findings(page) == []
    writer.composer.edit.insertPlainText("Can you repair this?")
    writer.keep_now()
    settled(page, qtbot, lambda: made.desk.ask(draft_of, key, made.ann, "forward", source))
    page.close_new()
    settled(page, qtbot, lambda: "Forwarding begun" in texts(page.talk))
    next(b for b in page.talk.findChildren(Button) if b.text() == "Go on writing").click()
    settled(page, qtbot, lambda: writer.composer.text().startswith("Can you repair this?"))
    writer.submit()
    assert not queued(made)  # nobody to write to yet; nothing is lost
    assert writer.composer.text().startswith("Can you repair this?")
    writer.recipients.to.setText("Workshop <workshop@repair.example>")
    writer.submit()
    settled(page, qtbot, lambda: queued(made))
    row = queued(made)[0]
    assert (row.ticket, row.to) == (key, (("Workshop", "workshop@repair.example"),))
    sent = made.desk.ask(conversation, key)[-1]
    assert (sent.kind, [one.filename for one in sent.attachments]) == ("forward", ["photo.png"])
    found = made.desk.ask(ticket, key)
    assert found is not None
    assert found.row.status == "new"
    settled(page, qtbot, lambda: "Forwarded to Workshop" in texts(page.talk))
    assert made.desk.ask(draft_of, key, made.ann, "forward", source) is None


def test_a_second_forward_begun_in_a_ticket_leaves_the_first_as_it_is(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    key = page.ticket
    assert key is not None
    made.mail(key, subject="Re: Matter 0", words="And one more thing.")
    settled(page, qtbot, lambda: page.shown is not None and len(page.shown.messages) == 2)
    assert page.shown is not None
    first, second = (one.id for one in page.shown.messages)

    def begun() -> set[str]:
        kept = made.desk.ask(drafts, made.ann)
        return {one.text.split("\n")[0] for one in kept if (one.ticket, one.kind) == (key, "forward")}

    edit = page.new_mail.writer.composer.edit
    page.pass_on(first)
    settled(page, qtbot, page.new_mail.isVisible)
    edit.insertPlainText("For the workshop")  # not kept yet when the second one is begun
    page.pass_on(second)
    settled(page, qtbot, lambda: "And one more thing." in edit.toPlainText())
    edit.insertPlainText("For the carrier")
    page.new_mail.writer.keep_now()
    settled(page, qtbot, lambda: begun() == {"For the workshop", "For the carrier"})
    page.new_mail.writer.recipients.to.setText("carrier@parcels.example")
    page.new_mail.writer.submit()
    settled(page, qtbot, lambda: queued(made) and begun() == {"For the workshop"})
    made.desk.do(outbox.edit, queued(made)[0].id)  # called back, it comes beside the other
    assert begun() == {"For the workshop", "For the carrier"}
    settled(page, qtbot, lambda: texts(page.talk).count("Forwarding begun") == 2)


def test_the_composer_warns_of_files_that_the_server_does_not_take(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    made.desk.work(update_mailbox, made.mailbox, size_limit=1_000_000)
    key = with_file(made, 10)
    page.show_place(ticket=key)
    settled(page, qtbot, lambda: page.shown is not None and page.shown.detail.id == key)
    page.writer.add_file(NewAttachment("film.mp4", "video/mp4", 900_000))
    assert "127.0.0.1 takes" in texts(page.writer)
    page.writer.composer.strip.removed.emit("0")
    assert "takes" not in texts(page.writer)


def _claimed(made: InboxDesk, ticket: UUID | None = None) -> UUID:
    key = ticket or made.some(1)[0]
    message: UUID = made.desk.do(commands.reply, key, text="Hello").message
    ref = made.desk.packs.append(b"frozen")
    made.desk.packs.flush()
    assert isinstance(made.desk.do(outbox.claim, message, ref), outbox.Claim)
    return message


def _queued(made: InboxDesk) -> UUID:
    later = clock.now() + timedelta(days=1)
    return UUID(str(made.desk.do(commands.reply, made.some(1)[0], text="Hello", not_before=later).message))


def _held(made: InboxDesk) -> UUID:
    message = _queued(made)
    assert made.desk.do(outbox.hold, message, Hold.STALE)
    return message


def _failed(made: InboxDesk) -> UUID:
    message = _claimed(made)
    made.desk.do(outbox.record_results, message, [], {"c0@shop.example": (550, "5.2.2 Mailbox full")})
    return message


def test_why_a_message_did_not_arrive_is_said_once(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    assert page.shown is not None
    message = _claimed(made, page.shown.detail.id)
    made.desk.do(outbox.record_results, message, [], {"c0@shop.example": (550, "5.2.2 Mailbox full")})
    settled(page, qtbot, lambda: "Mailbox full" in texts(page.talk))
    assert texts(page.talk).count("5.2.2") == 1
    window: Any = page.window()
    window.go("health")
    outbox_card = window._pages["health"].outbox
    qtbot.waitUntil(lambda: "Mailbox full" in texts(outbox_card))
    assert texts(outbox_card).count("recipient's mailbox is full") == 1


def _uncertain(made: InboxDesk) -> UUID:
    message = _claimed(made)
    made.desk.do(outbox.record_uncertain, message, "The line broke.")
    return message


def _retry(made: InboxDesk) -> UUID:
    message = _claimed(made)
    made.desk.do(outbox.record_retry, message, "The server asked to try again later.")
    return message


@pytest.mark.parametrize(
    ("make", "words", "state"),
    [
        (_queued, "Send now", "queued"),
        (_queued, "Take back", "cancelled"),
        (_queued, "Edit", "cancelled"),
        (_held, "Send anyway", "queued"),
        (_held, "Edit", "cancelled"),
        (_held, "Take back", "cancelled"),
        (_retry, "Try again", "queued"),
        (_retry, "Take back", "cancelled"),
        (_failed, "Edit", "cancelled"),
        (_failed, "Try again", "queued"),
        (_failed, "Take back", "cancelled"),
        (_uncertain, "It arrived", "sent"),
        (_uncertain, "Send again", "queued"),
    ],
)
def test_every_button_of_the_outbox_does_what_it_says(
    page: Page, made: InboxDesk, qtbot: QtBot, make: Callable[[InboxDesk], UUID], words: str, state: str
) -> None:
    message = make(made)
    window: Any = page.window()
    window.go("health")
    health = window._pages["health"]
    assert isinstance(health, Health)

    def button() -> Button | None:
        found = (b for b in health.outbox.findChildren(Button) if b.text() == words and b.isVisibleTo(health.outbox))
        return next(found, None)

    qtbot.waitUntil(lambda: button() is not None)
    assert findings(health) == []
    pressed = button()
    assert pressed is not None
    pressed.click()

    def now() -> str:
        row = made.desk.ask(outbox_row, message, clock.now())
        return row.state if row is not None else ""

    qtbot.waitUntil(lambda: now() == state)
    if state == "cancelled":
        found = made.desk.ask(outbox_row, message, clock.now())
        assert found is not None
        assert found.ticket is not None
        draft = made.desk.ask(draft_of, found.ticket, made.ann)
        assert draft is not None
        assert draft.text == "Hello"


def test_a_paused_mailbox_is_told_on_its_messages_with_the_way_out(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    message = made.desk.do(commands.reply, made.some(1)[0], text="Hello").message
    made.desk.work(pause_mailbox, made.mailbox, "sign_in", "535 5.7.8 Authentication failed")
    window: Any = page.window()
    window.go("health")
    health = window._pages["health"]
    qtbot.waitUntil(lambda: "Waits until you have signed in" in texts(health.outbox))
    assert "Sign in again" in [b.text() for b in health.outbox.findChildren(Button)]
    row = made.desk.ask(outbox_row, message, clock.now())
    assert row is not None
    assert row.state == "queued"


@contextmanager
def refused_by_the_time(made: InboxDesk, key: UUID) -> Iterator[None]:
    """Somebody else's work keeps the desk busy during the block, and puts the ticket into the Bin: no reply is taken."""
    begun, go_on = threading.Event(), threading.Event()

    def work(tx: Any) -> None:
        commands.delete_ticket(tx, [key])
        begun.set()
        go_on.wait(60)

    with ThreadPoolExecutor(1) as other:
        done = other.submit(made.desk.do, work)
        assert begun.wait(60)
        try:
            yield
        finally:
            go_on.set()
        done.result()


def test_a_refused_reply_comes_back_in_front_of_what_was_written_since(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    assert page.shown is not None
    writer = page.writer
    with refused_by_the_time(made, page.shown.detail.id):
        writer.composer.edit.setHtml("It is <b>done</b>")
        writer.submit()
        assert writer.composer.text() == ""
        writer.composer.edit.setPlainText("By the way")
    settled(page, qtbot, lambda: writer.composer.text() == "It is done\nBy the way")
    assert "<b>done</b>" in writer.draft().html


def test_a_refused_reply_never_lands_in_the_ticket_that_is_open_by_then(
    page: Page, made: InboxDesk, qtbot: QtBot
) -> None:
    assert page.shown is not None
    key = page.shown.detail.id
    other = next(one for row in range(2) if (one := page.model.id_at(row)) != key)
    with refused_by_the_time(made, key):
        page.writer.composer.edit.setPlainText("For the one alone")
        page.writer.submit()
        page.open(other)
        qtbot.waitUntil(lambda: page.shown is not None and page.shown.detail.id == other)
        page.writer.composer.edit.setPlainText("For the other")
    settled(page, qtbot, lambda: made.desk.ask(draft_of, key, made.ann) is not None)
    kept = made.desk.ask(draft_of, key, made.ann)
    assert kept is not None
    assert kept.text == "For the one alone"
    assert page.writer.composer.text() == "For the other"
