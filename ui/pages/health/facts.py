"""What the status lamp and the page of mail health judge by: gathered in a task, judged without Qt.

A cause says what is the case, what is safe, and which one act repairs it. The order of causes is the order of their weight;
the first decides what the lamp shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from app.conversations.queries import MailboxInfo, mailboxes
from app.desk import supervisor
from app.desk.maintenance.backing_up import Standing, chosen, standing
from app.inbox.queries import LedgerFolder, ledger, receive_plan
from app.kernel import clock
from app.kernel.sentences import read
from app.kernel.state import signals
from app.outbox.queries import delivery_counts
from ui.text import clock_text, date_text, day_text, sentence, span_text, told, tr, when_text

if TYPE_CHECKING:
    from app.desk import Desk

Level = Literal["online", "busy", "offline", "attention"]
Act = Literal["", "sign_in", "certificate", "mailbox", "connect", "outbox", "quarantine", "unaccounted", "backup"]

SAMPLE = "sample"
"""The reason with which the mailbox of a sample desk is paused."""

_WORSE: tuple[Level, ...] = ("attention", "offline", "busy", "online")
_CLOCK_WORD_LASTS = timedelta(hours=2)
_WAITING, _TROUBLE = ("queued", "retry", "sending"), ("held", "uncertain", "failed", "partial")


@dataclass(frozen=True, slots=True)
class MailState:
    """What the engine last said of a mailbox; `since`: from when on it has been so without a break."""

    state: str
    reason: str
    words: str
    at: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class ClockSaid:
    """What the engine says of the computer's clock: `impossible`, `ahead` or `behind` of the time that the desk knew, or that it
    `differs` from the mail servers' by so many seconds (`ahead_s`, negative: it is behind).
    """

    kind: str
    known: datetime | None
    ahead_s: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the lamp depends on, at one moment."""

    now: datetime
    boxes: tuple[MailboxInfo, ...] = ()
    states: dict[UUID, MailState] = field(default_factory=dict)
    engine: bool = True
    starting: bool = False  # it is not there yet: the window opened a moment ago
    outbox: dict[str, int] = field(default_factory=dict)
    quarantined: int = 0
    unaccounted: int = 0
    backup: Standing | None = None
    held: frozenset[UUID] = frozenset()
    """Mailboxes whose older mail is not to come for now, because a person said so."""
    clock: ClockSaid | None = None
    shared: frozenset[UUID] = frozenset()
    """Mailboxes on which another Deskbell works as well."""

    @property
    def waiting(self) -> int:
        """Messages that will leave by themselves."""
        return sum(self.outbox.get(state, 0) for state in _WAITING)

    @property
    def busy(self) -> frozenset[str]:
        """The addresses of the mailboxes that a pass runs over now, or whose older mail is not all in yet: what they lack
        is on its way, or waits there.
        """
        working = {key for key, said in self.states.items() if said.state == "working" and self.engine}
        return frozenset(box.address for box in self.boxes if box.id in working or not box.first_import_done)

    @property
    def troubled(self) -> int:
        """Messages that need a person."""
        return sum(self.outbox.get(state, 0) for state in _TROUBLE)


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason: its weight, what is the case, what is safe, and the act that repairs it; `many`: of how many things."""

    level: Level
    text: str
    detail: str = ""
    tone: str = "plain"
    act: Act = ""
    words: str = ""
    mailbox: UUID | None = None
    many: int = 1


def gather(desk: Desk, before: Facts | None = None, *, whole: bool = True) -> Facts:
    """Look at everything. `whole` False takes over from `before` what takes long to count."""
    boxes = desk.ask(mailboxes)
    folders: tuple[LedgerFolder, ...] | None
    backup: Standing | None
    if whole or before is None:
        folders = desk.ask(ledger)
        quarantined = sum(each.by_outcome.get("quarantined", 0) for each in folders)
        backup = standing(desk.workspace, desk.ask(chosen))
    else:
        folders, quarantined, backup = None, before.quarantined, before.backup
    facts = Facts(
        now=clock.now(),
        boxes=boxes,
        states=last_states(desk.ask(signals.after, "mailbox_state", 0)),
        engine=supervisor.engine_pid(desk.workspace) is not None,
        outbox=desk.ask(delivery_counts),
        quarantined=quarantined,
        unaccounted=before.unaccounted if before is not None else 0,
        backup=backup,
        held=frozenset(box.id for box in boxes if not box.first_import_done and _is_held(desk, box.id)),
        clock=clock_said(desk.ask(signals.after, "clock", 0), clock.now()),
        shared=shared_boxes(desk.ask(signals.after, "other_desk", 0), clock.now()),
    )
    if folders is None:
        return facts
    busy = facts.busy  # what a mailbox lacks while a pass runs over it is on its way
    return replace(facts, unaccounted=missing(folder for folder in folders if folder.mailbox not in busy))


def _is_held(desk: Desk, box: UUID) -> bool:
    plan = desk.ask(receive_plan, box)
    return plan is not None and plan.history_held


def missing(folders: Iterable[LedgerFolder]) -> int:
    """How many mails of these folders have no line in the ledger."""
    return sum(each.unaccounted for each in folders)


def last_states(words: Iterable[tuple[int, dict[str, Any]]]) -> dict[UUID, MailState]:
    """The newest state of every mailbox from what was said, oldest first."""
    found: dict[UUID, MailState] = {}
    for _, said in words:
        try:
            key, at = UUID(str(said["mailbox"])), datetime.fromisoformat(str(said["at"]))
        except (KeyError, ValueError):
            continue
        state, before = str(said.get("state", "")), found.get(key)
        since = before.since if before is not None and before.state == state else at
        found[key] = MailState(state, str(said.get("reason", "")), told(read(str(said.get("words", "")))), at, since)
    return found


def clock_said(words: Iterable[tuple[int, dict[str, Any]]], now: datetime) -> ClockSaid | None:
    """The engine's last word about the clock; None when all is well, and for one that a wrong clock left behind."""
    said = next(iter([payload for _, payload in words][-1:]), {})
    try:
        at = datetime.fromisoformat(str(said["at"]))
        known = datetime.fromisoformat(str(said["known"])) if said["known"] else None
        ahead_s = int(said.get("seconds", 0))
    except (KeyError, ValueError):
        return None
    return (
        ClockSaid(str(said["kind"]), known, ahead_s) if said.get("kind") and abs(now - at) < _CLOCK_WORD_LASTS else None
    )


