"""A desk with tickets in it, made in a moment and without a server, and a person at its window."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from app.desk import Desk
from app.kernel import clock
from app.kernel.database.transaction import Tx
from app.people.commands import add_agent
from tests.desk_fixture import mail_in
from tests.empty_desk import empty_desk
from tests.journeys.person import Person, screen

ROWS = {"Cell", "ListItem"}
"""How a screen reader calls the rows of a list: which of the two is for the list to say."""


def make_desk(folder: Path, subjects: list[str], *, customer: str = "") -> Desk:
    """A desk at which Maya works, with a ticket for each subject, the first the newest. Close it in the end.

    They are all of `customer`, an address, or each of a customer of its own.
    """
    desk = empty_desk(folder)
    desk.sit_down(desk.work(add_agent, "Maya Lind"))
    desk.work(add_agent, "Tom Reed")
    now = clock.now()

    def ingest(tx: Tx) -> list[UUID]:
        return [
            mail_in(
                tx,
                address=customer or f"c{place}@shop.example",
                name=f"Customer {place}" if not customer else "Mia Wong",
                subject=subject,
                words=f"Hello, about {subject}.",
                at=now - timedelta(minutes=place),
            )[0]
            for place, subject in enumerate(subjects)
        ]

    desk.work(ingest)
    return desk


@contextmanager
def person_at(folder: Path, scratch: Path) -> Iterator[Person]:
    """Somebody at the window of the desk in `folder`, when its inbox is there."""
    scratch.mkdir(exist_ok=True)
    with screen() as around:
        person = Person(folder, around, scratch)
        try:
            person.until(lambda: (row := person.focused()) and row.role in ROWS, "the keyboard is in the list")
            yield person
        finally:
            person.go_away()
