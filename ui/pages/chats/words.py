"""The words of chats: who it is, how long they wait, where they are, how far a message got; and a conversation as bubbles."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import unquote, urlsplit

from app.chats.queries import ChatRow, ChatView, Line, Opening
from app.kernel import clock
from app.tickets.queries.people import TicketFigures
from ui.pages.inbox.conversation.mail_files import danger_word
from ui.text import ago, ago_text, clock_text, span_text, tr, when_text
from ui.widgets.attachments import Attachment
from ui.widgets.bubbles import Bubble

SLOW_S, LATE_S = 30, 120
"""Somebody who waits longer than this is shown in colour."""

GOING_ON = ("waiting", "live")


def visitor_name(row: ChatRow) -> str:
    """What to call somebody: the name that they gave, else the number of the ticket."""
    return row.name or row.email or tr("Visitor {number}", number=row.number)


def is_named(row: ChatRow) -> bool:
    """Did they say who they are?"""
    return bool(row.name or row.email)


def page_text(page: str) -> str:
    """A page of the website in short: its path, else its host."""
    if "://" not in page:
        return page
    try:
        parts = urlsplit(page)
    except ValueError:
        return ""
    return unquote(parts.path).strip("/").replace("/", " · ") or parts.netloc


def waiting_text(seconds: float) -> str:
    """How long somebody waits, as a clock: "0:42", "12:05", "1:02:03"."""
    left = int(max(0, seconds))
    hours, rest = divmod(left, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def waiting_tone(seconds: float) -> str:
    """In colour only when it begins to be long."""
    return "bad" if seconds >= LATE_S else "warn" if seconds >= SLOW_S else "plain"


def state_pill(row: ChatRow, now: datetime) -> tuple[str, str] | None:
    """(words, tone) of the pill at a chat that goes on; None where nobody waits."""
    if row.state not in GOING_ON or row.waiting_since is None:
        return None
    seconds = (now - row.waiting_since).total_seconds()
    return tr("Waits {time}", time=waiting_text(seconds)), waiting_tone(seconds)


def state_text(row: ChatRow, now: datetime) -> str:
    """What stands at a chat where nobody waits."""
    if row.state not in GOING_ON:
        return ago(row.last_at, now)
    return tr("You replied") if row.there else tr("Away")


def over_text(row: ChatRow) -> str:
    """What became of a chat that is over."""
    return {
        "ended": tr("Answered"),
        "missed": tr("Missed"),
        "turned": tr("Made a ticket"),
    }.get(row.state, "")


def second_line(row: ChatRow) -> str:
    """The line beneath the name in the list."""
    if row.state in GOING_ON:
        where = page_text(row.page) or tr("Ticket #{number}", number=row.number)
        is_away = not row.there and row.waiting_since is not None  # else it stands where the waiting time would
        return " · ".join([tr("Not connected"), where]) if is_away else where
    return f"{over_text(row)} · #{row.number}"


def row_words(row: ChatRow) -> str:
    """A row as a screen reader says it."""
    now = clock.now()
    pill = state_pill(row, now)
    parts = [visitor_name(row), pill[0] if pill else state_text(row, now), second_line(row), row.snippet]
    if row.unread:
        parts.insert(1, tr("{n} unread message|{n} unread messages", n=row.unread))
    return ". ".join(part for part in parts if part)


def facts_text(row: ChatRow, now: datetime) -> str:
    """What stands beneath the name above a conversation."""
    page = page_text(row.page)
    if row.state not in GOING_ON:
        parts = [over_text(row), tr("Ticket #{number}", number=row.number)]
    elif row.state == "waiting":
        parts = [tr("Number {n} in the queue", n=row.position) if row.position else tr("Waits for anyone")]
    else:
        parts = [tr("Live for {span}", span=span_text((now - row.started_at).total_seconds()))]
    if row.state in GOING_ON:
        where = tr("now on {page}", page=page) if row.there else tr("last on {page}", page=page)
        parts += [where] if page else []
        parts += [] if row.there else [tr("not connected")]
    return "  ·  ".join(part for part in parts if part)


def hours_text(opening: Opening, now: datetime) -> str:
    """Whether chat is open, and until when."""
    if opening.away:
        return tr("You are away: nobody is told to wait.")
    if opening.open:
        return tr("Open until {when}", when=_moment(opening.until, now)) if opening.until else tr("Always open")
    return tr("Closed until {when}", when=_moment(opening.next_at, now)) if opening.next_at else tr("Closed")


def _moment(at: datetime, now: datetime) -> str:
    """A time of today without its day."""
    return clock_text(at) if at.astimezone().date() == now.astimezone().date() else when_text(at, now)


# -- a conversation as bubbles


def bubbles_of(view: ChatView, now: datetime, *, typing: bool = False) -> tuple[Bubble, ...]:
    """The whole conversation, with days and the end as grey lines, and that somebody types."""
    found: list[Bubble] = []
    row, day = view.row, None
    if not view.lines:
        found.append(Bubble("started", "event", tr("Chat opened"), when_text(row.started_at, now)))
    for line in view.lines:
        if line.at.astimezone().date() != day:
            day = line.at.astimezone().date()
            words = tr("Chat started") if len(found) == 0 else ""
            found.append(Bubble(("day", day), "event", words, when_text(line.at, now)))
        found.append(bubble_of(line))
    if row.state not in GOING_ON:
        at = view.ended_at or row.last_at
        found.append(Bubble("over", "event", _end_text(row.state), clock_text(at)))
    elif typing:
        found.append(Bubble("typing", "typing", tr("{name} is typing", name=visitor_name(row))))
    return tuple(found)


def _end_text(state: str) -> str:
    return {
        "ended": tr("The chat is over"),
        "missed": tr("The chat was cut off; it is an open ticket"),
        "turned": tr("Made a ticket"),
    }.get(state, tr("The chat is over"))


def bubble_of(line: Line) -> Bubble:
    """One line. Ours tells how far it got."""
    files = tuple(
        Attachment(one.id.hex, one.filename, one.size, one.content_type, danger_word(one.filename, one.content_type))
        for one in line.files
    )
    at = clock_text(line.at)
    if line.direction == "internal":
        who = tr("Note by {name}", name=line.agent_name) if line.agent_name else tr("Note")
        return Bubble(line.message, "note", line.text, at, who, files=files)
    if line.direction == "in":
        return Bubble(line.message, "in", line.text, at, tr("By e-mail") if line.kind == "mail" else "", files=files)
    icon, state, tone = delivery_of(line)
    return Bubble(line.message, "out", line.text, at, line.agent_name, icon, state, tone, files)


def delivery_of(line: Line) -> tuple[str, str, str]:
    """(icon, word, colour) of how far a message of ours got."""
    if line.kind == "mail":
        return "email-outline", tr("By e-mail"), "text3"
    if line.read_at is not None:
        return "check-all", tr("Read"), "accent_text"
    if line.delivered_at is not None:
        return "check-all", tr("Delivered"), "text3"
    if line.state == "held":
        return "clock-alert-outline", tr("Kept until they are back"), "warn"
    if line.state == "cancelled":
        return "cancel", tr("Called back"), "text3"
    if line.state in ("queued", "sending"):
        return "clock-outline", tr("Sending"), "text3"
    return "check", tr("Sent"), "text3"


def before_text(figures: TicketFigures, now: datetime) -> str:
    """What there was with somebody before."""
    last = tr("last contact {when}", when=ago_text(figures.last_at, now)) if figures.last_at is not None else ""
    return " · ".join(part for part in (tr("{n} ticket|{n} tickets", n=figures.tickets), last) if part)


def seen_text(at: datetime | None, now: datetime) -> str:
    """When a code was mailed, as a sentence."""
    return tr("A code was mailed {when}.", when=ago_text(at, now)) if at is not None else ""