def shared_boxes(words: Iterable[tuple[int, dict[str, Any]]], now: datetime) -> frozenset[UUID]:
    """The mailboxes in which mail of another Deskbell was met within a day."""
    return frozenset(
        UUID(str(said["mailbox"]))
        for _, said in words
        if abs(now - datetime.fromisoformat(str(said["at"]))) < timedelta(days=1)
    )


def looked_at(facts: Facts, folders: Iterable[LedgerFolder]) -> datetime | None:
    """When the mailboxes of these folders were last looked at: what was not counted anew was found as it had been counted."""
    counted, boxes = [], set()
    for folder in folders:
        boxes.add(folder.mailbox)
        counted += [folder.listed_at] if folder.listed_at is not None else []
    states = [facts.states.get(box.id) for box in facts.boxes if box.address in boxes]
    told = [state.at for state in states if state is not None and state.state == "ok"]
    return max([*counted, *told], default=None)


def judge(facts: Facts) -> tuple[Level, tuple[Cause, ...]]:
    """The lamp's state and all its causes, the weightiest first."""
    if not facts.boxes:
        words = tr("Connect one to receive and answer mail.")
        none = Cause("online", tr("No mailbox is connected."), words, act="connect", words=tr("Connect a mailbox"))
        return "online", (none,)
    causes = [cause for box in facts.boxes for cause in (*_mailbox_causes(box, facts), *_shared(box, facts))]
    real = [box for box in facts.boxes if box.paused_reason != SAMPLE]
    if real and facts.starting:
        causes.append(Cause("busy", tr("Receiving and sending are starting."), "", "info"))
    elif real and not facts.engine:
        safe = tr("Nothing is lost: they start again by themselves, usually within seconds.")
        causes.append(Cause("attention", tr("Receiving and sending stand still."), safe, "warn"))
    causes += _clock_causes(facts)
    causes += _pile_causes(facts, real)
    level: Level = min((cause.level for cause in causes), key=_WORSE.index, default=_WORSE[-1])
    if level == "online":
        causes.append(_all_well(facts))
    causes += _last_backup(facts)
    return level, tuple(sorted(causes, key=lambda cause: _WORSE.index(cause.level)))


