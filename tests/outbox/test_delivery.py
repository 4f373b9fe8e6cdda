"""The steps of sending one by one, and what comes back later: leftovers, copies in Sent, reports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.conversations.mailboxes import update_mailbox
from app.conversations.queries import message, messages_by_ref
from app.kernel import clock
from app.kernel.errors import UserError
from app.mime.model import BounceRecipient
from app.outbox import commands, queries, rules, words
from app.outbox.commands import Claim
from app.outbox.facts import ReplySent
from app.outbox.rules import Hold, Phase, State
from app.people.tables import Identity
from tests.outbox.small_desk import ANN, Clock, SmallDesk

BOB = "bob@example.test"


@pytest.fixture
def key(desk: SmallDesk) -> UUID:
    """A reply that has been claimed."""
    desk.incoming()
    return claimed(desk)


def claimed(desk: SmallDesk, **given: Any) -> UUID:
    key = desk.reply(**given)
    ref = desk.packs.append(b"frozen bytes of " + key.bytes)
    desk.packs.flush()
    assert isinstance(desk.do(commands.claim, key, ref), Claim)
    return key


@pytest.mark.parametrize(("phase", "state"), [("connect", "queued"), ("envelope", "queued"), ("data", "uncertain")])
def test_what_a_dead_sender_left_is_settled(desk: SmallDesk, key: UUID, phase: str, state: str) -> None:
    assert desk.do(commands.set_phase, key, phase)
    left = desk.do(commands.settle_leftovers)
    assert (left.queued, left.uncertain) == ((1, 0) if state == "queued" else (0, 1))
    row = desk.row(key)
    assert (row.state, row.attempts) == (state, 1)
    assert desk.do(commands.set_phase, key, Phase.DATA) is False  # the dead one's thread, should it live on
    assert desk.state(key) == state


def test_an_uncertain_message_waits_for_a_person_or_a_proof(desk: SmallDesk, key: UUID, time: Clock) -> None:
    desk.do(commands.record_uncertain, key, "the line broke")
    time.forward(days=10)
    assert desk.ask(queries.due, clock.now()) == ()
    assert not desk.do(commands.cancel, key)
    with pytest.raises(UserError, match="Nobody knows"):
        desk.do(commands.retry, key)
    with pytest.raises(UserError):
        desk.do(commands.settle, key, "failed")
    told = desk.ask(queries.outbox_row, key, clock.now())
    assert (told.buttons, told.needs_attention) == (("settle_sent", "settle_queued"), True)
    assert "Look into the Sent folder" in told.text
    desk.do(update_mailbox, desk.mailbox, files_sent_itself=False)
    assert "ask the customer" in desk.ask(queries.outbox_row, key, clock.now()).text  # there would be nothing in it
    desk.do(commands.settle, key, "queued")
    assert [each.frozen for each in desk.ask(queries.due, clock.now())] == [True]
    with pytest.raises(UserError, match="this one is queued"):
        desk.do(commands.settle, key, "sent")


def test_what_a_person_says_was_sent_gets_its_copy_in_the_sent_folder(desk: SmallDesk, key: UUID) -> None:
    desk.do(update_mailbox, desk.mailbox, files_sent_itself=False)
    desk.do(commands.record_uncertain, key, "the line broke")
    desk.do(commands.settle, key, "sent")
    assert [each.message for each in desk.ask(queries.copies_due, clock.now())] == [key]


@pytest.mark.parametrize("by", ["deskbell_id", "message_id", "named", "bounce"])
def test_a_proof_makes_an_uncertain_message_sent(desk: SmallDesk, key: UUID, by: str) -> None:
    facts: list[object] = []
    desk.store.on(ReplySent, lambda _tx, fact: facts.append(fact))
    desk.do(commands.record_uncertain, key, "the line broke")
    ours = desk.ask(message, key).external_id
    if by == "deskbell_id":
        assert desk.do(commands.note_found_in_sent, key.hex, given_id="<other@provider.test>") == key
        assert desk.ask(messages_by_ref, ["other@provider.test"]) == {"other@provider.test": key}
    elif by == "message_id":
        assert desk.do(commands.note_found_in_sent, f"<{ours}>") == key
    elif by == "named":
        assert desk.do(commands.note_named, ["x@y", ours]) == 1
    else:
        desk.do(commands.record_bounce, key, [BounceRecipient(ANN, "delayed", "4.0.0", "expired", permanent=False)])
    assert desk.state(key) == "sent"
    assert len(facts) == 1
    assert desk.do(commands.note_found_in_sent, "nobody@knows") is None


def test_a_mail_found_in_sent_is_not_sent_again_after_settling_as_queued(desk: SmallDesk, key: UUID) -> None:
    desk.do(commands.record_uncertain, key, "the line broke")
    desk.do(commands.settle, key, "queued")
    desk.do(commands.note_found_in_sent, key.hex)
    assert desk.state(key) == "sent"
    assert desk.ask(queries.due, clock.now()) == ()


def test_a_message_never_tried_cannot_be_proved_sent(desk: SmallDesk) -> None:
    desk.incoming()
    key = desk.reply()
    desk.do(commands.note_found_in_sent, key.hex)
    assert desk.state(key) == "queued"


def test_a_report_is_shown_on_the_very_message_and_only_a_dead_address_is_buried(desk: SmallDesk) -> None:
    desk.incoming()
    key = claimed(desk, to=[ANN, BOB])
    desk.do(commands.record_results, key, [ANN, BOB], {})
    full = BounceRecipient(BOB.upper(), "failed", "5.2.2", "mailboxfull", permanent=False, words="mailbox full")
    assert desk.do(commands.record_bounce, key, [full]) == State.PARTIAL
    told = desk.ask(queries.outbox_row, key, clock.now())
    assert [(each.address, each.meaning) for each in told.refused] == [
        (BOB, "The recipient's mailbox is full. The address itself may be fine.")
    ]
    gone = BounceRecipient("", "failed", "5.1.1", "userunknown", permanent=True, words="No such user")
    assert (
        desk.do(commands.record_bounce, key, [BounceRecipient(ANN, "failed", "5.1.1", "userunknown", permanent=True)])
        == State.FAILED
    )

    def dead(db: Any) -> list[str]:
        return [row.handle for row in db.query(Identity).filter(Identity.dead_at.is_not(None))]

    assert desk.ask(dead) == [ANN]
    second = desk.reply("Once more", to=[ANN])
    assert desk.do(commands.claim, second, None) is Hold.DEAD_ADDRESS
    desk.do(commands.retry, second)
    assert desk.ask(dead) == []
    third = claimed(desk, to=[ANN])
    desk.do(commands.record_results, third, [ANN], {})
    assert desk.do(commands.record_bounce, third, [gone]) == State.FAILED  # the only recipient is meant


def test_a_try_that_somebody_else_has_taken_over_goes_no_further(desk: SmallDesk) -> None:
    key = claimed(desk, to=[ANN])
    assert desk.do(commands.set_phase, key, "envelope", 1)
    desk.do(commands.settle_leftovers)  # another engine has come
    assert isinstance(desk.do(commands.claim, key, None), commands.Claim)
    assert not desk.do(commands.set_phase, key, "data", 1)
    assert desk.do(commands.set_phase, key, "data", 2)


def test_a_claim_belongs_to_its_time_and_mailbox(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    key = desk.reply(not_before=clock.now() + timedelta(hours=1))
    assert desk.ask(queries.due, clock.now()) == ()
    assert desk.ask(queries.sending_times) == {desk.mailbox: clock.now() + timedelta(hours=1)}
    ref = desk.packs.append(b"x")
    desk.packs.flush()
    assert desk.do(commands.claim, key, ref) is None
    assert desk.ask(queries.outbox_row, key, clock.now()).buttons == ("cancel", "send_now", "edit")
    desk.do(commands.retry, key)
    assert isinstance(desk.do(commands.claim, key, ref), Claim)
    assert desk.do(commands.claim, key, ref) is None


@given(
    st.sampled_from(list(State)),
    st.sampled_from(["", *Hold]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "words"]),
    st.sampled_from(["", "sign_in", "tls", "plain", "busy", "sample"]),
)
def test_every_state_has_words_and_buttons_that_exist(
    state: State, hold: str, tried: bool, sent: bool, error: str, paused: str
) -> None:
    at = clock.EPOCH
    told = words.describe(
        words.Situation(
            state=state, hold_reason=hold if state is State.HELD and hold else Hold.STALE, phase="", not_before=at, now=at,
            first_attempt_at=at, last_error=error, refused=(), paused=(paused, error), tried=tried, sent_before=sent,
        )
    )  # fmt: skip
    assert told.text.endswith((".", "words"))
    known = {"cancel", "retry", "send_now", "send_anyway", "settle_sent", "settle_queued", "edit", "sign_in"}
    assert set(told.buttons) <= known
    assert not (sent and "cancel" in told.buttons and state is not State.HELD)


@given(
    st.lists(st.sampled_from(["a@x", "b@x", "c@x"]), unique=True, min_size=1),
    st.dictionaries(st.sampled_from(["a@x", "b@x", "c@x"]), st.sampled_from([250, 450, 550])),
)
def test_the_state_of_all_recipients(everybody: list[str], codes: dict[str, int]) -> None:
    results = {address: {"code": code} for address, code in codes.items()}
    state = rules.end_state(everybody, results)
    said = [codes.get(each, 450) // 100 for each in everybody]
    if 4 in said:
        assert state is State.RETRY
    else:
        assert state is State.SENT if set(said) == {2} else State.FAILED if set(said) == {5} else State.PARTIAL


@pytest.mark.parametrize("code", [0, -1, 120, 354])
def test_an_answer_that_means_nothing_is_no_yes(desk: SmallDesk, code: int) -> None:
    """A server that answers a recipient with nonsense has not taken the mail: it is tried again, never called sent."""
    assert rules.end_state([ANN], {ANN: {"code": code, "words": "?"}}) is State.RETRY
    key = claimed(desk, to=[ANN])
    assert desk.do(commands.record_results, key, [], {ANN: (code, "?")}) is State.RETRY
    assert "makes no sense" in desk.row(key).last_error or code == 0
    desk.do(commands.retry, key)
    assert desk.row(key).results == {}


def test_the_back_off_grows_and_ends_after_two_days() -> None:
    assert [rules.back_off(attempt).total_seconds() / 60 for attempt in range(1, 5)] == [1, 5, 15, 60]
    at, attempts = clock.EPOCH, 0
    while not rules.gives_up(clock.EPOCH, at, attempts):
        attempts += 1
        at += rules.back_off(attempts)
    assert 10 < attempts < 25


@pytest.mark.parametrize(
    ("code", "said", "meaning"),
    [
        (550, "5.1.1 <x>: Recipient address rejected: User unknown", "does not exist"),
        (552, "5.2.2 over quota", "full"),
        (552, "5.3.4 Message too large", "too large"),
        (554, "5.7.1 relay access denied", "does not send for this address"),
        (550, "5.7.26 DMARC policy", "spam filter"),
        (451, "4.7.1 Greylisted", "later"),
        (550, "no", "refused"),
    ],
)
def test_refusals_in_plain_words(code: int, said: str, meaning: str) -> None:
    assert meaning in rules.plain_refusal(code, said)
