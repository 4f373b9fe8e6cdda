"""`python -m tests.bench.damage [ROUNDS [SEED [PART OF A NAME]]]`: what is done to backups and desks on purpose, and what is left afterwards.

Every drill ends in a count and in faults: a damaged file that was believed, a good desk that was changed, a fault that
was not told, a leftover, something lost that nobody named. Prints one JSON document. As root it makes small file
systems and works as another user; elsewhere those drills are left out and said so.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app.cli.main import main as command_line
from app.desk import Desk
from app.desk.describing import describe
from app.desk.maintenance import check
from app.desk.maintenance.backing_up import back_up_now, copies, write_file
from app.desk.maintenance.restoring import exchange, prepare
from app.desk.maintenance.salvage import salvage
from app.desk.sample import fill
from app.kernel.errors import UserError
from app.kernel.files.paths import Workspace
from app.kernel.maintenance.archive import opened

WORDS = "four plain words here"
PAGE = 4096


class Drills:
    """All of them, on one sample desk, with what they found."""

    def __init__(self, root: Path, rounds: int, seed: int) -> None:
        self.root, self.rounds, self.dice = root, rounds, random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.desk = root / "desk"
        with Desk.open(self.desk, create=True) as desk:
            fill(desk)
            back_up_now(desk)
            self.plain, self.sealed = root / "plain.deskbell", root / "sealed.deskbell"
            write_file(desk, self.plain)
            write_file(desk, self.sealed, passphrase=WORDS)
        self.whole = describe(self.desk / "deskbell.sqlite").about

    def run(self, only: str = "") -> dict[str, Any]:
        """Every drill, one after the other; `only`: those with this in their name."""
        drills: tuple[Callable[[], None], ...] = (
            self.cut, self.flipped, self.wrong_words, self.damaged_database, self.damaged_packs,
            self.another_user, self.full_disk, self.killed_backing_up, self.killed_restoring,
        )  # fmt: skip
        for drill in drills:
            if only not in drill.__name__:
                continue
            print(drill.__name__, file=sys.stderr, flush=True)
            drill()
        return {"counts": dict(self.counts), "faults": self.faults}

    # -- files

    def cut(self) -> None:
        """A file that ends too early is refused, wherever it was cut."""
        for file, words in ((self.plain, None), (self.sealed, WORDS)):
            data = file.read_bytes()
            for _ in range(self.rounds):
                self._refused(data[: self.dice.randrange(len(data))], words, f"cut, {file.stem}")

    def flipped(self) -> None:
        """A bit that changed is found, or changes nothing that comes out."""
        for file, words in ((self.plain, None), (self.sealed, WORDS)):
            data = file.read_bytes()
            for _ in range(self.rounds):
                at = self.dice.randrange(len(data))
                harmed = data[:at] + bytes([data[at] ^ 1 << self.dice.randrange(8)]) + data[at + 1 :]
                self._refused(harmed, words, f"a bit flipped, {file.stem}", or_same=True)

    def wrong_words(self) -> None:
        """No other passphrase opens it."""
        data = self.sealed.read_bytes()
        for number in range(min(self.rounds, 20)):
            self._refused(data, WORDS + "!" * number if number else WORDS.upper(), "wrong passphrase")

    def _refused(self, data: bytes, words: str | None, name: str, *, or_same: bool = False) -> None:
        file = self.root / "harmed.deskbell"
        file.write_bytes(data)
        self.counts[name] += 1
        try:
            with opened(file, words) as archive:
                archive.check()
                same = archive.manifest.entries == self._entries(words)
        except UserError:
            self.counts[f"{name}: refused"] += 1
            return
        if not (or_same and same):
            self.faults.append(f"{name}: believed")

    def _entries(self, words: str | None) -> Any:
        with opened(self.sealed if words else self.plain, words) as archive:
            return archive.manifest.entries

    # -- processes that end

    def killed_backing_up(self) -> None:
        """The earlier file stays until the new one is whole; the next run leaves nothing of the one before."""
        folder = self.root / "killed"
        folder.mkdir()
        target = folder / "x.deskbell"
        shutil.copy(self.plain, target)
        words = ["--data", str(self.desk), "backup", str(target), "--replace"]
        usual = self._timed(words)
        for _ in range(self.rounds):
            self._kill(words, "killed while backing up", usual)
            with opened(target) as archive:
                archive.check()
                if archive.manifest.about != self.whole:
                    self.faults.append("killed while backing up: another desk")
        self._command(["--data", str(self.desk), "backup", str(target), "--replace"])
        left = sorted(path.name for path in folder.iterdir())
        if left != ["x.deskbell"]:
            self.faults.append(f"killed while backing up: left {left}")

    def killed_restoring(self) -> None:
        """Whoever opens the desk next finds a whole one: the old or the restored, and never neither."""
        usual = self._timed(["--data", str(self.root / "timed"), "restore", str(self.plain)])
        for number in range(self.rounds):
            place = self.root / f"restored{number}"
            shutil.copytree(self.desk, place)
            words = ["--data", str(place), "restore", str(self.plain), "--replace"]
            self._kill(words, "killed while restoring", usual)
            with Desk.open(place) as desk:
                if wrong := check.problems(desk):
                    self.faults.append(f"killed while restoring: {wrong[0]}")
                if describe(place / "deskbell.sqlite").about != self.whole:
                    self.faults.append("killed while restoring: another desk")
            self.counts["killed while restoring: restored"] += (place / "before-1").exists()
            shutil.rmtree(place)

    def _timed(self, words: list[str]) -> float:
        began = time.monotonic()
        self._command(words)
        return time.monotonic() - began

    def _kill(self, words: list[str], name: str, usual: float) -> None:
        """Kill the command at some moment, by the dice: rather late, since much of its time goes into starting."""
        process = subprocess.Popen(
            [sys.executable, "-m", "app", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(usual * self.dice.uniform(0.3, 1.1))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            self.counts[name] += 1
        else:
            self.counts[f"{name}: was done before"] += 1
        process.wait()

    # -- disks and users

    def full_disk(self) -> None:
        """A disk that ends somewhere in the middle: one clear sentence, and what was there before is there."""
        if os.getuid():
            self.counts["full disk: not tried, needs root"] += 1
            return
        size = self.plain.stat().st_size
        for number in range(self.rounds):
            limit = self.dice.randrange(200_000, 4 * size)
            with _small_disk(self.root / f"disk{number}", limit) as disk:
                (disk / "earlier").write_bytes(b"earlier")
                done = self._command(["--data", str(self.desk), "backup", str(disk / "x.deskbell")])
                self._told(done, "full disk, backing up", (disk / "x.deskbell").exists())
                left = {path.name for path in disk.iterdir()} - {"x.deskbell", "earlier"}
                self.faults += [f"full disk: left {sorted(left)}"] if left else []
            with _small_disk(self.root / f"disk{number}r", limit) as disk:
                done = self._command(["--data", str(disk / "desk"), "restore", str(self.plain)])
                exists = (disk / "desk" / "deskbell.sqlite").exists()
                self._told(done, "full disk, restoring", exists)

    def _told(self, done: subprocess.CompletedProcess[str], name: str, there: bool) -> None:
        self.counts[name] += 1
        lines = [line for line in done.stderr.splitlines() if line.startswith("deskbell:")]
        if done.returncode == 0:
            self.counts[f"{name}: found room"] += 1
        if (done.returncode == 0) is not there or (done.returncode and len(lines) != 1) or "inside" in done.stderr:
            self.faults.append(f"{name}: ended with {done.returncode}, there: {there}, said: {done.stderr[-200:]}")

    def another_user(self) -> None:
        """Restored by somebody else in another place, it is theirs, private and whole."""
        if os.getuid():
            self.counts["another user: not tried, needs root"] += 1
            return
        nobody = 65_534
        for name in ("backups", "desk"):
            importlib.import_module(f"app.cli.{name}")  # whoever has become somebody else may not be able to read it
        with tempfile.TemporaryDirectory(prefix="deskbell-other-") as home:
            os.chown(home, nobody, nobody)
            file = Path(home) / "x.deskbell"
            shutil.copy(self.plain, file)
            os.chown(file, nobody, nobody)
            folder = Path(home) / "a place with spaces, ä"
            for words in (["restore", str(file)], ["check"]):
                status = _as_user(nobody, home, ["--data", str(folder), *words])
                if status:
                    self.faults.append(f"another user: {words[0]} ended with {status}")
            wrong = [path for path in folder.rglob("*") if path.stat().st_uid != nobody or path.stat().st_mode & 0o077]
            self.faults += [f"another user: not private: {wrong[0]}"] if wrong else []
            self.counts["another user"] += 1

    @staticmethod
    def _command(words: list[str]) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    # -- a desk that is damaged

    def damaged_database(self) -> None:
        """Pages full of nonsense: told, the last backup restores, and salvage brings what can be read."""
        for number in range(self.rounds):
            place = Workspace(self.root / f"hurt{number}")
            shutil.copytree(self.desk, place.folder)
            size = place.database.stat().st_size
            with place.database.open("rb+") as file:
                for _ in range(self.dice.randrange(1, 12)):
                    file.seek(self.dice.randrange(size // PAGE) * PAGE)
                    file.write(self.dice.randbytes(PAGE))
            self.counts["damaged database"] += 1
            told = bool(check.damage(place))
            self.counts["damaged database: told at once"] += told
            self._salvage(place, number)
            self._restore_last(place)
            shutil.rmtree(place.folder)

    def _salvage(self, place: Workspace, number: int) -> None:
        target = self.root / f"new{number}"
        found = salvage(place, target)
        with Desk.open(target) as desk:
            if wrong := check.problems(desk):
                self.faults.append(f"salvage: {wrong[0]}")
        about = describe(target / "deskbell.sqlite").about
        lost = self.whole.messages - about.messages
        self.counts["salvage: messages lost with a backup at hand"] += max(lost, 0)
        if lost > 0 and not found.missing:
            self.faults.append(f"salvage: {lost} messages lost, and nobody named them")
        self.counts["salvage: rows read"] += sum(found.rows.values())
        self.counts["salvage: rows from the backup"] += sum(found.from_backup.values())
        shutil.rmtree(target)

    def _restore_last(self, place: Workspace) -> None:
        copy = copies(place, "")[0]
        if prepare(place, copy.database) is None:
            self.faults.append("the last backup was not restored")
        aside = exchange(place)
        with Desk.open(place.folder) as desk:
            if check.problems(desk) or describe(place.database).about != self.whole:
                self.faults.append("the last backup restored another desk")
        if aside is None:
            self.faults.append("the damaged database was not set aside")

    def damaged_packs(self) -> None:
        """A byte changed in a pack: the very mail is named, every other one is read."""
        for number in range(self.rounds):
            place = Workspace(self.root / f"pack{number}")
            shutil.copytree(self.desk, place.folder)
            pack = self.dice.choice(sorted(place.packs.glob("*.pack")))
            with pack.open("rb+") as file:
                at = self.dice.randrange(pack.stat().st_size)
                file.seek(at)
                byte = file.read(1)
                file.seek(at)
                file.write(bytes([byte[0] ^ 1 << self.dice.randrange(8)]))
            self.counts["damaged pack"] += 1
            with Desk.open(place.folder) as desk:
                told = check.problems(desk)
            if len(told) != 1:
                self.faults.append(f"damaged pack: {len(told)} problems told instead of one")
            shutil.rmtree(place.folder)


def _as_user(user: int, home: str, words: list[str]) -> int:
    """Run a command in a child of this process that has become somebody else: Python itself may lie where they cannot go."""
    child = os.fork()
    if not child:
        status = 99
        try:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            os.environ.update(HOME=home, XDG_DATA_HOME=home, DESKBELL_TRACE="1")
            os.chdir(home)
            status = command_line(words)
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextlib.contextmanager
def _small_disk(at: Path, size: int) -> Iterator[Path]:
    at.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(at)], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)


def main(words: list[str]) -> int:
    """Run them all; 1 when there was a fault."""
    rounds, seed, only = (*words, *("5", "7", "")[len(words) :])
    os.umask(0o077)
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyrings.alt.file.PlaintextKeyring"
    with tempfile.TemporaryDirectory(prefix="deskbell-drills-") as folder:
        os.environ["XDG_DATA_HOME"] = str(Path(folder) / "user-data")
        result = Drills(Path(folder), int(rounds), int(seed)).run(only)
    print(json.dumps(result))
    return 1 if result["faults"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
