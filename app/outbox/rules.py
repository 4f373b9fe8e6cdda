"""The life of an outgoing message: states, phases, which change is allowed, when to try again, whom to answer.

Pure: no database, no network, no clock. The one thing everything here serves: a mail is never sent twice and never
silently not sent. `sent` is one-way; an end that nobody can know is `uncertain` and asks a person.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.mime.meaning.reasons import in_plain_words

Person = tuple[str, str]
"""(name, address) of one recipient."""


class State(enum.StrEnum):
    """Where a message is. The values are part of the command line's contract."""

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    RETRY = "retry"
    SENT = "sent"
    PARTIAL = "partial"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Phase(enum.StrEnum):
    """How far a hand-over has come; committed before the step begins."""

    NONE = ""
    CONNECT = "connect"
    ENVELOPE = "envelope"
    DATA = "data"


class Hold(enum.StrEnum):
    """Why a message waits for a person."""

    STALE = "stale"  # the customer wrote again after what the rep had seen
    SIGN_IN = "sign_in"
    DEAD_ADDRESS = "dead_address"  # this address was reported as not existing
    VISITOR_GONE = "visitor_gone"  # of a chat: it goes out by itself when the visitor comes back
    RESTORED = "restored"  # the desk was restored from a backup: it may have gone out since that was made
    OVERTAKEN = "overtaken"  # taken back by itself: the customer wrote before the time that the rep had chosen


class Copy(enum.StrEnum):
    """The copy in the Sent folder: a step of its own, whose failure never sends anything again."""

    NONE = "none"
    NEEDED = "needed"
    DONE = "done"
    FAILED = "failed"


WAITING: Final = (State.QUEUED, State.RETRY)
"""What a sender may claim once its time has come."""

CANCELLABLE: Final = (State.QUEUED, State.HELD, State.RETRY, State.FAILED)
RETRYABLE: Final = (State.QUEUED, State.HELD, State.RETRY, State.FAILED, State.PARTIAL)
OPEN: Final = (State.QUEUED, State.HELD, State.SENDING, State.RETRY, State.UNCERTAIN)
TROUBLE: Final = (State.HELD, State.PARTIAL, State.UNCERTAIN, State.FAILED)

FORWARD: Final = "forward"
"""The kind of a message that passes a mail on to somebody else. It answers nobody."""

GIVE_UP: Final = timedelta(hours=48)
MOST_RECIPIENTS: Final = 100
TRIES_AT_LEAST: Final = 5
"""So many tries come first, however much time seems to have gone by: the clock may have been set, the computer off."""
TRIES_AT_MOST: Final = 24
"""More than two days have; where the clock was set back, they end it."""
UNDO_AT_MOST: Final = timedelta(seconds=60)
TELL_AFTER: Final = timedelta(hours=1)
ABOUT_COPY: Final = "Sent folder: "
"""What is said of the copy of a sent mail begins so: a report about the mail itself stands in the same place."""
TRIES_OF_THE_FIRST_HOUR: Final = 4
COPY_ATTEMPTS: Final = 12
"""The tries at a copy in the Sent folder: over a day and a quarter, so that a full mailbox can be made room in."""
_STEPS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120, 240))
_PROMPT_ATTEMPTS: Final = 3


def back_off(attempts: int) -> timedelta:
    """How long to wait after the `attempts`-th try (1 is the first): 1, 5, 15, 60 minutes, then 2 and 4 hours."""
    return _STEPS[min(max(attempts, 1), len(_STEPS)) - 1]


def gives_up(first_attempt_at: datetime | None, next_at: datetime, attempts: int) -> bool:
    """After so many tries, would the next one come later than two days after the first?"""
    if first_attempt_at is None or attempts < TRIES_AT_LEAST:
        return False
    return next_at - first_attempt_at > GIVE_UP or attempts >= TRIES_AT_MOST


def longest_wait(attempts: int) -> timedelta:
    """How far away the next try may be at most, after so many: what lies further was reckoned before the clock was set back."""
    return back_off(attempts) if attempts else UNDO_AT_MOST


def after_crash(phase: str, attempts: int) -> tuple[State, timedelta]:
    """What becomes of a message that a sender left in the middle, and when to try it again.

    Before `data` nothing can have gone out; in `data` nobody knows. A message whose tries keep ending in a crash
    waits longer each time instead of taking the sender down in a circle.
    """
    if phase == Phase.DATA:
        return State.UNCERTAIN, timedelta(0)
    return State.QUEUED, timedelta(0) if attempts < _PROMPT_ATTEMPTS else back_off(attempts)


