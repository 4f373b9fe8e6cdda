"""The look at run time: fonts, style, palette and stylesheet of the process, switched live.

A `Theme` belongs to the application. It follows the system's colour scheme and contrast wish until the person
chooses a look, and says `changed` after each switch. Painted widgets read `tokens()` while painting, so a switch needs
no bookkeeping: Qt repaints everything when the stylesheet changes.
"""

from __future__ import annotations

from importlib import resources
from typing import Literal, get_args

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from ui.stylesheet import stylesheet
from ui.tokens import ALL, BODY, DARK, FIGURE, HC_DARK, HC_LIGHT, LIGHT, SMALL, TITLE, Tokens, contrast

__all__ = [
    "BODY",
    "DARK",
    "FIGURE",
    "HC_DARK",
    "HC_LIGHT",
    "LIGHT",
    "SMALL",
    "TITLE",
    "Choice",
    "Theme",
    "Tokens",
    "contrast",
    "font",
    "palette",
    "stylesheet",
    "tokens",
]

Choice = Literal["system", "light", "dark", "contrast", "hc_light", "hc_dark"]
FAMILY = "Inter"
_current: Tokens = LIGHT  # the look of a process is one, as its palette and stylesheet are
_fonts: dict[tuple[int, QFont.Weight], QFont] = {}


def tokens() -> Tokens:
    """The tokens in force; ask while painting, never keep them."""
    return _current


def font(px: int = BODY, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The application's font in one of the sizes: always the same object, not to be changed. Making one takes a third as long as
    painting a line with it.
    """
    made = _fonts.get((px, weight))
    if made is None:
        made = _fonts[px, weight] = QFont(QApplication.font())
        made.setPixelSize(px)
        made.setWeight(weight)
    return made


def palette(t: Tokens) -> QPalette:
    """The same colours for what Qt paints without a stylesheet."""
    role = QPalette.ColorRole
    made = QPalette()
    for which, colour in (
        (role.Window, t.canvas),
        (role.Base, t.canvas),
        (role.AlternateBase, t.surface),
        (role.WindowText, t.text),
        (role.Text, t.text),
        (role.Button, t.raised),
        (role.ButtonText, t.text),
        (role.BrightText, t.on_accent),
        (role.Highlight, t.accent),
        (role.HighlightedText, t.on_accent),
        (role.Accent, t.accent),
        (role.ToolTipBase, t.text),
        (role.ToolTipText, t.canvas),
        (role.PlaceholderText, t.text3),
        (role.Link, t.accent_text),
        (role.LinkVisited, t.accent_text),
        (role.Mid, t.line),
        (role.Dark, t.line_strong),
        (role.Light, t.raised),
        (role.Midlight, t.hover),
        (role.Shadow, t.line_strong),
    ):
        made.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(t.text if t.hc else t.text3))
    return made


class Theme(QObject):
    """Applies a look to the application and follows the system. Lives in the window's thread."""

    changed = Signal(object)  # Tokens

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._app = app
        self._choice: Choice = "system"
        self._fonts_loaded = False
        self._applied: Tokens | None = None
        hints = app.styleHints()
        hints.colorSchemeChanged.connect(self._follow)
        hints.accessibility().contrastPreferenceChanged.connect(self._follow)

    @property
    def choice(self) -> Choice:
        """What the person chose; `system` follows the computer, `contrast` its light or dark."""
        return self._choice

    @property
    def tokens(self) -> Tokens:
        """The tokens in force."""
        return _current

    def choose(self, choice: Choice) -> None:
        """Use a look from now on; an unknown name counts as `system`."""
        self._choice = choice if choice in get_args(Choice) else "system"
        self.apply(self._app, self._wanted())

    def apply(self, app: QApplication, t: Tokens) -> None:
        """Set fonts, style, palette and stylesheet and tell `changed`; nothing when it looks like that already."""
        global _current
        if self._applied is t:
            return
        if not self._fonts_loaded:
            load_fonts()
            app.setStyle("Fusion")
            made = QFont(FAMILY) if FAMILY in QFontDatabase.families() else QFont(QApplication.font())
            made.setPixelSize(BODY)
            made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
            app.setFont(made)
            _fonts.clear()
            self._fonts_loaded = True
        before, _current, self._applied = _current, t, t
        app.setPalette(palette(t))
        app.setStyleSheet(stylesheet(t))
        if before is not t:
            self.changed.emit(t)

    def _wanted(self) -> Tokens:
        for t in ALL:
            if t.name == self._choice:
                return t
        hints = self._app.styleHints()
        dark = hints.colorScheme() is Qt.ColorScheme.Dark
        if (
            self._choice == "contrast"
            or hints.accessibility().contrastPreference() is Qt.ContrastPreference.HighContrast
        ):
            return HC_DARK if dark else HC_LIGHT
        return DARK if dark else LIGHT

    def _follow(self) -> None:
        if self._wanted() is not _current:
            self.apply(self._app, self._wanted())


def load_fonts() -> int:
    """Register the fonts that come with the program; returns how many. None is no error: the system's font serves."""
    folder = resources.files("resources") / "fonts"
    if not folder.is_dir():
        return 0
    loaded = 0
    for item in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if item.name.lower().endswith((".ttf", ".otf")):
            with resources.as_file(item) as path:
                loaded += QFontDatabase.addApplicationFont(str(path)) >= 0
    return loaded
