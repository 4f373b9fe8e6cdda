"""A private ejabberd on loopback, with the very configuration that `docs/ejabberd.yml` gives to owners.

It stands where `Prosody` stands: `account`, `password`, `guests`, `port`, `web`, `ca`. Its virtual machine is started without a
name, so that it needs no name server of Erlang's and meets no other ejabberd of this computer.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from app.connectors.chat.prosody import guests_of, new_password
from tests.servers.certs import Authority
from tests.servers.ports import free_ports, listens, wait_until

_EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "ejabberd.yml"
_LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")
_NONE = subprocess.DEVNULL


class Ejabberd:
    """The server. `port`: for the desk; `web`: HTTP without TLS, as behind a proxy, with the WebSocket at `/xmpp-websocket`."""

    def __init__(self, origins: tuple[str, ...] = ()) -> None:
        folder = self.folder = Path(tempfile.mkdtemp(prefix="deskbell-ejabberd-"))
        self.port, self.web = free_ports(2)
        authority = Authority(folder / "authority")
        leaf = authority.leaf()
        self.ca, self.account, self.password = authority.ca, "desk@localhost", new_password()
        self.guests = guests_of(self.account)
        (folder / "server.pem").write_bytes(leaf.key.read_bytes() + leaf.cert.read_bytes())
        self._config = folder / "ejabberd.yml"
        self._config.write_text(self._written(origins[0] if origins else "https://nowhere.example"))
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            who = pwd.getpwnam("nobody")
            for place in (folder, *folder.rglob("*")):
                os.chown(place, who.pw_uid, who.pw_gid)

    def _written(self, origin: str) -> str:
        text = _EXAMPLE.read_text()
        for said, here in {
            "https://www.example.com": origin,
            "/etc/ejabberd/*.pem": str(self.folder / "server.pem"),
            "https://chat.example.com:5281": f"http://127.0.0.1:{self.web}",
            "chat.example.com": "localhost",
            "port: 5222": f"port: {self.port}",
            "port: 5281": f"port: {self.web}",
            'ip: "::"': "ip: 127.0.0.1",
            "    tls: true\n": "",
            "registration_timeout: 6": "registration_timeout: infinity",
        }.items():
            assert said in text, said
            text = text.replace(said, here)
        return text

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._process is not None:  # leaving cleanly takes it seven seconds, and nothing of it is kept
            self._process.kill()
            self._process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it with the desk's account, and wait until it listens."""
        (home,) = _LIBRARIES.glob("ejabberd-*.*-*")
        name, _, host = self.account.partition("@")
        account = f'ejabberd_auth:try_register(<<"{name}">>, <<"{host}">>, <<"{self.password}">>).'
        line = [
            "erl", "-noinput", "-pa", str(home / "ebin"), "-mnesia", "dir", f'"{self.folder}/spool"', "-s", "ejabberd",
            "-eval", account,
        ]  # fmt: skip
        env = {
            **os.environ, "HOME": str(self.folder), "ERL_LIBS": str(_LIBRARIES), "EJABBERD_CONFIG_PATH": str(self._config),
            "EJABBERD_LOG_PATH": str(self.folder / "ejabberd.log"), "ERL_CRASH_DUMP_BYTES": "0",
        }  # fmt: skip
        is_root = os.geteuid() == 0
        self._process = subprocess.Popen(
            line, env=env, cwd=self.folder, stdin=_NONE, stdout=_NONE, stderr=_NONE,
            user="nobody" if is_root else None, extra_groups=[] if is_root else None,
        )  # fmt: skip
        wait_until(lambda: listens(self.port) and listens(self.web), 60, f"ejabberd, see {self.folder}/ejabberd.log")

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None


def is_here() -> bool:
    """Is ejabberd installed, and as Debian does it?"""
    return shutil.which("ejabberdctl") is not None and any(_LIBRARIES.glob("ejabberd-*.*-*"))
