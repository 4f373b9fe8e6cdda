"""Reading surveys: invitations, answers, the satisfaction page's numbers. Tokens are nowhere in here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from app.outbox.rules import State
from app.outbox.tables import Outbox
from app.people.rules import EventKind
from app.people.tables import Customer, Event
from app.surveys.rules import SCALES, InviteState, Kind
from app.surveys.tables import Suppression, SurveyInvite, SurveyResponse
from app.tickets.rules import DONE
from app.tickets.tables import Ticket


@dataclass(frozen=True, slots=True)
class InviteInfo:
    """An invitation. `sent_at`: when a server took it over, None before; `delivery`: its outbox state, "" before."""

    id: UUID
    ticket: UUID
    ticket_number: int
    kind: str
    customer: UUID
    customer_name: str
    address: str
    state: str
    reason: str
    due_at: datetime
    sent_at: datetime | None
    delivery: str
    score: int | None
    uncounted: int


@dataclass(frozen=True, slots=True)
class ResponseInfo:
    """An answer. `latest`: the one that counts for its invitation; `score` is None for one that does not count."""

    id: UUID
    invite: UUID
    ticket: UUID
    ticket_number: int
    ticket_subject: str
    follow_up: bool
    kind: str
    customer: UUID
    customer_name: str
    score: int | None
    comment: str
    address: str
    from_other_address: bool
    how: str
    counted: bool
    reason: str
    latest: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Week:
    """The answers of one week, which begins on a Monday (UTC)."""

    begins: date
    answers: int
    average: float


@dataclass(frozen=True, slots=True)
class Overview:
    """What the satisfaction page shows of one kind; everything counts an invitation's latest answer.

    `satisfied`: share of the two best scores of CSAT (0–1); for NPS `nps` is promoters minus detractors (−100–100).
    """

    kind: str
    invited: int
    answered: int
    response_rate: float | None
    average: float | None
    satisfied: float | None
    nps: float | None
    distribution: dict[int, int]
    weeks: tuple[Week, ...]
    low: tuple[ResponseInfo, ...]
    to_follow_up: int
    uncounted: int


@dataclass(frozen=True, slots=True)
class TicketSurveys:
    """What is known of one ticket: its invitations, and every answer, newest first."""

    invites: tuple[InviteInfo, ...]
    responses: tuple[ResponseInfo, ...]


def invitations(db: Session, *, limit: int = 1000) -> tuple[InviteInfo, ...]:
    """All invitations, newest first."""
    return _invites(db, _invite_rows().order_by(SurveyInvite.created_at.desc(), SurveyInvite.id.desc()).limit(limit))


def sent_invitations(db: Session, *, limit: int = 1000) -> tuple[InviteInfo, ...]:
    """The invitations that were sent or are on their way."""
    states = (InviteState.QUEUED, InviteState.EXPIRED)
    statement = _invite_rows().where(SurveyInvite.state.in_(states)).order_by(SurveyInvite.sent_at.desc()).limit(limit)
    return _invites(db, statement)


def responses(
    db: Session, *, kind: str | None = None, with_uncounted: bool = False, limit: int = 1000
) -> tuple[ResponseInfo, ...]:
    """The answers that count, newest first; `with_uncounted`: also those too many or too late, marked as such."""
    statement = _response_rows().order_by(SurveyResponse.at.desc(), SurveyResponse.id.desc()).limit(limit)
    if not with_uncounted:
        statement = statement.where(SurveyResponse.counted.is_(True))
    if kind is not None:
        statement = statement.where(SurveyInvite.kind == kind)
    return _responses(db, statement)


# Made once: they are asked whenever a ticket is opened.
_MERGED = select(Ticket.id).where(Ticket.merged_into == bindparam("ticket"))
_ASKED_IN = select(SurveyInvite.id).where(SurveyInvite.ticket.in_(bindparam("tickets")))


def for_ticket(db: Session, ticket: UUID) -> TicketSurveys:
    """Invitations and answers of a ticket and of those merged into it."""
    keys = [ticket, *db.scalars(_MERGED, {"ticket": ticket})]
    asked = list(db.scalars(_ASKED_IN, {"tickets": keys}))
    if not asked:
        return TicketSurveys((), ())
    of_those = SurveyInvite.id.in_(asked)
    invites = _invites(db, _invite_rows().where(of_those).order_by(SurveyInvite.created_at.desc()))
    answers = _responses(db, _response_rows().where(of_those).order_by(SurveyResponse.at.desc()))
    return TicketSurveys(invites, answers)


def for_customer(db: Session, customer: UUID) -> tuple[ResponseInfo, ...]:
    """A customer's answers, newest first."""
    statement = _response_rows().where(SurveyResponse.customer == customer).order_by(SurveyResponse.at.desc())
    return _responses(db, statement)


