"""Starting with the computer: an entry of this user's, made and taken away by a setting and never by a package.

Each system has one place that its own settings show as well, so that a person can also switch it off there: a desktop entry
in the autostart folder (Desktop Application Autostart Specification), the Run key of Windows, a launch agent of macOS. Whether
it is on is read from that place; nothing else remembers it.
"""

from __future__ import annotations

import os
import plistlib
import subprocess
import sys
from pathlib import Path
from typing import Final

from app.kernel.files.paths import default_folder
from app.kernel.program import frozen

APP_ID: Final = "app.deskbell.Deskbell"
_RUN_KEY: Final = r"Software\Microsoft\Windows\CurrentVersion\Run"
_NAME: Final = "Deskbell"


def is_offered() -> bool:
    """Can this program be started by the system? A sandbox cannot write such an entry; sources are run by hand elsewhere."""
    if Path("/.flatpak-info").exists():
        return False
    return frozen.is_frozen() or sys.platform.startswith("linux")


def is_on() -> bool:
    """Does it start with the computer?"""
    if sys.platform == "win32":
        return _registered() is not None
    return _entry().is_file()


def switch(on: bool, folder: Path) -> None:
    """Start the desk in `folder` with the computer, without a window; or no more. Raises OSError where that is refused."""
    options = [] if folder == Path(os.path.realpath(default_folder())) else ["--data", str(folder)]
    command = frozen.window_command("--background", *options)
    if sys.platform == "win32":
        _register(subprocess.list2cmdline(command) if on else None)
        return
    entry = _entry()
    if not on:
        entry.unlink(missing_ok=True)
        return
    entry.parent.mkdir(parents=True, exist_ok=True)
    entry.write_bytes(_agent(command) if sys.platform == "darwin" else _desktop_entry(command))


def _entry() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "LaunchAgents" / f"{APP_ID}.plist"
    chosen = os.environ.get("XDG_CONFIG_HOME", "")
    config = Path(chosen) if Path(chosen).is_absolute() else Path.home() / ".config"
    return config / "autostart" / f"{APP_ID}.desktop"


def _desktop_entry(command: list[str]) -> bytes:
    lines = [
        *("[Desktop Entry]", "Version=1.4", "Type=Application", f"Name={_NAME}", f"Icon={APP_ID}"),
        f"Exec={' '.join(map(quoted, command))}",
        *([] if frozen.is_frozen() else [f"Path={Path(__file__).resolve().parents[3]}"]),
        *("Terminal=false", "X-GNOME-Autostart-enabled=true"),
    ]
    return ("\n".join(lines) + "\n").encode()


def quoted(word: str) -> str:
    """A word of an Exec line: quoted as the Desktop Entry Specification says, then escaped as a string of such a file."""
    inner = word.replace("%", "%%")
    for sign in ("\\", '"', "`", "$"):
        inner = inner.replace(sign, f"\\{sign}")
    return f'"{inner}"'.replace("\\", "\\\\")


def _agent(command: list[str]) -> bytes:
    words = {"Label": APP_ID, "ProgramArguments": command, "RunAtLoad": True, "ProcessType": "Interactive"}
    return plistlib.dumps(words)


if sys.platform == "win32":
    import winreg

    def _registered() -> str | None:
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN_KEY) as key:
                return str(winreg.QueryValueEx(key, _NAME)[0])
        except FileNotFoundError:
            return None

    def _register(line: str | None) -> None:
        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN_KEY) as key:
            if line is not None:
                winreg.SetValueEx(key, _NAME, 0, winreg.REG_SZ, line)
            elif _registered() is not None:
                winreg.DeleteValue(key, _NAME)
