"""Two errands of every day through the real window, by the keyboard alone and by the mouse: an old invoice is found among
many tickets, and the list of what is overdue is emptied.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from app.desk import Desk
from app.kernel import clock
from app.kernel.database.transaction import Tx
from app.tickets.commands import set_fields, set_status
from app.tickets.queries import TicketDetail, ticket
from tests.desk_fixture import mail_in
from tests.journeys.prepared import make_desk, person_at

pytestmark = pytest.mark.slow

OTHERS, LATE = 40, 5
INVOICE, LETTER = "2024-0117", "Hello, thank you for invoice 2024-0117. We have paid it today."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "desk"


@pytest.fixture
def full_desk(folder: Path) -> Iterator[Desk]:
    """A desk with many tickets, the first of them overdue, and one of long ago that was solved."""
    desk = make_desk(folder, [f"Matter {place:02}" for place in range(OTHERS)])
    now = clock.now()

    def prepare(tx: Tx) -> None:
        then = now - timedelta(days=700)
        old, _ = mail_in(tx, address="kim@mill.example", name="Kim Berg", subject="Your letter", words=LETTER, at=then)
        set_status(tx, [old], "solved")
        set_fields(tx, [key(desk, n + 1) for n in range(LATE)], due_at=now - timedelta(hours=2))

    desk.work(prepare)
    yield desk
    desk.close()


def found(desk: Desk, number: int) -> TicketDetail:
    one = desk.ask(ticket, number)
    assert one is not None
    return one


def key(desk: Desk, number: int) -> UUID:
    return found(desk, number).id


def late(desk: Desk) -> list[int]:
    """The numbers of the tickets whose time has come and that nothing was done with."""
    rows = [found(desk, n + 1).row for n in range(LATE)]
    now = clock.now()
    return [
        one.number
        for one in rows
        if one.status == "new" and one.snooze_until is None and one.due_at is not None and one.due_at <= now
    ]


def test_an_old_invoice_is_found_by_the_keyboard(folder: Path, full_desk: Desk, tmp_path: Path) -> None:
    with person_at(folder, tmp_path / "scratch") as person:
        person.press("slash")
        person.write(f"invoice {INVOICE}")
        person.wait_for("Kim Berg. Your letter. Solved", role="ListItem")
        person.press("Down")
        person.until(lambda: any(LETTER in one.value for one in person.see()), "the letter is shown")
        person.press("n")
        person.until(lambda: (at := person.focused()) and "note" in at.name, "the keyboard is in a note")
        person.write("Paid, says the bank too.")
        person.press("ctrl+Return")
        person.wait_for("Paid, says the bank too.", role="StaticText")
        assert found(full_desk, OTHERS + 1).row.status == "solved"
        assert "Traceback" not in person.leave()


def test_an_old_invoice_is_found_by_the_mouse(folder: Path, full_desk: Desk, tmp_path: Path) -> None:
    with person_at(folder, tmp_path / "scratch") as person:
        person.click("Search tickets and customers")
        person.write(INVOICE)
        person.click("Kim Berg. Your letter. Solved. on", role="ListItem")
        person.until(lambda: any(LETTER in one.value for one in person.see()), "the letter is shown")
        person.click("Open again")
        person.until(lambda: found(full_desk, OTHERS + 1).row.status == "open", "it is open again")
        person.press("ctrl+q")


def test_what_is_overdue_is_dealt_with_by_the_keyboard(folder: Path, full_desk: Desk, tmp_path: Path) -> None:
    """One is solved, one put off, the rest get another day all at once; then nothing is overdue, and undo brings it back."""
    with person_at(folder, tmp_path / "scratch") as person:
        person.press("g", "o")
        person.wait_for("Overdue", role="StaticText")
        person.wait_for("Matter 04. New", role="ListItem")
        person.press("Home")
        person.wait_for("#5  ·")
        person.press("e")
        person.until(lambda: late(full_desk) == [1, 2, 3, 4], "the first is solved")
        person.wait_for("#4  ·")
        person.press("h")
        person.until(lambda: (at := person.focused()) and at.role == "Button", "times to come back are offered")
        person.press("space")
        person.until(lambda: late(full_desk) == [1, 2, 3], "the second is put off")
        person.wait_for("#3  ·")
        person.press("ctrl+a")
        person.wait_for("3 selected")
        person.press("d")
        person.wait_for("3 tickets are due")
        person.press("Tab", "space")
        person.until(lambda: not late(full_desk), "the rest have time until tomorrow")
        person.wait_for("Nothing here")
        person.press("ctrl+z")
        person.until(lambda: late(full_desk) == [1, 2, 3], "the three are overdue again")
        person.wait_for("Matter 02. New. overdue", role="ListItem")
        assert "Traceback" not in person.leave()


def test_what_is_overdue_is_dealt_with_by_the_mouse(folder: Path, full_desk: Desk, tmp_path: Path) -> None:
    with person_at(folder, tmp_path / "scratch") as person:
        person.click(f"Overdue {LATE}")
        person.click("Customer 4. Matter 04", role="ListItem")
        for left in reversed(range(LATE)):
            person.wait_for(f"#{left + 1}  ·")
            person.click("Mark solved")
            person.until(lambda left=left: len(late(full_desk)) == left, f"{left} are left")  # type: ignore[misc]
        person.wait_for("Nothing here")
        person.press("ctrl+q")
