"""Filling a new desk from the window: it can be called off, and then it is as if nothing had been begun.

Filling is a matter of many transactions, as real work is. What was written is therefore taken out again as a whole, which
only a desk that held nothing before allows: `fill_new` refuses any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, text

from app.desk.sample.filling import TICKETS, fill
from app.index import recent
from app.kernel.database.tables import SettingRow
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.schema import metadata

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.desk.desk import Desk

_KEPT: Final = frozenset({"meta", "change", "signal", "setting", "device_setting"})
"""What is the desk's own; the settings that the sample made are taken out one by one."""

GoOn = Callable[[float], bool]


class _CalledOffError(Exception):
    """Somebody does not want the sample any more."""


def fill_new(desk: Desk, go_on: GoOn, *, tickets: int = TICKETS) -> bool:
    """Fill a desk where nobody has worked yet; `go_on` hears the share that is done (0–1) and says whether to go on.

    False if it was called off: then the desk is empty again, as it is after an error. Raises UserError for a desk in use.
    """
    if not desk.is_new():
        msg = "This desk is in use already. Fill an empty folder instead."
        raise UserError(msg)
    settings, packs = desk.ask(_settings), set(desk.packs.names())

    def heard(share: float) -> None:
        if not go_on(share):
            raise _CalledOffError

    try:
        fill(desk, tickets=tickets, progress=heard)
    except _CalledOffError:
        _empty(desk, settings, packs)
        return False
    except BaseException:
        _empty(desk, settings, packs)
        raise
    return True


def _settings(db: Session) -> frozenset[str]:
    return frozenset(db.scalars(select(SettingRow.key)))


def _empty(desk: Desk, settings: frozenset[str], packs: set[str]) -> None:
    desk.work(_take_out, settings)
    desk.stand_up()
    desk.packs.close()
    for name in set(desk.packs.names()) - packs:
        (desk.packs.folder / name).unlink(missing_ok=True)


def _take_out(tx: Tx, settings: frozenset[str]) -> None:
    """Every row that the sample wrote, those that point to others first; and the words of the index."""
    connection = tx.connection()
    for table in reversed(metadata.sorted_tables):
        if table.name not in _KEPT:
            connection.execute(delete(table))
    connection.execute(text("INSERT INTO search_fts(search_fts) VALUES('delete-all')"))
    recent.leave(connection)
    for row in tx.scalars(select(SettingRow).where(SettingRow.key.notin_(settings))):
        tx.delete(row)
