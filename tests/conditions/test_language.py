"""The condition language: what is typed, the tree, what is stored; and what is said about what cannot be understood."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.conditions.dates import interval, within
from app.conditions.language import parse as parse_search
from app.conditions.stored import from_data, tidy, to_data
from app.conditions.tree import EVERYTHING, AllOf, AnyOf, Check, Node, Not, Op, QueryError
from app.conditions.typed import LONGEST, parse, to_text
from tests.conditions.trees import trees
from tests.search.in_memory import lies_in

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def words(value: str) -> Check:
    return Check("words", Op.CONTAINS, value)


@given(trees)
def test_what_is_shown_can_be_typed_and_what_is_stored_can_be_read(tree: Node) -> None:
    assert parse(to_text(tree)) == tree
    assert from_data(json.loads(json.dumps(to_data(tree)))) == tree
    assert tidy(tree) == tree


@given(st.text(max_size=60) | st.text(alphabet='ab:"()- ORNTDis<>=!#field.\\', max_size=40))
@example('"\\')
@example("field.:")
@example('field."":x')
@example("-" * 200)
def test_anything_typed_is_understood_or_said_to_be_wrong(text: str) -> None:
    for typing in (False, True):
        found = _understood(text, typing)
        if isinstance(found, QueryError):
            assert str(found)
            assert 0 <= found.position <= found.position + found.length <= len(text)
        else:
            assert parse(to_text(found)) == found


def _understood(text: str, typing: bool) -> Node | QueryError:
    try:
        return parse(text, typing=typing)
    except QueryError as error:
        return error


def test_the_form_of_the_command_line() -> None:
    typed = 'is:open from:ann tag:refund has:attachment older:3d assignee:me -word "exact words"'
    assert parse(typed) == AllOf(
        (
            Check("is", Op.IS, "open"),
            Check("from", Op.CONTAINS, "ann"),
            Check("tag", Op.IS, "refund"),
            Check("has", Op.IS, "attachment"),
            Check("older", Op.IS, "3d"),
            Check("assignee", Op.IS, "me"),
            Not(words("word")),
            Check("words", Op.IS, "exact words"),
        )
    )
    assert to_text(parse(typed)) == typed


def test_a_group_keeps_its_parentheses_also_where_or_would_bind_without_them() -> None:
    assert to_text(parse("tag:return OR subject:lamp is:todo")) == "(tag:return OR subject:lamp) is:todo"
    assert to_text(parse("(a OR b)")) == "a OR b"


@pytest.mark.parametrize(
    ("typed", "tree"),
    [
        ("", EVERYTHING),
        ("a b OR c d", AllOf((words("a"), AnyOf((words("b"), words("c"))), words("d")))),
        ("(a b) OR c", AnyOf((AllOf((words("a"), words("b"))), words("c")))),
        ("NOT (a OR b) AND c", AllOf((Not(AnyOf((words("a"), words("b")))), words("c")))),
        ("--a", words("a")),
        ("assignee:none", Check("assignee", Op.EMPTY)),
        ("assignee!=none", Check("assignee", Op.FILLED)),
        ("due:any due<2d", AllOf((Check("due", Op.FILLED), Check("due", Op.BELOW, "2d")))),
        ('assignee:"me"', Check("assignee", Op.CONTAINS, "me")),
        ("created>=2026-01", Check("created", Op.AT_LEAST, "2026-01")),
        ("created:>2026-01-01", Check("created", Op.ABOVE, "2026-01-01")),
        ("Status:NEW priority≠low", AllOf((Check("status", Op.IS, "new"), Check("priority", Op.IS_NOT, "low")))),
        ("#12", Check("number", Op.IS, "12")),
        ("in:bin in:support", AllOf((Check("is", Op.IS, "deleted"), Check("mailbox", Op.CONTAINS, "support")))),
        ("customer:ann", Check("from", Op.CONTAINS, "ann")),
        ("12:30 http://a.example/b?c=d", AllOf((words("12:30"), words("http://a.example/b?c=d")))),
        ("smile :) f(x)", AllOf((words("smile"), words(":)"), words("f(x)")))),
        ('field."order no":"a b"', Check("field.order no", Op.CONTAINS, "a b")),
        ("field.size>3", Check("field.size", Op.ABOVE, "3")),
    ],
)
def test_what_is_typed(typed: str, tree: Node) -> None:
    assert parse(typed) == tree


@pytest.mark.parametrize(
    ("typed", "said", "position", "length"),
    [
        ("is:open statsu:new", "Did you mean “status”", 8, 6),
        ("a is:opn", "There is: new", 2, 6),
        ("a from:", "needs a value", 2, 5),
        ("a (b", "not closed", 2, 1),
        ("a ) b", "There is no “(”", 2, 1),
        ("OR a", "on its left", 0, 2),
        ("a OR", "on its right", 2, 2),
        ("(a OR) b", "on its right", 3, 2),
        ("a OR OR b", "on its left", 5, 2),
        ('a "b', "quotation mark", 2, 1),
        ("NOT", "behind it", 0, 3),
        ("due<soon", "not a span or a date", 0, 8),
        ("created:2026-13", "not a span or a date", 0, 15),
        ("from>3", "cannot be compared", 0, 6),
        ("number:many", "not a number", 0, 11),
        ("messages>99999999999999999999", "not a number", 0, 29),
        ("subject:a\x00b", "cannot be looked for", 0, 11),
    ],
)
def test_what_is_wrong_is_said_and_where(typed: str, said: str, position: int, length: int) -> None:
    with pytest.raises(QueryError) as caught:
        parse(typed)
    assert said in str(caught.value)
    assert (caught.value.position, caught.value.length) == (position, length)


@pytest.mark.parametrize(
    "typed",
    ["(" * 5000, "(" * 3000 + "a", "a " * 1000, "x" * (LONGEST + 1), "-(" * 1500 + "a", "a OR " * 700 + "b"],
)
def test_hostile_depth_and_length_are_bounded(typed: str) -> None:
    with pytest.raises(QueryError):
        parse(typed)
    for typing in (True, False):
        with pytest.raises(QueryError):
            parse(typed, typing=typing)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"all": 1},
        {"field": "is", "op": "is", "value": "nothing"},
        {"field": "nothing", "op": "is", "value": "x"},
        {"field": "from", "op": "below", "value": "x"},
        {"field": "subject", "op": "sounds_like", "value": "x"},
        {"any": [{"not": {"all": [{"field": "words"}]}}]},
    ],
)
def test_damaged_data_is_refused(data: object) -> None:
    with pytest.raises(QueryError):
        from_data(data)


def test_deep_data_is_refused() -> None:
    data: object = {"field": "is", "op": "is", "value": "new"}
    for _ in range(5000):
        data = {"not": data}
    with pytest.raises(QueryError):
        from_data(data)


@pytest.mark.parametrize("typed", ["from:", "a OR", '"a', "(a", "-", "is:open AND", "NOT", "a ("])
def test_while_somebody_types_what_is_unfinished_restricts_nothing(typed: str) -> None:
    parse_search(typed)
    assert parse_search("from:").groups == ()
    assert parse_search('lamp "two wor').groups == (words("lamp"), Check("words", Op.IS, "two wor"))


def test_an_empty_group_restricts_nothing() -> None:
    assert tidy(AllOf((AnyOf(()), Not(AllOf(())), Check("is", Op.IS, "new")))) == Check("is", Op.IS, "new")


@pytest.mark.parametrize(
    ("typed", "ago", "holds"),
    [
        ("created<3d", timedelta(days=2), True),
        ("created<3d", timedelta(days=4), False),
        ("created>3d", timedelta(days=4), True),
        ("created>-3d", timedelta(days=2), True),
        ("created:3d", timedelta(days=3), True),
        ("created:today", timedelta(hours=1), True),
        ("created:yesterday", timedelta(hours=12), True),
        ("created:yesterday", timedelta(hours=1), False),
        ("created:2026-03", timedelta(days=1), True),
        ("created:2026-03", timedelta(days=3), False),
        ("created<=2026-03-01", timedelta(hours=12), True),
        ("created<2026-03-01", timedelta(hours=12), False),
        ("created>2026-03-01", timedelta(hours=1), True),
        ("due<2d", timedelta(days=1), True),  # overdue since yesterday
        ("due<2d", timedelta(days=-1), True),
        ("due<2d", timedelta(days=-3), False),
        ("due>2d", timedelta(days=-3), True),
        ("due:tomorrow", timedelta(days=-1), True),
        ("due:+2d", timedelta(days=-1), True),
        ("due:+2d", timedelta(days=1), False),
        ("older:3d", timedelta(days=4), True),
        ("older:2026-03-01", timedelta(hours=12), False),
        ("older:2026-03-01", timedelta(days=2), True),
        ("newer:2026-03-01", timedelta(hours=12), True),
        ("newer:3d", timedelta(days=3), True),
        ("older:99999y", timedelta(days=9), False),
    ],
)
def test_dates(typed: str, ago: timedelta, holds: bool) -> None:
    check = parse(typed)
    assert isinstance(check, Check)
    found = within(check.field, check.op, check.value, NOW, ahead=check.field == "due")
    assert lies_in(found, NOW - ago) is holds


def test_an_hour_that_the_clock_skips_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        day = interval(Op.IS, "2026-03-29", NOW)  # the clocks go forward in that night
        assert day.since is not None
        assert day.until is not None
        assert day.until - day.since == timedelta(hours=23)
    finally:
        monkeypatch.setenv("TZ", "UTC")
        time.tzset()
