"""Data and backup: where everything lies, how the backups stand, when and where to they go, one file to carry away, the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from app.desk.maintenance.backing_up import Standing, chosen, second_place, standing
from app.desk.maintenance.compacting import to_give_back
from app.desk.maintenance.restored import Afterwards, afterwards
from app.kernel import clock
from app.kernel.errors import UserError
from app.kernel.files.switching import set_aside
from app.kernel.sentences import words_of
from app.kernel.state import options
from ui.pages import Context
from ui.pages.backing_up import backups_of
from ui.pages.settings.form import WIDE_LABEL, Pane, Values, fact
from ui.text import size_text, told, tr, when_text
from ui.widgets.field import FormRow, Select
from ui.widgets.label import Label
from ui.widgets.layout import clear, column
from ui.widgets.state import Banner


@dataclass(frozen=True, slots=True)
class _Found:
    """What the pane shows of backups."""

    standing: Standing
    left: Afterwards
    aside: tuple[tuple[Path, int], ...]
    """Desks that were here before a restore, and what each takes, in bytes."""


class DataPane(Pane):
    """The category. What takes long to count comes when it is known."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, tr("Data and backup"), tr("Everything is in one folder on this computer."))
        self._found: _Found | None = None
        self._waste = tr("Counting what is left of it on the disk…")
        self._backups = backups_of(context)
        often = [("daily", tr("Every day")), ("weekly", tr("Every week")), ("off", tr("Never"))]
        self.every = Select(often, "daily", name=tr("How often"))
        self.every.chosen.connect(lambda key: self._put("backup_every", key))
        self._often = FormRow(
            tr("How often"),
            column(
                self.every,
                Label(tr("Kept: the last seven days, four weeks and six months."), "caption", wrap=True),
                spacing=4,
            ),
            label_width=WIDE_LABEL,
        )
        self._standing, self._middle, self._rest = column(spacing=12), column(spacing=12), column(spacing=12)
        for item in (self._standing, self._often, self._middle, self._rest):
            self.scroller.content.addWidget(item)
        self._backups.ended.connect(self.load)

    def load(self) -> None:
        """Look how the backups stand, and how much could be given back."""
        desk = self.context.desk

        def look() -> _Found:
            place = desk.workspace
            return _Found(standing(place, desk.ask(chosen)), desk.ask(afterwards), set_aside(place))

        self.context.tasks.run(look, then=self._told, owner=self, key="settings.backups")
        self.context.tasks.run(lambda: to_give_back(desk), then=self._waste_told, owner=self, key="settings.waste")

    def store(self, changes: Values) -> None:
        """What is chosen here is kept at once."""

    # -- what is shown ------------------------------------------------------------------------------------------------

    def _told(self, found: _Found) -> None:
        self._found = found
        self.every.choose(found.standing.every)
        self._show_standing(found)
        self._show_middle(found)
        self._show_rest()

    def _show_standing(self, found: _Found) -> None:
        how, now = found.standing, clock.now()
        layout = self._standing.layout()
        assert layout is not None
        clear(layout)
        banner = self._banner(how)
        if banner is not None:
            layout.addWidget(banner)
        when = when_text(how.last_at, now) if how.last_at else tr("None yet.")
        places = [tr("on this disk") if how.here_at else "", tr("on another disk") if how.elsewhere_at else ""]
        told = " · ".join(each for each in (when, *places) if each)
        acts: list[tuple[str, Callable[[], object]]] = [
            (tr("Back up now"), lambda: self.context.actions.run("back_up")),
            (tr("Open the backups"), _opener(self.context.desk.workspace.backups)),
        ]
        layout.addWidget(fact(tr("Last good backup"), told, *acts))

    def _banner(self, how: Standing) -> Banner | None:
        now = clock.now()
        if how.problem:
            return Banner(tr("The last backup failed"), told(how.problem), tone="bad")
        if how.every == "off":
            words = tr("Nothing is backed up by itself. A broken disk takes everything with it.")
            return Banner(tr("Backups are switched off"), words, tone="warn")
        if how.last_at is not None and how.is_old(now, now):
            words = tr("Backups are made while receiving and sending run. Leave Deskbell open for a while.")
            return Banner(tr("The last backup is old"), words, tone="warn")
        if how.only_here(now):
            words = tr(
                "If it breaks or is stolen, they are gone as well. Choose a folder on another disk, or save a backup file there."
            )
            return Banner(
                tr("All backups are on this disk"), words, tone="warn", actions=[(tr("Choose a folder…"), self._choose)]
            )
        return None

    def _show_middle(self, found: _Found) -> None:
        layout = self._middle.layout()
        assert layout is not None
        clear(layout)
        folder = found.standing.folder
        acts: list[tuple[str, Callable[[], object]]] = [(tr("Choose a folder…"), self._choose)]
        if folder:
            acts.append((tr("Use none"), lambda: self._put("backup_folder", "")))
        told = folder or tr("None. A second disk, a stick or a network drive: only what is new is copied there.")
        layout.addWidget(fact(tr("Second place"), told, *acts))
        run = self.context.actions.run
        words = tr(
            "The whole desk in one file, to keep elsewhere or to move to a new computer. You can lock it with a passphrase."
        )
        layout.addWidget(fact(tr("Backup file"), words, (tr("Save a backup file…"), lambda: run("save_backup"))))
        words = tr("You see what is in a backup before anything is done. The desk that is here is kept.")
        ways: list[tuple[str, Callable[[], object]]] = [(tr("Restore a backup…"), lambda: run("restore_backup"))]
        left = found.left
        if left.restored_at is not None and not left.is_done:
            ways.append((tr("What is left to do…"), lambda: run("restore_left")))
        layout.addWidget(fact(tr("Restore"), words, *ways))

    def _show_rest(self) -> None:
        space = self.context.desk.workspace
        layout = self._rest.layout()
        assert layout is not None
        clear(layout)
        give = (tr("Free disk space…"), lambda: self.context.actions.run("compact"))
        logs = tr("For finding faults. They contain no messages and no passwords.")
        aside = self._found.aside if self._found is not None else ()
        if aside:
            words = tr(
                "{n} desk was here before a restore; it takes {size}.|{n} desks were here before restores; they take {size}.",
                n=len(aside),
                size=size_text(sum(size for _, size in aside)),
            )
            then = tr(
                "Delete it once you are sure that you need nothing of it.|Delete them once you need nothing of them.",
                n=len(aside),
            )
            layout.addWidget(fact(tr("Set aside"), f"{words} {then}", (tr("Open the folder"), _opener(space.folder))))
        for item in (
            fact(tr("Folder"), str(space.folder), (tr("Open the folder"), _opener(space.folder))),
            fact(tr("Erased for good"), self._waste, give),
            fact(tr("Log files"), logs, (tr("Open the log files"), _opener(space.logs))),
        ):
            layout.addWidget(item)

    def _waste_told(self, size: int) -> None:
        self._waste = tr(
            "About {size} can be freed: what was erased, and empty space. Backups keep what was erased for up to six months.",
            size=size_text(size),
        )
        if self._found is not None:
            self._show_rest()

    # -- what is done -------------------------------------------------------------------------------------------------

    def _put(self, key: str, value: str) -> None:
        self.context.tasks.do(options.put, key, value, then=lambda _none: self.load(), owner=self)

    def _choose(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("Choose a folder for backups"), str(Path.home()))
        if name:
            self.choose_folder(Path(name))

    def choose_folder(self, folder: Path) -> None:
        """Make this the second place, if it can be one, and back up there at once."""
        place = self.context.desk.workspace

        def taken(_target: object) -> None:
            self.context.tasks.do(
                options.put, "backup_folder", str(folder), then=lambda _none: self._backups.now(), owner=self
            )

        self.context.tasks.run(lambda: second_place(place, folder), then=taken, owner=self, failed=self._not_taken)

    def _not_taken(self, error: Exception) -> bool:
        if isinstance(error, UserError):
            self.context.toasts.say(told(words_of(error)), "bad")
            return True
        return False


def _opener(folder: Path) -> Callable[[], object]:
    return lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
