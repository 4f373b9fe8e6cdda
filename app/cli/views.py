"""`views`: the views of the desk with their numbers, what lies in one, and adding, changing and removing one's own."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, Final

from app.cli.opening import opened, with_agent
from app.cli.output import Output
from app.cli.querying import understood
from app.cli.tickets import row_json, row_line
from app.desk import Desk
from app.kernel.errors import NotFoundError, UserError
from app.tickets.queries import ticket_rows
from app.views import commands, queries
from app.views.listing import headings, listing_ids
from app.views.queries import ViewInfo
from app.views.tally import ViewCount

_LOOKS: Final = ("name", "sort", "group", "density", "colour", "icon")


def listed(args: argparse.Namespace, out: Output) -> int:
    """The views in their order, with how many tickets lie in each and how many of them are unread."""
    with opened(args) as desk:
        known = desk.ask(queries.views, desk.me())
        counts = desk.ask(desk.tally.read, desk.me())
        rows = [_json(one, counts.get(one.id)) for one in known]
    out.rows(rows, _line)
    return 0


def one(args: argparse.Namespace, out: Output) -> int:
    """The tickets of a view, in its order and under its headings."""
    with opened(args) as desk:
        me = desk.me()
        found = _named(desk, args.name)
        if found.problem:
            raise UserError(found.problem)
        ids = desk.ask(listing_ids, found.listing, me, args.limit)
        rows = [row_json(row) for row in desk.ask(ticket_rows, ids, me)]
        tops = desk.ask(headings, found.listing, me)
    if out.as_json or out.as_lines or not tops:
        out.rows(rows, row_line)
        return 0
    start = 0
    for top in tops:
        if start < len(rows):
            print(f"-- {top.label or 'none'} ({top.count})")
        out.rows(rows[start : start + top.count], row_line)
        start += top.count
    return 0


def add(args: argparse.Namespace, out: Output) -> int:
    """Save a query as a view."""
    with opened(args) as desk:
        with_agent(desk)
        _, tree = understood(desk, args.query)
        looks = {name: value for name in _LOOKS[1:] if (value := getattr(args, name))}
        key = desk.do(commands.add_view, args.name, tree, shared=args.shared, **looks)
        made = desk.ask(queries.view, key)
    assert made is not None
    out.one(_json(made, None), f"The view “{made.name}” lists: {made.text or 'everything'}")
    return 0


def change(args: argparse.Namespace, out: Output) -> int:
    """Change a view: name= query= sort= group= density= colour= icon= shared=yes|no."""
    with opened(args) as desk:
        with_agent(desk)
        view = _named(desk, args.name)
        wanted: dict[str, Any] = {}
        for word in args.changes:
            field, equals, value = word.partition("=")
            if not equals or field not in {*_LOOKS, "query", "shared"}:
                msg = f"“{word}” is not FIELD=VALUE. There are: {', '.join(_LOOKS)}, query and shared."
                raise UserError(msg)
            if field == "query":
                wanted["condition"] = understood(desk, [value])[1]
            else:
                wanted[field] = value.lower() in {"yes", "true", "on", "1"} if field == "shared" else value
        desk.do(commands.change_view, view.id, **wanted)
        changed = desk.ask(queries.view, view.id)
    assert changed is not None
    out.one(_json(changed, None), f"The view “{changed.name}” lists: {changed.text or 'everything'}")
    return 0


def order(args: argparse.Namespace, out: Output) -> int:
    """Put views into an order."""
    with opened(args) as desk:
        with_agent(desk)
        desk.do(commands.order_views, [_named(desk, name).id for name in args.names])
        names = [one.name for one in desk.ask(queries.views, desk.me())]
    out.one({"views": names}, names)
    return 0


def remove(args: argparse.Namespace, out: Output) -> int:
    """Take a view away, or hide a built-in one. Undo brings it back."""
    with opened(args) as desk:
        with_agent(desk)
        view = _named(desk, args.name)
        if not desk.do(commands.delete_view, view.id):
            msg = f"The view “{view.name}” is gone already."
            raise UserError(msg)
    out.one({"name": view.name}, f"The view “{view.name}” is gone. `undo` brings it back.")
    return 0


def restore(args: argparse.Namespace, out: Output) -> int:
    """Show a hidden view again."""
    with opened(args) as desk:
        with_agent(desk)
        view = _named(desk, args.name)
        desk.do(commands.restore_view, view.id)
    out.one({"name": view.name}, f"The view “{view.name}” is back.")
    return 0


def _named(desk: Desk, name: str) -> ViewInfo:
    found = desk.ask(queries.view_named, name, desk.me())
    if found is None:
        msg = f"There is no view “{name}”."
        raise NotFoundError(msg)
    return found


def _json(one: ViewInfo, count: ViewCount | None) -> dict[str, Any]:
    numbers = {} if count is None else {"tickets": count.total, "unread": count.unread, "stale": count.stale}
    return {
        "name": one.name,
        "key": one.key or None,
        "query": one.text,
        "sort": one.listing.sort,
        "group": one.listing.group or None,
        "colour": one.colour or None,
        "shared": one.owner is None,
        "problem": one.problem or (count.problem if count else "") or None,
    } | numbers


def _line(row: Mapping[str, Any]) -> str:
    numbers = f"{row['tickets']:>7} {row['unread']:>6}"
    return f"{numbers}  {row['name']}  {row['problem'] or row['query']}".rstrip()
