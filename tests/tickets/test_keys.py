"""A whole list as one block of bytes says the same as its ids."""

from __future__ import annotations

from app.tickets.queries import Pile, View, ticket_ids, ticket_keys
from tests.desk_fixture import SmallDesk


def test_a_block_of_keys_is_the_list_of_ids(desk: SmallDesk) -> None:
    for number in range(5):
        desk.later(minutes=1)
        desk.mail(subject=f"Question {number}")
    for view in (View(), View(Pile.TO_DO), View(Pile.ALL), View(Pile.CLOSED)):
        ids = desk.ask(ticket_ids, view)
        assert desk.ask(ticket_keys, view) == b"".join(key.bytes for key in ids)
        assert desk.ask(ticket_keys, view, after=ids[1] if ids else None) == b"".join(key.bytes for key in ids[2:])