def suppressions(db: Session) -> tuple[tuple[str, datetime], ...]:
    """Who asked not to be asked again, and when."""
    statement = select(Suppression.address, Suppression.created_at).where(Suppression.deleted_at.is_(None))
    return tuple((row[0], row[1]) for row in db.execute(statement.order_by(Suppression.address)))


def survey_overview(
    db: Session,
    now: datetime,
    *,
    kind: str = Kind.CSAT,
    since: datetime | None = None,
    weeks: int = 12,
    low_limit: int = 2,
) -> Overview:
    """The numbers of one kind of survey; `since`: only answers and invitations from then on (default: all)."""
    sent = select(SurveyInvite.id, SurveyInvite.sent_at).where(
        SurveyInvite.kind == kind, SurveyInvite.sent_at.is_not(None)
    )
    if since is not None:
        sent = sent.where(SurveyInvite.sent_at >= since)
    invited = {row[0] for row in db.execute(sent)}
    rows = (
        _response_rows().where(SurveyInvite.kind == kind).order_by(SurveyResponse.at.desc(), SurveyResponse.id.desc())
    )
    if since is not None:
        rows = rows.where(SurveyResponse.at >= since)
    found = _responses(db, rows)
    latest = [each for each in found if each.latest]
    scores = [each.score for each in latest if each.score is not None]
    scale = SCALES[Kind(kind)]
    low = tuple(each for each in latest if each.score is not None and each.score <= low_limit + scale.low - 1)
    answered = len({each.invite for each in latest} & invited)
    return Overview(
        kind=kind,
        invited=len(invited),
        answered=len(latest),
        response_rate=answered / len(invited) if invited else None,
        average=_average(scores),
        satisfied=_share(scores, scale.high - 1) if kind == Kind.CSAT else None,
        nps=_nps(scores) if kind == Kind.NPS else None,
        distribution={score: scores.count(score) for score in range(scale.low, scale.high + 1)},
        weeks=_weeks(latest, now, weeks),
        low=low,
        to_follow_up=sum(each.follow_up for each in low),
        uncounted=sum(not each.counted for each in found),
    )


def average(db: Session, kind: str = Kind.CSAT) -> float | None:
    """The mean of the latest answers of every invitation."""
    return _average(
        [each.score for each in responses(db, kind=kind, limit=1_000_000) if each.latest and each.score is not None]
    )


def _invite_rows() -> Any:
    return (
        select(SurveyInvite, Ticket.number, Customer.name, Outbox.state, Outbox.sent_at)
        .outerjoin(Ticket, Ticket.id == SurveyInvite.ticket)
        .outerjoin(Customer, Customer.id == SurveyInvite.customer)
        .outerjoin(Outbox, Outbox.id == SurveyInvite.message)
    )


def _response_rows() -> Any:
    return (
        select(SurveyResponse, SurveyInvite.kind, Ticket.number, Ticket.subject, Ticket.follow_up, Customer.name)
        .join(SurveyInvite, SurveyInvite.id == SurveyResponse.invite)
        .outerjoin(Ticket, Ticket.id == SurveyResponse.ticket)
        .outerjoin(Customer, Customer.id == SurveyResponse.customer)
    )


