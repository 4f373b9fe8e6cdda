"""The steps of packaging/prove_installer.sh: a package in a bare root, used as a person would, from installing to purging.

    python packaging/installers/proving.py ROOT PACKAGE.deb

Each step says what holds; the first that does not ends everything with exit status 1. Mail servers and the X server run on
this machine, outside the root; what runs inside is what the package and the distribution brought, and nothing of this checkout.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

from demo import StepError, expect, letter  # noqa: E402 - found only from the checkout's folder
from installers.identity import APP_ID, FOLDER, PROGRAM, version  # noqa: E402

from tests.servers.dovecot import Account, Dovecot  # noqa: E402
from tests.servers.smtp import SmtpServer  # noqa: E402

PATIENCE_S: Final = 120.0
HOME: Final = "/home/maya"
DESK: Final = f"{HOME}/.local/share/deskbell"
NEWER: Final = "99.0.0"
BUS: Final = f"unix:path={HOME}/bus"


def until(condition: Callable[[], Any], words: str) -> Any:
    """Wait until it holds; what it gave. Raises StepError when it does not happen."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = condition()
        if found:
            print(f"  ok   {words}", flush=True)
            return found
        if time.monotonic() > deadline:
            raise StepError(words)
        time.sleep(0.2)


class Machine:
    """The bare root: commands as root, and as maya, who works there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.around = {"HOME": HOME, "LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"}

    def as_root(self, *line: str, fails: bool = False) -> str:
        """Run it; what it printed. Raises StepError if it ends otherwise than it should."""
        environment = {**os.environ, **self.around, "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(
            ["chroot", self.root, *line], env=environment, capture_output=True, text=True, check=False
        )
        if (done.returncode != 0) is not fails:
            raise StepError(
                f"`{' '.join(line)}` ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        return done.stdout + done.stderr

    def line(self, *words: str) -> list[str]:
        """A command as maya."""
        return ["chroot", "--userspec=1000:1000", str(self.root), *words]

    def start(self, *words: str, stdin: str = "") -> subprocess.Popen[str]:
        """Start something as maya, and hand it its input."""
        process = subprocess.Popen(
            self.line(*words), env=self.around, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, cwd="/"
        )
        assert process.stdin is not None
        process.stdin.write(stdin)
        process.stdin.close()
        return process

    def cli(self, *words: str, stdin: str = "") -> Any:
        """One command of the installed program; its JSON."""
        done = subprocess.run(
            self.line(PROGRAM, *words, "--json"),
            env=self.around, input=stdin, capture_output=True, text=True, check=False, cwd="/",
        )  # fmt: skip
        if done.returncode:
            raise StepError(f"`deskbell {' '.join(words)}`: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def processes(self, kind: str) -> list[int]:
        """The installed program's processes: windows or engines."""
        found = []
        for process in Path("/proc").iterdir():
            try:
                target = str((process / "exe").readlink())
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if not target.removesuffix(" (deleted)").endswith(f"{self.root.name}{FOLDER}/{PROGRAM}"):
                continue
            if b"--multiprocessing-fork" not in words and (b"engine" in words) is (kind == "engines"):
                found.append(int(process.name))
        return found


# ---------------------------------------------------------------- steps


def install(machine: Machine, package: Path) -> None:
    """With what the package asks for, and a keyring, which it recommends."""
    machine.as_root("apt-get", "-qq", "update")
    shutil.copy(package, machine.root / "root" / package.name)
    line = ("apt-get", "-qq", "-y", "--no-install-recommends", "install")
    machine.as_root(*line, f"/root/{package.name}")
    machine.as_root("useradd", "--create-home", "--uid", "1000", "--user-group", "maya")
    said = subprocess.run(
        machine.line(PROGRAM, "--version"), env=machine.around, capture_output=True, text=True, check=True
    )
    expect(said.stdout.strip() == f"Deskbell {version()}", "installed with nothing but what the package asks for")
    loaded = "QT_QPA_PLATFORM=offscreen QT_DEBUG_PLUGINS=1 timeout 20 deskbell --data /home/maya/none --no-engine"
    told = subprocess.run(
        machine.line("sh", "-c", f"{loaded} 2>&1 | grep -i 'cannot load library' | grep -v cups || true"),
        env=machine.around, capture_output=True, text=True, check=True,
    )  # fmt: skip
    expect(not told.stdout.strip(), f"every library of the window's parts is found {told.stdout.strip()[:400]}")
    machine.as_root("rm", "-rf", "/home/maya/none")
    machine.as_root(*line, "dbus", "gnome-keyring", "libglib2.0-bin", "shared-mime-info", "desktop-file-utils")
    known = machine.as_root("gio", "mime", "x-scheme-handler/mailto")
    expect(f"{APP_ID}.desktop" in known, "mailto: is offered to the desktop")
    Path(machine.root / "root/a.deskbell").write_bytes(b"x")
    told_kind = machine.as_root("gio", "info", "-a", "standard::content-type", "/root/a.deskbell")
    expect("vnd.deskbell.backup" in told_kind, "a .deskbell file is known by its kind")


