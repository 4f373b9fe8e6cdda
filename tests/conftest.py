"""What every test gets: no window system, no real keyring, no real home, and no warning that passes unseen.

The environment is set when this file is read, before any test module imports Qt: without `offscreen`, Qt aborts the
whole run on a machine without a display. Programs that a test starts inherit all of it.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.scheduling import Scheduling, tell_groups

if TYPE_CHECKING:
    from xdist.remote import Producer

pytest_plugins = ["tests.servers.fixtures"]

ROOT = Path(__file__).resolve().parent.parent
_PRIVATE = Path(tempfile.mkdtemp(prefix="deskbell-tests-"))
_RUNTIME = _PRIVATE / "runtime"


def _private_surroundings() -> None:
    """Point Qt, the keyring and every per-user folder at places that belong to this process alone."""
    _RUNTIME.mkdir(mode=0o700)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyrings.alt.file.PlaintextKeyring"
    for name, folder in (("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"), ("XDG_STATE_HOME", "state")):
        os.environ[name] = str(_PRIVATE / folder)
    os.environ["XDG_RUNTIME_DIR"] = str(_RUNTIME)
    os.environ["TZ"] = "UTC"
    os.environ.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # images for containers set it: every program started was compiled anew
    os.umask(0o022)  # the usual one: private files must be private because the program says so
    atexit.register(shutil.rmtree, _PRIVATE, ignore_errors=True)


_private_surroundings()
# The same examples every time: a change is judged by what it does, not by the dice. `HYPOTHESIS_PROFILE=dice` throws
# them, for a longer search of one's own; what it finds becomes an `@example` that stays. A busy machine is no fault.
settings.register_profile("deskbell", deadline=None, derandomize=True, database=None)
settings.register_profile("dice", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "deskbell"))


@pytest.fixture(autouse=True)
def own_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty file keyring for each test, shared with the programs that the test starts."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "user-data"))


@pytest.fixture(autouse=True)
def same_umask() -> Iterator[None]:
    """A test that narrows the umask does not change the next one."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


def sample_mail_folder() -> Path:
    """Where the collected real mails are, if they are on this machine."""
    return Path(os.environ.get("DESKBELL_SAMPLE_MAIL", ROOT.parent / "shared" / "mail"))


@pytest.fixture(scope="session")
def real_mail() -> Path:
    """The folder of collected real mails; use it with `@pytest.mark.real`."""
    return sample_mail_folder()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole journeys first, so that no process waits in the end for the last of another; skip what needs real mails."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if sample_mail_folder().is_dir():
        return
    absent = pytest.mark.skip(reason="the collected real mails are not on this machine (DESKBELL_SAMPLE_MAIL)")
    for item in items:
        if item.get_closest_marker("real"):
            item.add_marker(absent)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """What is left of a window goes when its test is over, in the thread to which it belongs, and not in any other.

    Only out here has pytest let go of what it gave the test: any thread may find that as garbage from now on. A window
    that stayed would be styled again with every change of the look, and might take a later test's keys. What stays of the
    rest (modules, caches) is not looked through again: that cost more than most tests of a widget.
    """
    if "qapp" not in getattr(item, "fixturenames", ()):
        return (yield)
    gc.disable()
    try:
        return (yield)
    finally:
        _without_what_is_to_go()
        gc.enable()
        gc.collect()
        gc.freeze()


def _without_what_is_to_go() -> None:
    """Outside of a running loop nobody else deletes what is to be deleted later."""
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """How tests are shared out, however the run was started."""
    return Scheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported stays: looking through it for garbage again and again took a tenth of the time."""
    tell_groups(session.config, session.items)
    gc.collect()
    gc.freeze()
