"""One stylesheet, generated from the tokens.

Widgets say what they are by two properties, `look` (a text's role) and `box` (a frame's role), and buttons by `kind`;
colours and sizes live here alone. Two traps of Qt style sheets are minded: a radius over half the height is dropped
silently, and a placeholder without its own colour is drawn paler than the palette says.
"""

from __future__ import annotations

from ui.tokens import BODY, FIGURE, SMALL, TITLE, Tokens


def stylesheet(t: Tokens) -> str:
    """The whole window's style for one set of tokens."""
    parts = (_base(t), _texts(t), _boxes(t), _buttons(t), _fields(t), _quiet(t), _lists(t))
    return "\n".join((*parts, _contrast(t) if t.hc else ""))


def _base(t: Tokens) -> str:
    return f"""
* {{ outline: none; }}
QWidget {{ color: {t.text}; font-size: {BODY}px; }}
QMainWindow, *[box="canvas"] {{ background: {t.canvas}; }}
QToolTip {{ background: {t.text}; color: {t.canvas}; border: 0; padding: 5px 8px; font-size: {SMALL}px; }}
QMenu {{ background: {t.raised}; border: 1px solid {t.line_strong}; padding: 4px; }}
QMenu::item {{ padding: 6px 24px 6px 10px; border-radius: 4px; }}
QMenu::item:selected {{ background: {t.selected}; color: {t.text}; }}
QMenu::item:disabled {{ color: {t.text3}; }}
QMenu::separator {{ height: 1px; background: {t.line}; margin: 4px 6px; }}
QSplitter::handle {{ background: {t.line}; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {t.line_strong}; border-radius: 3px; min-height: 32px; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 2px; }}
QScrollBar::handle:horizontal {{ background: {t.line_strong}; border-radius: 3px; min-width: 32px; }}
QScrollBar::handle:hover {{ background: {t.text3}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page
  {{ width: 0; height: 0; background: transparent; }}
"""


def _texts(t: Tokens) -> str:
    return f"""
*[look="title"] {{ font-size: {TITLE}px; font-weight: 600; }}
*[look="figure"] {{ font-size: {FIGURE}px; font-weight: 600; }}
*[look="sign"] {{ font-size: {TITLE}px; color: {t.text2}; }}
*[look="strong"] {{ font-weight: 600; }}
*[look="medium"] {{ font-weight: 500; }}
*[look="muted"] {{ color: {t.text2}; }}
*[look="small"] {{ color: {t.text2}; font-size: {SMALL}px; }}
*[look="caption"] {{ color: {t.text3}; font-size: {SMALL}px; }}
*[look="small-strong"] {{ font-size: {SMALL}px; font-weight: 500; }}
*[look="section"] {{ color: {t.text3}; font-size: {SMALL}px; font-weight: 600; }}
*[look="link"] {{ color: {t.accent_text}; font-weight: 500; }}
*[look="key"] {{ color: {t.text2}; font-size: {SMALL}px; background: {t.sunken}; border: 1px solid {t.line};
  border-radius: 4px; padding: 1px 6px; min-height: 18px; max-height: 18px; }}
*[tone="ok"] {{ color: {t.ok}; }}
*[tone="warn"] {{ color: {t.warn}; }}
*[tone="bad"] {{ color: {t.bad}; }}
*[tone="info"] {{ color: {t.accent_text}; }}
"""


