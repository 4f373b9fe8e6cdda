# mypy: disable-error-code="no-untyped-call"
"""Mail health in the window: quarantine and outbox to act on, piles to look through, and the lamp on a real sign-in fault."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from sqlalchemy import update

from app.conversations.mailboxes import pause_mailbox
from app.conversations.queries import MailboxInfo, mailboxes
from app.desk import Desk
from app.desk.setup.accounts import Account as MailAccount
from app.desk.setup.accounts import connect
from app.inbox.commands import (
    ReceivedMail,
    add_traffic,
    begin_folder,
    note_stuck,
    quarantine,
    receive,
    start_over,
    watch_folders,
)
from app.inbox.queries import LedgerItem, ledger, ledger_items, receive_plan
from app.inbox.receiving import LargeMail, large_mails
from app.inbox.rules import BLOCKED, FolderRole, Part
from app.inbox.tables import MailItem
from app.kernel import clock, secrets
from app.kernel.database.transaction import Tx
from app.outbox import commands as outbox
from app.outbox.commands import queue_reply
from app.outbox.delivery import Claim
from app.outbox.queries import outbox_rows
from app.people.queries import blocked
from app.tickets.commands import reply as answer
from tests.desk_fixture import mail_in
from tests.servers.dovecot import Account, Dovecot
from tests.servers.smtp import SmtpServer
from tests.ui.lint import findings
from tests.ui.shop_box import box_of, shop_box
from ui.models.ledger import PAGE, LedgerModel
from ui.pages.health.acts import actions_of
from ui.pages.health.large import SHOWN, LargeTile
from ui.pages.health.page import Page
from ui.pages.inbox.page import Page as Inbox
from ui.pages.settings.sign_in import SignInSheet
from ui.widgets.button import Button
from ui.window import Window


@pytest.fixture
def box(desk: Desk) -> MailboxInfo:
    return shop_box(desk)


def bring(desk: Desk, box: MailboxInfo, raw: bytes, *, uid: int = 1, size: int = 0, part: Part = Part.WHOLE) -> UUID:
    """A mail that was received; `size` of it at the server."""
    ref = desk.packs.append(raw)
    desk.packs.flush()
    desk.work(watch_folders, box.id, [("INBOX", FolderRole.INBOX)])
    plan = desk.ask(receive_plan, box.id)
    assert plan is not None
    inbox = plan.folders[0].id
    desk.work(begin_folder, inbox, 7, 1)
    head = hashlib.sha256(raw).digest()
    mail = ReceivedMail(uid, clock.now(), size or len(raw), head, ref, was_there=False, part=part)
    (item,) = desk.work(receive, inbox, 7, [mail], cursor=uid).values()
    return item


def put_in_quarantine(desk: Desk, box: MailboxInfo, raw: bytes) -> UUID:
    """A mail that was received and could not be read."""
    item = bring(desk, box, raw)
    desk.work(quarantine, item, "Its parts have no end.")
    return item


def health(window: Window, qtbot: QtBot) -> Page:
    """The page, with its numbers in."""
    window.go("health")
    page = window._pages["health"]
    assert isinstance(page, Page)
    qtbot.waitUntil(lambda: page._seen is not None)
    return page


def shown_buttons(root: QWidget) -> list[str]:
    """What the buttons say that are not hidden."""
    return [b.text() for b in root.findChildren(Button) if b.isVisibleTo(root)]


def button(root: QWidget, words: str, qtbot: QtBot) -> Button:
    """The button with these words, as soon as it is there (what can be done may depend on what is still being read)."""
    qtbot.waitUntil(lambda: words in shown_buttons(root))
    return next(b for b in root.findChildren(Button) if b.text() == words and b.isVisibleTo(root))


RAW = b"From: Ana <ana@buyer.test>\r\nTo: help@shop.test\r\nSubject: Lamp\r\nMessage-ID: <q1@buyer.test>\r\n\r\nIt hums.\r\n"


def test_a_mail_in_quarantine_is_shown_raw_and_becomes_a_ticket(
    desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot
) -> None:
    item = put_in_quarantine(desk, box, RAW)
    page = health(window, qtbot)
    assert "Its parts have no end." in texts(page.quarantine)
    page.show_place(part="quarantine")
    qtbot.waitUntil(lambda: "It hums." in page.items.detail.raw.toPlainText())
    qtbot.waitUntil(lambda: findings(page) == [])
    button(page.items.detail, "Make a ticket anyway", qtbot).click()
    qtbot.waitUntil(lambda: desk.ask(ledger_items)[0].ticket is not None)
    (line,) = desk.ask(ledger_items)
    assert (line.id, line.outcome) == (item, "message")


def test_of_a_mail_that_the_server_did_not_give_only_where_it_lies_is_told(
    desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot
) -> None:
    bring(desk, box, RAW)
    plan = desk.ask(receive_plan, box.id)
    assert plan is not None
    desk.work(note_stuck, plan.folders[0].id, 7, 9, "FETCH failed", is_sure=True)
    page = health(window, qtbot)
    shown = texts(page.quarantine)
    assert "A mail that the server did not give" in shown
    assert "No subject" not in shown
    assert "asked for again by itself" in shown
    assert "Show raw mail" not in shown_buttons(page.quarantine)
    qtbot.waitUntil(lambda: findings(page) == [])
    button(page.quarantine, "Try again", qtbot).click()
    qtbot.waitUntil(lambda: desk.ask(ledger_items, outcomes=("quarantined",)) == ())
    qtbot.waitUntil(lambda: window.toasts.current is not None)  # comes back to the window a little later
    assert window.toasts.current is not None
    assert window.toasts.current.text == "The server is asked for it again."


HOSTILE = (
    b"From: Win <win@prize.test>\r\nList-Id: <win.prize.test>\r\nSubject: You won\r\nContent-Type: text/html\r\n\r\n"
    b"<script>steal()</script><img src='https://spy.test/a.gif'><p>Take your <b>prize</b>.</p>"
)


def test_a_mail_on_a_pile_is_read_as_bare_text(desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot) -> None:
    put_in_quarantine(desk, box, HOSTILE)
    page = health(window, qtbot)
    item = replace(desk.ask(ledger_items)[0], outcome="bulk", reason="")
    page.items.detail.show_item(item)
    qtbot.waitUntil(lambda: "Take your prize." in page.items.detail.text.toPlainText())
    shown = page.items.detail.text.toHtml()
    assert "steal()" not in shown
    assert "spy.test" not in shown
    assert page.items.detail.faces.current() == "text"


def test_a_pile_is_looked_through_by_its_causes(desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot) -> None:
    causes = ("It calls itself bulk mail.", "It carries the marks of a mailing list.", "It calls itself bulk mail.")
    for uid, cause in enumerate(causes, 1):
        item = bring(desk, box, RAW + str(uid).encode(), uid=uid)
        marked = update(MailItem).where(MailItem.id == item).values(outcome="bulk", reason=cause)
        desk.work(Tx.execute, marked)
    page = health(window, qtbot)
    page._stack.setCurrentWidget(page.items)
    page.items.show_part("Newsletters", ("bulk",))
    qtbot.waitUntil(page.items.causes.isVisible, timeout=20_000)
    qtbot.waitUntil(lambda: page.items.model.rowCount() == 3, timeout=20_000)
    assert page.items.causes.count() == 3  # every cause, and two
    page.items.causes.choose(causes[0])
    page.items.causes.chosen.emit(causes[0])
    qtbot.waitUntil(lambda: page.items.model.rowCount() == 2, timeout=20_000)
    qtbot.waitUntil(lambda: causes[0] in texts(page.items.detail), timeout=20_000)
    qtbot.waitUntil(lambda: findings(window) == [], timeout=20_000)


def test_all_large_mails_can_be_seen(desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot) -> None:
    tile = LargeTile(window.context)
    qtbot.addWidget(tile)
    tile.resize(900, 2000)
    tile.show()
    one = LargeMail(box.id, box.address, "INBOX", box.id, 1, 1, "a@b.test", "Film", 30_000_000, 100, True)
    tile.show_mails([replace(one, uid=n, subject=f"Film {n}") for n in range(SHOWN + 5)])
    qtbot.waitUntil(lambda: texts(tile).count("Film") == SHOWN)
    next(b for b in tile.findChildren(Button) if b.text() == "Show 5 more").click()
    qtbot.waitUntil(lambda: texts(tile).count("Film") == SHOWN + 5)


def test_the_rest_of_a_large_mail_is_fetched_when_asked_for(
    desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot
) -> None:
    item = bring(desk, box, RAW, size=30_000_000, part=Part.HELD)
    desk.work(add_traffic, box.id, received=2_500_000, sent=4_000)
    page = health(window, qtbot)
    assert "104 bytes of 30.0 MB here" in texts(page.large)
    assert "2.5 MB received" in texts(page.folders)
    button(page.large, "Fetch now", qtbot).click()
    qtbot.waitUntil(lambda: "Being fetched" in texts(page.large))
    assert [(mail.item, mail.is_held) for mail in desk.ask(large_mails)] == [(item, False)]


def test_the_inbox_leads_to_the_piles(desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot) -> None:
    put_in_quarantine(desk, box, RAW)
    window.go("inbox")
    inbox = window._pages["inbox"]
    assert isinstance(inbox, Inbox)
    inbox.list.views.click()
    chooser = inbox.view_offers.chooser
    assert chooser is not None
    piles = {"Newsletters": 0, "Spam": 0, "Quarantine": 1}
    qtbot.waitUntil(lambda: {one.text: one.total for one in chooser.list.lines.shown if one.part} == piles)
    qtbot.keyClicks(chooser.field, "Spam")
    qtbot.keyClick(chooser.field, Qt.Key.Key_Return)
    page = window._pages["health"]
    assert isinstance(page, Page)
    qtbot.waitUntil(lambda: page._stack.currentWidget() is page.items)
    assert page.items._outcomes == ("spam",)


def test_every_number_leads_to_its_mails(desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot) -> None:
    put_in_quarantine(desk, box, RAW)
    inbox = desk.ask(ledger)[0].id
    desk.work(start_over, inbox, 8, [], 1)  # the server has numbered its mails anew: the line's mail is gone
    page = health(window, qtbot)

    def leads_to(part: str, count: int) -> None:
        page.folders.chosen.emit(part, None)
        qtbot.waitUntil(lambda: window.tasks.running == 0 and page.items.model.rowCount() == count)

    leads_to("gone", 1)
    assert page.items.model.index(0, 3).data().endswith("left the server")
    leads_to("server", 0)
    leads_to("quarantined", 1)
    leads_to("received", 0)


def test_a_sender_is_blocked_and_let_in_from_the_line_of_a_mail(
    desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot
) -> None:
    put_in_quarantine(desk, box, RAW)
    page = health(window, qtbot)
    line = replace(desk.ask(ledger_items)[0], outcome="spam", sender="ana@buyer.test")

    def press(item: LedgerItem, words: str) -> None:
        found = {one.text(): one for one in actions_of(page.context, item)}
        found[words].click()

    press(line, "Block sender")
    qtbot.waitUntil(lambda: desk.ask(blocked) == ("ana@buyer.test",))
    press(replace(line, reason=BLOCKED), "Unblock sender")
    qtbot.waitUntil(lambda: desk.ask(blocked) == ())
    assert [one.text() for one in actions_of(page.context, line)] == ["Not spam", "Block sender"]
    page.items.detail.show_item(line)
    button(page.items.detail, "Block sender", qtbot).click()
    qtbot.waitUntil(lambda: "Unblock sender" in shown_buttons(page.items.detail))
    button(page.items.detail, "Unblock sender", qtbot).click()
    qtbot.waitUntil(lambda: "Block sender" in shown_buttons(page.items.detail))


def test_a_mail_in_quarantine_can_be_tried_again(desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot) -> None:
    put_in_quarantine(desk, box, RAW)
    page = health(window, qtbot)
    button(page.quarantine, "Try again", qtbot).click()
    qtbot.waitUntil(lambda: desk.ask(ledger_items)[0].outcome == "received")


def reply(desk: Desk, box: MailboxInfo) -> UUID:
    """A message in the outbox."""
    return desk.do(
        queue_reply, ticket=None, mailbox=box.id, customer=None, text="Hello", subject="Your lamp",
        to="ana@buyer.test",
    )  # fmt: skip


def test_a_waiting_message_can_be_taken_back(desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot) -> None:
    reply(desk, box)
    page = health(window, qtbot)
    qtbot.waitUntil(lambda: findings(page) == [])
    button(page.outbox, "Take back", qtbot).click()
    qtbot.waitUntil(lambda: desk.ask(outbox_rows, clock.now()) == ())
    qtbot.waitUntil(lambda: "Nothing waits to be sent." in texts(page.outbox))


def test_an_uncertain_message_has_exactly_two_buttons(
    desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot
) -> None:
    key = reply(desk, box)
    row = desk.ask(outbox_rows, clock.now())[0]
    page = health(window, qtbot)
    uncertain = replace(row, state="uncertain", buttons=("settle_sent", "settle_queued"), ticket=uuid4())

    def shown() -> list[str]:
        return [b.text() for b in page.outbox.findChildren(Button) if b.isVisibleTo(page.outbox)]

    def offered() -> bool:
        if (
            shown() != ["It arrived", "Send again"] and window.tasks.running == 0
        ):  # the page may still read its own rows
            page.outbox.show_rows([uncertain], {"uncertain": 1}, with_sent=False)
        return shown() == ["It arrived", "Send again"]

    qtbot.waitUntil(offered)
    assert uncertain.id == key


def test_the_bar_counts_messages_that_need_somebody_and_the_outbox_those_that_failed(
    desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot
) -> None:
    for key in (reply(desk, box), reply(desk, box)):
        ref = desk.packs.append(b"frozen bytes of " + key.bytes)
        desk.packs.flush()
        assert isinstance(desk.work(outbox.claim, key, ref), Claim)
        desk.work(outbox.record_results, key, [], {"ana@buyer.test": (550, "5.2.1 Disabled")})
    page = health(window, qtbot)
    qtbot.waitUntil(lambda: "2 not sent" in texts(page.outbox))
    assert page._pill.accessibleName() == "3 things need you"  # both, and that no engine runs


def texts(root: QWidget) -> str:
    """Every word shown in a part of the page."""
    return "\n".join(label.text() for label in root.findChildren(QLabel) if label.isVisibleTo(root))


def test_a_password_changed_at_the_provider_is_one_click_from_the_lamp(
    desk: Desk, window: Window, qtbot: QtBot, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    urls = (f"imap://127.0.0.1:{dovecot.imap}", f"smtp://127.0.0.1:{smtp.port}")
    key = connect(desk, MailAccount(account.address, *urls), "the old one")
    desk.work(pause_mailbox, key, "sign_in", "Authentication failed")
    window.watch()
    qtbot.waitUntil(lambda: window.lamp.state == "attention")
    reason = window.lamp.reasons[0]
    assert reason.act is not None
    reason.act()
    qtbot.waitUntil(lambda: isinstance(window.overlay.current(), SignInSheet))
    sheet = window.overlay.current()
    assert isinstance(sheet, SignInSheet)
    qtbot.keyClicks(sheet.password, "wrong")
    sheet.go.click()
    qtbot.waitUntil(lambda: sheet.receiving.state == "bad")
    assert box_of(desk, key).paused_reason == "sign_in"
    qtbot.waitUntil(lambda: findings(sheet) == [])
    sheet.password.setText(account.password)
    sheet.go.click()
    qtbot.waitUntil(lambda: not window.overlay.is_open)
    assert box_of(desk, key).paused_reason == ""
    assert secrets.load_secret(box_of(desk, key).secret_ref) == account.password
    qtbot.waitUntil(lambda: all(each.act is None for each in window.lamp.reasons))
    assert window.agent.accessibleName() == "Maya Lind"


def test_the_same_sheet_comes_from_the_banner_and_from_under_a_letter(
    desk: Desk, box: MailboxInfo, window: Window, qtbot: QtBot
) -> None:
    ticket, _ = desk.work(lambda tx: mail_in(tx, mailbox=box.id))
    desk.do(answer, ticket, text="It is on its way.")
    desk.work(pause_mailbox, box.id, "sign_in", "Authentication failed")
    window.go("inbox", ticket=ticket)
    inbox = window._pages["inbox"]
    assert isinstance(inbox, Inbox)

    def asked() -> None:
        qtbot.waitUntil(lambda: isinstance(window.overlay.current(), SignInSheet))
        sheet = window.overlay.current()
        assert isinstance(sheet, SignInSheet)
        sheet.close_dialog()

    button(inbox.list, "Sign in again", qtbot).click()
    asked()
    button(inbox.talk, "Sign in again", qtbot).click()
    asked()


def test_a_page_without_a_mailbox_says_what_to_do(window: Window, desk: Desk, qtbot: QtBot) -> None:
    assert desk.ask(mailboxes) == ()
    page = health(window, qtbot)
    assert page._stack.currentWidget() is page._empty
    assert findings(page) == []


def test_the_ledger_fetches_page_by_page(qtmodeltester: ModelTester) -> None:
    asked: list[object] = []
    model = LedgerModel(asked.append)
    model.begin()
    now = clock.now()
    lines = tuple(
        LedgerItem(
            id=uuid4(), mailbox="help@shop.test", folder="INBOX", uid=n, outcome="spam", reason="", sender="", subject="",
            size=10, attempts=1, message=None, ticket=None, blob=None, internal_at=None, received_at=now, gone_at=None,
        )
        for n in range(PAGE)
    )  # fmt: skip
    model.add(lines)
    assert model.canFetchMore(QModelIndex())
    model.fetchMore(QModelIndex())
    assert asked == [None, (now, lines[-1].id)]
    model.add(lines[:3])
    assert (model.rowCount(), model.canFetchMore(QModelIndex())) == (PAGE + 3, False)
    assert model.data(model.index(0, 0), int(Qt.ItemDataRole.DisplayRole)) == "Unknown sender"
    qtmodeltester.check(model)
