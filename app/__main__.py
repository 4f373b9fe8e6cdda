"""`python -m app COMMAND`: the command line, without a display.

The processes that read and fetch mail begin with this file too, so it imports nothing before it is called.
"""

import sys


def main() -> int:
    """Run the command of the command line; its exit status."""
    from app.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