def _boxes(t: Tokens) -> str:
    edge = t.line_strong if t.hc or t.dark else t.line
    return f"""
*[box="surface"] {{ background: {t.surface}; }}
*[box="rail"], *[box="panel"] {{ background: {t.surface}; border-right: 1px solid {t.line}; }}
*[box="side"] {{ background: {t.surface}; border-left: 1px solid {t.line}; }}
*[box="bar"] {{ background: {t.canvas}; border-bottom: 1px solid {t.line}; }}
*[box="foot"] {{ border: 0; border-top: 1px solid {t.line}; }}
*[box="row"] {{ border: 0; border-bottom: 1px solid {t.line}; }}
*[box="line"] {{ background: {t.line}; }}
*[box="tile"], *[box="message"] {{ background: {t.raised}; border: 1px solid {t.line}; border-radius: {t.radius}px; }}
*[box="chosen"] {{ background: {t.raised}; border: 2px solid {t.accent}; border-radius: {t.radius}px; }}
*[box="outgoing"] {{ background: {t.accent_soft}; border: 1px solid {t.accent if t.hc else t.accent_soft};
  border-radius: {t.radius}px; }}
*[box="note"] {{ background: {t.note_soft}; border: 1px solid {t.note_line}; border-radius: {t.radius}px; }}
*[box="sunken"] {{ background: {t.sunken}; border: 1px solid {t.line if t.hc else t.sunken};
  border-radius: {t.radius}px; }}
*[box="selected"] {{ background: {t.selected}; border-radius: {t.radius}px; }}
*[box="ok"] {{ background: {t.ok_soft}; border: 1px solid {t.ok if t.hc else t.ok_soft}; border-radius: {t.radius}px; }}
*[box="warn"] {{ background: {t.warn_soft}; border: 1px solid {t.warn if t.hc else t.warn_soft};
  border-radius: {t.radius}px; }}
*[box="bad"] {{ background: {t.bad_soft}; border: 1px solid {t.bad if t.hc else t.bad_soft};
  border-radius: {t.radius}px; }}
*[box="info"] {{ background: {t.accent_soft}; border: 1px solid {t.accent if t.hc else t.accent_soft};
  border-radius: {t.radius}px; }}
*[box="composer"] {{ background: {t.raised}; border: 1px solid {t.line_strong}; border-radius: {t.radius}px; }}
*[box="composer"][active="true"] {{ border-color: {t.accent}; }}
*[box="composer-note"] {{ background: {t.note_soft}; border: 1px solid {t.note_line}; border-radius: {t.radius}px; }}
*[box="composer"][receiving="true"], *[box="composer-note"][receiving="true"] {{ background: {t.accent_soft};
  border: 1px dashed {t.accent}; }}
*[box="segment"] {{ background: {t.sunken}; border: 1px solid {t.line if t.hc else t.sunken};
  border-radius: {t.radius_s}px; }}
*[box="dialog"] {{ background: {t.raised}; border: 1px solid {edge}; border-radius: 12px; }}
*[box="popover"] {{ background: {t.raised}; border: 1px solid {edge}; border-radius: {t.radius}px; }}
*[box="file"] {{ background: {t.raised}; border: 1px solid {t.line_strong}; border-radius: {t.radius_s}px; }}
*[box="toast"] {{ background: {t.text}; border-radius: {t.radius}px; }}
*[box="toast"] QLabel {{ color: {t.canvas}; }}
*[box="toast"] QPushButton {{ background: transparent; border: 2px solid transparent; color: {t.canvas};
  font-weight: 600; text-decoration: underline; padding: 4px 6px; }}
*[box="toast"] QPushButton:focus {{ border-color: {t.canvas}; }}
"""


