"""Random condition trees, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from app.conditions.fields import ALL_FIELDS, CUSTOM, Field, Kind, checked
from app.conditions.stored import tidy
from app.conditions.tree import AllOf, AnyOf, Check, Node, Not, Op
from app.conditions.typed import settled_words

_TEXTS = (
    "ann", "Ann Lee", "mia", "Ärger", "ärger", "50%", "a_b", "none", "any", "me", 'say "hi"', "back\\slash", "(x)", "-x",
    "OR", "a:b", "from:x", "#12", "x)", "日本語", "!=", ">3", "it's", "Müller & Co", "vip", "parcel", "0@shop", "\\", '"',
    "is:open", "desk.example", "statsu:x",
)  # fmt: skip
_DATES = (
    "3d",
    "2h",
    "+2d",
    "-90m",
    "today",
    "yesterday",
    "2026-03-02",
    "2026-03",
    "2026",
    "2026-03-02t09:30",
    "99999y",
)
OWN = ("colour", "order no", "size", "when", "ok", "parts")


def _values(one: Field) -> st.SearchStrategy[str]:
    if one.kind is Kind.CHOICE:
        return st.sampled_from(one.values)
    if one.kind in {Kind.DATE, Kind.AGE}:
        return st.sampled_from(_DATES)
    if one.kind is Kind.NUMBER:
        return st.integers(0, 6).map(str)
    return st.one_of(st.sampled_from(_TEXTS), st.text(min_size=1, max_size=6).map(_usable))


def _usable(text: str) -> str:
    kept = "".join(sign for sign in text if sign.isprintable()).strip()
    return kept or "x"


def _check(one: Field, op: Op, value: str) -> Check:
    if one.name == "words":
        return settled_words(value, op)
    return checked(one.name, op, "" if op in {Op.EMPTY, Op.FILLED} else value)


def _checks_of(one: Field) -> st.SearchStrategy[Check]:
    return st.builds(_check, st.just(one), st.sampled_from(one.operators), _values(one))


leaves: st.SearchStrategy[Check] = st.sampled_from(ALL_FIELDS).flatmap(_checks_of)
own_leaves: st.SearchStrategy[Check] = st.sampled_from(
    [Field(CUSTOM + name, Kind.CUSTOM, name) for name in OWN]
).flatmap(_checks_of)


def trees_of(checks: st.SearchStrategy[Check]) -> st.SearchStrategy[Node]:
    """Trees of such checks, canonical."""
    some = st.recursive(
        checks,
        lambda parts: st.one_of(
            st.lists(parts, max_size=4).map(lambda found: AllOf(tuple(found))),
            st.lists(parts, max_size=4).map(lambda found: AnyOf(tuple(found))),
            parts.map(Not),
        ),
        max_leaves=8,
    )
    return some.map(tidy)


trees = trees_of(st.one_of(leaves, own_leaves))
