"""One pass of receiving in a process of its own, to be killed by a test."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.inbox.mail_desk import MailDesk


def main() -> None:
    """Arguments: folder, port, user, password. Makes the file `started` when the first bytes are about to come."""
    folder, port, user, password = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    server: Any = SimpleNamespace(imap=port)
    account: Any = SimpleNamespace(user=user, password=password)
    desk = MailDesk(folder, server, account)
    (folder / "started").touch()
    desk.sync()
    desk.close()


if __name__ == "__main__":
    main()