def _buttons(t: Tokens) -> str:
    return f"""
QPushButton {{ background: {t.raised}; border: 1px solid {t.line_strong}; border-radius: {t.radius_s}px;
  padding: 5px 12px; min-height: 20px; max-height: 20px; font-weight: 500; }}
QPushButton:hover {{ background: {t.hover}; }}
QPushButton:pressed {{ background: {t.selected}; }}
QPushButton:focus {{ border: 2px solid {t.accent}; padding: 4px 11px; }}
QPushButton:disabled {{ color: {t.text3}; background: {t.sunken}; border-color: {t.line}; }}
QPushButton::menu-indicator {{ image: none; width: 0; }}
QPushButton[drops="true"] {{ padding-right: 32px; }}
QPushButton[drops="true"]:focus {{ padding-right: 31px; }}
QPushButton[kind="primary"] {{ background: {t.accent}; color: {t.on_accent}; border: 1px solid {t.accent};
  font-weight: 600; }}
QPushButton[kind="primary"]:hover {{ background: {t.accent_hover}; border-color: {t.accent_hover}; }}
QPushButton[kind="primary"]:pressed {{ background: {t.accent_press}; border-color: {t.accent_press}; }}
QPushButton[kind="primary"]:focus {{ border: 2px solid {t.text}; }}
QPushButton[kind="primary"]:disabled {{ background: {t.sunken}; color: {t.text3}; border-color: {t.line}; }}
QPushButton[kind="danger"] {{ color: {t.bad}; }}
QPushButton[kind="danger"]:disabled {{ color: {t.text3}; }}
QPushButton[kind="ghost"], QPushButton[kind="plain"] {{ border: 0; background: transparent; padding: 6px 8px; }}
QPushButton[kind="ghost"] {{ color: {t.accent_text}; }}
QPushButton[kind="plain"] {{ color: {t.text2}; }}
QPushButton[kind="ghost"]:hover, QPushButton[kind="plain"]:hover {{ background: {t.hover}; }}
QPushButton[kind="ghost"]:focus, QPushButton[kind="plain"]:focus {{ border: 2px solid {t.accent};
  padding: 4px 6px; }}
QPushButton[kind="ghost"]:disabled, QPushButton[kind="plain"]:disabled {{ color: {t.text3};
  background: transparent; }}
QPushButton[kind="small"] {{ padding: 1px 10px; font-size: {SMALL}px; }}
QPushButton[kind="small"]:focus {{ padding: 0 9px; }}
QPushButton[kind="chip"] {{ border: 0; border-radius: 12px; padding: 4px 10px; min-height: 16px; max-height: 16px;
  background: transparent; color: {t.text2}; font-size: {SMALL}px; }}
QPushButton[kind="chip"]:hover {{ background: {t.hover}; }}
QPushButton[kind="chip"]:checked {{ background: {t.selected}; color: {t.accent_text}; font-weight: 600; }}
QPushButton[kind="chip"]:focus {{ border: 2px solid {t.accent}; padding: 2px 8px; }}
QPushButton[kind="tab"] {{ border: 0; border-radius: 0; border-bottom: 2px solid transparent; padding: 6px 2px;
  margin-right: 16px; background: transparent; color: {t.text2}; }}
QPushButton[kind="tab"]:hover {{ color: {t.text}; }}
QPushButton[kind="tab"]:checked {{ color: {t.text}; border-bottom: 2px solid {t.accent}; font-weight: 600; }}
QPushButton[kind="tab"]:focus {{ color: {t.accent_text}; border-bottom: 2px solid {t.accent_text}; }}
QPushButton[kind="segment"] {{ border: 1px solid transparent; border-radius: 4px; background: transparent;
  padding: 2px 11px; min-height: 18px; max-height: 18px; font-size: {SMALL}px; color: {t.text2}; }}
QPushButton[kind="segment"]:hover {{ color: {t.text}; }}
QPushButton[kind="segment"]:checked {{ background: {t.raised}; border: 1px solid {t.line}; color: {t.text}; }}
QPushButton[kind="segment"]:focus {{ border: 2px solid {t.accent}; padding: 1px 10px; }}
QPushButton[kind="nav"] {{ border: 2px solid transparent; border-radius: {t.radius}px; background: transparent;
  padding: 6px 8px; text-align: left; }}
QPushButton[kind="nav"]:hover {{ background: {t.hover}; }}
QPushButton[kind="nav"]:checked {{ background: {t.selected}; font-weight: 600; }}
QPushButton[kind="nav"]:focus {{ border: 2px solid {t.accent}; }}
QToolButton {{ border: 2px solid transparent; border-radius: {t.radius_s}px; padding: 3px; background: transparent; }}
QToolButton:hover {{ background: {t.hover}; }}
QToolButton:pressed, QToolButton:checked {{ background: {t.selected}; }}
QToolButton:focus {{ border: 2px solid {t.accent}; }}
QToolButton::menu-indicator {{ image: none; width: 0; }}
QToolButton[kind="rail"] {{ border-radius: {t.radius}px; }}
QToolButton[kind="rail"]:checked {{ background: {t.selected}; }}
"""


