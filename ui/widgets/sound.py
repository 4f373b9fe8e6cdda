"""A short bell, played by what the system has for it: Qt's own sounds would bring a media library along for one tone.

The tone is computed, once, into a file of the program's own. Where nothing can play it, the system's beep must do.
"""

from __future__ import annotations

import array
import math
import shutil
import sys
import time
import wave
from pathlib import Path
from typing import Final

from PySide6.QtCore import QProcess
from PySide6.QtWidgets import QApplication

_RATE: Final = 22_050
_SECONDS: Final = 0.5
_PARTS: Final = ((880.0, 0.55), (1_318.5, 0.3), (1_760.0, 0.15))
"""(Hz, share) of the bell's partial tones."""

_PLAYERS: Final = ("pw-play", "paplay", "aplay")
_REST_S: Final = 2.0
"""Many at once are one sound."""


class Bell:
    """Rings, at most every two seconds. `folder`: where its sound may lie."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "bell.wav"
        self._rang_at = -_REST_S

    def ring(self) -> bool:
        """Make a sound; False while the last one still hangs in the air."""
        now = time.monotonic()
        if now - self._rang_at < _REST_S:
            return False
        self._rang_at = now
        try:
            if not self._file.exists():
                write_bell(self._file)
            if not _play(self._file):
                QApplication.beep()
        except OSError:
            QApplication.beep()
        return True


def write_bell(path: Path) -> None:
    """The tone as a WAV file: 16 bit, mono."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = int(_RATE * _SECONDS)
    values = array.array("h", (round(_wave(n / _RATE) * 9_000) for n in range(count)))
    if sys.byteorder == "big":
        values.byteswap()
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(_RATE)
        out.writeframes(values.tobytes())


def _wave(t: float) -> float:
    fade = math.exp(-7 * t) * min(1.0, t * 200)
    return fade * sum(share * math.sin(2 * math.pi * hertz * t) for hertz, share in _PARTS)


def _play(path: Path) -> bool:
    """Start playing and go on; False where nothing can."""
    if sys.platform == "win32":
        import winsound

        winsound.PlaySound(str(path), winsound.SND_FILENAME | winsound.SND_ASYNC | winsound.SND_NODEFAULT)
        return True
    names = ("afplay",) if sys.platform == "darwin" else _PLAYERS
    program = next((found for name in names if (found := shutil.which(name))), None)
    return program is not None and bool(QProcess.startDetached(program, [str(path)])[0])
