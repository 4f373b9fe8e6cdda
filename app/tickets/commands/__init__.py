"""The verbs of tickets. Split by verb; everything that others call is here."""

from app.tickets.commands.bin import delete_ticket, restore_ticket
from app.tickets.commands.checklist import add_item, move_item, remove_item, rename_item, tick_item
from app.tickets.commands.custom import need_fields, set_custom
from app.tickets.commands.following import follow, unfollow
from app.tickets.commands.linking import link, unlink
from app.tickets.commands.merging import belongs_to, join, merge, place_message, unmerge
from app.tickets.commands.opening import (
    accepts_reply,
    agent_wrote,
    continuation,
    customer_wrote,
    link_tickets,
    message_added,
    open_ticket,
)
from app.tickets.commands.results import Changed, UndoResult, Written
from app.tickets.commands.seen import mark_seen, mark_unseen
from app.tickets.commands.snooze import snooze, wake_due
from app.tickets.commands.spent import change_time, log_time, remove_time, start_timer, stop_timer
from app.tickets.commands.splitting import split
from app.tickets.commands.states import StateRemoved, remove_state
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
    "StateRemoved",
    "UndoResult",
    "Written",
    "accepts_reply",
    "add_item",
    "add_note",
    "add_tag",
    "agent_wrote",
    "assign",
    "belongs_to",
    "cancel_reply",
    "change_time",
    "close_solved",
    "continuation",
    "customer_wrote",
    "delete_ticket",
    "follow",
    "forward",
    "join",
    "link",
    "link_tickets",
    "log_time",
    "mark_seen",
    "mark_unseen",
    "merge",
    "message_added",
    "move_item",
    "need_fields",
    "new_mail",
    "note_reply_cancelled",
    "note_reply_sent",
    "open_ticket",
    "place_message",
    "redo",
    "remove_item",
    "remove_state",
    "remove_tag",
    "remove_time",
    "rename_item",
    "repair_counters",
    "reply",
    "reserve_numbers",
    "restore_ticket",
    "set_custom",
    "set_fields",
    "set_follow_up",
    "set_priority",
    "set_status",
    "snooze",
    "split",
    "start_timer",
    "stop_timer",
    "tick_item",
    "undo",
    "undo_step",
    "unfollow",
    "unlink",
    "unmerge",
    "wake_due",
]
