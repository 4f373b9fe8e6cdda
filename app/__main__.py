"""`python -m app COMMAND`: the command line, without a display."""

import sys

from app.cli import main

if __name__ == "__main__":
    sys.exit(main())
