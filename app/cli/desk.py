"""`init`, `check`, `setting`, `bench`: the desk as a whole."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli.opening import opened, with_agent
from app.cli.output import Output
from app.kernel.errors import UserError
from app.kernel.files.paths import Workspace, default_folder
from app.kernel.state import options, settings


def init(args: argparse.Namespace, out: Output) -> int:
    """Make a workspace, and with `--demo` fill it. An existing desk is left as it is; a demo never mixes with one."""
    with opened(args, create=True) as desk:
        was_new = desk.is_new()
        if args.demo:
            from app.desk.sample import fill

            if not was_new:
                msg = f"{desk.workspace.folder} is already in use. A sample desk needs a folder of its own: --data DIR"
                raise UserError(msg)
            out.progress("Filling a sample desk …")
            fill(desk)
        with_agent(desk, args.name)
        folder = str(desk.workspace.folder)
    words = (
        f"A {'sample ' if args.demo else ''}desk is ready in {folder}" if was_new else f"The desk in {folder} is ready."
    )
    out.one({"folder": folder, "created": was_new, "demo": args.demo}, words)
    return 0


def check(args: argparse.Namespace, out: Output) -> int:
    """Look for damage; 1 when anything is wrong. Nothing is repaired or overwritten."""
    from app.desk.maintenance.check import damage, problems

    place = Workspace((args.data or default_folder()).expanduser().absolute())
    found = damage(place) if place.exists else []
    if not found:
        with opened(args) as desk:
            found = problems(desk)
    out.one({"ok": not found, "problems": found}, found or "Everything is in order.")
    return 1 if found else 0


def setting(args: argparse.Namespace, out: Output) -> int:
    """Show or change the settings."""
    from app.chats import rules  # noqa: F401  a feature's settings are known once its rules are

    changes: dict[str, Any] = {}
    for change in args.changes:
        key, equals, words = change.partition("=")
        if not equals:
            msg = f"“{change}” is not KEY=VALUE."
            raise UserError(msg)
        changes[key] = settings.from_words(key, words)
    with opened(args) as desk:
        if changes:
            desk.do(_put_all, changes)
        values = desk.ask(options.every)
    out.one(values, [f"{key}={value}" for key, value in values.items()])
    return 0


def _put_all(tx: Any, changes: dict[str, Any]) -> None:
    for key, value in changes.items():
        options.put(tx, key, value)


def bench(args: argparse.Namespace, out: Output) -> int:
    """Run the project's own benchmarks."""
    from app.cli import benchmarks

    return benchmarks.run(args.name, args.size, out)