def is_refused(result: Mapping[str, Any]) -> bool:
    """Does a recipient's result not say that the mail was taken (RFC 5321, section 4.2.1: 2xx)?

    Only a server's yes is a yes. A code that means nothing, or none at all, is not.
    """
    return not 200 <= int(result.get("code", 0)) < 300


def is_temporary(result: Mapping[str, Any]) -> bool:
    """Did the server say "not now" to this recipient, or something that nobody understands?"""
    return is_refused(result) and int(result.get("code", 0)) < 500


def still_to_reach(recipients: Iterable[str], results: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Those who have neither been accepted nor refused for good, in order."""
    return tuple(each for each in recipients if each not in results or is_temporary(results[each]))


def end_state(recipients: Sequence[str], results: Mapping[str, Mapping[str, Any]]) -> State:
    """The state that the results of all recipients add up to: `retry` while somebody may still be reached."""
    refused = [each for each in recipients if each in results and is_refused(results[each])]
    if still_to_reach(recipients, results):
        return State.RETRY
    if not refused:
        return State.SENT
    return State.FAILED if len(refused) == len(recipients) else State.PARTIAL


# -- whom to answer


def _key(address: str) -> str:
    return address.strip().casefold()


def is_own(address: str, own: frozenset[str]) -> bool:
    """Is this one of our addresses (casefolded), with or without a `+tag`?"""
    key = _key(address)
    if key in own or "+" not in key:
        return key in own
    local, at, domain = key.rpartition("@")
    return f"{local.split('+')[0]}{at}{domain}" in own


def is_address(address: str) -> bool:
    """Can a mail go there at all: one `@`, something on both sides, no space, no control character?"""
    return re.fullmatch(r"[^\s@<>,;\x00-\x1f\x7f]+@[^\s@<>,;\x00-\x1f\x7f]+", address) is not None


def distinct(people: Iterable[Person], *, without: Iterable[str] = ()) -> tuple[Person, ...]:
    """Each address once, in order, leaving out those in `without`."""
    seen = {_key(address) for address in without}
    kept: list[Person] = []
    for name, address in people:
        if is_address(address) and _key(address) not in seen:
            seen.add(_key(address))
            kept.append((name, address))
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class Answered:
    """The parts of a message that decide who gets its answer."""

    incoming: bool
    automatic: bool
    sender: Person
    reply_to: tuple[Person, ...]
    to: tuple[Person, ...]
    cc: tuple[Person, ...]


def address_to_answer_from(own: Sequence[str], message: Answered) -> str:
    """Which of a mailbox's addresses (its own first, then the aliases) an answer comes from: the one written to."""
    used = (*message.to, *message.cc) if message.incoming else (message.sender,)
    met = {_key(address) for _, address in used}
    return next((each for each in own if _key(each) in met), own[0])


def answer_to(message: Answered, own: frozenset[str]) -> tuple[tuple[Person, ...], tuple[Person, ...]]:
    """(To, Cc) of an answer: To the author, Cc everybody else of it, never an address of ours.

    Reply-To counts only from a person's mail and when it is not ours (a form mailer set up wrongly names the desk
    itself). A further word after our own message goes where that one went. What went to more people than a letter may
    go to (a mailing of an address book) is answered to its author alone.
    """
    if not message.incoming:
        to, cc = message.to, message.cc
    else:
        wanted = () if message.automatic else message.reply_to
        to = distinct(each for each in wanted if not is_own(each[1], own)) or (message.sender,)
        cc = (*message.to, *message.cc)
    to = distinct(each for each in to if not is_own(each[1], own))
    cc = distinct((each for each in cc if not is_own(each[1], own)), without=(address for _, address in to))
    to, cc = (to, cc) if to else (cc[:1], cc[1:])
    if len(to) + len(cc) > MOST_RECIPIENTS:
        return (to if len(to) <= MOST_RECIPIENTS else to[:1]), ()
    return to, cc


_PREFIX: Final = re.compile(r"\s*(re|aw|antw|sv|vs|r|rif|odp|ref)\s*(\[\d+\])?\s*[::]", re.IGNORECASE)


_PASSED_ON: Final = re.compile(r"\s*(fwd?|wg|tr|rv|i|enc|pd|doorst)\s*[:：]", re.IGNORECASE)


def answer_subject(subject: str) -> str:
    """The subject of an answer: on one line, with one `Re:`."""
    line = " ".join(subject.split())
    return line if _PREFIX.match(line) else f"Re: {line}".strip()


def forward_subject(subject: str) -> str:
    """The subject of a mail that is passed on: on one line, with one `Fwd:`."""
    line = " ".join(subject.split())
    return line if _PASSED_ON.match(line) else f"Fwd: {line}".strip()


# -- size


def wire_size(text: str, files: Iterable[int]) -> int:
    """About how many bytes a mail with this text and files (of so many bytes each) has on its way, never too few.

    Base64 makes 78 bytes of 57; the header, the text twice over and each part's own header come on top.
    """
    return 4_096 + 3 * len(text.encode("utf-8", "replace")) + sum(1_024 + (-(-size // 57)) * 78 for size in files)


def size_text(size: int) -> str:
    """Bytes as people say them: `24.9 MB`; below one, in KB."""
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, size // 1_000)} KB"


def with_signature(text: str, signature: str) -> str:
    """The text as it is sent: the signature under the line that mail programs know (RFC 3676, section 4.3)."""
    if not signature.strip():
        return text
    return f"{text.rstrip()}\n\n-- \n{signature.strip()}\n"


def with_signature_html(html: str, signature: str) -> str:
    """The same for a formatted letter (HTML as `app.mime.html.rich` writes it)."""
    from app.mime.html.rich import lines_of_text, to_html  # most letters are plain: a start does without

    return html + to_html(lines_of_text(f"\n-- \n{signature.strip()}")) if signature.strip() else html


# -- what a server says, for people

_ABOUT_US: Final = (
    (re.compile(r"5\.7\.60\b|send ?as ?denied|permissions? to send as|sender address rejected|sender (address )?(is )?not allowed|"
                r"not owned by (user|auth)|must (equal|match)( the)? authori[sz]ed|sender mismatch|envelope sender|\b5\.1\.[78]\b", re.I),
     "Your mail server does not let this mailbox write from that address. Choose another one to write from, or have it allowed there."),
    (re.compile(r"\b5\.4\.5\b|5\.1\.90\b|(daily|hourly)[^.]{0,30}limit|(sending|relay|submission|message rate) (limit|quota)|"
                r"limit for (message )?recipients", re.I),
     "Your mail provider lets you send only so many e-mails in a day or an hour, and that many have left. Try again later."),
)  # fmt: skip
"""What our own mail server says of us, and not of the recipient."""

_PLAIN: Final = (
    *_ABOUT_US,
    (re.compile(r"5\.1\.[12]\b|user unknown|no such (user|mailbox|recipient)|unknown (user|recipient)|does not exist", re.I),
     "This address does not exist."),
    (re.compile(r"[45]\.2\.2\b|exceeded storage|quota|mailbox (is )?full|over ?quota|insufficient storage", re.I),
     "The recipient's mailbox is full."),
    (re.compile(r"5\.3\.4\b|5\.2\.3\b|too (large|big)|size limit|exceeds.*size", re.I),
     "The message is too large for the recipient's server."),
    (re.compile(r"5\.7\.1\b.*(relay)|relay(ing)? (access )?(denied|not permitted)", re.I),
     "Your mail server does not send for this address."),
    (re.compile(r"5\.7\.(8|9|57)\b|authenticat", re.I), "Your mail server wants you to sign in again."),
    (re.compile(r"5\.7\.\d+|spam|blocked|blacklist|block ?list|reputation|policy|dmarc|spf", re.I),
     "The recipient's server refused the message by its rules (often a spam filter)."),
    (re.compile(r"5\.4\.\d\b|5\.1\.10|domain.*not found|host.*not found|no mx", re.I),
     "The part behind the @ leads nowhere. Is it spelt right?"),
    (re.compile(r"\b4\.\d\.\d\b|grey ?list|try (again )?later|temporar", re.I), "The server asked to try again later."),
)  # fmt: skip


_STATUS: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")


def status_in(words: str) -> str:
    """The enhanced status (RFC 3463) that a server's words begin with or hold, or nothing."""
    found = _STATUS.search(words)
    return found[1] if found is not None else ""


def blames_us(words: str) -> bool:
    """Does a refusal speak of our address or of how much we send? Then it says nothing about the recipient."""
    return any(pattern.search(words) for pattern, _ in _ABOUT_US)


def meaning(result: Mapping[str, Any]) -> str:
    """What a recipient's refusal means: why, and whether it is for good."""
    known = in_plain_words(str(result.get("reason", "")), permanent=bool(result.get("permanent")))
    return known or plain_refusal(int(result.get("code", 0)), str(result.get("words", "")))


def plain_refusal(code: int, words: str) -> str:
    """One sentence that says what a server's refusal means; the server's own words stand beside it where it is shown."""
    for pattern, sentence in _PLAIN:
        if pattern.search(words):
            return sentence
    if 400 <= code < 500:
        return "The server asked to try again later."
    if code and code < 400:
        return "The server gave an answer that makes no sense."
    return "The server refused this recipient." if code else "The message did not arrive."
