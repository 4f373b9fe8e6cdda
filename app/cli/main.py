"""Reads the command line, runs the command, turns failures into one clear line on stderr and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from app.cli import options
from app.cli.argv import lift
from app.cli.output import Output, open_streams
from app.kernel.errors import ExternalError, UserError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; never shows a traceback for what is not a bug."""
    os.umask(0o077)
    args = options.parser().parse_args(lift(list(sys.argv[1:] if argv is None else argv)))
    out = Output(as_json=args.json, as_lines=args.jsonl)
    open_streams(as_data=args.json or args.jsonl)
    try:
        result = args.run(args, out)
        sys.stdout.flush()
    except (UserError, ExternalError) as error:
        return _failed(str(error))
    except BrokenPipeError:
        # Whoever read our output has left; there is nobody to tell.
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
        return 1
    except KeyboardInterrupt:
        return _failed("Stopped.")
    except Exception as error:  # noqa: BLE001 - the last line of defence of the command line
        return _failed(_bug(error))
    return int(result or 0)


def _failed(words: str) -> int:
    print(f"deskbell: {words}", file=sys.stderr)
    return 1


def _bug(error: Exception) -> str:
    from app.kernel.log import brief

    if os.environ.get("DESKBELL_TRACE"):
        raise error
    return f"Something went wrong inside Deskbell ({brief(error)}). Nothing that was stored is lost."
