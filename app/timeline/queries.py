"""The timeline: messages, notes, survey invitations and answers, and what happened to tickets, newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from app.kernel import clock
from app.kernel.tokens import hide_token

KINDS = ("mail", "note", "survey", "ticket")


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. `kind`: mail, note, survey, ticket; `what` says more precisely what it was.

    `what`: in, out, note, invited, answered, created, solved, closed, reopened, deleted, restored.
    """

    at: datetime
    kind: str
    what: str
    channel: str
    title: str
    line: str
    ticket: UUID | None
    number: int | None
    status: str
    message: UUID | None = None
    score: int | None = None
    who: str = ""


_MOMENTS = """
SELECT m.occurred_at AS at, CASE WHEN m.direction = 'internal' THEN 'note' WHEN m.kind = 'survey' THEN 'survey' ELSE 'mail' END AS kind,
       CASE WHEN m.direction = 'internal' THEN 'note' WHEN m.kind = 'survey' THEN 'invited' ELSE m.direction END AS what,
       m.channel, m.subject AS title, m.snippet AS line, t.id AS ticket, t.number, t.status, m.id AS message,
       NULL AS score, coalesce(a.name, '') AS who
  FROM message m LEFT JOIN placement p ON p.id = m.id AND p.deleted_at IS NULL
  LEFT JOIN ticket t ON t.id = coalesce(p.ticket, m.ticket) LEFT JOIN agent a ON a.id = m.agent
 WHERE m.customer IN ({people}) AND (CASE WHEN t.id IS NULL THEN p.id IS NULL ELSE t.deleted_at IS NULL END)
   AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.id = m.id AND o.state = 'cancelled')
UNION ALL
SELECT r.at, 'survey', 'answered', 'email', t.subject, r.comment, t.id, t.number, t.status, r.id, r.score, ''
  FROM survey_response r JOIN ticket t ON t.id = r.ticket WHERE r.customer IN ({people}) AND r.counted
UNION ALL
SELECT e.occurred_at, 'ticket', CASE WHEN e.kind = 'created' THEN 'created' WHEN e.new IN {done} THEN trim(e.new, '"') ELSE 'reopened' END,
       t.channel, t.subject, '', t.id, t.number, t.status, NULL, NULL, coalesce(a.name, '')
  FROM event e JOIN ticket t ON t.id = e.ticket LEFT JOIN agent a ON a.id = e.agent
 WHERE t.customer IN ({people}) AND t.deleted_at IS NULL
   AND (e.kind = 'created' OR (e.field = 'status' AND (e.new IN {done} OR e.old IN {done})))
"""
_DONE = """('"solved"', '"closed"')"""


def customer_timeline(
    db: Session,
    customer: UUID,
    *,
    kinds: Sequence[str] = KINDS,
    before: datetime | None = None,
    limit: int = 100,
) -> tuple[Moment, ...]:
    """The newest `limit` moments of a customer (those merged into them included) before `before`."""
    people, values = _people(db, customer)
    chosen = ", ".join(f"'{kind}'" for kind in kinds if kind in KINDS) or "''"
    values |= {"before": clock.to_us(before) if before else 1 << 62, "limit": limit}
    sql = (
        f"SELECT * FROM ({_MOMENTS.format(people=people, done=_DONE)})"  # noqa: S608 - constants; every value is bound
        f" WHERE kind IN ({chosen}) AND at < :before ORDER BY at DESC, ticket DESC LIMIT :limit"
    )
    return tuple(_moment(row) for row in db.connection().execute(text(sql), values))


def timeline_counts(db: Session, customer: UUID) -> dict[str, int]:
    """How many moments of each kind there are; they sum to all."""
    people, values = _people(db, customer)
    sql = f"SELECT kind, count(*) FROM ({_MOMENTS.format(people=people, done=_DONE)}) GROUP BY kind"  # noqa: S608
    counts = Counter({str(row[0]): int(row[1]) for row in db.connection().execute(text(sql), values)})
    return {kind: counts[kind] for kind in KINDS}


def _people(db: Session, customer: UUID) -> tuple[str, dict[str, object]]:
    """The customer and everybody merged into them, as SQL names and their values."""
    sql = text("SELECT id FROM customer WHERE merged_into = :id")
    others = [row[0] for row in db.connection().execute(sql, {"id": customer.bytes})]
    values: dict[str, object] = {f"p{n}": key for n, key in enumerate([customer.bytes, *others])}
    return ", ".join(f":{name}" for name in values), values


def _moment(row: Row[tuple[object, ...]]) -> Moment:
    return Moment(
        at=clock.from_us(row.at),
        kind=row.kind,
        what=row.what,
        channel=row.channel,
        title=hide_token(row.title or ""),
        line=row.line or "",
        ticket=UUID(bytes=row.ticket) if row.ticket else None,
        number=row.number,
        status=row.status or "",
        message=UUID(bytes=row.message) if row.message else None,
        score=row.score,
        who=row.who,
    )
