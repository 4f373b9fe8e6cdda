"""Which folders of which mailboxes are received, how changes are noticed, and that nothing comes twice or comes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from imapclient.imap_utf7 import encode as utf7
from sqlalchemy import select

from app.connectors.email.imap import ImapSession
from app.conversations.mailboxes import NewMailbox, add_mailbox, update_mailbox
from app.inbox import commands
from app.inbox.queries import ledger, receiving_mailboxes
from app.inbox.receiving import folder_choices, history_progress
from app.inbox.rules import FolderRole, message_id
from app.kernel import clock
from app.kernel.database.tables import Blob, Tombstone
from app.kernel.errors import NotFoundError
from app.mime.parse import parse
from app.tickets.commands import delete_ticket
from app.workers.receiving import history
from app.workers.receiving.history import in_blocks, preview
from app.workers.receiving.keep import Wanted
from app.workers.receiving.mailbox_pass import receive_pass
from tests.connectors.servers import receiving
from tests.inbox.mail_desk import MailDesk, letter, mail_desk
from tests.servers.dovecot import Account, Dovecot
from tests.servers.wire import Wire


@pytest.fixture
def desk(tmp_path: Path, dovecot: Dovecot, account: Account) -> Iterator[MailDesk]:
    with mail_desk(tmp_path / "desk", dovecot, account) as made:
        yield made


def _ago(days: float) -> datetime:
    return clock.now() - timedelta(days=days)


class _Through:
    """A server whose only address leads through the wire."""

    def __init__(self, wire: Wire) -> None:
        self.imap = wire.port


# -- folders


def test_a_folder_is_received_when_a_person_chose_it(desk: MailDesk) -> None:
    desk.deliver(letter(ident="1@c", subject="filtered", date=_ago(1)), "Orders", at=_ago(1))
    assert desk.sync().received == 0
    choices = {one.name: one for one in desk.ask(folder_choices, desk.mailbox)}
    assert (choices["Orders"].role, choices["Orders"].is_received) == (FolderRole.OTHER, False)
    assert {name for name, one in choices.items() if one.is_received} == {"INBOX", "Sent", "Junk"}
    assert not {"Drafts", "Trash"} & set(choices)
    desk.do(commands.choose_folder, desk.mailbox, "Orders", receive=True)
    assert desk.sync().received == 1
    desk.deliver(letter(ident="2@c", subject="new order"), "Orders")
    desk.sync()
    assert {row.subject: row.status for row in desk.tickets()} == {"filtered": "new", "new order": "new"}
    desk.do(commands.choose_folder, desk.mailbox, "Orders", receive=False)
    desk.deliver(letter(ident="3@c"), "Orders")
    assert desk.sync().received == 0
    assert desk.ledger("Orders").by_outcome == {"message": 2}
    with pytest.raises(NotFoundError):
        desk.do(commands.choose_folder, desk.mailbox, "No such folder", receive=True)


def test_a_folder_that_is_renamed_on_the_server_goes_on_under_its_new_name(desk: MailDesk) -> None:
    for number in range(3):
        desk.deliver(letter(ident=f"{number}@c", subject=f"Nr {number}"), "Orders")
    desk.sync()
    desk.do(commands.choose_folder, desk.mailbox, "Orders", receive=True)
    assert desk.sync().received == 3
    blobs = len(desk.rows(select(Blob)))
    _rename(desk, "Orders", "Bestellungen/Büro")
    desk.deliver(letter(ident="4@c", subject="Nr 4"), "Bestellungen/Büro")
    assert desk.sync().received == 1  # what came since; nothing is fetched again
    assert len(desk.rows(select(Blob))) == blobs + 1
    folder = desk.ledger("Bestellungen/Büro")
    assert (folder.server, folder.by_outcome, folder.gone, folder.unaccounted) == (4, {"message": 4}, 0, 0)
    desk.deliver(letter(ident="5@c", subject="of a new folder with the old name"), "Orders")
    assert desk.sync().received == 0
    chosen = {one.name for one in desk.ask(folder_choices, desk.mailbox) if one.is_received}
    assert ("Bestellungen/Büro" in chosen, "Orders" in chosen) == (True, False)
    desk.do(commands.choose_folder, desk.mailbox, "Orders", receive=True)
    assert desk.sync().received == 1
    assert (len(desk.tickets()), len(desk.messages()), desk.list_again()) == (5, 5, 0)


def test_a_folder_renamed_to_what_another_one_was_is_not_mistaken_for_it(desk: MailDesk) -> None:
    for name in ("One", "Two"):
        desk.deliver(letter(ident=f"{name}@c", subject=name), name)
    desk.sync()
    for name in ("One", "Two"):
        desk.do(commands.choose_folder, desk.mailbox, name, receive=True)
    desk.sync()
    _rename(desk, "Two", "Three")
    _rename(desk, "One", "Two")
    assert desk.sync().new_tickets == 0
    assert (len(desk.tickets()), len(desk.messages()), desk.list_again()) == (2, 2, 0)
    assert (desk.ledger("Two").by_outcome["message"], desk.ledger("Two").unaccounted) == (1, 0)


@pytest.mark.parametrize("was_received", [False, True])
@pytest.mark.parametrize("is_kept", [False, True])
def test_a_chosen_folder_that_took_the_name_of_another_is_still_the_chosen_one(
    desk: MailDesk, was_received: bool, is_kept: bool
) -> None:
    """Last year's folder makes way, be it kept under another name or deleted, for this year's."""
    for name in ("Old", "New"):
        desk.deliver(letter(ident=f"{name}@c", subject=name), name)
    desk.sync()
    for name in ("Old", "New"):
        desk.do(commands.choose_folder, desk.mailbox, name, receive=name == "New" or was_received)
    desk.sync()
    desk.do(commands.choose_folder, desk.mailbox, "Old", receive=False)
    if is_kept:
        _rename(desk, "Old", "Archive")
    else:
        with desk.server.client(desk.account) as client:
            assert client.delete("Old")[0] == "OK"
    _rename(desk, "New", "Old")
    desk.deliver(letter(ident="later@c", subject="Later"), "Old")
    counts = desk.sync()
    assert (counts.received, counts.new_tickets) == (1, 1)
    received = {one.name for one in desk.ask(folder_choices, desk.mailbox) if one.is_received}
    assert received == {"INBOX", "Sent", "Junk", "Old"}
    account = desk.ledger("Old")
    assert (account.by_outcome, account.gone, account.unaccounted) == ({"message": 2}, 0, 0)
    assert (len(desk.tickets()), desk.list_again(), desk.sync().received) == (2 + was_received, 0, 0)


def test_two_folders_that_take_turns_with_their_names_are_told_apart(desk: MailDesk) -> None:
    for name in ("One", "Two", "Three"):
        desk.deliver(letter(ident=f"{name}@c", subject=name), name)
    desk.sync()
    for name in ("One", "Two"):
        desk.do(commands.choose_folder, desk.mailbox, name, receive=True)
    desk.sync()
    for before, after in (("Three", "Four"), ("Two", "Three"), ("One", "Two")):
        _rename(desk, before, after)
    assert desk.sync().received == 0
    received = {one.name for one in desk.ask(folder_choices, desk.mailbox) if one.is_received}
    assert received == {"INBOX", "Sent", "Junk", "Two", "Three"}
    assert (len(desk.tickets()), len(desk.messages()), desk.list_again()) == (2, 2, 0)


def test_spam_is_no_ticket_because_its_folder_was_renamed(desk: MailDesk) -> None:
    desk.deliver(letter(ident="1@c"), "Junk")
    desk.sync()
    _rename(desk, "Junk", "Old things")
    desk.deliver(letter(ident="2@c"), "Old things")
    desk.sync()
    assert desk.tickets() == []


def _rename(desk: MailDesk, before: str, after: str) -> None:
    with desk.server.client(desk.account) as client:
        names = ['"' + utf7(name).decode("ascii") + '"' for name in (before, after)]
        assert client.rename(*names)[0] == "OK"


# -- several mailboxes


def test_a_mail_to_two_of_our_mailboxes_is_one_message_with_two_deliveries(
    desk: MailDesk, dovecot: Dovecot, account: Account
) -> None:
    other = dovecot.new_user("sales")
    dovecot.change_password(other, account.password)
    url = f"imap://127.0.0.1:{dovecot.imap}"
    new = NewMailbox(other.user, url, "smtp://127.0.0.1:1", other.user, "ref", aliases=("info@desk.example",))
    desk.do(add_mailbox, new)
    boxes = desk.ask(receiving_mailboxes)
    assert len(boxes) == 2
    for box in boxes:
        receive_pass(desk.hands(mailbox=box))
    raw = letter(ident="1@c", to=f"{account.user}, {other.user}")
    for one in (account, other):
        dovecot.deliver(one, raw)
    counts = [receive_pass(desk.hands(mailbox=box)) for box in boxes]
    assert [(one.received, one.duplicates) for one in counts] == [(1, 0), (1, 1)]
    assert (len(desk.messages()), len(desk.tickets())) == (1, 1)
    assert {item.message for item in desk.items()} == {desk.messages()[0].id}
    accounts = [(one.server, one.by_outcome) for one in desk.ask(ledger) if one.by_outcome]
    assert sorted(accounts, key=str) == [(1, {"duplicate": 1}), (1, {"message": 1})]
    dovecot.deliver(other, letter(ident="2@c", sender="Info <info@desk.example>", to="ann@customer.example"))
    receive_pass(desk.hands(mailbox=boxes[1]))
    assert desk.outcomes()["sent_other"] == 1  # from an alias of ours: no customer


# -- nothing new, and what left


def test_a_look_at_a_large_mailbox_lists_nothing(tmp_path: Path, dovecot: Dovecot, account: Account) -> None:
    with Wire(dovecot.imap) as wire, mail_desk(tmp_path / "desk", _Through(wire), account) as desk:  # type: ignore[arg-type]
        for number in range(400):
            dovecot.deliver(account, letter(ident=f"{number}@c"), at=_ago(50))
        desk.sync()
        desk.sync()
        before = wire.down
        assert desk.sync().received == 0
        quiet = wire.down - before  # a listing of 400 mails alone is 1,500 bytes, their flags are 16,000
        dovecot.delete(account, list(range(1, 400, 40)))
        before = wire.down
        desk.sync()
        assert desk.ledger().gone == 10
        assert wire.down - before < quiet + 900  # the server tells what vanished; 390 mails are not listed
        dovecot.deliver(account, letter(ident="new@c"))
        before = wire.down
        assert desk.sync().received == 1
        assert wire.down - before < quiet + 2_000
        assert (desk.ledger().server, desk.ledger().unaccounted, desk.list_again()) == (391, 0, 0)


def test_flags_that_others_change_cost_one_look_and_no_listing(desk: MailDesk) -> None:
    desk.deliver(letter(ident="1@c"))
    desk.sync()
    with desk.server.client(desk.account) as client:
        client.select("INBOX")
        client.uid("STORE", "1", "+FLAGS", r"(\Seen \Flagged)")
    assert desk.sync().received == 0
    assert desk.server.flags(desk.account) == {1: {"\\Seen", "\\Flagged"}}
    assert (desk.ledger().gone, desk.ledger().unaccounted) == (0, 0)


# -- new UIDs, tombstones


def test_after_new_uids_changed_headers_bring_nothing_twice_and_tell_nobody(desk: MailDesk) -> None:
    raws = [letter(f"words {number}", ident=f"{number}@c", subject=f"Nr {number}") for number in range(4)]
    desk.sync()
    for raw in raws:
        desk.deliver(raw)
    desk.sync()
    told = len(desk.facts)
    status = [(row.number, row.status) for row in desk.tickets()]
    desk.server.delete(desk.account, [1, 2, 3, 4])
    desk.server.new_uidvalidity(desk.account)
    for raw in reversed(raws):  # the provider moved the mailbox: another order, another line in each header
        desk.deliver(b"X-Moved: yes\r\n" + raw)
    counts = desk.sync()
    assert (counts.new_tickets, counts.duplicates, len(desk.messages())) == (0, 4, 4)
    assert [(row.number, row.status) for row in desk.tickets()] == status
    assert len(desk.facts) == told
    assert (desk.ledger().unaccounted, desk.list_again()) == (0, 0)


def test_what_was_deleted_here_stays_deleted_whatever_the_server_shows(desk: MailDesk) -> None:
    desk.sync()
    raws = [letter(ident=f"{number}@c", subject=f"Nr {number}") for number in range(2)]
    for raw in raws:
        desk.deliver(raw)
    desk.sync()
    binned, erased = desk.tickets()
    desk.do(delete_ticket, binned.id)

    def erase(tx: Any) -> None:
        for raw in raws:
            if parse(raw).subject == erased.subject:
                tx.add(Tombstone(id=message_id(parse(raw))))

    desk.do(erase)
    for raw in raws:
        desk.deliver(raw)
    assert desk.sync().new_tickets == 0
    assert desk.outcomes() == {"message": 2, "duplicate": 1, "erased": 1}
    blobs = len(desk.rows(select(Blob)))
    desk.server.new_uidvalidity(desk.account)
    assert desk.sync().received == 0
    assert len(desk.rows(select(Blob))) == blobs
    assert (len(desk.tickets()), len(desk.messages())) == (2, 2)


# -- history


def test_history_is_counted_before_it_is_fetched(desk: MailDesk) -> None:
    sizes = []
    for number, days in enumerate((1, 40, 700)):
        raw = letter("x" * 500, ident=f"{number}@c", date=_ago(days))
        sizes.append(len(raw))
        desk.deliver(raw, at=_ago(days))
    desk.deliver(letter(ident="s@d"), "Sent", at=_ago(3))
    with ImapSession.open(receiving(desk.server, desk.account)) as session:
        found = {one.name: one for one in preview(session, _ago(14))}
    inbox = found["INBOX"]
    assert (inbox.mails, inbox.size_bytes, inbox.since) == (3, sum(sizes), 1)
    assert inbox.oldest_at is not None
    assert abs(inbox.oldest_at - _ago(700)) < timedelta(minutes=5)
    assert sum(count for _, count in inbox.by_year) == 3
    assert (found["Sent"].mails, set(found)) == (1, {"INBOX", "Sent", "Junk"})
    assert desk.ask(history_progress, desk.mailbox).counted_at is None
    desk.sync()
    progress = desk.ask(history_progress, desk.mailbox)
    assert (progress.mails, progress.here, progress.is_done) == (4, 4, True)
    assert progress.size_bytes > sum(sizes)


def test_history_can_be_stopped_and_goes_on_where_it_was(desk: MailDesk) -> None:
    for number in range(60):
        desk.deliver(letter(ident=f"{number}@c", date=_ago(100 - number)), at=_ago(100 - number))
    fetched: list[int] = []

    def do(command: Any, *args: Any, **kwargs: Any) -> Any:
        if command is commands.receive and len(args) > 2 and args[2]:
            fetched.append(len(args[2]))
            if len(fetched) == 1:
                desk.do(commands.hold_history, desk.mailbox, held=True)
        return desk.do(command, *args, **kwargs)

    desk.sync(do=do)
    progress = desk.ask(history_progress, desk.mailbox)
    assert (progress.mails, progress.here, progress.is_held, progress.is_done) == (60, 25, True, False)
    desk.deliver(letter(ident="new@c", subject="new mail comes in all the same"))
    assert desk.sync().received == 1
    desk.do(commands.hold_history, desk.mailbox, held=False)
    assert desk.sync().received == 35
    progress = desk.ask(history_progress, desk.mailbox)
    assert (progress.mails, progress.here, progress.is_held, progress.is_done) == (60, 60, False, True)
    assert (desk.ledger().unaccounted, len(desk.tickets())) == (0, 61)


def test_the_newest_block_comes_first_and_each_block_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "BLOCK", 3)
    box, junk = message_id(parse(b"a")), message_id(parse(b"b"))
    mails = [Wanted(junk if uid == 5 else box, uid, _ago(uid)) for uid in range(1, 11)]
    young, blocks = in_blocks(mails, _ago(2.5), {junk})
    assert [one.uid for one in young] == [1, 2]
    assert [[one.uid for one in sorted(block, key=lambda one: one.at)] for block in blocks] == [
        [6, 4, 3],
        [9, 8, 7],
        [10],
        [5],
    ]


def test_a_mailbox_of_which_only_new_mail_is_wanted_lists_only_that(
    tmp_path: Path, dovecot: Dovecot, account: Account
) -> None:
    for number in range(300):
        dovecot.deliver(account, letter(ident=f"{number}@c"))
    with (
        Wire(dovecot.imap) as wire,
        mail_desk(tmp_path / "desk", _Through(wire), account, history="none") as desk,  # type: ignore[arg-type]
    ):
        desk.sync()
        dovecot.deliver(account, letter(ident="new@c"))
        before = wire.down
        assert desk.sync().received == 1
        assert wire.down - before < 5_000
        assert (desk.ledger().server, desk.ledger().unaccounted) == (1, 0)


def test_addresses_of_aliases_are_our_own(desk: MailDesk) -> None:
    desk.do(update_mailbox, desk.mailbox, aliases=["help@desk.example"])
    desk.sync()
    desk.deliver(letter(ident="1@c", to="help@desk.example"))
    desk.deliver(letter(ident="2@c", sender="help@desk.example"))
    desk.sync()
    assert desk.outcomes() == {"message": 1, "sent_other": 1}
