"""Where the frozen program starts: the window, the command line, the engine and its readers are all this one executable."""

from __future__ import annotations

import multiprocessing
import sys

if __name__ == "__main__":
    multiprocessing.freeze_support()  # first: a reader of mails is this executable with words of Python's own
    from app.kernel.program.frozen import restore_surroundings

    restore_surroundings()
    from ui.__main__ import main

    sys.exit(main())