def _mailbox_causes(box: MailboxInfo, facts: Facts) -> list[Cause]:
    if box.paused_reason:
        return [_paused(box)]
    state = facts.states.get(box.id)
    if state is None or not facts.engine:
        return []
    is_coming = not box.first_import_done and box.id not in facts.held
    if state.state == "working" or (state.state == "ok" and is_coming):
        text = tr("{name}: receiving", name=_name(box))
        detail = "" if box.first_import_done else tr("You can start working; newest mail first.")
        return [Cause("busy", text, detail, "info", mailbox=box.id)]
    if state.state == "offline":
        return [_offline(box, state, facts)]
    if state.state == "attention":
        text = tr("{name}: mail cannot be received", name=_name(box))
        return [Cause("attention", text, state.words, "bad", "mailbox", tr("Settings"), box.id)]
    return _remarks(box, state) if state.state == "ok" and state.words else []


def _shared(box: MailboxInfo, facts: Facts) -> list[Cause]:
    """Two desks would both answer: only a person knows which of them is to stay."""
    if box.id not in facts.shared:
        return []
    text = tr("{name}: another Deskbell answers from this mailbox too", name=_name(box))
    detail = tr(
        "Its Sent folder has mail of a Deskbell that is not this one: on another computer, or a copy of this desk. "
        "Customers may be answered twice. Disconnect the mailbox in one of them."
    )
    return [Cause("attention", text, detail, "warn", "mailbox", tr("Settings"), box.id)]


def _remarks(box: MailboxInfo, state: MailState) -> list[Cause]:
    """Mail comes, yet something is to be said: the mailbox is nearly full, a folder cannot be read, the server has a word."""
    if state.reason == "full":
        text = tr("{name}: the mailbox is nearly full", name=_name(box))
        return [Cause("attention", text, state.words, "warn", mailbox=box.id)]
    if state.reason:
        text = tr("{name}: a folder cannot be read", name=_name(box))
        return [Cause("attention", text, state.words, "warn", "mailbox", tr("Settings"), box.id)]
    return [Cause("online", tr("{name}: a word from the server", name=_name(box)), state.words, "info", mailbox=box.id)]


def _paused(box: MailboxInfo) -> Cause:
    detail = f"{sentence(box.paused_words)} {tr('Mail is safe there; nothing is lost.')}".strip()
    if box.paused_reason == SAMPLE:
        return Cause("offline", tr("This is a sample desk."), tr("Nothing is received or sent."), mailbox=box.id)
    if box.paused_reason == "sign_in":
        text = tr("{name}: sign-in refused", name=_name(box))
        return Cause("attention", text, detail, "bad", "sign_in", tr("Sign in again"), box.id)
    if box.paused_reason == "tls":
        text = tr("{name}: the server’s certificate is not trusted", name=_name(box))
        return Cause("attention", text, detail, "bad", "certificate", tr("Look at it"), box.id)
    if box.paused_reason == "plain":
        text = tr("{name}: the server offers no encrypted connection", name=_name(box))
        return Cause("attention", text, detail, "bad", "mailbox", tr("Settings"), box.id)
    return Cause("attention", tr("{name}: paused", name=_name(box)), detail, "warn", "mailbox", tr("Settings"), box.id)


def _offline(box: MailboxInfo, state: MailState, facts: Facts) -> Cause:
    if state.reason in {"", "offline"}:
        text = tr("{name}: offline since {time}", name=_name(box), time=clock_text(state.since))
        waiting = tr("{n} reply leaves|{n} replies leave", n=facts.waiting) if facts.waiting else tr("Replies leave")
        detail = tr("Everything works. {replies} by themselves when the connection is back.", replies=waiting)
        return Cause("offline", text, detail, "warn", mailbox=box.id)
    texts = {
        "host": tr("{name}: the server cannot be reached", name=_name(box)),
        "busy": tr("{name}: the server asks to wait", name=_name(box)),
    }
    text = texts.get(state.reason, tr("{name}: the server does not answer as it should", name=_name(box)))
    detail = " ".join(part for part in (state.words, tr("Tried again by itself.")) if part)
    return Cause("offline", text, detail, "warn", "mailbox", tr("Settings"), box.id)


