"""The main job from end to end without a window, against mail servers on loopback: what `make run` does without a display.

A customer's mail arrives at a real Dovecot, becomes a ticket on the sample desk, is answered, the customer answers
back, the ticket is solved, the customer is asked how it went and answers by mail. Everything goes through the command
line, as a person would do it, and every step is checked: the first one that does not hold ends the demonstration with
exit status 1. The desk lives in a temporary folder; neither your keyring nor your own desk is touched.

    python packaging/demo.py [--program PROGRAM]      PROGRAM: a frozen one, instead of the sources
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.servers.dovecot import Account, Dovecot  # noqa: E402 - found only from the checkout's folder
from tests.servers.smtp import SmtpServer  # noqa: E402

CUSTOMER = "Ana Lindqvist <ana@lindqvist.example>"
SECONDS = 20
SOURCES = (sys.executable, "-m", "app")


class StepError(Exception):
    """A step did not end as it should."""


class Desk:
    """The command line on one workspace. `surroundings` are environment variables for the programs."""

    def __init__(self, folder: Path, surroundings: Mapping[str, str], program: Sequence[str] = SOURCES) -> None:
        self.folder, self.program = folder, program
        self.surroundings = {**os.environ, **surroundings}

    def __call__(self, *words: str, stdin: str = "") -> Any:
        """Run one command with `--json` and return its document."""
        line = [*self.program, "--data", str(self.folder), *words, "--json"]
        done = subprocess.run(
            line, cwd=ROOT, env=self.surroundings, input=stdin, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StepError(f"`deskbell {' '.join(words)}` failed: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def newest_ticket(self, subject: str) -> dict[str, Any]:
        found = [row for row in self("tickets", f'"{subject}"') if subject in row["subject"]]
        if not found:
            raise StepError(f"no ticket has the subject {subject!r}")
        ticket: dict[str, Any] = found[0]
        return ticket


def letter(to: str, subject: str, text: str, *, answers: str = "") -> EmailMessage:
    """A customer's mail; `answers` is the Message-ID of the mail that it answers."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = CUSTOMER, to, subject
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain="lindqvist.example")
    if answers:
        mail["In-Reply-To"] = mail["References"] = answers
    mail.set_content(text)
    return mail


def expect(truth: object, text: str) -> None:
    """Say what holds, or end the demonstration."""
    if not truth:
        raise StepError(f"this does not hold: {text}")
    print(f"  ok   {text}", flush=True)


def demonstrate(desk: Desk, dovecot: Dovecot, smtp: SmtpServer) -> None:
    desk("init", "--demo")
    expect(len(desk("tickets", "--limit", "50")) >= 10, "the sample desk is full of tickets")
    account = dovecot.new_user("support")
    desk(
        *("mailbox", "add", "--address", account.address, "--password-stdin"),
        *("--imap", f"imap://127.0.0.1:{dovecot.imap}", "--smtp", f"smtp://127.0.0.1:{smtp.port}"),
        stdin=account.password,
    )
    number = converse(desk, dovecot, smtp, account)
    ask_how_it_went(desk, dovecot, smtp, account, number)
    (ledger,) = (row for row in desk("ledger", "--mailbox", account.address, "--reconcile") if row["folder"] == "INBOX")
    expect(ledger["unaccounted"] == 0, f"all {ledger['server']} mails of the server's inbox are accounted for")
    expect(desk("check") is not False, "database, mails, index and counters are sound")


def converse(desk: Desk, dovecot: Dovecot, smtp: SmtpServer, account: Account) -> str:
    """A mail in, a reply out, an answer in. Returns the ticket's number."""
    question = letter(account.address, "Teapot arrived chipped", "The spout is chipped. What now?")
    dovecot.deliver(account, question.as_bytes())
    expect(desk("sync")["new_tickets"] == 1, "the customer's mail became a ticket")
    number = str(desk.newest_ticket("Teapot arrived chipped")["number"])
    desk("reply", number, "--text", "I am sorry! A new one leaves today.", "--solve")
    desk("sync")
    reply = smtp.wait_for(1, SECONDS)[-1].message
    expect(reply["In-Reply-To"] == question["Message-ID"], "the reply reached the customer, in the same thread")
    answer = letter(account.address, f"Re: {reply['Subject']}", "Wonderful, thanks.", answers=str(reply["Message-ID"]))
    dovecot.deliver(account, answer.as_bytes())
    expect(desk("sync")["appended"] == 1, "the customer's answer landed in the same ticket")
    expect(desk("ticket", number)["status"] == "open", "and opened it again")
    return number


def ask_how_it_went(desk: Desk, dovecot: Dovecot, smtp: SmtpServer, account: Account, number: str) -> None:
    desk("set", number, "status=solved")
    sent = len(smtp.letters)
    desk("survey", "send", number)
    desk("sync")
    invitation = smtp.wait_for(sent + 1, SECONDS)[-1].message
    parts = [part for part in invitation.walk() if part.get_content_maintype() == "text"]
    text = b"".join(bytes(part.get_payload(decode=True) or b"") for part in parts).decode(errors="replace")
    offers = re.findall(r"mailto:([^?\"\s]+)\?subject=([^&\"\s<>)]+)", text)
    expect(len(offers) >= 2, "the invitation offers one mail per score")
    dovecot.deliver(account, letter(unquote(offers[0][0]), unquote(offers[0][1]), "").as_bytes())
    desk("sync")
    scores = [row["score"] for row in desk("surveys")["responses"] if str(row["ticket"]) == number]
    expect(len(scores) == 1, f"the answer was recorded with the score {scores[0] if scores else '?'}")


def keyring_in(folder: Path) -> dict[str, str]:
    """The variables that give the program a keyring in a plain file. A frozen one finds its module by keyring's own setting."""
    import keyrings.alt

    modules, settings = folder / "modules", folder / "config" / "python_keyring"
    shutil.copytree(Path(keyrings.alt.__file__).parent, modules / "keyrings" / "alt")
    settings.mkdir(parents=True)
    backend = "keyrings.alt.file.PlaintextKeyring"
    text = f"[backend]\ndefault-keyring={backend}\nkeyring-path={modules}\n"
    (settings / "keyringrc.cfg").write_text(text, encoding="utf-8")
    return {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_DATA_HOME": str(folder / "keyring")}


def main(arguments: Sequence[str]) -> int:
    frozen = len(arguments) == 2 and arguments[0] == "--program"
    program = (str(Path(arguments[1]).resolve()),) if frozen else SOURCES
    with tempfile.TemporaryDirectory(prefix="deskbell-demo-") as name:
        folder = Path(name)
        surroundings = keyring_in(folder)
        print("Deskbell, the main job from end to end:", flush=True)
        (folder / "dovecot").mkdir()
        try:
            with Dovecot(folder / "dovecot") as dovecot, SmtpServer() as smtp:
                demonstrate(Desk(folder / "desk", surroundings, program), dovecot, smtp)
        except (StepError, TimeoutError) as error:
            print(f"  FAIL {error}", flush=True)
            return 1
    print("Everything held.")
    if frozen:
        return 0
    pictures = ROOT / "build" / "demo"
    scenes = ("inbox", "board", "satisfaction")
    subprocess.run([sys.executable, "-m", "tests.screenshots", str(pictures), *scenes], cwd=ROOT, check=True)
    print(f"Pictures of the sample desk are in {pictures.relative_to(ROOT)}/.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
