"""`mail parse`, `ledger`, `outbox`: looking at mail and at what became of it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.cli.output import Output


def parse(args: argparse.Namespace, out: Output) -> int:
    """Read mail files and print one JSON object each; a bad file is an object too, and never stops the rest."""
    from app.mime.jsonl import as_failure, as_json
    from app.mime.parse import parse as parse_mail

    rows: list[dict[str, Any]] = []
    for path in _files(args.paths):
        try:
            row = as_json(str(path), parse_mail(path.read_bytes()))
        except OSError as error:
            row = as_failure(str(path), f"The file cannot be read ({error.strerror or error}).")
        if out.as_json:
            rows.append(row)
        else:
            print(json.dumps(row, ensure_ascii=False), flush=True)
    if out.as_json:
        print(json.dumps(rows, ensure_ascii=False))
    return 0


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(
                one for one in path.rglob("*") if one.is_file() and one.suffix.lower() in (".eml", ".mail")
            )
        else:
            yield path