def _clock_causes(facts: Facts) -> list[Cause]:
    """A computer's clock that may be wrong: what waits because of it, and what a person can do."""
    said, now = facts.clock, facts.now
    if said is None or not facts.engine:
        return []
    known = when_text(said.known, now, inside=True) if said.known is not None else ""
    if said.kind == "impossible":
        text = tr("The clock of this computer is wrong. Set its date and time.")
        detail = tr("Until then Deskbell counts on from when it was last at work. Nothing is sent early.")
        return [Cause("attention", text, detail, "warn")]
    when = f"{day_text(now.astimezone().date())}, {clock_text(now)}"
    if said.kind == "differs":
        return [_differing_clock(said.ahead_s, when)]
    text = tr("Is the clock of this computer right? It says {when}.", when=when)
    if said.kind == "ahead":
        detail = tr(
            "This desk was last at work {known}. For up to an hour, replies for a chosen time wait and nothing is deleted from "
            "the Bin. If the date is right, there is nothing to do.",
            known=known,
        )
    else:
        detail = tr(
            "This desk has already seen later times, up to {known}. Replies for a chosen time leave late if the clock is slow.",
            known=known,
        )
    return [Cause("attention", text, detail, "warn")]


def _differing_clock(ahead_s: int, when: str) -> Cause:
    span = span_text(round(abs(ahead_s) / 60) * 60)
    if ahead_s > 0:
        text = tr("The clock of this computer is {span} ahead of your mail server's.", span=span)
        detail = tr(
            "It says {when}. If that is wrong, replies for a chosen time leave too early. Set the clock.", when=when
        )
    else:
        text = tr("The clock of this computer is {span} behind your mail server's.", span=span)
        detail = tr(
            "It says {when}. If that is wrong, replies for a chosen time leave too late. Set the clock.", when=when
        )
    return Cause("online", text, detail, "warn")


def _pile_causes(facts: Facts, real: list[MailboxInfo]) -> list[Cause]:
    causes = []
    if facts.troubled:
        text = tr("{n} message in the outbox needs you.|{n} messages in the outbox need you.", n=facts.troubled)
        detail = tr("Say what is to become of it.|Say what is to become of them.", n=facts.troubled)
        causes.append(Cause("attention", text, detail, "warn", "outbox", tr("Look"), many=facts.troubled))
    if facts.quarantined:
        text = tr("{n} message could not be read.|{n} messages could not be read.", n=facts.quarantined)
        detail = tr("Kept whole; it blocks nothing else.")
        causes.append(Cause("attention", text, detail, "warn", "quarantine", tr("Look"), many=facts.quarantined))
    if facts.unaccounted:
        text = tr("{n} message is not accounted for.|{n} messages are not accounted for.", n=facts.unaccounted)
        causes.append(Cause("attention", text, tr("They are fetched again."), "bad", "unaccounted", tr("Look")))
    return [*causes, *_backup_causes(facts, real)]


def _backup_causes(facts: Facts, real: list[MailboxInfo]) -> list[Cause]:
    """A backup that failed, or that is older than it should be."""
    how, now = facts.backup, facts.now
    if how is None:
        return []
    if how.problem:
        return [Cause("attention", tr("The last backup failed."), told(how.problem), "bad", "backup", tr("Settings"))]
    began_at = min((box.connected_at for box in real), default=now)
    if not how.is_old(now, began_at):
        return []
    text = tr("No backup since {date}.", date=date_text(how.last_at or began_at, now))
    detail = tr("Backups are made while receiving and sending run.")
    return [Cause("attention", text, detail, "warn", "backup", tr("Settings"))]


def _last_backup(facts: Facts) -> list[Cause]:
    """The last good backup is always told, and so is that all of them lie on one disk."""
    how = facts.backup
    if how is None or how.last_at is None:
        return []
    text = tr("Last backup: {when}.", when=when_text(how.last_at, facts.now))
    only_here = how.only_here(facts.now)
    detail = tr("All backups are on the same disk as the desk: choose a second place.") if only_here else ""
    return [Cause("online", text, detail, "warn" if only_here else "ok", "backup", tr("Settings"))]


def _all_well(facts: Facts) -> Cause:
    looked = [state.at for state in facts.states.values()]
    if not looked:
        return Cause("online", tr("Mail is received and sent."), tone="ok")
    text = tr("Mail is received and sent. Last checked {time}.", time=clock_text(max(looked)))
    return Cause("online", text, tone="ok")


def _name(box: MailboxInfo) -> str:
    return box.name or box.address
