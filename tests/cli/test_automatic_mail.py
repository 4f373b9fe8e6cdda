"""The commands about mail that is no letter of a person, on a desk with a real mailbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.inbox.mail_desk import letter
from tests.journeys.command_line import CommandLine
from tests.journeys.test_main_job import desk_on
from tests.servers.dovecot import Account, Dovecot
from tests.servers.smtp import SmtpServer

SHOP, EVE = "Shop <news@shop.example>", "Eve <eve@elsewhere.example>"


@pytest.fixture
def cli(tmp_path: Path, dovecot: Dovecot, account: Account, smtp: SmtpServer) -> CommandLine:
    """A desk that has looked into its mailbox once: what comes from now on is new."""
    made = desk_on(tmp_path / "desk", account, dovecot, smtp)
    made("sync")
    return made


def test_a_mailbox_learns_to_acknowledge_and_to_send_tokens(
    cli: CommandLine, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    words = ("acknowledge=yes", "acknowledgement=We have it, {name}.", "plus-addressing=yes")
    changed = cli("mailbox", "set", account.address, *words)
    assert (changed["acknowledge"], changed["plus_addressing"]) == (True, True)
    cli("setting", "subject_mark=yes")
    dovecot.deliver(account, letter(ident="a@c", to=account.address, subject="Lamp"))
    assert cli("sync")["sent"] == 1
    (sent,) = smtp.wait_for(1)
    assert "We have it, Ann." in sent.message.get_payload()
    assert sent.message["Subject"].startswith("Re: Lamp [#1-")
    assert "+db-" in sent.message["Reply-To"]
    dovecot.deliver(account, letter("Thanks", ident="b@c", to=sent.message["Reply-To"], subject="x"))
    assert cli("sync")["appended"] == 1
    printed = cli.run("ticket", "1").stdout + cli.run("tickets").stdout + cli.run("outbox").stdout
    assert "+db-" not in printed
    assert "[#" not in printed
    for wrong in ("acknowledge=perhaps", "colour=red", "acknowledge"):
        assert cli.run("mailbox", "set", account.address, wrong).returncode == 1


def test_the_block_list_and_the_piles(cli: CommandLine, dovecot: Dovecot, account: Account) -> None:
    cli("people", "block", "@shop.example")
    assert cli("people", "blocked") == [{"sender": "@shop.example"}]
    dovecot.deliver(account, letter(ident="a@c", sender=SHOP, to=account.address))
    dovecot.deliver(account, letter(ident="b@c", sender=EVE, to=account.address, more=(("List-Id", "<l.e>"),)))
    cli("sync")
    assert cli("tickets") == []
    assert {(row["outcome"], row["from"]) for row in cli("pile")} == {
        ("spam", "news@shop.example"),
        ("bulk", "eve@elsewhere.example"),
    }
    (spam,) = cli("pile", "spam")
    assert spam["reason"] == "The sender is on your block list."
    assert cli("pile", "--ticket", spam["id"]) == {"ticket": 1}
    assert cli.run("pile", "--ticket", spam["id"]).returncode == 1
    assert cli.run("pile", "nonsense").returncode == 1
    cli("people", "unblock", "@shop.example")
    assert cli.run("people", "unblock", "@shop.example").returncode == 1
    assert cli("check")["ok"]


def test_a_possible_match_belongs_where_it_says(cli: CommandLine, dovecot: Dovecot, account: Account) -> None:
    dovecot.deliver(account, letter(ident="a@c", to=account.address))
    cli("sync")
    dovecot.deliver(account, letter("It is me.", ident="e@e", sender=EVE, to=account.address, answers="a@c"))
    cli("sync")
    assert cli("belongs", "2", "to", "1") == {"number": 2, "to": 1}
    assert len(cli("ticket", "1")["messages"]) == 2
    assert cli("ticket", "2")["number"] == 1
    cli("undo")
    assert len(cli("ticket", "2")["messages"]) == 1
    assert cli.run("belongs", "1", "to", "2").returncode == 1


def test_an_address_that_was_reported_dead_can_be_called_alive(
    cli: CommandLine, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    dovecot.deliver(account, letter(ident="a@c", to=account.address))
    cli("sync")
    smtp.refuse["ann@customer.example"] = "550 5.1.1 No such user here"
    cli("reply", "1", "--text", "Hello")
    assert cli("sync")["failed"] == 1
    smtp.refuse.clear()
    cli("reply", "1", "--text", "Hello again")
    assert cli("sync")["held"] == 1
    assert cli("people", "alive", "ANN@customer.example")["released"] == 1
    assert cli("sync")["sent"] == 1


def test_compacting_an_empty_desk_is_harmless(cli: CommandLine) -> None:
    assert cli("compact")["damaged"] == []
    assert cli("check")["ok"]
