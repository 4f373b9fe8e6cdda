"""Reading tickets. Split by what is read; everything that others call is here."""

from app.tickets.counters import recount, wrong_counters
from app.tickets.queries.board import BoardBy, BoardColumn, board
from app.tickets.queries.conversation import (
    conversation,
    conversation_ids,
    deliveries,
    message_ids,
    message_to_answer,
    message_view,
)
from app.tickets.queries.history import HistoryLine, history
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
    Counts,
    Pile,
    View,
    bin_rows,
    counts,
    ticket_ids,
    ticket_keys,
    view_named,
)

__all__ = [
    "BinRow",
    "BoardBy",
    "BoardColumn",
    "Counts",
    "HistoryLine",
    "LinkView",
    "Pile",
    "TicketDetail",
    "TicketRow",
    "View",
    "bin_rows",
    "board",
    "conversation",
    "conversation_ids",
    "counts",
    "deliveries",
    "history",
    "links",
    "living_ticket",
    "message_ids",
    "message_to_answer",
    "message_view",
    "recount",
    "tag_list",
    "ticket",
    "ticket_id",
    "ticket_ids",
    "ticket_keys",
    "ticket_rows",
    "tickets_of",
    "view_named",
    "wrong_counters",
]
