"""The verbs of chats. Split by verb; everything that others call is here."""

from app.chats.commands.answering import Sent, mark_read, note_chat, reply_by_mail, send_chat, typing
from app.chats.commands.channels import add_channel, change_channel, remove_channel, set_away
from app.chats.commands.delivering import (
    Came,
    everybody_left,
    hold_for_gone,
    note_delivered,
    note_delivered_upto,
    note_read_by_visitor,
    take_for_sending,
    visitors_came,
    visitors_left,
)
from app.chats.commands.ending import end_chat, end_silent, ended_by_visitor, turn_into_ticket
from app.chats.commands.identifying import (
    block_visitor,
    check_code,
    prove_identity,
    send_code,
    set_contact,
    unblock_visitor,
)
from app.chats.commands.leaving import mail_transcript, rate, receive_form
from app.chats.commands.receiving import Refused, Said, receive_chat, receive_many, unwelcome
from app.chats.commands.taking import accept, assign_chat, transfer
from app.chats.commands.uploading import keep_upload, tidy_uploads
from app.chats.commands.visitor_cache import Accepted

__all__ = [
    "Accepted",
    "Came",
    "Refused",
    "Said",
    "Sent",
    "accept",
    "add_channel",
    "assign_chat",
    "block_visitor",
    "change_channel",
    "check_code",
    "end_chat",
    "end_silent",
    "ended_by_visitor",
    "everybody_left",
    "hold_for_gone",
    "keep_upload",
    "mail_transcript",
    "mark_read",
    "note_chat",
    "note_delivered",
    "note_delivered_upto",
    "note_read_by_visitor",
    "prove_identity",
    "rate",
    "receive_chat",
    "receive_form",
    "receive_many",
    "remove_channel",
    "reply_by_mail",
    "send_chat",
    "send_code",
    "set_away",
    "set_contact",
    "take_for_sending",
    "tidy_uploads",
    "transfer",
    "turn_into_ticket",
    "typing",
    "unblock_visitor",
    "unwelcome",
    "visitors_came",
    "visitors_left",
]