def _fields(t: Tokens) -> str:
    return f"""
QLineEdit {{ background: {t.canvas}; border: 1px solid {t.line_strong}; border-radius: {t.radius_s}px;
  padding: 5px 8px; min-height: 20px; max-height: 20px;
  selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QLineEdit, QTextEdit, QPlainTextEdit {{ placeholder-text-color: {t.text3}; }}
QLineEdit:focus {{ border: 1px solid {t.accent}; }}
QLineEdit:disabled {{ background: {t.sunken}; color: {t.text3}; border-color: {t.line}; }}
QLineEdit[wrong="true"] {{ border: 1px solid {t.bad}; }}
QLineEdit[look="palette"] {{ border: 0; background: transparent; font-size: {TITLE}px; padding: 6px 0; }}
QTextEdit, QPlainTextEdit {{ selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QPlainTextEdit[look="field"], QTextEdit[look="field"] {{ background: {t.canvas}; border: 1px solid {t.line_strong};
  border-radius: {t.radius_s}px; padding: 4px 6px; }}
QPlainTextEdit[look="field"]:focus, QTextEdit[look="field"]:focus {{ border: 1px solid {t.accent}; }}
QPlainTextEdit[look="field"][wrong="true"] {{ border: 1px solid {t.bad}; }}
QPlainTextEdit[look="bare"], QTextEdit[look="bare"] {{ background: transparent; border: 0; }}
QComboBox {{ background: {t.canvas}; border: 1px solid {t.line_strong}; border-radius: {t.radius_s}px;
  padding: 5px 4px 5px 10px; min-height: 20px; max-height: 20px; combobox-popup: 0; }}
QComboBox:hover {{ background: {t.hover}; }}
QComboBox:focus {{ border: 2px solid {t.accent}; padding: 4px 3px 4px 9px; }}
QComboBox:disabled {{ background: {t.sunken}; color: {t.text3}; border-color: {t.line}; }}
QComboBox::drop-down {{ border: 0; width: 28px; }}
QComboBox::down-arrow {{ image: none; }}
QComboBox QAbstractItemView {{ background: {t.raised}; border: 1px solid {t.line_strong}; padding: 4px;
  selection-background-color: {t.selected}; selection-color: {t.text}; }}
QComboBox QAbstractItemView::item {{ min-height: 28px; padding: 0 8px; border-radius: {t.radius_s}px; }}
QComboBox QAbstractItemView::item:selected {{ background: {t.selected}; color: {t.text}; }}
QSpinBox, QDateEdit, QTimeEdit, QDateTimeEdit {{ background: {t.canvas}; border: 1px solid {t.line_strong};
  border-radius: {t.radius_s}px; padding: 5px 8px; min-height: 20px; max-height: 20px; }}
QSpinBox {{ padding-left: 10px; }}
QSpinBox::up-button, QSpinBox::down-button {{ subcontrol-origin: border; width: 0; border: 0; }}
QDateTimeEdit::drop-down {{ border: 0; width: 28px; }}
QSpinBox:focus, QDateEdit:focus, QTimeEdit:focus, QDateTimeEdit:focus {{ border: 1px solid {t.accent}; }}
QProgressBar {{ background: {t.sunken}; border: 0; border-radius: 2px; min-height: 4px; max-height: 4px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 2px; }}
"""


