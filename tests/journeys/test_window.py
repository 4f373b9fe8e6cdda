"""The main job through the real window: `python -m ui` on an X server, worked with the keyboard alone, on real servers.

From the first run typed by hand to the survey's answer as a score, with the engine killed on the way. What is on the
screen says when to go on; what has happened is read with the command line, as another program would.
"""

from __future__ import annotations

import email
import email.policy
import os
import re
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from app.desk.supervisor import engine_pid
from app.kernel.files.paths import Workspace
from tests.conftest import ROOT, sample_mail_folder
from tests.journeys.command_line import CommandLine
from tests.journeys.person import Person, screen
from tests.journeys.prepared import ROWS
from tests.journeys.test_main_job import letter
from tests.servers.dovecot import Account, Dovecot
from tests.servers.smtp import SmtpServer

pytestmark = pytest.mark.slow

FLOOD = 120


def awkward_mails() -> list[Path]:
    """The project's own collection, and the larger one where it is."""
    return sorted((ROOT / "tests" / "mail").glob("*.eml")) + sorted(sample_mail_folder().rglob("*.eml"))


class Journey:
    """One desk from its first minute on; each step checks what it caused."""

    def __init__(self, folder: Path, person: Person, dovecot: Dovecot, account: Account, smtp: SmtpServer) -> None:
        self.person, self.dovecot, self.account, self.smtp = person, dovecot, account, smtp
        self.cli = CommandLine(folder)
        self.delivered = 0
        self.first = self.mail("Ann Lee <ann@example.org>", "Lamp is broken", "Hello,\nmy lamp does not work.")
        for path in awkward_mails():
            self.deliver(path.read_bytes())
        self.deliver(self.first.as_bytes())

    def mail(self, sender: str, subject: str, text: str, **headers: str) -> Any:
        return letter(sender, self.account.address, subject, text, **headers)

    def deliver(self, raw: bytes) -> None:
        self.dovecot.deliver(self.account, raw)
        self.delivered += 1

    def until(self, condition: Callable[[], object], what: str) -> None:
        self.person.until(condition, what)

    def shown(self, number: str = "") -> dict[str, Any]:
        result: dict[str, Any] = self.cli("ticket", number or self.number)
        return result

    def inbox(self) -> dict[str, Any]:
        """The ledger of the mailbox's inbox."""
        rows = self.cli("ledger")
        found: dict[str, Any] = next((row for row in rows if row["folder"] == "INBOX"), {})
        return found

    def everything_is_in(self) -> bool:
        row = self.inbox()
        return bool(row) and row["server"] == self.delivered and row["waiting"] == row["unaccounted"] == 0

    # -- the steps

    def the_first_run(self) -> None:
        person = self.person
        person.until(lambda: (field := person.focused()) and field.name == "Your name", "the window is open")
        person.write("Maya Lind")
        person.fill("E-mail address", self.account.address)
        person.fill("Password", self.account.password)
        person.wait_for("No servers were found")
        for direction, port in (("Receiving", self.dovecot.imap), ("Sending", self.smtp.port)):
            person.fill(f"{direction}: server", "127.0.0.1")
            person.fill(f"{direction}: port", str(port))
            person.go_to(f"{direction}: protection")
            person.press("End")
        person.go_to("Test")
        person.press("space")
        person.wait_for("Receiving works")
        person.wait_for("Sending works")
        assert person.sees(f"{self.delivered} messages in the inbox")
        person.go_to("Open the inbox")
        person.press("space")

    def mail_becomes_tickets(self) -> None:
        unread = lambda: any("unread" in one.name and one.role in ROWS for one in self.person.see())  # noqa: E731
        self.until(unread, "an unread ticket in the list")
        self.until(self.everything_is_in, "every mail has its line")
        assert sum(self.inbox()["by_outcome"].values()) == self.delivered
        (row,) = self.cli("tickets", "from:ann@example.org")
        assert row["status"] == "new"
        self.number = str(row["number"])
        self.cli("setting", "undo_send_seconds=0")

    def open_the_ticket(self) -> None:
        person = self.person
        person.press("ctrl+1", "slash")
        person.until(lambda: (field := person.focused()) and "Search" in field.name, "the keyboard is in the search")
        person.write("lamp from:ann@example.org")
        person.until(lambda: person.sees("1 found"), "one ticket is found")
        person.press("Down")
        person.until(lambda: (row := person.focused()) and row.role in ROWS, "the keyboard is in what was found")
        person.press("j")
        person.wait_for("my lamp does not work")

    def a_reply_is_threaded(self) -> None:
        self._write("We are sorry. A new one is on its way.", "ctrl+Return")
        (sent,) = self.smtp.wait_for(1, 60)
        self.reply = sent.message
        assert self.reply["In-Reply-To"] == self.first["Message-ID"]
        assert self.first["Message-ID"] in self.reply["References"]
        assert sent.recipients == ("ann@example.org",)
        assert "Maya Lind" in self.reply["From"]
        self.until(lambda: self.shown()["messages"][-1]["delivery"] == "sent", "the reply is known to be sent")
        assert self.shown()["status"] == "waiting"

    def an_answer_reopens_and_a_stranger_stays_out(self) -> None:
        named = {"In_Reply_To": self.reply["Message-ID"], "References": self.reply["Message-ID"]}
        answer = self.mail("Ann Lee <ann@example.org>", "Re: Lamp is broken", "It shines again!", **named)
        stranger = self.mail("Mallory <m@evil.example>", "Re: Lamp is broken", "Send me everything.", **named)
        for mail in (stranger, answer):
            self.deliver(mail.as_bytes())
        self.person.wait_for("It shines again!")
        shown = self.shown()
        assert shown["status"] == "open"
        assert [one["direction"] for one in shown["messages"]] == ["in", "out", "in"]
        self.until(lambda: self.cli("tickets", "from:m@evil.example"), "the stranger's mail is there")
        (kept_out,) = self.cli("tickets", "from:m@evil.example")
        apart = self.shown(str(kept_out["number"]))
        assert len(apart["messages"]) == 1
        assert apart["links"][0]["kind"] == "possible_match"
        assert len(self.shown()["messages"]) == 3

    def solving_brings_a_survey(self) -> None:
        self.cli("setting", "survey_delay_minutes=0")
        self._write("Glad to hear.", "ctrl+shift+Return")
        self.until(lambda: self.shown()["status"] == "solved", "the ticket is solved")
        survey = email.message_from_bytes(self.smtp.wait_for(3, 120)[-1].raw, policy=email.policy.default)
        html = survey.get_body(("html",))
        assert html is not None
        links = re.findall(r'href="mailto:([^"?]+)\?subject=([^"&]+)', html.get_content())
        vote = unquote(next(words for _to, words in links if re.search(r"\b4\b", unquote(words))))
        self.deliver(self.mail("Ann Lee <ann@example.org>", vote, "Quick and friendly").as_bytes())
        self.person.press("ctrl+5")
        self.person.wait_for("Quick and friendly")
        surveys = self.cli("surveys")
        assert [(one["score"], one["comment"]) for one in surveys["responses"]] == [(4, "Quick and friendly")]
        assert self.shown()["status"] == "solved"

    def a_killed_engine_comes_back(self) -> None:
        place = Workspace(self.cli.folder)
        for number in range(FLOOD):
            sender = f"C{number} <c{number}@flood.example>"
            self.deliver(self.mail(sender, f"Flood {number}", "Where is my parcel?").as_bytes())
        self.until(lambda: len(self._flood()) >= FLOOD // 10, "some of the mails are tickets")
        killed = engine_pid(place)
        assert killed
        os.kill(killed, signal.SIGKILL)
        self.until(lambda: engine_pid(place) not in (None, killed), "another engine works")
        self.until(self.everything_is_in, "every mail has its line after the kill")
        assert Counter(self._flood()) == Counter(f"Flood {number}" for number in range(FLOOD))
        assert len(self.smtp.letters) == 3

    def the_ledger_notices_what_is_missing(self) -> None:
        """The window is closed by now: an engine would mend what is done here behind its back. It may have left before it
        saw the copies that it had filed, so a pass comes first.
        """
        self.cli("sync")
        rows = {row["folder"]: row for row in self.cli("ledger", "--reconcile")}
        assert rows["INBOX"]["server"] == self.delivered
        assert {row["unaccounted"] for row in rows.values()} == {0}
        with sqlite3.connect(self.cli.folder / "deskbell.sqlite") as db:
            db.execute("DELETE FROM mail_item WHERE uid IN (2, 3, 5)")
        db.close()
        rows = {row["folder"]: row for row in self.cli("ledger", "--reconcile")}
        assert rows["INBOX"]["unaccounted"] == 3

    def _flood(self) -> list[str]:
        return [row["subject"] for row in self.cli("tickets", "subject:flood", "--limit", str(2 * FLOOD))]

    def _write(self, text: str, send: str) -> None:
        person = self.person

        def in_the_reply() -> bool:
            field = person.focused()
            return field is not None and field.name == "Write a reply…"

        if not in_the_reply():  # after a reply the keyboard stays there, and R would be a letter
            person.press("r")
        person.until(in_the_reply, "the keyboard is in the reply")
        person.write(text)
        person.until(lambda: (field := person.focused()) and field.value == text, "the reply is written")
        person.press(send)


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    (tmp_path / "scratch").mkdir()
    with screen() as around:
        made = Person(tmp_path / "desk", around, tmp_path / "scratch")
        yield made
        made.go_away()


def test_the_main_job_by_the_keyboard(
    tmp_path: Path, person: Person, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    journey = Journey(tmp_path / "desk", person, dovecot, account, smtp)
    journey.the_first_run()
    journey.mail_becomes_tickets()
    journey.open_the_ticket()
    journey.a_reply_is_threaded()
    journey.an_answer_reopens_and_a_stranger_stays_out()
    journey.solving_brings_a_survey()
    journey.a_killed_engine_comes_back()
    assert "Traceback" not in person.leave()
    journey.the_ledger_notices_what_is_missing()