def _invites(db: Session, statement: Select[Any]) -> tuple[InviteInfo, ...]:
    rows = db.execute(statement).all()
    answers = _answers_of(db, [row[0].id for row in rows])
    made = []
    for row, number, name, delivery, sent_at in rows:
        counted = [each for each in answers.get(row.id, ()) if each.counted]
        made.append(
            InviteInfo(
                id=row.id, ticket=row.ticket, ticket_number=number or 0, kind=row.kind, customer=row.customer,
                customer_name=name or "", address=row.address,
                state=InviteState.SKIPPED if delivery == State.CANCELLED else row.state, reason=row.reason,
                due_at=row.due_at, sent_at=sent_at, delivery=delivery or "",
                score=counted[0].score if counted else None, uncounted=len(answers.get(row.id, ())) - len(counted),
            )
        )  # fmt: skip
    return tuple(made)


def _responses(db: Session, statement: Select[Any]) -> tuple[ResponseInfo, ...]:
    rows = db.execute(statement).all()
    newest = {
        invite: next((each.id for each in answers if each.counted), None)
        for invite, answers in _answers_of(db, list({row[0].invite for row in rows})).items()
    }
    return tuple(
        ResponseInfo(
            id=row.id, invite=row.invite, ticket=row.ticket, ticket_number=number or 0, ticket_subject=subject or "",
            follow_up=bool(follow_up), kind=kind, customer=row.customer, customer_name=name or "", score=row.score,
            comment=row.comment, address=row.address, from_other_address=row.from_other_address, how=row.how,
            counted=row.counted, reason=row.reason, latest=newest.get(row.invite) == row.id, at=row.at,
        )
        for row, kind, number, subject, follow_up, name in rows
    )  # fmt: skip


def _answers_of(db: Session, invites: Sequence[UUID]) -> dict[UUID, list[SurveyResponse]]:
    """The answers of these invitations, newest first."""
    found: dict[UUID, list[SurveyResponse]] = {}
    for start in range(0, len(invites), 500):
        statement = (
            select(SurveyResponse)
            .where(SurveyResponse.invite.in_(invites[start : start + 500]))
            .order_by(SurveyResponse.at.desc(), SurveyResponse.id.desc())
        )
        for row in db.execute(statement).scalars():
            found.setdefault(row.invite, []).append(row)
    return found


def _average(scores: Sequence[int]) -> float | None:
    return round(sum(scores) / len(scores), 2) if scores else None


def _share(scores: Sequence[int], at_least: int) -> float | None:
    return sum(score >= at_least for score in scores) / len(scores) if scores else None


def _nps(scores: Sequence[int]) -> float | None:
    if not scores:
        return None
    return 100 * (sum(score >= 9 for score in scores) - sum(score <= 6 for score in scores)) / len(scores)


def _weeks(latest: Sequence[ResponseInfo], now: datetime, weeks: int) -> tuple[Week, ...]:
    monday = now.date() - timedelta(days=now.weekday())
    begins = [monday - timedelta(weeks=back) for back in range(weeks - 1, -1, -1)]
    total: Counter[date] = Counter()
    number: Counter[date] = Counter()
    for each in latest:
        day = each.at.date() - timedelta(days=each.at.weekday())
        total[day] += each.score or 0
        number[day] += 1
    return tuple(Week(day, number[day], round(total[day] / number[day], 2) if number[day] else 0.0) for day in begins)


def leaving(db: Session, action: UUID) -> tuple[int, datetime | None]:
    """The surveys that wait to leave because this action solved their tickets: how many, and when the first one is due.

    One of a ticket that is not solved any more waits as well, but will not leave.
    """
    solved = select(Event.ticket).where(
        Event.action == action, Event.kind == EventKind.CHANGED, Event.field == "status"
    )
    query = select(func.count(), func.min(SurveyInvite.due_at)).join(Ticket, Ticket.id == SurveyInvite.ticket)
    query = query.where(SurveyInvite.ticket.in_(solved), SurveyInvite.state == InviteState.DUE, Ticket.status.in_(DONE))
    count, first = db.execute(query).one()
    return int(count), first