def _quiet(t: Tokens) -> str:
    """What looks like plain text until the mouse or the keyboard is on it: headings that fold, values edited in place."""
    quiet = t.line if t.hc else "transparent"
    return f"""
QPushButton[kind="fold"] {{ border: 2px solid transparent; border-radius: {t.radius_s}px; background: transparent;
  padding: 1px 6px 1px 0; color: {t.text2}; font-size: {SMALL}px; font-weight: 600; text-align: left; }}
QPushButton[kind="fold"]:hover {{ color: {t.text}; }}
QPushButton[kind="fold"]:focus {{ border: 2px solid {t.accent}; }}
QPushButton[kind="quiet"] {{ border: 1px solid {quiet}; background: transparent; padding: 3px 7px;
  font-weight: 400; text-align: left; }}
QPushButton[kind="quiet"]:hover {{ background: {t.hover}; }}
QPushButton[kind="quiet"]:focus {{ border: 2px solid {t.accent}; padding: 2px 6px; }}
QLineEdit[look="quiet"] {{ background: transparent; border-color: {quiet}; padding: 3px 5px; }}
QComboBox[look="quiet"] {{ background: transparent; border-color: {quiet}; padding: 3px 4px 3px 7px; }}
QLineEdit[look="quiet"]:hover, QComboBox[look="quiet"]:hover {{ background: {t.hover}; }}
QLineEdit[look="quiet"]:focus {{ background: {t.canvas}; border-color: {t.accent}; }}
QComboBox[look="quiet"]:focus {{ border: 2px solid {t.accent}; padding: 2px 3px 2px 6px; }}
QLineEdit[look="quiet"][wrong="true"] {{ border-color: {t.bad}; }}
"""


def _lists(t: Tokens) -> str:
    return f"""
QAbstractItemView, QScrollArea, QTextBrowser {{ background: transparent; border: 0; }}
QScrollArea > QWidget > QWidget[box="clear"] {{ background: transparent; }}
QListView[look="menu"] {{ background: {t.raised}; border: 1px solid {t.line_strong};
  selection-background-color: {t.selected}; selection-color: {t.text}; }}
QListView[look="menu"]::item {{ min-height: 28px; padding: 0 8px; border-radius: {t.radius_s}px; color: {t.text}; }}
QListView[look="menu"]::item:selected, QListView[look="menu"]::item:hover {{ background: {t.selected}; color: {t.text}; }}
QTableView {{ gridline-color: {t.line}; selection-background-color: {t.selected}; selection-color: {t.text}; }}
QTableView::item {{ border: 0; padding: 0 5px; }}
QHeaderView {{ background: transparent; border: 0; }}
QHeaderView::section {{ background: transparent; border: 0; border-bottom: 1px solid {t.line}; color: {t.text2};
  font-size: {SMALL}px; padding: 6px 8px; }}
QTableView[look="tile"] QHeaderView::section:first {{ padding-left: 16px; }}
QTableView[look="tile"] QHeaderView::section:last {{ padding-right: 16px; }}
"""


def _contrast(t: Tokens) -> str:
    """High contrast: frames of 2 px for focus and choice; disabled is a dashed frame, never paler text."""
    return f"""
QPushButton:disabled, QLineEdit:disabled, QComboBox:disabled, QPushButton[kind="primary"]:disabled
  {{ color: {t.text}; background: {t.canvas}; border: 1px dashed {t.line_strong}; }}
QPushButton[kind="ghost"]:disabled, QPushButton[kind="plain"]:disabled
  {{ border: 1px dashed {t.line_strong}; padding: 5px 7px; color: {t.text}; }}
QLineEdit:focus {{ border: 2px solid {t.accent}; padding: 4px 7px; }}
QLineEdit[look="palette"]:focus {{ border: 0; padding: 6px 0; }}
QPlainTextEdit[look="field"]:focus, QTextEdit[look="field"]:focus {{ border: 2px solid {t.accent}; padding: 3px 5px; }}
QPushButton[kind="chip"]:checked {{ border: 1px solid {t.accent}; padding: 3px 9px; }}
QPushButton[kind="nav"]:checked, QToolButton:checked {{ border: 2px solid {t.accent}; }}
QPushButton[kind="segment"]:checked {{ border: 2px solid {t.accent}; padding: 1px 10px; }}
*[box="selected"] {{ border: 2px solid {t.accent}; }}
QMenu::item:selected {{ border: 2px solid {t.accent}; padding: 4px 22px 4px 8px; }}
QProgressBar {{ border: 1px solid {t.line_strong}; min-height: 6px; max-height: 6px; }}
"""
