"""The program while its window is there: desk, first window, engine, tray, and why it is closed.

What is not needed for the first screen comes after it has been painted: the engine's supervisor, the reception for other starts
(`ui.instance`), the tray. That is why most imports here are late.
"""

from __future__ import annotations

import enum
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtGui import QFileOpenEvent, QIcon

from app.kernel.errors import UserError
from app.kernel.files.paths import Workspace
from app.kernel.program.activation import Asked, asked_by
from app.kernel.sentences import words_of
from ui.bridge import settle
from ui.kept_engine import KeptEngine, end_left_over
from ui.text import told, tr

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication, QWidget

    from app.desk import Desk
    from ui.instance import Reception
    from ui.staying import Staying
    from ui.tray import Tray
    from ui.widgets.rail import Reason
    from ui.window import Window

_ROWS_MS = 3000
"""So long what comes after the first rows waits for them."""


class Then(enum.Enum):
    """What comes when the windows are closed."""

    END = "the program ends"
    BACK = "a package replaces the program's files; then it is started again"
    ROOM = "what the desk holds in vain is given back; then it is opened again"
    RESTORED = "a restored desk takes its place"
    OWN = "an empty desk takes the place of the sample"
    MENDED = "its database is damaged; its last good backup is offered"


A_MOMENT: Final = frozenset({Then.ROOM, Then.RESTORED, Then.OWN, Then.MENDED})
"""The desk is closed for a moment only, to be opened again by this process."""


