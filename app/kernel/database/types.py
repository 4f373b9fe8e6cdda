"""Column types that are the same on every database: ids, times, JSON. Naive times are refused here."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, Text, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.types import DateTime, TypeDecorator, TypeEngine

from app.kernel import clock, ids
from app.kernel.sentences import kept, read


class Id(TypeDecorator[UUID]):
    """A UUID: 16 bytes on SQLite, the native type on PostgreSQL."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Uuid() if dialect.name == "postgresql" else LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        return value if value is None or dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        if value is None or isinstance(value, UUID):
            return value
        return ids.from_bytes(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return _as_bytes if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _as_uuid if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


class Utc(TypeDecorator[datetime]):
    """An aware UTC time: integer microseconds on SQLite, `timestamptz` on PostgreSQL. Raises ValueError for naive ones."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return value if dialect.name == "postgresql" else clock.to_us(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None or isinstance(value, datetime):
            return value
        return clock.from_us(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return _as_us if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        return _as_time if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _encoder() -> Callable[[Any], str]:
    """JSON, compact and stable. The standard library makes its quick encoder anew for each value, which costs three times
    the encoding of what a mail has; here it is made once, where it can be had.
    """
    usual = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return usual.encode
    chunks = make(None, usual.default, json.encoder.encode_basestring, None, ":", ",", True, False, True)
    return lambda value: "".join(chunks(value, 0))


_encode = _encoder()


class Json(TypeDecorator[Any]):
    """Plain data as JSON text, compact and stable, so that equal values are equal texts."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return _as_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Words(TypeDecorator[str]):
    """A sentence for people that was written down: it keeps what it was made of (`app.kernel.sentences`)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else kept(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else read(value)


def _as_json(value: Any) -> str | None:
    if value is None:
        return None
    return "[]" if value in ((), []) else _encode(value)  # most lists of a mail are empty


def to_driver(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """What turns a value of this type into what the driver takes; None where nothing needs to be turned."""
    if dialect.name == "sqlite":
        for ours, turn in _PLAIN.items():
            if isinstance(kind, ours):
                return turn
    return kind.dialect_impl(dialect).bind_processor(dialect)


def from_driver(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """What turns a value that the driver gives into one of this type; None where nothing needs to be turned."""
    if dialect.name == "sqlite":
        for ours, turn in _BACK.items():
            if isinstance(kind, ours):
                return turn
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _as_bytes(value: UUID | None) -> bytes | None:
    return None if value is None else value.int.to_bytes(16, "big")  # a third faster than `bytes`, thirty times a mail


def _as_us(value: datetime | None) -> int | None:
    return None if value is None else clock.to_us(value)


# What SQLite gives back, turned in one call: SQLAlchemy's own way takes three for every value of every row.


def _as_uuid(value: bytes | None) -> UUID | None:
    return None if value is None else UUID(bytes=value)


def _as_time(value: int | None) -> datetime | None:
    return None if value is None else clock.from_us(value)


def _id_of(value: bytes | None) -> UUID | None:
    return None if value is None else ids.from_bytes(value)


def _moment_of(value: int | None) -> datetime | None:
    return None if value is None else clock.from_us(value)


def _plain_of(value: str | None) -> Any:
    return None if value is None else [] if value == "[]" else json.loads(value)


_PLAIN: dict[type[TypeEngine[Any]], Callable[[Any], Any]] = {Id: _as_bytes, Utc: _as_us, Json: _as_json}
_BACK: dict[type[TypeEngine[Any]], Callable[[Any], Any]] = {Id: _id_of, Utc: _moment_of, Json: _plain_of}
