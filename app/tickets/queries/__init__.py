"""Reading tickets. Split by what is read; everything that others call is here."""

from app.tickets.counters import recount, wrong_counters
from app.tickets.queries.board import BoardColumn, board
from app.tickets.queries.conversation import (
    conversation,
    conversation_ids,
    deliveries,
    message_ids,
    message_to_answer,
    message_view,
)
from app.tickets.queries.drafts import Begun, begun_in
from app.tickets.queries.history import HistoryLine, history
from app.tickets.queries.merging import (
    Meanwhile,
    MergedLine,
    MergedPart,
    MergePreview,
    meanwhile,
    merge_preview,
    merged_parts,
)
from app.tickets.queries.news import FollowedNews, followed_news
from app.tickets.queries.rows import (
    LinkView,
    TicketDetail,
    TicketRow,
    links,
    living_ticket,
    tag_list,
    ticket,
    ticket_id,
    ticket_rows,
    tickets_of,
)
from app.tickets.queries.views import (
    BinRow,
    Pile,
    View,
    bin_rows,
    ticket_ids,
    ticket_keys,
    view_named,
)
from app.tickets.queries.work import FollowerInfo, Item, Spent, Timer, Work, running_timer, work
from app.tickets.rules import BoardBy

__all__ = [
    "Begun",
    "BinRow",
    "BoardBy",
    "BoardColumn",
    "FollowedNews",
    "FollowerInfo",
    "HistoryLine",
    "Item",
    "LinkView",
    "Meanwhile",
    "MergePreview",
    "MergedLine",
    "MergedPart",
    "Pile",
    "Spent",
    "TicketDetail",
    "TicketRow",
    "Timer",
    "View",
    "Work",
    "begun_in",
    "bin_rows",
    "board",
    "conversation",
    "conversation_ids",
    "deliveries",
    "followed_news",
    "history",
    "links",
    "living_ticket",
    "meanwhile",
    "merge_preview",
    "merged_parts",
    "message_ids",
    "message_to_answer",
    "message_view",
    "recount",
    "running_timer",
    "tag_list",
    "ticket",
    "ticket_id",
    "ticket_ids",
    "ticket_keys",
    "ticket_rows",
    "tickets_of",
    "view_named",
    "work",
    "wrong_counters",
]
