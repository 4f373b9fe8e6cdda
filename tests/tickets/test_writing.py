"""Replies, new mails and notes, and what they do to the ticket."""

from __future__ import annotations

import pytest

from app.conversations.commands import NewFile, NewMessage, add_message
from app.conversations.mailboxes import remove_mailbox
from app.conversations.rules import Kind
from app.kernel import ids
from app.kernel.errors import UserError
from app.kernel.files.blobs import BlobRef
from app.outbox import commands as outbox
from app.outbox.drafts import DraftContent, save_draft
from app.outbox.facts import ReplySent
from app.outbox.rules import Hold
from app.tickets import commands, queries
from tests.desk_fixture import SmallDesk

FILE = NewFile("list.pdf", "application/pdf", BlobRef("0" * 32 + ".pack", 0, 12, b"\0" * 32))


def status_of(desk: SmallDesk, ticket: object) -> str:
    """The status now."""
    detail = desk.ask(queries.ticket, ticket)
    assert detail is not None
    return detail.row.status


def test_a_reply_answers_the_newest_mail_and_waits(desk: SmallDesk) -> None:
    ticket, first = desk.mail()
    desk.later(minutes=1)
    _, newest = desk.mail(ticket, words="Still not here")
    desk.later(minutes=1)
    written = desk.do(commands.reply, ticket, text="It is on its way.", files=[FILE], undo_seconds=20)
    assert (written.ticket_number, status_of(desk, ticket)) == (1, "waiting")
    *before, sent = desk.ask(queries.conversation, ticket)
    assert [one.id for one in before] == [first, newest]
    assert sent.id == written.message
    assert (sent.direction, sent.agent_name) == ("out", "Ann Lee")
    assert [address for _, address in sent.to] == ["mia@shop.example"]
    assert sent.in_reply_to == before[1].external_id
    assert [one.filename for one in sent.attachments] == ["list.pdf"]
    assert sent.delivery is not None
    assert sent.delivery.state == "queued"
    assert sent.delivery.not_before is not None
    assert (sent.delivery.not_before - desk.now).total_seconds() == 20


def test_send_and_solve(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.reply, ticket, text="Done.", solve=True)
    assert status_of(desk, ticket) == "solved"


def test_the_first_reply_counts_when_it_was_sent(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    written = desk.do(commands.reply, ticket, text="Hello")
    detail = desk.ask(queries.ticket, ticket)
    assert detail is not None
    assert detail.first_reply_at is None
    sent_at = desk.later(hours=1)
    desk.work(commands.note_reply_sent, ReplySent(ticket, written.message, sent_at, automatic=False))
    detail = desk.ask(queries.ticket, ticket)
    assert detail is not None
    assert detail.first_reply_at == sent_at


def test_a_note_changes_nothing_else(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.set_status, ticket, "waiting")
    before = desk.ask(queries.ticket, ticket)
    desk.later(hours=1)
    desk.do(commands.add_note, ticket, "Ask the warehouse.")
    assert desk.ask(queries.ticket, ticket) == before
    note = desk.ask(queries.conversation, ticket)[-1]
    assert (note.kind, note.direction, note.text) == ("note", "internal", "Ask the warehouse.")


def test_a_new_mail_opens_a_ticket_that_waits(desk: SmallDesk) -> None:
    written = desk.do(
        commands.new_mail, customer_address="Ben <ben@shop.example>", subject="Your order", text="Ready to collect."
    )
    detail = desk.ask(queries.ticket, written.ticket_number)
    assert detail is not None
    assert (detail.row.status, detail.row.customer_name, detail.row.unread) == ("waiting", "Ben", False)
    (sent,) = desk.ask(queries.conversation, detail.id)
    assert (sent.subject, sent.in_reply_to) == ("Your order", "")


def test_nothing_is_queued_without_words_receiver_or_mailbox(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    with pytest.raises(UserError, match="write something"):
        desk.do(commands.reply, ticket, text=" \n")
    with pytest.raises(UserError, match="not an e-mail address"):
        desk.do(commands.new_mail, customer_address="nobody", subject="Hi", text="Hi")
    desk.do(remove_mailbox, desk.mailbox)
    with pytest.raises(UserError, match="Connect a mailbox"):
        desk.do(commands.reply, ticket, text="Hello")
    assert status_of(desk, ticket) == "new"
    assert len(desk.ask(queries.conversation, ticket)) == 1


def test_a_reply_to_a_deleted_ticket_is_refused(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.delete_ticket, ticket)
    with pytest.raises(UserError, match="Bin"):
        desk.do(commands.reply, ticket, text="Hello")


def test_an_automatic_mail_is_not_what_a_reply_answers(desk: SmallDesk) -> None:
    ticket, asked = desk.mail()
    bounce = NewMessage(
        ids.new_id(), "in", desk.later(hours=1), ticket=ticket, kind=Kind.BOUNCE, sender=("", "mailer-daemon@x.example")
    )
    desk.work(add_message, bounce)
    assert desk.ask(queries.message_to_answer, ticket) == asked


def test_a_letter_called_back_after_a_merge_leaves_the_draft_of_the_ticket_that_was_kept(desk: SmallDesk) -> None:
    kept, part = desk.mail()[0], desk.mail()[0]
    sent = desk.do(commands.reply, part, text="Your lamp is on its way").message
    desk.do(commands.merge, part, kept)
    desk.do(save_draft, DraftContent("Your chair is here", cc=[("Carol", "carol@shop.example")]), ticket=kept)
    desk.do(outbox.edit, sent)
    begun = desk.ask(queries.begun_in, kept, desk.ann)
    assert [one.draft.text for one in begun] == ["Your chair is here", "Your lamp is on its way"]


def test_a_letter_called_back_into_a_draft_loses_none_of_its_recipients(desk: SmallDesk) -> None:
    ticket = desk.mail()[0]
    sent = desk.do(commands.reply, ticket, text="It is on its way", cc=["Bob <bob@shop.example>"]).message
    desk.do(save_draft, DraftContent("PS", cc=[("Carol", "carol@shop.example")]), ticket=ticket)
    desk.do(outbox.edit, sent)
    draft = desk.ask(queries.begun_in, ticket, desk.ann)[0].draft
    assert draft.text == "PS\n\nIt is on its way"
    assert [address for _, address in draft.cc] == ["bob@shop.example", "carol@shop.example"]


def test_a_reply_that_did_not_arrive_is_told_in_the_ticket_that_its_own_became_part_of(desk: SmallDesk) -> None:
    kept, part, small = (desk.mail()[0] for _ in range(3))
    sent = desk.do(commands.reply, small, text="Your lamp is on its way").message
    desk.do(outbox.hold, sent, Hold.DEAD_ADDRESS)
    assert desk.ask(queries.ticket_rows, [small])[0].problem == "held"
    desk.do(commands.merge, small, part)
    desk.do(commands.merge, part, kept)
    assert desk.ask(queries.ticket_rows, [kept])[0].problem == "held"
    desk.do(commands.unmerge, part)
    assert [row.problem for row in desk.ask(queries.ticket_rows, [kept, part])] == ["", "held"]
