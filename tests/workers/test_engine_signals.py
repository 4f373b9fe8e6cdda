"""The system may hand a signal to any thread of the engine; it ends all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_ENGINE = """
import signal, sys, threading, time
from pathlib import Path
from app.desk import Desk
from app.desk.supervisor import engine_pid
from app.engine import run_until_told

def hand_over():
    while engine_pid(desk.workspace) is None or main.ident not in sys._current_frames():
        time.sleep(0.05)
    while sys._current_frames()[main.ident].f_code.co_name != "_listen":
        time.sleep(0.05)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    threading.Event().wait()

main = threading.current_thread()
with Desk.open(Path(sys.argv[1]), create=True) as desk:
    threading.Thread(target=hand_over, daemon=True).start()
    run_until_told(desk)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals for threads")
def test_a_signal_that_another_thread_was_handed_ends_the_engine(tmp_path: Path) -> None:
    line = [sys.executable, "-c", _ENGINE, str(tmp_path / "desk")]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
