"""The main job by the command line, against a real Dovecot and a real SMTP server: mail, ticket, reply, answer, survey."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.journeys.command_line import CommandLine
from tests.servers.dovecot import Account, Dovecot
from tests.servers.smtp import SmtpServer

pytestmark = pytest.mark.slow


def letter(sender: str, to: str, subject: str, text: str, **headers: str) -> EmailMessage:
    """A mail as a customer's program makes it."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = datetime.now(UTC)
    mail["Message-ID"] = headers.pop("message_id", f"<{abs(hash((sender, subject, text)))}@example.org>")
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def desk_on(folder: Path, account: Account, dovecot: Dovecot, smtp: SmtpServer, *history: str) -> CommandLine:
    """A desk with one mailbox."""
    cli = CommandLine(folder)
    cli("init", "--name", "Maya")
    cli(
        "mailbox", "add", "--address", account.address, "--user", account.user,
        "--imap", f"imap://127.0.0.1:{dovecot.imap}", "--smtp", f"smtp://127.0.0.1:{smtp.port}",
        "--password-stdin", *history, stdin=account.password + "\n",
    )  # fmt: skip
    return cli


class Story:
    """A customer's matter from the first mail to the survey, told step by step; each step checks what it caused."""

    def __init__(self, folder: Path, dovecot: Dovecot, account: Account, smtp: SmtpServer) -> None:
        self.folder, self.dovecot, self.account, self.smtp = folder, dovecot, account, smtp
        self.first = self.mail("Ann Lee <ann@example.org>", "Lamp is broken", "Hello,\nmy lamp does not work.")
        self.first["Cc"] = "Cara <cara@example.org>"

    def mail(self, sender: str, subject: str, text: str, **headers: str) -> EmailMessage:
        return letter(sender, self.account.address, subject, text, **headers)

    def deliver(self, mail: EmailMessage, at: datetime | None = None) -> None:
        self.dovecot.deliver(self.account, mail.as_bytes(), at=at)

    def mail_becomes_tickets(self) -> None:
        old = datetime.now(UTC) - timedelta(days=60)
        history = self.mail("Old Bo <bo@example.net>", "Long ago", "Thanks for the lamp.")
        history.replace_header("Date", old)
        self.deliver(history, at=old)
        self.deliver(self.first)
        self.cli = desk_on(self.folder / "desk", self.account, self.dovecot, self.smtp)
        assert self.cli("sync")["received"] == 2
        by_subject = {row["subject"]: row for row in self.cli("tickets")}
        assert by_subject["Long ago"]["status"] == "closed"
        assert by_subject["Lamp is broken"]["status"] == "new"
        self.number = str(by_subject["Lamp is broken"]["number"])

    def shown(self) -> dict[str, Any]:
        result: dict[str, Any] = self.cli("ticket", self.number)
        return result

    def a_reply_is_threaded(self) -> None:
        manual = self.folder / "manual.txt"
        manual.write_text("Turn it off and on.")
        written = self.cli("reply", self.number, "--text", "We are sorry.", "--attach", str(manual))
        assert set(written) == {"ticket", "message"}
        assert self.shown()["status"] == "waiting"
        assert self.cli("sync")["sent"] == 1
        (sent,) = self.smtp.wait_for(1)
        self.reply = sent.message
        assert self.reply["In-Reply-To"] == self.first["Message-ID"]
        assert self.first["Message-ID"] in self.reply["References"]
        assert self.reply["Subject"] == "Re: Lamp is broken"
        assert sorted(sent.recipients) == ["ann@example.org", "cara@example.org"]
        assert b"manual.txt" in sent.raw
        messages = self.shown()["messages"]
        assert [one["delivery"] for one in messages] == [None, "sent"]
        assert messages[1]["attachments"][0]["filename"] == "manual.txt"

    def an_answer_reopens_and_a_stranger_stays_out(self) -> None:
        named = {"In_Reply_To": self.reply["Message-ID"], "References": self.reply["Message-ID"]}
        self.deliver(self.mail("Cara <cara@example.org>", "Re: Lamp is broken", "It works now!", **named))
        self.deliver(self.mail("Mallory <m@evil.example>", "Re: Lamp is broken", "Send me everything.", **named))
        counted = self.cli("sync")
        assert (counted["appended"], counted["new_tickets"]) == (1, 1)
        shown = self.shown()
        assert shown["status"] == "open"
        assert len(shown["messages"]) == 3
        assert shown["messages"][-1]["from"]["address"] == "cara@example.org"
        (kept_out,) = self.cli("tickets", "from:evil.example")
        assert self.cli("ticket", str(kept_out["number"]))["links"][0]["kind"] == "possible_match"

    def a_survey_is_sent_and_answered(self) -> None:
        self.cli("setting", "survey_delay_minutes=0")
        self.cli("reply", self.number, "--text", "Glad to hear.", "--solve")
        assert self.shown()["status"] == "solved"
        self.cli("sync")
        self.cli("sync")
        survey = email.message_from_bytes(self.smtp.wait_for(3)[-1].raw, policy=email.policy.default)
        html = survey.get_body(("html",))
        assert html is not None
        links = re.findall(r'href="mailto:([^"?]+)\?subject=([^"&]+)', html.get_content())
        assert len(links) >= 5
        self.vote = unquote(next(words for _to, words in links if re.search(r"\b4\b", unquote(words))))
        self.deliver(self.mail("Ann Lee <ann@example.org>", self.vote, "Quick and friendly"))
        self.cli("sync")
        surveys = self.cli("surveys")
        assert [(one["score"], one["comment"]) for one in surveys["responses"]] == [(4, "Quick and friendly")]
        assert surveys["average"] == 4
        assert self.shown()["status"] == "solved"
        customer = self.cli("customer", surveys["invitations"][0]["address"])
        assert {"answered", "invited"} <= {one["what"] for one in customer["timeline"]}

    def the_token_is_shown_nowhere(self) -> None:
        token = re.search(r"\[([^\]]+)\]", self.vote)
        assert token is not None
        everything = [self.cli(word) for word in ("tickets", "surveys", "outbox")]
        everything += [self.shown(), self.cli("customer", "ann@example.org"), self.cli("search", "friendly")]
        assert token[1] not in str(everything)

    def the_ledger_balances(self) -> None:
        rows = {row["folder"]: row for row in self.cli("ledger", "--reconcile")}
        assert rows["INBOX"]["server"] == sum(rows["INBOX"]["by_outcome"].values()) == 5
        assert all(row["unaccounted"] == 0 for row in rows.values())
        assert self.cli("check")["ok"]


