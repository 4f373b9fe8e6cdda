"""Each situation of an outgoing message in one sentence, with what a person can do about it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.outbox.rules import ABOUT_COPY, TELL_AFTER, UNDO_AT_MOST, Copy, Hold, Phase, State

_A_FEW: Final = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a message. `paused`: why its mailbox is paused, with the server's words; `tried`: has bytes;
    `chosen`: it waits for a time that the rep chose. `is_filed`: its provider puts what it sends into the Sent folder, so that
    one can look there.
    """

    state: State
    hold_reason: str
    phase: str
    not_before: datetime
    now: datetime
    first_attempt_at: datetime | None
    last_error: str
    refused: tuple[str, ...]
    paused: tuple[str, str]
    tried: bool
    sent_before: bool
    chosen: bool = False
    copy: str = ""
    is_filed: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """`buttons`: the names of what can be done, the sensible one first."""

    text: str
    buttons: tuple[str, ...]
    needs_attention: bool


_HELD = {
    Hold.STALE: ("The customer has written again. Read it first, then send this anyway or change it.", "send_anyway"),
    Hold.SIGN_IN: ("The mailbox needs you to sign in again. It goes out by itself then.", "sign_in"),
    Hold.RESTORED: (
        "The desk was restored from a backup in which this had not gone out yet. Look into the Sent folder before you send it.",
        "send_anyway",
    ),
    Hold.DEAD_ADDRESS: (
        "A message to this address came back: there is no such address. Correct it, or send anyway.",
        "edit",
    ),
}


_PAUSED = {
    "sign_in": "Waits until you have signed in to the mailbox again.",
    "tls": "Waits: the mail server could not prove that it is the right one.",
    "plain": "Waits: the mail server offers no encrypted connection.",
}


def describe(it: Situation) -> Told:
    """The sentence and the buttons."""
    match it.state:
        case State.QUEUED | State.RETRY:
            return _waiting(it)
        case State.HELD if it.hold_reason == Hold.VISITOR_GONE:
            text = (
                "The visitor is gone. It is shown when they come back; write an e-mail if it is to reach them before."
            )
            return Told(text, ("cancel",), needs_attention=True)
        case State.HELD:
            text, first = _HELD.get(Hold(it.hold_reason), ("Waiting for you.", "retry"))
            return Told(text, tuple(dict.fromkeys((first, "send_anyway", "edit", "cancel"))), needs_attention=True)
        case State.SENDING:
            steps = {
                Phase.DATA: "Being handed to the mail server.",
                Phase.ENVELOPE: "Telling the mail server whom it is for.",
            }
            return Told(steps.get(Phase(it.phase), "Connecting to the mail server."), (), needs_attention=False)
        case State.SENT:
            about_copy = " ".join(part for part in copy_words(it.copy, it.last_error) if part)
            return Told(_with("Sent.", about_copy), (), needs_attention=False)
        case State.PARTIAL:
            reached_not = ", ".join(it.refused) or "some recipients"
            text = f"Sent, but not to {reached_not}."
            return Told(_with(text, it.last_error), ("retry",), needs_attention=True)
        case State.UNCERTAIN:
            text = (
                "The connection ended while this was being handed over: it may or may not have arrived. Look into the Sent "
                "folder of your mail provider, then say what became of it."
                if it.is_filed
                else "The connection ended while this was being handed over: it may or may not have arrived. The Sent folder does "
                "not tell: your mail provider files nothing there by itself. An answer or a bounce will; or ask the customer."
            )
            return Told(text, ("settle_sent", "settle_queued"), needs_attention=True)
        case State.FAILED:
            buttons = ("retry",) if it.sent_before else ("edit", "retry", "cancel")
            text = "Came back: it did not reach anybody." if it.sent_before else "Not sent."
            return Told(_with(text, it.last_error), buttons, needs_attention=True)
        case State.CANCELLED:
            if it.hold_reason == Hold.OVERTAKEN:
                text = "Not sent: the customer wrote before its time came. Its words are a draft again."
                return Told(text, (), needs_attention=True)
            return Told("Taken back before it was sent.", (), needs_attention=False)


def _waiting(it: Situation) -> Told:
    taking_back = () if it.sent_before else ("cancel",)
    if it.paused[0] == "sample":
        return Told("A sample desk sends nothing.", taking_back, needs_attention=False)
    if it.paused[0] in _PAUSED:
        return Told(_with(_PAUSED[it.paused[0]], it.paused[1]), ("sign_in", *taking_back), needs_attention=True)
    if it.paused[0]:
        return Told(
            _with("The mailbox is paused.", it.paused[1]),
            ("sign_in", *taking_back),
            needs_attention=True,
        )
    if it.state is State.RETRY:
        long = it.first_attempt_at is not None and it.now - it.first_attempt_at >= TELL_AFTER
        text = (
            "Not delivered to everybody yet; tried again by itself."
            if it.sent_before
            else "Not sent yet; tried again by itself."
        )
        return Told(_with(text, it.last_error), ("retry", *taking_back), needs_attention=long)
    if it.last_error:
        return Told(
            _with("Waiting for a connection; goes out by itself.", it.last_error),
            ("retry", *taking_back),
            needs_attention=False,
        )
    if it.not_before > it.now:
        editing = () if it.sent_before else ("edit",)
        rest = it.not_before - it.now
        text = "Will be sent at the chosen time, unless the customer writes first."
        if not it.chosen and rest <= UNDO_AT_MOST:
            text = "Will be sent in a few seconds." if rest <= _A_FEW else "Will be sent within a minute."
        return Told(text, (*taking_back, "send_now", *editing), needs_attention=False)
    return Told("Will be sent in a moment.", taking_back, needs_attention=False)


def copy_words(copy: str, why: str) -> tuple[str, str]:
    """What is to be said of the copy in the Sent folder: nothing, or that it is missing, and why. No reason to worry."""
    why = why.removeprefix(ABOUT_COPY) if why.startswith(ABOUT_COPY) else ""
    if copy == Copy.NEEDED and why:
        return "Its copy is not in the Sent folder yet; that is tried again by itself.", why
    if copy == Copy.FAILED:
        return "Its copy could not be put into the Sent folder.", why
    return "", ""


def _with(text: str, more: str) -> str:
    return f"{text} {more}" if more else text