class Program(QObject):
    """One run of the window, on a folder that this process has locked."""

    def __init__(
        self,
        app: QApplication,
        folder: Path,
        *,
        engine: bool = True,
        background: bool = False,
        asked: Asked | None = None,
    ) -> None:
        super().__init__()
        from ui.theme import Theme

        self._app, self._background, self._first = app, background, asked
        self._wants_engine = engine
        self._engine: KeptEngine | None = None
        self.folder = folder
        self._reception: Reception | None = None
        self._staying: Staying | None = None
        self._updating: QObject | None = None
        self._beginning: QObject | None = None
        self._later: QTimer | None = None  # until the first rows are there
        self.theme = Theme(app)
        self.desk: Desk | None = None
        self.window: Window | None = None
        self._apology: QWidget | None = None
        self._has_asked = False
        self.then = Then.END

    def begin(self, said: str = "", *, restored: bool = False, damaged: bool = False) -> None:
        """Open the desk and show it, or say why not. `said`: what there is to tell the person then.

        `restored`: the desk came from a backup just now; what is left to do is shown. `damaged`: it is not opened, `said` says why.
        """
        self.theme.choose("system")
        if damaged:
            self._apologise(said, is_damaged=True)
            return
        self._open()
        if said and self.window is not None:
            self.window.toasts.say(said)
        if restored and self.window is not None:
            self.window.context.actions.run("restore_left")

    def end(self) -> None:
        """Close everything, last opened first."""
        if self._later is not None:
            self._later.stop()
        if self._staying is not None:
            self._staying.end()
        if self.window is not None:
            self.window.windows.shut()
        if self._engine is not None:
            self._engine.close(may_stay=not self.goes_on, may_finish=self.then is Then.END)
        if self._reception is not None:
            self._reception.close()
        if self.desk is not None:
            self.desk.close()
        if self.goes_on:
            end_left_over(self.folder)
        if self.window is not None:
            for one in self.window.windows.all:  # or the next window of this process had them beside it for ever
                one.deleteLater()

    @property
    def goes_on(self) -> bool:
        """Is the desk closed for a moment only, to be opened again by this process?"""
        return self.then in A_MOMENT

    def _open(self) -> None:
        from app.desk import Desk
        from app.desk.entering import WINDOW, NotAtOnceError
        from app.kernel import log as logs
        from app.kernel.state import options
        from ui.window import Window

        try:
            self.desk = Desk.open(self.folder, create=True, role=WINDOW, at_once=True)
        except NotAtOnceError:
            self._open_when_ready()
            return
        except (UserError, OSError) as error:
            self._apologise(told(words_of(error)))
            return
        if self._apology is not None:
            self._apology.close()
        logs.configure("window", self.desk.workspace.logs)
        self.theme.choose(self.desk.ask(options.get, "auto_theme"))
        self._engine = engine = KeptEngine(self.desk)
        self.window = Window(self.desk, self.theme, engine_secret=engine.hand_secret)
        self.window.look_chosen.connect(self._keep_look)
        self.window.tasks.damaged.connect(self._ask_to_leave_damaged)
        self.window.context.actions.bind(self, "compact", self._ask_for_room)
        self.window.context.actions.bind(
            self, "restore_now", partial(self._close_for, Then.RESTORED), self._can_exchange
        )
        self.window.start()
        is_shown = not (self._background and _has_tray())
        if is_shown:
            self.window.show()
        self._await_first_rows(self.window, _ROWS_MS if is_shown and self.window.current == "inbox" else 0)

    def _open_when_ready(self) -> None:
        """It has to be waited for: a person sees what for."""
        from ui.pages.restore.entering import made_ready

        trouble = made_ready(self._app, self.folder)
        if trouble:
            self._apologise(trouble)
        else:
            self._open()

    def _apologise(self, words: str, *, is_damaged: bool = False) -> None:
        """There is no desk to show: say why in a window, with a way to try again."""
        from ui.pages.restore.rescue import Rescue
        from ui.widgets.layout import column
        from ui.widgets.state import ErrorState

        if self._apology is not None:
            self._apology.close()
        panel = ErrorState(tr("This desk cannot be opened"), words, self._open)
        rescue = Rescue(Workspace(self.folder), is_damaged=is_damaged)
        rescue.ended.connect(self._rescued)
        self._apology = column((panel, 1), rescue, box="canvas")
        self._apology.setWindowTitle("Deskbell")
        self._apology.resize(640, 420)
        self._apology.show()

    def _await_first_rows(self, window: Window, at_most_ms: int) -> None:
        """What the first rows can do without waits for them, but not for ever: a list may fail to be read."""
        later = self._later = QTimer(window, singleShot=True, interval=at_most_ms)
        later.timeout.connect(self._after_first_rows)
        window.first_rows.connect(lambda: later.start(0) if later.isActive() else None)
        later.start()

    def _after_first_rows(self) -> None:
        settle()
        from ui.instance import Reception

        self._reception = Reception(self.folder, self.take)
        if self._wants_engine and self._engine is not None:
            self._engine.start(self._engine_died)
        self._app.setWindowIcon(QIcon(str(files("resources").joinpath("icons", "deskbell.svg"))))
        if self.window is not None:
            from ui.tray import Tray

            self.window.watch()
            tray = Tray(self.window.context, self.window, self.window.raise_to_front)
            if tray.icon is not None:
                self._stay_in(tray)
            from ui.pages.updating import Updating

            self._updating = Updating(self.window.context, self.window)
            from ui.pages.leaving_sample import LeavingSample

            self._beginning = LeavingSample(self.window.context, self.window, partial(self._close_for, Then.OWN))
            if self._first is not None:
                self.take(self._first)

    def _stay_in(self, tray: Tray) -> None:
        from ui.staying import Staying

        assert self.window is not None
        self._staying = Staying(
            self._app,
            self.window.windows,
            is_wanted=self._stays,
            stayed=tray.tell_of_staying,
            leave=self._app.quit,
        )

    def _stays(self) -> bool:
        """Does the program stay in the tray when its last window is closed?"""
        return self.then is Then.END and self._engine is not None and self._engine.is_wanted_alone()

    def take(self, asked: Asked) -> None:
        """Somebody started the program again, or followed a link: come to the front with what was asked for."""
        if self.window is not None:
            self.window.raise_to_front()
            self.window.take(asked)

    def leave_for_a_moment(self) -> None:
        """A package replaces the program: close as a person would, and be started again afterwards."""
        self._close_for(Then.BACK)
        self._app.quit()  # also where no window was shown

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        """On macOS the system hands links and files to the program that runs already."""
        if isinstance(event, QFileOpenEvent):
            self.take(asked_by(event.url().toString() or event.file(), Path("/")))
            return True
        return super().eventFilter(watched, event)

    def _engine_died(self, status: int) -> None:
        """Called on the supervisor's thread."""
        window = self.window
        if window is not None:
            window.bridge.post(lambda: window.lamp.set_state("attention", [_stopped(status)]))

    def _ask_for_room(self) -> None:
        from ui.pages.settings.compacting import ask_for_room

        if self.window is not None:
            ask_for_room(self.window.context, partial(self._close_for, Then.ROOM))

    def _rescued(self, succeeded: bool, words: str) -> None:
        """The last good backup was put in the place of a damaged desk, or why it was not."""
        if not succeeded:
            self._apologise(words)
            return
        self._open()
        if self.window is not None:
            self.window.toasts.say(words)
            self.window.context.actions.run("restore_left")

    def _ask_to_leave_damaged(self) -> None:
        """Pages of the database cannot be read: what can be done needs the desk closed. Asked once; the person may save words first."""
        from ui.widgets.overlay import ask

        if self.window is None or self._has_asked:
            return
        self._has_asked = True
        words = tr(
            "Some of it cannot be read any more. To mend it, the window closes and offers the last good backup; what is "
            "damaged is set aside, not erased."
        )
        title, button = tr("The desk's database is damaged"), tr("Close and see what can be done")
        ask(self.window.context.overlay, title, words, button, partial(self._close_for, Then.MENDED))

    def _close_for(self, then: Then) -> None:
        """Close all windows, for what comes then."""
        self.then = then
        self._app.closeAllWindows()

    def _can_exchange(self) -> bool:
        from app.kernel.files.switching import is_ready

        return self.desk is not None and is_ready(self.desk.workspace)

    def _keep_look(self, look: str) -> None:
        from app.kernel.state import options

        if self.window is not None:
            self.window.tasks.do(options.put, "auto_theme", look)


def _has_tray() -> bool:
    from PySide6.QtWidgets import QSystemTrayIcon

    return QSystemTrayIcon.isSystemTrayAvailable()


def _stopped(status: int) -> Reason:
    from ui.widgets.rail import Reason

    return Reason(
        tr("Receiving and sending have stopped"),
        tr("They start again by themselves in a moment (status {status}).", status=status),
        "warn",
    )