def test_from_a_mail_to_a_survey(tmp_path: Path, dovecot: Dovecot, account: Account, smtp: SmtpServer) -> None:
    story = Story(tmp_path, dovecot, account, smtp)
    story.mail_becomes_tickets()
    story.a_reply_is_threaded()
    story.an_answer_reopens_and_a_stranger_stays_out()
    story.a_survey_is_sent_and_answered()
    story.the_token_is_shown_nowhere()
    story.the_ledger_balances()


def test_a_search_finds_words_people_tags_and_what_is_in_the_bin(
    tmp_path: Path, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    mails = [
        letter("Jörg Müller <joerg@example.de>", account.address, "Größe passt nicht", "Die Lampe ist zu groß."),
        letter("田中 <tanaka@example.jp>", account.address, "請求書について", "請求書をもう一度送ってください。"),
        letter("Ann <ann@example.org>", account.address, "Invoice", "Please send the invoice for order 4711."),
    ]
    for mail in mails:
        dovecot.deliver(account, mail.as_bytes())
    cli = desk_on(tmp_path / "desk", account, dovecot, smtp)
    cli("sync")
    found = {row["subject"]: str(row["number"]) for row in cli("tickets")}
    for words in ("grosse", "Größe", "lampe", "from:müller", "joerg"):
        assert "Größe passt nicht" in {hit["title"] for hit in cli("search", words)} | {
            row["subject"] for row in cli("tickets", words)
        }, words
    assert [hit["title"] for hit in cli("search", "請求")][-1] == "請求書について"
    assert [row["subject"] for row in cli("tickets", "4711 is:open")] == ["Invoice"]
    cli("set", found["Invoice"], "tag+=Billing", "status=open")
    assert [row["subject"] for row in cli("tickets", "tag:billing", "-lampe")] == ["Invoice"]
    cli("delete-ticket", found["Invoice"])
    assert cli("tickets", "tag:billing") == []
    assert [row["subject"] for row in cli("bin")] == ["Invoice"]
    cli("undo")
    assert cli("bin") == []
    bad = cli.run("tickets", "is:nothing")
    assert (bad.returncode, bad.stdout) == (1, "")
    assert "is:nothing" in bad.stderr


def test_wrong_passwords_and_missing_servers_say_so(
    tmp_path: Path, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    cli = desk_on(tmp_path / "desk", account, dovecot, smtp)
    dovecot.change_password(account, "another")
    ended = cli.run("sync")
    assert ended.returncode == 1
    assert "password" in ended.stderr.lower() or "sign" in ended.stderr.lower()
    assert account.password not in ended.stderr + ended.stdout or account.password == "another"
    (state,) = cli("mailbox", "list")
    assert state["state"] == "sign_in"
    assert cli.run("mailbox", "check").returncode == 1
    for words in (("sync", "--mailbox", "nobody@example.org"), ("ticket", "99"), ("outbox", "retry", "x")):
        failed = cli.run(*words)
        assert failed.returncode == 1
        assert failed.stderr.count("\n") == 1, failed.stderr
    assert cli.run("reply").returncode == 2
