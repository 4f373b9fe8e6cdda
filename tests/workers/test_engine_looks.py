"""A reply that has waited (for a line, for its time, for an engine) goes after a look for new mail only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from app import engine as engines
from app import live_mailboxes
from app.conversations.mailboxes import update_mailbox
from app.conversations.queries import mailboxes
from app.outbox.tables import Outbox
from app.tickets.commands import reply
from app.tickets.tables import Ticket
from app.workers.sending import senders
from app.workers.sending.senders import SendCounts, Sender
from tests.answering.post import Place, Post
from tests.inbox.mail_desk import letter
from tests.outbox.small_desk import Clock, SmallDesk
from tests.servers.dovecot import Dovecot
from tests.servers.ports import wait_until
from tests.servers.smtp import SmtpServer

PATIENCE_S = 60.0


@pytest.mark.parametrize(("waited", "looks", "counts"), [(300, 1, {"held": 1}), (5, 0, {"sent": 1})])
def test_what_came_in_meanwhile_holds_a_reply_that_waited(
    desk: SmallDesk, smtp: SmtpServer, time: Clock, waited: int, looks: int, counts: dict[str, int]
) -> None:
    looked: list[UUID] = []

    def look(mailbox: UUID) -> None:
        looked.append(mailbox)
        desk.incoming(text="I found it myself, thank you.")

    desk.reply()
    time.forward(seconds=waited)
    sender = Sender(desk.do, desk.ask, desk.packs, desk.secrets, desk.stop, look=look)
    assert sender.send_due() == SendCounts(**counts)
    assert looked == [desk.mailbox] * looks


def test_an_engine_looks_for_new_mail_before_it_sends_what_waited(
    tmp_path: Path, dovecot: Dovecot, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(senders, "_OLD", timedelta(0))
    monkeypatch.setattr(live_mailboxes, "LOOK_S", PATIENCE_S)
    post = Post(dovecot, smtp)
    place = Place(tmp_path / "desk", post, "desk")
    box = post.boxes[place.address]
    with place.open() as real:
        real.do(update_mailbox, real.ask(mailboxes)[0].id, ack_on=False)
    dovecot.deliver(box, letter("Where is it?", ident="1@c"))
    place.one_pass()
    with place.open() as real:
        ticket = real.ask(lambda db: db.scalars(select(Ticket.id)).one())
        real.do(reply, ticket, text="On its way.")
        dovecot.deliver(box, letter("It is here.", ident="2@c", answers="1@c"))
        engine = engines.Engine(real)
        thread = threading.Thread(target=engine.run)
        thread.start()
        state: Callable[[], str] = lambda: real.ask(lambda db: db.scalars(select(Outbox.state)).one())  # noqa: E731
        try:
            wait_until(lambda: state() in ("held", "sent"), PATIENCE_S, "what becomes of the reply")
            assert (state(), smtp.letters) == ("held", [])
        finally:
            engine.stop()
            thread.join(PATIENCE_S)