@contextmanager
def keyring(machine: Machine) -> Iterator[None]:
    """maya's session bus and her unlocked keyring."""
    bus = machine.start("dbus-daemon", "--session", "--nofork", f"--address={BUS}")
    machine.around |= {"DBUS_SESSION_BUS_ADDRESS": BUS, "XDG_RUNTIME_DIR": HOME}
    until((machine.root / HOME.lstrip("/") / "bus").exists, "a session bus")
    place = machine.start("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets", stdin="maya\n")
    ask = ("gdbus", "call", "--session", "-d", "org.freedesktop.DBus", "-o", "/org/freedesktop/DBus", "-m")
    named = ("org.freedesktop.DBus.NameHasOwner", "org.freedesktop.secrets")

    def is_there() -> bool:
        done = subprocess.run(
            machine.line(*ask, *named), env=machine.around, capture_output=True, text=True, check=False
        )
        return "true" in done.stdout

    until(is_there, "a keyring (Secret Service)")
    try:
        yield
    finally:
        for process in (place, bus):
            process.terminate()
            process.wait(30)


def connect(machine: Machine, dovecot: Dovecot, smtp: SmtpServer) -> Account:
    account = dovecot.new_user("support")
    machine.cli("init", "--name", "Maya Lind")
    machine.cli(
        *("mailbox", "add", "--address", account.address, "--password-stdin"),
        *("--imap", f"imap://127.0.0.1:{dovecot.imap}", "--smtp", f"smtp://127.0.0.1:{smtp.port}"),
        stdin=account.password,
    )
    checked = machine.cli("mailbox", "check")
    expect("bad" not in json.dumps(checked), "a mailbox is connected; its password lies in the system's keyring")
    machine.cli("setting", "undo_send_seconds=0")
    return account


def windows_shown(around: dict[str, str]) -> list[str]:
    """The windows that the X server shows under the program's class."""
    done = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--class", "Deskbell"],
        env={**os.environ, **around}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.split()


def open_from_menu(machine: Machine, around: dict[str, str]) -> int:
    """Start it as a desktop does, from its menu entry; the window's process."""
    machine.around |= around
    machine.start("gio", "launch", f"/usr/share/applications/{APP_ID}.desktop").wait(60)
    until(lambda: windows_shown(around), "the menu entry opens the window")
    at_work = machine.root / DESK.lstrip("/") / "engine.lock"  # there once one has opened the desk
    until(
        lambda: machine.processes("engines") and at_work.exists(), "the window has started the engine, which is at work"
    )
    (window,) = machine.processes("windows")
    machine.start(PROGRAM, "mailto:ana@lindqvist.example?subject=Hello").wait(60)
    expect(machine.processes("windows") == [window], "a link goes to the window that is open")
    return window


def converse(machine: Machine, dovecot: Dovecot, smtp: SmtpServer, account: Account) -> None:
    """What a help desk is for, by a window and an engine that were installed."""
    question = letter(account.address, "Teapot arrived chipped", "The spout is chipped. What now?")
    dovecot.deliver(account, question.as_bytes())

    def found() -> list[dict[str, Any]]:
        return [one for one in machine.cli("tickets") if "Teapot" in one["subject"]]

    number = str(until(found, "a customer's mail became a ticket")[0]["number"])
    sent = len(smtp.letters)
    machine.cli("reply", number, "--text", "I am sorry! A new one leaves today.", "--solve")
    until(lambda: len(smtp.letters) > sent, "the reply reached the customer")
    reply = smtp.letters[-1].message
    expect(reply["In-Reply-To"] == question["Message-ID"], "in the same thread")
    sent = len(smtp.letters)
    machine.cli("survey", "send", number)
    until(lambda: len(smtp.letters) > sent, "the customer is asked how it went")
    parts = [part for part in smtp.letters[-1].message.walk() if part.get_content_maintype() == "text"]
    text = b"".join(bytes(part.get_payload(decode=True) or b"") for part in parts).decode(errors="replace")
    offers = re.findall(r"mailto:([^?\"\s]+)\?subject=([^&\"\s<>)]+)", text)
    dovecot.deliver(account, letter(unquote(offers[0][0]), unquote(offers[0][1]), "").as_bytes())

    def scored() -> list[Any]:
        return [row for row in machine.cli("surveys")["responses"] if str(row["ticket"]) == number]

    until(scored, "and the answer is a score")


def upgrade(machine: Machine, package: Path, around: dict[str, str], window: int) -> tuple[Path, int]:
    """A newer package over the running program; the window and its engine leave and come back."""
    newer = with_version(machine, package, NEWER)
    engines = machine.processes("engines")
    machine.as_root("dpkg", "-i", f"/root/{newer.name}")
    expect(window not in machine.processes("windows"), "upgrading while it runs: the window has left")
    until(lambda: machine.processes("windows") and windows_shown(around), "and comes back by itself")
    until(lambda: machine.processes("engines"), "with its engine")
    expect(not set(engines) & set(machine.processes("engines")), "which is another process")
    return newer, machine.processes("windows")[0]


