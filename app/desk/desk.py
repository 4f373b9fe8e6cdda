"""Opening a workspace and working with it. Composition root: nothing else knows how the parts are put together."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from app.desk import entering, reactions
from app.kernel import clock
from app.kernel.database import change_times
from app.kernel.database.changes import Changes
from app.kernel.database.store import Store
from app.kernel.database.tables import DeviceSettingRow
from app.kernel.database.transaction import Tx
from app.kernel.files.blobs import Packs
from app.kernel.files.locks import FileLock
from app.kernel.files.paths import Workspace, default_folder
from app.tickets import bulk  # noqa: F401 - declares its job, for whoever works off jobs

if TYPE_CHECKING:
    from app.views.tally import Tally

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

_ME = "agent"


class Desk:
    """An open workspace. Thread-safe. `do` runs a command in one transaction, `ask` a query on a read-only one."""

    def __init__(self, workspace: Workspace, lock: FileLock) -> None:
        self.workspace = workspace
        self._lock = lock
        self.store = Store(workspace.database)
        self.packs = Packs(workspace.packs)
        reactions.wire(self.store)
        self._me: UUID | None = None
        if clock.is_impossible():
            clock.go_on_from(self.ask(change_times.newest) or clock.EARLIEST)

    @classmethod
    def open(
        cls,
        folder: Path | None = None,
        *,
        create: bool = False,
        role: str = entering.COMMAND,
        at_once: bool = False,
        patience_s: float = entering.PATIENCE_S,
        told: entering.Told = lambda _what, _done, _of: True,
    ) -> Desk:
        """Open the workspace in `folder` (default: the platform's place), bringing an older file forward.

        Raises what `app.desk.entering.enter` does: UserError when there is none and `create` is false, when the place is
        unsafe (network share, synced folder), not writable, in use, or the file was made by a newer Deskbell.
        """
        workspace = Workspace((folder or default_folder()).expanduser().absolute())
        lock = entering.enter(workspace, role, create=create, at_once=at_once, patience_s=patience_s, told=told)
        try:
            return cls(workspace, lock)
        except BaseException:
            lock.release()
            raise

    def do(self, command: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a command as the agent of this device."""
        return self.act(self.me(), command, *args, **kwargs)

    def act(self, agent: UUID | None, command: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a command as `agent`; None is the program itself (the engine)."""
        with self.store.write(getattr(command, "__name__", "command"), agent=agent) as tx:
            return command(tx, *args, **kwargs)

    def work(self, command: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a command as the program itself, as workers do."""
        return self.act(None, command, *args, **kwargs)

    def land(self, command: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a command as the program itself that is done again after a power cut, from what lies elsewhere until `settle`."""
        with self.store.write(getattr(command, "__name__", "command"), on_record=True) as tx:
            return command(tx, *args, **kwargs)

    def settle(self) -> None:
        """What was done so far survives a power cut when this returns (see `Store.settle`). Raises OSError."""
        self.store.settle()

    def ask(self, query: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a query."""
        with self.store.read() as db:
            return query(db, *args, **kwargs)

    def listen(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        """Call `listener` on the watcher's thread for whatever any process changes; returns how to stop."""
        return self.store.watcher.listen(listener)

    @cached_property
    def tally(self) -> Tally:
        """The numbers beside the views; made when somebody first asks, since most commands never do."""
        from app.views.tally import Tally

        return Tally()

    def me(self) -> UUID | None:
        """The agent who works at this device; None before somebody said their name."""
        if self._me is None:
            raw = self.ask(_device_agent)
            self._me = UUID(raw) if raw else None
        return self._me

    def is_new(self) -> bool:
        """Has nobody worked here yet?"""
        return self.me() is None

    def sit_down(self, agent: UUID) -> None:
        """From now on `agent` works at this device."""
        self.work(_remember_agent, agent)
        self._me = agent

    def stand_up(self) -> None:
        """Nobody works at this device any more: it is as before the first name was said."""
        self.work(_forget_agent)
        self._me = None

    def close(self) -> None:
        """Let go of the workspace."""
        self.store.close()
        self.packs.close()
        self._lock.release()

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def _device_agent(db: Session) -> str | None:
    row = db.get(DeviceSettingRow, _ME)
    return row.value if row is not None else None


def _remember_agent(tx: Tx, agent: UUID) -> None:
    row: Any = tx.get(DeviceSettingRow, _ME)
    if row is None:
        tx.add(DeviceSettingRow(key=_ME, value=str(agent)))
    else:
        row.value = str(agent)


def _forget_agent(tx: Tx) -> None:
    row = tx.get(DeviceSettingRow, _ME)
    if row is not None:
        tx.delete(row)
