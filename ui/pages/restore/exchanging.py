"""The moment between two windows in which nobody has the desk open: the restored one takes its place."""

from __future__ import annotations

from app.desk.maintenance.compacting import alone
from app.desk.maintenance.restoring import exchange
from app.kernel.errors import UserError
from app.kernel.files.paths import Workspace
from app.kernel.sentences import words_of
from ui.text import told, tr


def exchange_desks(place: Workspace) -> str:
    """Do it; what to tell the person when a desk is open again: the restored one, or, where it failed, the one before."""
    try:
        with alone(place, "restore"):
            aside = exchange(place)
    except UserError as error:
        return told(words_of(error))
    if aside is None:
        return tr("The desk is restored.")
    return tr("The desk is restored. What was here lies in the folder {name}.", name=aside.name)
