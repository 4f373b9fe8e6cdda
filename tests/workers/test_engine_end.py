"""The engine comes to its end although servers say nothing: one that was talking, one that never greeted, one that sends."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.engine import Engine
from app.inbox.commands import watch_folders
from app.inbox.rules import FolderRole
from app.kernel import secrets
from app.outbox.commands import queue_reply
from app.outbox.tables import Outbox
from tests.empty_desk import empty_desk
from tests.servers.bad_imap import SILENCE, BadImap
from tests.servers.ports import wait_until
from tests.servers.smtp import SmtpServer

PATIENCE_S = 60.0
IN_GOOD_TIME_S = 25.0
"""A single answer is waited for twice as long."""


def test_an_engine_ends_while_every_server_is_silent(tmp_path: Path) -> None:
    with (
        BadImap({"LIST": [SILENCE]}) as silent,
        socket.create_server(("127.0.0.1", 0)) as mute,
        SmtpServer() as smtp,
        empty_desk(tmp_path / "desk") as desk,
    ):
        smtp.orders.hold = "rcpt"
        secrets.for_this_run.put("silent-servers", "secret")
        boxes: list[UUID] = []
        for name, port in (("one", silent.port), ("two", mute.getsockname()[1])):
            way = f"imap://127.0.0.1:{port}", f"smtp://127.0.0.1:{smtp.port}"
            boxes.append(desk.work(add_mailbox, NewMailbox(f"{name}@desk.example", *way, "user", "silent-servers")))
            desk.work(watch_folders, boxes[-1], [("INBOX", FolderRole.INBOX)])
        to = [("", "ann@customer.example")]
        desk.work(queue_reply, ticket=None, mailbox=boxes[0], customer=None, to=to, text="Hello")
        engine = Engine(desk)
        thread = threading.Thread(target=engine.run)
        thread.start()
        caller, _ = mute.accept()
        try:
            wait_until(lambda: any(said.startswith("LIST") for said in silent.commands), PATIENCE_S, "the listing")
            assert smtp.held.wait(PATIENCE_S)
        finally:
            engine.stop()
            thread.join(IN_GOOD_TIME_S)
            ended = not thread.is_alive()
            caller.close()
            smtp.orders.hold = ""
            wait_until(lambda: not _at_work(), PATIENCE_S, "the end of the thread that dialled")
        assert ended
        assert desk.ask(lambda db: db.scalars(select(Outbox.state)).all()) == ["queued"]


def _at_work() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("mailbox-")]
