"""A private Prosody on loopback, with the very configuration that the product writes for owners.

    with Prosody() as server:
        server.account, server.password, server.port, server.web

Everything lies inside one folder; as root it drops to `nobody`. `stop()` and `start()` pull the plug and put it back.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from app.connectors.chat.prosody import CONFIG, Plan, new_password, written
from tests.servers.certs import Authority
from tests.servers.ports import free_ports, listens, wait_until

_PLACES = """\
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
certificates = "{folder}"
log = {{ info = "{folder}/prosody.log" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
s2s_ports = {{}}
http_ports = {{ {web} }}
http_interfaces = {{ "127.0.0.1" }}
https_ports = {{}}
http_external_url = "http://127.0.0.1:{web}/"
"""


_NONE = subprocess.DEVNULL


def _user() -> str | None:
    return "nobody" if os.geteuid() == 0 else None


def _groups() -> list[int] | None:
    return [] if os.geteuid() == 0 else None


class Prosody:
    """The server. `port`: for clients; `web`: HTTP, with the WebSocket at `/xmpp-websocket`."""

    def __init__(self, origins: tuple[str, ...] = ()) -> None:
        # Not among pytest's folders: those are root's alone, and root's Prosody runs as nobody.
        folder = self.folder = Path(tempfile.mkdtemp(prefix="deskbell-prosody-"))
        self.port, self.web = free_ports(2)
        authority = Authority(folder / "authority")
        leaf = authority.leaf()
        self.ca = authority.ca
        places = _PLACES.format(folder=folder, port=self.port, web=self.web)
        plan = Plan(
            "localhost", origins, plugins=str(folder / "modules"), certificate=str(leaf.cert), key=str(leaf.key),
            places=places, registrations=100_000,
        )  # fmt: skip
        self.account, self.guests, self.password = plan.account, plan.guests, new_password()
        (folder / "modules").mkdir()
        (folder / "data").mkdir()
        for name, text in written(plan).items():
            (folder / (name if name == CONFIG else f"modules/{name}")).write_text(text)
        self._process: subprocess.Popen[bytes] | None = None
        self._give_away()

    def __enter__(self) -> Self:
        self._say_account()
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = subprocess.Popen(
            self._line("prosody", "-F"), stdin=_NONE, stdout=_NONE, stderr=_NONE, user=_user(), extra_groups=_groups()
        )
        wait_until(lambda: listens(self.port) and listens(self.web), 60, f"Prosody, see {self.folder}/prosody.log")

    def stop(self, *, hard: bool = False) -> None:
        """Stop it; `hard` as a power cut does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL if hard else signal.SIGTERM)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:  # it waits for lines of browsers that are still open
                self._process.kill()
                self._process.wait(30)
            self._process = None

    def _say_account(self) -> None:
        name, _, host = self.account.partition("@")
        line = self._line("prosodyctl", "register", name, host, self.password)
        done = subprocess.run(
            line, capture_output=True, text=True, check=False, stdin=_NONE, user=_user(), extra_groups=_groups()
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _line(self, program: str, *words: str) -> list[str]:
        found = shutil.which(program) or f"/usr/bin/{program}"
        return [found, "--config", str(self.folder / CONFIG), *words]

    def _give_away(self) -> None:
        if os.geteuid() != 0:
            return
        who = pwd.getpwnam("nobody")
        for place in (self.folder, *self.folder.rglob("*")):
            os.chown(place, who.pw_uid, who.pw_gid)


def is_here() -> bool:
    """Is Prosody installed?"""
    return shutil.which("prosody") is not None
