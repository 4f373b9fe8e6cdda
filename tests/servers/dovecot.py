"""A private Dovecot on loopback: a real IMAP server without system users, everything inside one folder.

    with Dovecot(folder) as server:
        account = server.new_user()
        server.deliver(account, raw)

Started once and shared: every caller makes users of its own. As root it drops to `nobody`, because Dovecot's login
process refuses to run as root. `stop()` and `start()` pull the plug and put it back; the mail stays.
`introspection`: the address at which access tokens are asked about; XOAUTH2 and OAUTHBEARER are then offered too.
On Linux it ends with the *thread* that started it, so that nothing is left behind: start it in the main thread.
"""

from __future__ import annotations

import contextlib
import grp
import imaplib
import itertools
import os
import pwd
import re
import secrets
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from imapclient.imap_utf7 import encode as utf7

from tests.servers.certs import Authority, Leaf
from tests.servers.ports import free_ports, greets, wait_until

_BINARIES = ("/usr/sbin/dovecot", "/usr/local/sbin/dovecot", "/opt/homebrew/sbin/dovecot")
_MODULES = ("/usr/lib/dovecot/modules", "/usr/lib64/dovecot", "/usr/local/lib/dovecot", "/opt/homebrew/lib/dovecot")
_CONF = """\
base_dir = {dir}/run
state_dir = {dir}/state
instance_name = deskbell-{imap}
protocols = imap
listen = 127.0.0.1
log_path = {dir}/dovecot.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
default_vsz_limit = 0
first_valid_uid = 0
first_valid_gid = 0
mail_uid = {user}
mail_gid = {group}
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 200
disable_plaintext_auth = no
auth_mechanisms = plain login {mechanisms}
auth_failure_delay = 0
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
protocol imap {{
  mail_plugins = {plugins}
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = username_format=%u {dir}/users/%u
}}
{tokens}userdb {{
  driver = static
  args = uid={user} gid={group} home={dir}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
{folders}
}}
"""
_TOKENS = """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {dir}/oauth2.conf
}}
"""
_INTROSPECTION = """\
introspection_mode = get
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""
_FOLDER = "  mailbox {name} {{\n    special_use = \\{name}\n    auto = create\n  }}"
_count = itertools.count(1)


def can_compress() -> bool:
    """Has this Dovecot its plugin for COMPRESS=DEFLATE?"""
    return any(list(Path(folder).glob("*imap_zlib_plugin*")) for folder in _MODULES)


def find_dovecot() -> str | None:
    """The program, or None where it is not installed."""
    return shutil.which("dovecot") or next((path for path in _BINARIES if Path(path).exists()), None)


@dataclass
class Account:
    """A mailbox on the test server. `password` follows `Dovecot.change_password`."""

    user: str
    password: str
    maildir: Path

    @property
    def address(self) -> str:
        return self.user


class Dovecot:
    """One server; ports `imap` (no TLS), `imaps`; `cafile` is what a client has to trust (for 127.0.0.1 and localhost)."""

    host = "127.0.0.1"

    def __init__(
        self,
        folder: Path,
        leaf: Leaf | None = None,
        *,
        introspection: str = "",
        mechanisms: str = "xoauth2 oauthbearer",
    ) -> None:
        program = find_dovecot()
        if program is None:
            raise FileNotFoundError("dovecot is not installed (packaging/dev.py installs it)")
        self._program = program
        self.dir = folder
        self.imap, self.imaps = free_ports(2)
        root = os.geteuid() == 0
        owner = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
        self._uid, self._gid = owner.pw_uid, owner.pw_gid
        for name in ("", "run", "state", "mail", "users"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        authority = Authority(folder / "certs")
        self.cafile = authority.ca
        self.leaf = leaf or authority.leaf()
        self._introspection, self._mechanisms = introspection, mechanisms
        self._write_config(owner.pw_name, grp.getgrgid(self._gid).gr_name)
        if root:
            self._let_in(folder)
            subprocess.run(["chown", "-R", f"{self._uid}:{self._gid}", str(folder)], check=True)
        self._process: subprocess.Popen[bytes] | None = None

    def _write_config(self, user: str, group: str) -> None:
        folders = "\n".join(_FOLDER.format(name=name) for name in ("Sent", "Drafts", "Junk", "Trash", "Archive"))
        text = _CONF.format(
            dir=self.dir, user=user, group=group, imap=self.imap, imaps=self.imaps,
            cert=self.leaf.cert, key=self.leaf.key, folders=folders,
            plugins="imap_zlib" if can_compress() else "",
            mechanisms=self._mechanisms if self._introspection else "",
            tokens=_TOKENS.format(dir=self.dir) if self._introspection else "",
        )  # fmt: skip
        if self._introspection:
            (self.dir / "oauth2.conf").write_text(_INTROSPECTION.format(url=self._introspection))
        (self.dir / "dovecot.conf").write_text(text)

    def _let_in(self, folder: Path) -> None:
        """Let the dropped user walk down to the folder: a test's own folders are 0700."""
        for parent in folder.resolve().parents:
            mode = parent.stat().st_mode
            if parent.stat().st_uid == 0 and not mode & 0o001:
                parent.chmod(mode | 0o011)

    # -- running

    def start(self) -> None:
        """Start it and wait until it answers. Started again it has the same ports, users and mail."""
        command = [self._program, "-F", "-c", str(self.dir / "dovecot.conf")]
        if os.geteuid() == 0:
            command = [f"--reuid={self._uid}", f"--regid={self._gid}", "--clear-groups", *command]
        if setpriv := shutil.which("setpriv"):  # Linux: it ends with us, even when we are killed
            command = [setpriv, "--pdeathsig", "TERM", *command]
        try:
            wait_until(lambda: self._is_up(command), 30, "Dovecot")
        except TimeoutError:
            log = self.dir / "dovecot.log"
            self.stop()
            raise RuntimeError("Dovecot did not start: " + (log.read_text()[-2000:] if log.exists() else "")) from None

    def _is_up(self, command: list[str]) -> bool:
        """Does it answer? Begun (again) as long as it gives up at once: the ports of the last run may not be free yet."""
        if self._process is None or self._process.poll() is not None:
            # The last run may not remove it, and on a busy machine another process has its number soon.
            (self.dir / "run" / "master.pid").unlink(missing_ok=True)
            environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(self.dir)}
            self._process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        return greets(self.imap)

    def stop(self) -> None:
        """End it with all its connections."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        with contextlib.suppress(ProcessLookupError):  # its children hold the ports as long as they live
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # -- accounts

    def new_user(self, name: str = "support") -> Account:
        """A mailbox nobody else uses: `name`-random@example.test."""
        user = f"{name}-{secrets.token_hex(4)}@example.test"
        account = Account(user, secrets.token_urlsafe(9), self.dir / "mail" / user / "Maildir")
        self._write_password(account)
        for folder in ("cur", "new", "tmp"):
            (account.maildir / folder).mkdir(parents=True)
        self._own(account.maildir.parent, account.maildir, *account.maildir.iterdir())
        return account

    def change_password(self, account: Account, password: str = "") -> None:
        """As at the provider; returns when the server takes the new one and no longer the old one."""
        old = account.password
        account.password = password or secrets.token_urlsafe(9 + len(old) % 7 + 3)
        self._write_password(account)
        wait_until(
            lambda: self._takes(account.user, account.password) and not self._takes(account.user, old), 10, "password"
        )

    def _write_password(self, account: Account) -> None:
        path = self.dir / "users" / account.user
        part = path.with_suffix(".part")
        part.write_text(f"{account.user}:{{PLAIN}}{account.password}::::::\n")
        self._own(part)
        part.replace(path)

    def _takes(self, user: str, password: str) -> bool:
        client = imaplib.IMAP4("127.0.0.1", self.imap, 10)
        try:
            client.login(user, password)
            return True
        except imaplib.IMAP4.error:
            return False
        finally:
            client.logout()

    # -- mail

    def deliver(
        self,
        account: Account,
        raw: bytes,
        folder: str = "INBOX",
        flags: tuple[str, ...] = (),
        at: datetime | None = None,
    ) -> None:
        """Put one mail into a folder as a delivery agent would; `at` becomes its INTERNALDATE."""
        home = self._maildir(account, folder)
        seconds = at.timestamp() if at else time.time()
        name = f"{int(seconds)}.M{next(_count)}P{os.getpid()}R{secrets.token_hex(4)}.deskbell"
        part = home / "tmp" / name
        part.write_bytes(raw)
        if at:
            os.utime(part, (seconds, seconds))
        self._own(part)
        letters = "".join(
            sorted(
                {"\\Seen": "S", "\\Answered": "R", "\\Flagged": "F", "\\Deleted": "T", "\\Draft": "D"}[f] for f in flags
            )
        )
        part.rename(home / "cur" / f"{name}:2,{letters}" if flags else home / "new" / name)

    def deliver_all(self, account: Account, maildir: Path, folder: str = "INBOX") -> int:
        """Copy a whole Maildir's `cur` and `new`; the number of mails.

        As a delivery agent does: a mail is in its folder once it is whole and the server may read it. (A server that
        finds one it may not read ends the connection.)
        """
        home, count = self._maildir(account, folder), 0
        for part in ("cur", "new"):
            for path in sorted((maildir / part).iterdir() if (maildir / part).is_dir() else ()):
                made = home / "tmp" / path.name
                shutil.copy2(path, made)
                self._own(made)
                made.rename(home / part / path.name)
                count += 1
        return count

    def _maildir(self, account: Account, folder: str) -> Path:
        if folder.upper() == "INBOX":
            return account.maildir
        home: Path = account.maildir / ("." + utf7(folder).decode("ascii").replace("/", "."))
        if not home.is_dir():
            with self.client(account) as client:
                client.create('"' + utf7(folder).decode("ascii") + '"')
            wait_until((home / "new").is_dir, 5, f"folder {folder}")
        return home

    @contextlib.contextmanager
    def client(self, account: Account) -> Iterator[imaplib.IMAP4]:
        """The standard library's own IMAP client, signed in: a second opinion beside the code under test."""
        client = imaplib.IMAP4_SSL(
            self.host, self.imaps, ssl_context=ssl.create_default_context(cafile=str(self.cafile)), timeout=30
        )
        try:
            client.login(account.user, account.password)
            yield client
        finally:
            client.logout()

    def list_uids(self, account: Account, folder: str = "INBOX") -> list[int]:
        """A fresh listing of a folder by the server itself."""
        with self.client(account) as client:
            client.select('"' + utf7(folder).decode("ascii") + '"', readonly=True)
            _, data = client.uid("SEARCH", "ALL")
            return [int(word) for word in (data[0] or b"").split()]

    def delete(self, account: Account, uids: list[int], folder: str = "INBOX") -> None:
        """Delete mails at the server, as another program would."""
        with self.client(account) as client:
            client.select('"' + utf7(folder).decode("ascii") + '"')
            client.uid("STORE", ",".join(map(str, uids)), "+FLAGS", r"(\Deleted)")
            client.expunge()

    def flags(self, account: Account, folder: str = "INBOX") -> dict[int, set[str]]:
        """The flags of every mail: to prove that nobody touched them."""
        with self.client(account) as client:
            client.select('"' + utf7(folder).decode("ascii") + '"', readonly=True)
            _, data = client.uid("FETCH", "1:*", "(FLAGS)")
        lines = [line for line in data if isinstance(line, bytes)]
        pairs = [(re.search(rb"UID (\d+)", line), re.search(rb"FLAGS \(([^)]*)\)", line)) for line in lines]
        return {int(uid[1]): set(found[1].decode().split()) for uid, found in pairs if uid and found}

    def deliver_unreadable(self, account: Account, raw: bytes, folder: str = "INBOX") -> Path:
        """A mail that is in its folder and that the server may not read, as after a restored backup; its file."""
        home = self._maildir(account, folder)
        name = f"{int(time.time())}.M{next(_count)}P{os.getpid()}R{secrets.token_hex(4)}.deskbell"
        part = home / "tmp" / name
        part.write_bytes(raw)
        self._own(part)
        part.chmod(0)
        return part.rename(home / "new" / name)

    def new_uidvalidity(self, account: Account, folder: str = "INBOX") -> None:
        """Forget all UIDs, as a server moved by its provider does. No client may be connected to the account."""
        home = self._maildir(account, folder)
        for path in (
            *home.glob("dovecot-uidlist*"),
            *home.glob("dovecot.index*"),
            *account.maildir.glob("dovecot.list.index*"),
        ):
            path.unlink(missing_ok=True)

    def _own(self, *paths: Path) -> None:
        if os.geteuid() == 0:
            for path in paths:
                os.chown(path, self._uid, self._gid)
