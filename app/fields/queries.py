"""Which fields there are, with their kinds and choices: for the side panel, the condition language and its builder."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.fields.choices import from_rows
from app.fields.rules import Choice, Value, read, shown
from app.fields.tables import Field


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field of tickets. `kind` is one of `app.fields.rules.Kind`; `choices` include those that are `gone`.

    A ticket's value is `custom[key]` (see `app.fields.rules`); choices are kept by their `key`.
    """

    id: UUID
    name: str
    kind: str
    hint: str
    choices: tuple[Choice, ...]
    required: bool

    @property
    def key(self) -> str:
        """Its key in `ticket.custom`."""
        return self.id.hex

    @property
    def offered(self) -> tuple[Choice, ...]:
        """The choices to choose from."""
        return tuple(one for one in self.choices if not one.gone)

    def read(self, given: object) -> Value:
        """What is kept of a value that was typed or chosen. Raises UserError."""
        return read(self.name, self.kind, self.choices, given)

    def shown(self, value: Value) -> str:
        """A kept value in words; choices by name."""
        return shown(self.kind, self.choices, value)


def fields(db: Session) -> tuple[FieldInfo, ...]:
    """Every field, in the desk's order."""
    query = select(Field).where(Field.deleted_at.is_(None)).order_by(Field.position, Field.id)
    return tuple(info_of(row) for row in db.scalars(query))


def field_names(db: Session) -> dict[str, str]:
    """What every field is called, by its key; also those that were taken away."""
    return {row.id.hex: row.name for row in db.execute(select(Field.id, Field.name))}


def field_named(db: Session, name: str) -> FieldInfo | None:
    """The field of this name, upper and lower case alike."""
    wanted = " ".join(name.split()).casefold()
    return next((one for one in fields(db) if one.name.casefold() == wanted), None)


def info_of(row: Field) -> FieldInfo:
    """A row as others see it."""
    return FieldInfo(row.id, row.name, row.kind, row.hint, from_rows(row.choices), row.required)
