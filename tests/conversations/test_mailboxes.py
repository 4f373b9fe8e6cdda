"""Connecting and removing mailboxes."""

from __future__ import annotations

import pytest

from app.conversations import queries
from app.conversations.mailboxes import NewMailbox, add_mailbox, pause_mailbox, remove_mailbox, resume_mailbox
from app.kernel.errors import UserError
from tests.desk_fixture import SmallDesk

BOX = NewMailbox(
    "Sales@Desk.example", "imaps://imap.example", "smtps://smtp.example", "sales", "ref", aliases=("Shop@Desk.example",)
)


def test_our_addresses_are_those_of_all_mailboxes_with_aliases(desk: SmallDesk) -> None:
    desk.do(add_mailbox, BOX)
    assert desk.ask(queries.own_addresses) == {"help@desk.example", "sales@desk.example", "shop@desk.example"}
    found = desk.ask(queries.mailbox, "shop@desk.EXAMPLE")
    assert found is not None
    assert found.address == "Sales@Desk.example"


def test_a_mailbox_is_connected_once_and_comes_back_as_the_same(desk: SmallDesk) -> None:
    key = desk.do(add_mailbox, BOX)
    with pytest.raises(UserError, match="already connected"):
        desk.do(add_mailbox, BOX)
    desk.do(remove_mailbox, key)
    assert [box.address for box in desk.ask(queries.mailboxes)] == ["help@desk.example"]
    assert desk.do(add_mailbox, BOX) == key
    assert len(desk.ask(queries.mailboxes)) == 2


def test_a_paused_mailbox_says_why_until_it_goes_on(desk: SmallDesk) -> None:
    desk.work(pause_mailbox, desk.mailbox, "sign_in", "AUTHENTICATIONFAILED")
    (box,) = desk.ask(queries.mailboxes)
    assert (box.paused_reason, box.paused_words) == ("sign_in", "AUTHENTICATIONFAILED")
    desk.do(resume_mailbox, desk.mailbox)
    (box,) = desk.ask(queries.mailboxes)
    assert box.paused_reason == ""
