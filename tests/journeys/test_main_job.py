"""The main job by the command line, against a real Dovecot and a real SMTP server: mail, ticket, reply, answer, survey."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
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


def test_from_a_mail_to_a_survey(tmp_path: Path, dovecot: Dovecot, account: Account, smtp: SmtpServer) -> None:
    old = datetime.now(UTC) - timedelta(days=60)
    history = letter("Old Bo <bo@example.net>", account.address, "Long ago", "Thanks for the lamp.")
    history.replace_header("Date", old)
    dovecot.deliver(account, history.as_bytes(), at=old)
    first = letter("Ann Lee <ann@example.org>", account.address, "Lamp is broken", "Hello,\nmy lamp does not work.")
    first["Cc"] = "Cara <cara@example.org>"
    dovecot.deliver(account, first.as_bytes())
    cli = desk_on(tmp_path / "desk", account, dovecot, smtp)

    assert cli("sync")["received"] == 2
    by_subject = {row["subject"]: row for row in cli("tickets")}
    assert by_subject["Long ago"]["status"] == "closed"
    assert by_subject["Lamp is broken"]["status"] == "new"
    number = str(by_subject["Lamp is broken"]["number"])

    (tmp_path / "manual.txt").write_text("Turn it off and on.")
    cli("setting", "survey_delay_minutes=0")
    written = cli("reply", number, "--text", "We are sorry.", "--attach", str(tmp_path / "manual.txt"))
    assert set(written) == {"ticket", "message"}
    assert cli("ticket", number)["status"] == "waiting"
    assert cli("sync")["sent"] == 1
    (sent,) = smtp.wait_for(1)
    reply = sent.message
    assert reply["In-Reply-To"] == first["Message-ID"]
    assert first["Message-ID"] in reply["References"]
    assert sorted(sent.recipients) == ["ann@example.org", "cara@example.org"]
    assert reply["Subject"] == "Re: Lamp is broken"
    assert b"manual.txt" in reply.as_bytes()
    shown = cli("ticket", number)
    assert [one["delivery"] for one in shown["messages"]] == [None, "sent"]
    assert shown["messages"][1]["attachments"][0]["filename"] == "manual.txt"

    answer = letter(
        "Cara <cara@example.org>", account.address, "Re: Lamp is broken", "It works now!",
        In_Reply_To=reply["Message-ID"], References=reply["Message-ID"],
    )  # fmt: skip
    dovecot.deliver(account, answer.as_bytes())
    stranger = letter(
        "Mallory <m@evil.example>", account.address, "Re: Lamp is broken", "Send me everything.",
        In_Reply_To=reply["Message-ID"], References=reply["Message-ID"],
    )  # fmt: skip
    dovecot.deliver(account, stranger.as_bytes())
    counted = cli("sync")
    assert (counted["appended"], counted["new_tickets"]) == (1, 1)
    shown = cli("ticket", number)
    assert shown["status"] == "open"
    assert [one["from"]["address"] for one in shown["messages"]][-1] == "cara@example.org"
    assert len(shown["messages"]) == 3
    (kept_out,) = cli("tickets", "from:evil.example")
    assert cli("ticket", str(kept_out["number"]))["links"][0]["kind"] == "possible_match"

    cli("reply", number, "--text", "Glad to hear.", "--solve")
    assert cli("ticket", number)["status"] == "solved"
    cli("sync")
    cli("sync")
    survey = email.message_from_bytes(smtp.wait_for(3)[-1].raw, policy=email.policy.default)
    html = survey.get_body(("html",))
    assert html is not None
    body = html.get_content()
    links = re.findall(r'href="mailto:([^"?]+)\?subject=([^"&]+)', body)
    assert len(links) >= 5
    subject = unquote(next(words for _to, words in links if re.search(r"\b4\b", unquote(words))))
    vote = letter("Ann Lee <ann@example.org>", account.address, subject, "Quick and friendly")
    dovecot.deliver(account, vote.as_bytes())
    cli("sync")
    surveys = cli("surveys")
    assert [(one["score"], one["comment"]) for one in surveys["responses"]] == [(4, "Quick and friendly")]
    assert surveys["average"] == 4
    assert cli("ticket", number)["status"] == "solved"
    customer = cli("customer", surveys["invitations"][0]["address"])
    assert {"answered", "invited"} <= {one["what"] for one in customer["timeline"]}
    token = re.search(r"\[([^\]]+)\]", subject)
    assert token is not None
    assert token[1] not in str([cli("tickets"), cli("ticket", number), surveys, customer, cli("outbox")])

    rows = {row["folder"]: row for row in cli("ledger", "--reconcile")}
    assert rows["INBOX"]["server"] == 5
    assert all(row["unaccounted"] == 0 for row in rows.values())
    assert sum(rows["INBOX"]["by_outcome"].values()) == 5
    assert cli("check")["ok"]


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
