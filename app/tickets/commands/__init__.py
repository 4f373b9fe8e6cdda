"""The verbs of tickets. Split by verb; everything that others call is here."""

from app.tickets.commands.bin import delete_ticket, restore_ticket
from app.tickets.commands.merging import belongs_to, join, merge, place_message, split, unmerge
from app.tickets.commands.opening import (
    accepts_reply,
    agent_wrote,
    customer_wrote,
    link_tickets,
    message_added,
    open_ticket,
)
from app.tickets.commands.results import Changed, UndoResult, Written
from app.tickets.commands.seen import mark_seen, mark_unseen
from app.tickets.commands.snooze import snooze, wake_due
from app.tickets.commands.status import (
    assign,
    close_solved,
    set_fields,
    set_follow_up,
    set_priority,
    set_status,
)
from app.tickets.commands.tags import add_tag, remove_tag
from app.tickets.commands.undo import cancel_reply, note_reply_cancelled, redo, undo
from app.tickets.commands.undo_job import step as undo_step
from app.tickets.commands.writing import add_note, forward, new_mail, note_reply_sent, reply
from app.tickets.counters import repair_counters, reserve_numbers

__all__ = [
    "Changed",
    "UndoResult",
    "Written",
    "accepts_reply",
    "add_note",
    "add_tag",
    "agent_wrote",
    "assign",
    "belongs_to",
    "cancel_reply",
    "close_solved",
    "customer_wrote",
    "delete_ticket",
    "forward",
    "join",
    "link_tickets",
    "mark_seen",
    "mark_unseen",
    "merge",
    "message_added",
    "new_mail",
    "note_reply_cancelled",
    "note_reply_sent",
    "open_ticket",
    "place_message",
    "redo",
    "remove_tag",
    "repair_counters",
    "reply",
    "reserve_numbers",
    "restore_ticket",
    "set_fields",
    "set_follow_up",
    "set_priority",
    "set_status",
    "snooze",
    "split",
    "undo",
    "undo_step",
    "unmerge",
    "wake_due",
]