def with_version(machine: Machine, package: Path, number: str) -> Path:
    """The same package under another version, as a later release would be."""
    folder = machine.root / "root" / "repacked"
    subprocess.run(["dpkg-deb", "-R", package, folder], check=True)
    for name in ("control", "preinst"):
        file = folder / "DEBIAN" / name
        file.write_text(file.read_text(encoding="utf-8").replace(version(), number), encoding="utf-8")
    made = machine.root / "root" / f"{PROGRAM}_{number}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", folder, made], check=True, capture_output=True)
    shutil.rmtree(folder)
    return made


def refuse_to_go_back(machine: Machine, package: Path, window: int) -> None:
    said = machine.as_root("dpkg", "-i", f"/root/{package.name}", fails=True)
    expect("newer" in said, "an older package is refused")
    installed = machine.as_root("dpkg-query", "-W", "-f", "${Version} ${db:Status-Abbrev}", PROGRAM)
    expect(installed.startswith(f"{NEWER} ii"), "and what is installed stays, whole")
    expect(window in machine.processes("windows"), "the window was not disturbed")


def take_off(machine: Machine, around: dict[str, str]) -> None:
    """Close it, remove it, purge it, and put it back."""
    shown = windows_shown(around)
    keys = ["xdotool", "windowactivate", "--sync", shown[-1], "key", "--clearmodifiers", "ctrl+q"]
    subprocess.run(keys, env={**os.environ, **around}, check=False, capture_output=True)
    until(lambda: not machine.processes("windows"), "Ctrl+Q closes the window")
    until(lambda: not machine.processes("engines"), "and the engine leaves with it")
    tickets = len(machine.cli("tickets"))
    machine.start(PROGRAM, "engine")
    until(lambda: machine.processes("engines"), "an engine alone")
    machine.as_root("dpkg", "--remove", PROGRAM)
    expect(not machine.processes("engines"), "is asked to leave when the package is removed")
    expect(not (machine.root / FOLDER.lstrip("/")).exists(), "removing takes the whole program away")
    expect((machine.root / DESK.lstrip("/") / "deskbell.sqlite").exists(), "and leaves maya's desk")
    machine.as_root("dpkg", "--purge", PROGRAM)
    expect(
        (machine.root / DESK.lstrip("/") / "deskbell.sqlite").exists(), "which stays when the package is purged, too"
    )
    machine.as_root("dpkg", "-i", f"/root/{PROGRAM}_{NEWER}.deb")
    expect(len(machine.cli("tickets")) == tickets, "installed again, the desk is as it was")
    expect(machine.cli("check") is not False, "and sound")


def look_at_rpm(folder: Path) -> None:
    """The package for Fedora and openSUSE: what it says of itself, and that what it holds runs."""
    found = sorted(folder.glob("*.rpm"))
    if not found or shutil.which("rpm2archive") is None:
        print("  --   no .rpm to look at", flush=True)
        return
    said = subprocess.run(
        ["rpm", "-qp", "--qf", "%{name} %{version}", found[-1]], capture_output=True, text=True, check=True
    )
    expect(said.stdout == f"{PROGRAM} {version()}", "the .rpm says what it is")
    with tempfile.TemporaryDirectory() as name:
        unpack = f"set -o pipefail; rpm2archive - <'{found[-1].resolve()}' | tar -xz"
        subprocess.run(["bash", "-c", unpack], cwd=name, check=True)
        program = f"{name}{FOLDER}/{PROGRAM}"
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        expect(told.stdout.strip() == f"Deskbell {version()}", "and unpacked, it runs")


def main(root: Path, package: Path) -> int:
    from tests.journeys.person import screen

    machine = Machine(root)
    print(f"Deskbell {version()} from {package.name}:", flush=True)
    try:
        with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="deskbell-prove-") as name:
            install(machine, package)
            stack.enter_context(keyring(machine))
            dovecot = stack.enter_context(Dovecot(Path(name)))
            smtp = stack.enter_context(SmtpServer())
            around = stack.enter_context(screen())
            shown = {"DISPLAY": around["DISPLAY"]}
            account = connect(machine, dovecot, smtp)
            window = open_from_menu(machine, shown)
            converse(machine, dovecot, smtp, account)
            _, window = upgrade(machine, package, shown, window)
            dovecot.deliver(account, letter(account.address, "After the upgrade", "Still there?").as_bytes())
            until(lambda: len(machine.cli("tickets")) > 1, "and mail comes in as before")
            refuse_to_go_back(machine, package, window)
            take_off(machine, shown)
            look_at_rpm(package.parent)
    except (StepError, TimeoutError) as error:
        print(f"  FAIL {error}", flush=True)
        return 1
    print("Everything held.")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]).resolve()))
