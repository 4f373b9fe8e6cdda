"""What mail health says and why: causes by their weight, how long a state has lasted, the equation of the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.conversations.queries import MailboxInfo
from app.desk import Desk
from app.desk.maintenance.backing_up import Standing
from app.inbox.commands import (
    begin_folder,
    note_listing,
    watch_folders,
)
from app.inbox.queries import LedgerFolder, ledger, listing_difference, receive_plan
from app.inbox.rules import FolderRole
from app.kernel import clock
from app.kernel.errors import ExternalError, Reason
from tests.ui.shop_box import box_of, shop_box
from ui.pages.health.facts import Facts, MailState, clock_said, gather, judge, last_states, looked_at, shared_boxes
from ui.pages.health.sums import by_outcome, summed


@pytest.fixture
def box(desk: Desk) -> MailboxInfo:
    return shop_box(desk)


def state(word: str, reason: str = "", words: str = "") -> MailState:
    """A state said just now."""
    return MailState(word, reason, words, clock.now(), clock.now())


def test_the_weightiest_cause_decides(box: MailboxInfo) -> None:
    now = clock.now()
    assert judge(Facts(now))[0] == "online"
    good = Facts(now, (box,), {box.id: state("ok")}, backup=Standing(now, now, now, "/stick", "daily"))
    assert judge(good)[0] == "online"
    assert judge(replace(good, states={box.id: state("working")}))[0] == "busy"
    offline = replace(good, states={box.id: state("offline", "offline")}, outbox={"queued": 3})
    level, causes = judge(offline)
    assert level == "offline"
    assert "3 replies" in causes[0].detail
    level, causes = judge(replace(good, states={box.id: state("ok", "full", "It is 97% full.")}))
    assert (level, causes[0].text, causes[0].detail) == (
        "attention", "Shop: the mailbox is nearly full", "It is 97% full.",
    )  # fmt: skip
    level, causes = judge(replace(good, states={box.id: state("ok", "", "The server says: “Maintenance”")}))
    assert (level, [cause.text for cause in causes if "Maintenance" in cause.detail]) == (
        "online", ["Shop: a word from the server"],
    )  # fmt: skip
    refused = replace(box, paused_reason="sign_in", paused_words="Invalid credentials")
    level, causes = judge(replace(offline, boxes=(refused,)))
    assert (level, causes[0].act) == ("attention", "sign_in")
    assert "Invalid credentials" in causes[0].detail
    closed = ExternalError("imap.shop.test does not take connections.", reason=Reason.HOST, retryable=True)
    unreached = replace(good, states={box.id: state("offline", closed.reason, closed.in_full)})
    (said,) = (each for each in judge(unreached)[1] if each.level == "offline")
    assert said.text == "Shop: the server cannot be reached"
    assert said.detail == "imap.shop.test does not take connections. Tried again by itself."
    assert judge(replace(good, engine=False))[0] == "attention"
    assert judge(replace(good, engine=False, starting=True))[0] == "busy"
    assert judge(replace(good, outbox={"uncertain": 1}))[1][0].act == "outbox"


def test_older_mail_that_still_comes_is_on_its_way_and_no_fault(desk: Desk) -> None:
    """While the live connection is well, another one brings what lay in the mailbox: nothing of that is missing."""
    new = NewMailbox("old@shop.test", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", "old@shop.test", "none", name="Shop")
    box = coming = box_of(desk, desk.work(add_mailbox, new))
    facts = Facts(clock.now(), (coming,), {box.id: state("ok")})
    level, causes = judge(facts)
    assert (level, causes[0].text) == ("busy", "Shop: receiving")
    assert facts.busy == {box.address}
    assert judge(replace(facts, held=frozenset({box.id})))[0] == "online"
    desk.work(watch_folders, box.id, [("INBOX", FolderRole.INBOX)])
    plan = desk.ask(receive_plan, box.id)
    assert plan is not None
    inbox = plan.folders[0].id
    desk.work(begin_folder, inbox, 1, 9)
    difference = desk.ask(listing_difference, inbox, 1, range(1, 9), uidnext=9)
    desk.work(note_listing, inbox, difference, uidnext=9, modseq=None)
    assert desk.ask(ledger)[0].unaccounted == 8
    assert gather(desk).unaccounted == 0


def test_the_last_backup_is_always_told_and_an_old_or_lonely_one_is_said(box: MailboxInfo) -> None:
    now = clock.now()
    safe = Standing(now, now, now, "/stick", "daily")
    facts = Facts(now, (box,), {box.id: state("ok")}, backup=safe)
    level, causes = judge(facts)
    assert (level, causes[-1].tone, causes[-1].text.startswith("Last backup")) == ("online", "ok", True)
    level, causes = judge(replace(facts, backup=replace(safe, elsewhere_at=None)))
    assert (level, causes[-1].tone, "second place" in causes[-1].detail) == ("online", "warn", True)
    level, causes = judge(replace(facts, backup=replace(safe, last_at=now - timedelta(days=9))))
    assert (level, causes[0].act) == ("attention", "backup")
    level, causes = judge(replace(facts, backup=replace(safe, problem="The disk is full.")))
    assert (level, causes[0].act, causes[0].detail) == ("attention", "backup", "The disk is full.")
    assert judge(replace(facts, backup=replace(safe, every="off", last_at=None)))[0] == "online"


def test_a_sample_desk_is_no_fault(box: MailboxInfo) -> None:
    sample = replace(box, paused_reason="sample")
    level, causes = judge(Facts(clock.now(), (sample,), engine=False))
    assert level == "offline"
    assert [cause.act for cause in causes] == [""]


def test_a_clock_that_may_be_wrong_is_said_with_what_waits_because_of_it(box: MailboxInfo) -> None:
    now = clock.now()
    facts = Facts(now, (box,), {box.id: state("ok")})
    for kind, words in (("ahead", "For up to an hour"), ("behind", "later times"), ("impossible", "Set its date")):
        said = clock_said(
            [(1, {"kind": kind, "known": (now - timedelta(days=400)).isoformat(), "at": now.isoformat()})], now
        )
        level, causes = judge(replace(facts, clock=said))
        assert level == "attention"
        assert words in f"{causes[0].text} {causes[0].detail}"
    for seconds, words in ((10_799, "3 h ahead of your mail server's"), (-5_400, "1 h behind your mail server's")):
        off = {"kind": "differs", "known": "", "at": now.isoformat(), "seconds": str(seconds)}
        level, causes = judge(replace(facts, clock=clock_said([(1, off)], now)))
        assert (level, causes[0].tone) == ("online", "warn")
        assert words in causes[0].text
    left_behind = {"kind": "ahead", "known": "", "at": (now + timedelta(days=365)).isoformat()}
    assert clock_said([(1, left_behind)], now) is None
    assert clock_said([(1, left_behind), (2, {"kind": "", "known": "", "at": now.isoformat()})], now) is None


def test_another_desk_on_the_same_mailbox_is_said(box: MailboxInfo) -> None:
    now = clock.now()
    said = {"mailbox": str(box.id), "at": (now - timedelta(hours=3)).isoformat()}
    shared = shared_boxes([(1, said), (2, said | {"mailbox": str(uuid4()), "at": "2020-01-01T00:00:00+00:00"})], now)
    level, causes = judge(Facts(now, (box,), {box.id: state("ok")}, shared=shared))
    assert (level, causes[0].act) == ("attention", "mailbox")
    assert "another Deskbell answers from this mailbox too" in causes[0].text


def test_how_long_a_state_has_lasted_is_known() -> None:
    key, other = uuid4(), uuid4()
    start = clock.now()

    def said(minute: int, who: UUID, word: str) -> tuple[int, dict[str, object]]:
        return minute, {"mailbox": str(who), "state": word, "at": (start + timedelta(minutes=minute)).isoformat()}

    words = [said(0, key, "ok"), said(1, key, "offline"), said(2, other, "ok"), said(3, key, "offline"), (4, {})]
    found = last_states(words)
    assert found[key].since == start + timedelta(minutes=1)
    assert found[key].at == start + timedelta(minutes=3)
    assert found[other].state == "ok"


def folder(**numbers: object) -> LedgerFolder:
    """An account of a folder."""
    given: dict[str, object] = dict.fromkeys(("server", "waiting", "gone", "unaccounted"), 0)
    given |= {"by_outcome": {}, "listed_at": clock.now(), "id": uuid4()}
    return LedgerFolder(mailbox="help@shop.test", folder="INBOX", role="inbox", **(given | numbers))  # type: ignore[arg-type]


def test_a_look_that_found_nothing_new_counts_as_one(box: MailboxInfo) -> None:
    """And one that failed does not; nor does that of a mailbox that is not shown."""
    long_ago, now = clock.now() - timedelta(hours=1), clock.now()
    other = replace(box, id=uuid4(), address="shop@shop.test")
    facts = Facts(now, (box, other), states={box.id: replace(state("ok"), at=now), other.id: state("ok")})
    assert looked_at(facts, [folder(listed_at=long_ago)]) == now
    failed = replace(facts, states={box.id: state("offline")})
    assert looked_at(failed, [folder(listed_at=long_ago)]) == long_ago
    assert looked_at(Facts(now), [folder(listed_at=None)]) is None


def test_the_equation_adds_up_with_mail_that_has_left_and_mail_that_is_missing() -> None:
    one = folder(server=12, by_outcome={"message": 9, "spam": 1, "quarantined": 1}, waiting=1, gone=2, unaccounted=2)
    two = folder(server=3, by_outcome={"history": 2, "bounce": 1})
    sums = summed([one, two])
    assert sums.off == 0
    assert sums.parts["tickets"] == 11
    assert [(sign, part) for sign, part, _ in sums.terms][-2:] == [("−", "gone"), ("+", "unaccounted")]
    assert summed([folder(server=5)]).off == 5
    busy = summed([one, two], busy={"help@shop.test"})
    assert (busy.off, busy.missing, busy.parts["waiting"]) == (0, 0, 3)
    assert by_outcome([one, two]) == [
        ("message", 9),
        ("history", 2),
        ("spam", 1),
        ("bounce", 1),
        ("quarantined", 1),
        ("received", 1),
    ]
