"""What tickets say about people: counts, last contact, first replies, companies; merges count as one person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from app.people.commands import merge_customers
from app.people.queries import customer, customer_count, customer_of
from app.tickets.commands import delete_ticket, reply, set_status
from app.tickets.queries.people import TicketFigures, figures_of, first_reply_times, organisation_figures
from tests.desk_fixture import START, small_desk


def test_figures_of_a_person_and_their_company(tmp_path: Path) -> None:
    with small_desk(tmp_path) as desk:
        solved, _ = desk.mail()
        desk.later(hours=2)
        desk.do(reply, solved, text="It is on its way.", solve=True)
        gone, _ = desk.mail(subject="In the Bin")
        desk.do(delete_ticket, gone)
        desk.mail(address="ben@shop.example", name="Ben Wong", subject="Same company")
        mia, ben = (desk.ask(customer_of, f"{name}@shop.example") for name in ("mia", "ben"))
        assert mia is not None
        assert ben is not None
        figures = desk.ask(figures_of, [mia, ben])
        assert (figures[mia].tickets, figures[mia].unfinished) == (1, 0)
        assert (figures[ben].tickets, figures[ben].unfinished) == (1, 1)
        assert figures[ben].last_at == START + timedelta(hours=2)
        assert desk.ask(first_reply_times, mia) in {None, (7200.0, 1)}  # counted when it was sent
        profile = desk.ask(customer, mia)
        assert profile is not None
        assert profile.organisation is not None
        people, together = desk.ask(organisation_figures, profile.organisation)
        assert (people, together.tickets, together.unfinished) == (2, 2, 1)
        assert desk.ask(customer_count, "shop.example") == 2
        desk.do(merge_customers, ben, mia)
        assert desk.ask(figures_of, [mia])[mia].tickets == 2
        assert desk.ask(customer_count) == 1
        desk.do(set_status, solved, "closed")
        assert desk.ask(figures_of, []) == {}
        assert TicketFigures().last_at is None
