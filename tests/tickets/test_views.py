"""The lists: what is in each, in which order, and that the database reads them from an index."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, func, select

from app.kernel.database.tables import Change
from app.outbox.drafts import DraftContent, drop_draft, save_draft
from app.search.queries import ticket_ids as found_by_search
from app.tickets import commands, queries
from app.tickets.queries import Pile, View
from tests.desk_fixture import SmallDesk
from tests.piles import WITHOUT_A_VIEW, numbers


def fill(desk: SmallDesk) -> dict[str, UUID]:
    """One ticket of each sort, the last one newest."""
    made = {}
    for name in ("new", "open", "waiting", "solved", "closed", "mine", "late", "follow", "asleep", "deleted", "merged"):
        desk.later(minutes=1)
        made[name], _ = desk.mail(address=f"{name}@shop.example", name=name)
    for status in ("open", "waiting", "solved", "closed"):
        desk.do(commands.set_status, made[status], status)
    desk.do(commands.assign, [made["mine"], made["closed"]], desk.ann)
    desk.do(commands.set_fields, made["late"], due_at=desk.now - timedelta(hours=1))
    desk.do(commands.set_fields, made["follow"], due_at=desk.now + timedelta(hours=1))
    desk.do(commands.set_follow_up, made["follow"], follow_up=True)
    desk.do(commands.mark_seen, made["new"])
    desk.do(commands.snooze, made["asleep"], desk.now + timedelta(days=1))
    desk.do(commands.delete_ticket, made["deleted"])
    desk.do(commands.merge, made["merged"], made["new"])
    return made


CONTENTS = {
    Pile.ACTIVE: "new asleep follow late mine solved waiting open",
    Pile.TO_DO: "new follow late mine open",
    Pile.UNASSIGNED: "new follow late open",
    Pile.MINE: "mine",
    Pile.SNOOZED: "asleep",
    Pile.NEW: "new asleep follow late mine",
    Pile.OPEN: "open",
    Pile.WAITING: "waiting",
    Pile.SOLVED: "solved",
    Pile.CLOSED: "closed",
    Pile.OVERDUE: "late",
    Pile.FOLLOW_UP: "follow",
    Pile.UNREAD: "follow late mine open",
    Pile.ALL: "new asleep follow late mine closed solved waiting open",
    Pile.BIN: "deleted",
}


def test_each_list_holds_what_it_says_and_its_number_is_exact(desk: SmallDesk) -> None:
    made = fill(desk)
    names = {key: name for name, key in made.items()}
    counted = {pile: one.total for pile, one in desk.ask(numbers, desk.ann).items()}
    for pile, words in CONTENTS.items():
        found = desk.ask(queries.ticket_ids, View(pile, desk.ann))
        assert [names[key] for key in found] == words.split(), pile
        assert pile in WITHOUT_A_VIEW or counted[pile] == len(found), pile
    assert desk.ask(queries.wrong_counters) == {}


def test_pages_join_without_gap_or_double(desk: SmallDesk) -> None:
    fill(desk)
    for pile in CONTENTS:
        view = View(pile, desk.ann)
        whole = desk.ask(queries.ticket_ids, view)
        paged: list[UUID] = []
        while page := desk.ask(queries.ticket_ids, view, limit=2, after=paged[-1] if paged else None):
            paged += page
        assert paged == whole, pile


@pytest.mark.parametrize("pile", list(Pile))
def test_a_first_page_is_read_from_an_index(desk: SmallDesk, pile: Pile) -> None:
    statements: list[tuple[str, tuple[object, ...]]] = []

    def note(_c: object, _u: object, statement: str, values: tuple[object, ...], *_rest: object) -> None:
        if statement.startswith("SELECT"):
            statements.append((statement, values))

    event.listen(desk.store.reader, "before_cursor_execute", note)
    desk.ask(queries.ticket_ids, View(pile, desk.ann), limit=50)
    event.remove(desk.store.reader, "before_cursor_execute", note)
    ((statement, values),) = statements
    with desk.store.reader.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert not [line for line in plan if "TEMP B-TREE" in line], plan
    assert all("INDEX" in line for line in plan if "ticket" in line.split()), plan


def test_the_board_has_its_columns(desk: SmallDesk) -> None:
    made = fill(desk)
    columns = desk.ask(queries.board)
    assert [(one.key, one.count) for one in columns] == [("new", 5), ("open", 1), ("waiting", 1), ("solved", 1)]
    assert columns[0].ids[0] == made["new"]
    by_owner = {one.key: one.count for one in desk.ask(queries.board, "assignee", limit=1)}
    assert by_owner == {"": 7, desk.ann.hex: 1, desk.bob.hex: 0}
    assert [one.key for one in desk.ask(queries.board, "priority")] == ["urgent", "high", "normal", "low"]


def test_a_row_has_all_that_a_list_paints(desk: SmallDesk) -> None:
    ticket, _ = desk.mail(name="", words="Hello there")
    desk.do(commands.add_tag, ticket, "b")
    desk.do(commands.add_tag, ticket, "A")
    desk.do(commands.assign, ticket, desk.bob)
    (row,) = desk.ask(queries.ticket_rows, [ticket, desk.ann], desk.ann)
    assert (row.customer_name, row.assignee_name, row.tags) == ("mia@shop.example", "Bob Ray", ("A", "b"))


def _unread(desk: SmallDesk, who: UUID) -> int:
    found = desk.ask(numbers, who)
    assert found[Pile.UNREAD].total == found[Pile.TO_DO].unread
    return found[Pile.UNREAD].total


def test_unread_is_each_agents_own(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.do(commands.mark_seen, ticket)
    assert [_unread(desk, who) for who in (desk.ann, desk.bob)] == [0, 1]
    desk.later(minutes=1)
    desk.mail(ticket)
    assert _unread(desk, desk.ann) == 1
    desk.do(commands.mark_seen, ticket)
    desk.do(commands.mark_unseen, ticket)
    assert _unread(desk, desk.ann) == 1


def test_a_number_keeps_meaning_its_ticket_after_a_merge(desk: SmallDesk) -> None:
    old, _ = desk.mail()
    new, _ = desk.mail(address="ben@shop.example")
    desk.do(commands.merge, old, new)
    detail = desk.ask(queries.ticket, 1)
    assert detail is not None
    assert (detail.id, detail.numbers, detail.row.messages) == (new, (2, 1), 2)
    assert len(desk.ask(queries.conversation, new)) == 2
    desk.mail(old)  # an answer to the old one joins the new one
    assert len(desk.ask(queries.conversation, new)) == 3
    desk.do(commands.unmerge, old)
    assert desk.ask(queries.ticket_id, 1) == old
    assert len(desk.ask(queries.conversation, new)) == 1


def test_history_tells_who_did_what(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()
    desk.later(minutes=1)
    desk.do(commands.assign, ticket, desk.bob)
    desk.later(minutes=1)
    desk.do(commands.set_status, ticket, "solved", agent=desk.bob)
    lines = [(one.kind, one.field, one.old, one.new, one.agent_name) for one in desk.ask(queries.history, ticket)]
    assert lines == [
        ("created", "status", None, "new", ""),
        ("changed", "assignee", None, "Bob Ray", "Ann Lee"),
        ("changed", "status", "new", "solved", "Bob Ray"),
    ]


def test_links_go_both_ways_and_leave_out_the_bin(desk: SmallDesk) -> None:
    one, _ = desk.mail()
    two, message = desk.mail(address="x@stranger.example")
    desk.work(commands.link_tickets, one, two, "possible_match", message)
    assert [(link.number, link.message) for link in desk.ask(queries.links, one)] == [(2, message)]
    assert [link.number for link in desk.ask(queries.links, two)] == [1]
    desk.do(commands.delete_ticket, two)
    assert desk.ask(queries.links, one) == ()


def test_a_row_says_whether_the_one_who_looks_has_begun_a_reply(desk: SmallDesk) -> None:
    ticket, _ = desk.mail()

    def begun() -> tuple[bool, bool]:
        ann, bob = (desk.ask(queries.ticket_rows, [ticket], who)[0].draft for who in (desk.ann, desk.bob))
        return ann, bob

    def told() -> int:
        query = select(func.count()).select_from(Change).where(Change.kind == "ticket", Change.key == ticket)
        return int(desk.ask(lambda db: db.scalar(query)))

    before = told()
    desk.do(save_draft, DraftContent("Dear Mia"), ticket=ticket)
    assert begun() == (True, False)
    assert told() == before + 1
    draft = desk.do(save_draft, DraftContent("Dear Mia, it"), ticket=ticket)
    assert told() == before + 1  # what is typed on is nothing new to any list
    desk.do(drop_draft, draft)
    assert begun() == (False, False)
    assert told() == before + 2


def test_what_was_begun_in_a_ticket_is_at_hand_where_it_was_merged_and_in_it_again_when_taken_apart(
    desk: SmallDesk,
) -> None:
    kept, part, small = (desk.mail()[0] for _ in range(3))

    def begun(ticket: UUID) -> list[tuple[str, int]]:
        row = desk.ask(queries.ticket_rows, [ticket], desk.ann)[0]
        found = desk.ask(queries.begun_in, ticket, desk.ann)
        assert row.draft is bool(found)
        assert desk.ask(found_by_search, "has:draft", me=desk.ann).count(ticket) == bool(found)
        return [(one.draft.text, one.number) for one in found]

    numbers = {row.id: row.number for row in desk.ask(queries.ticket_rows, [kept, part, small])}
    desk.do(save_draft, DraftContent("Dear Mia"), ticket=small)
    desk.later(minutes=1)
    desk.do(save_draft, DraftContent("a note"), ticket=part, kind="note")
    desk.do(commands.merge, small, part)
    assert desk.ask(queries.merge_preview, [kept, part]).begun == (numbers[part],)
    desk.do(commands.merge, part, kept)
    assert begun(kept) == [("a note", numbers[part]), ("Dear Mia", numbers[small])]
    desk.do(save_draft, DraftContent("Dear both"), ticket=kept)
    assert begun(kept)[0] == ("Dear both", numbers[kept])
    assert len(begun(kept)) == 3
    desk.do(commands.unmerge, part)
    assert begun(kept) == [("Dear both", numbers[kept])]
    assert begun(part) == [("a note", numbers[part]), ("Dear Mia", numbers[small])]
    desk.do(commands.unmerge, small)
    assert begun(small) == [("Dear Mia", numbers[small])]
