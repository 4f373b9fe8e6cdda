"""Scenes of backups: how they stand, saving one, and the way back."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

from app.conversations.mailboxes import pause_mailbox
from app.conversations.queries import mailboxes
from app.desk import Desk
from app.desk.describing import source_of
from app.desk.maintenance.backing_up import write_file
from app.desk.maintenance.restored import note_restored
from app.kernel import clock
from app.kernel.errors import Reason
from app.kernel.maintenance.backup import scheduled_backup
from tests.screenshots.studio import Studio
from ui.pages.restore.page import Page
from ui.pages.settings.saving import SaveSheet


def standing(studio: Studio, desk: Desk) -> None:
    """Settings of a desk that is backed up every day, on its own disk alone."""
    scheduled_backup(source_of(desk.workspace), desk.workspace.backups, clock.now() - timedelta(hours=6))
    studio.go("settings", category="data")


def choice(studio: Studio, desk: Desk) -> None:
    """Some backups to choose from."""
    for days in (9, 2, 1, 0):
        scheduled_backup(source_of(desk.workspace), desk.workspace.backups, clock.now() - timedelta(days=days, hours=6))
    studio.go("restore")


def preview(studio: Studio, desk: Desk) -> None:
    """What a backup file says of itself."""
    with tempfile.TemporaryDirectory(prefix="deskbell-scene-") as folder:
        target = Path(folder) / "harbour-lamp.deskbell"
        write_file(desk, target)
        studio.go("restore", file=target)
        page = studio.page(Page)
        studio.wait(lambda: page.found is not None, "the preview")


def locked(studio: Studio, desk: Desk) -> None:
    """A backup under a passphrase."""
    with tempfile.TemporaryDirectory(prefix="deskbell-scene-") as folder:
        target = Path(folder) / "harbour-lamp.deskbell"
        write_file(desk, target, passphrase="four plain words here")
        studio.go("restore", file=target)
        page = studio.page(Page)
        studio.wait(page.unlock_button.isVisible, "the question for the passphrase")


def refused(studio: Studio, _desk: Desk) -> None:
    """A file that is no backup."""
    with tempfile.TemporaryDirectory(prefix="deskbell-scene-") as folder:
        target = Path(folder) / "holiday.deskbell"
        target.write_bytes(b"no backup at all")
        studio.go("restore", file=target)
        studio.settle()


def saving(studio: Studio, _desk: Desk) -> None:
    """The sheet that asks how a backup file is to be made."""
    assert studio.window is not None
    studio.go("settings", category="data")
    studio.window.context.actions.run("save_backup")
    sheet = studio.window.context.overlay.current()
    assert isinstance(sheet, SaveSheet)
    sheet.locks.setChecked(True)


def left(studio: Studio, desk: Desk) -> None:
    """The list of what is left to do after a restore."""
    assert studio.window is not None
    box = desk.ask(mailboxes)[0]
    desk.work(pause_mailbox, box.id, Reason.SIGN_IN)
    desk.work(note_restored, clock.now() - timedelta(days=1))
    studio.window.context.actions.run("restore_left")
    studio.wait(lambda: studio.window is not None and studio.window.context.overlay.is_open, "the list")
