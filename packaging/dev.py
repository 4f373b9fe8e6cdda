#!/usr/bin/env python3
"""One entry point for everybody who works on Deskbell, on Linux, macOS and Windows. Standard library only.

    python3 packaging/dev.py run [ARGUMENTS]     set up what is missing, then open the window (or demonstrate without one)
    python3 packaging/dev.py test [ARGUMENTS]    set up what is missing, run every check and pytest with the arguments
    python3 packaging/dev.py check               the checks without the tests: style, types, layers, sizes
    python3 packaging/dev.py screenshots         take the pictures in docs/screenshots again
    python3 packaging/dev.py bench [ARGUMENTS]   run the benchmarks
    python3 packaging/dev.py installer           build what this system installs, into dist/ (see docs/installers.md)
    python3 packaging/dev.py setup               only the set-up
    python3 packaging/dev.py lock                write packaging/locks again from pyproject.toml
    python3 packaging/dev.py doctor              what is here and what is missing; changes nothing

`make run`, `make test` and so on call it; `--no-system` never installs system packages. Nothing is installed outside
the checkout except missing shared libraries, mail servers for the tests and fonts on Linux, see dev_system.py.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - this file is what tells the owner of an older Python
    sys.exit("dev: Python 3.11 or newer is needed, this is " + platform.python_version())

import dev_checks
import dev_system
import dev_tests
from dev_environment import DEVELOPMENT, LOCKS, PACKAGE, PYTHON, ROOT, DevError, say, write_locks


def program(*line: str | Path, offscreen: bool = False) -> int:
    """Run a module or script of the checkout with the environment's Python; returns its exit status."""
    environment = dict(os.environ)
    if offscreen:
        environment["QT_QPA_PLATFORM"] = "offscreen"
    return subprocess.run([str(PYTHON), *map(str, line)], cwd=ROOT, env=environment, check=False).returncode


def set_up(needs: dev_system.Needs, *, may_install: bool) -> None:
    DEVELOPMENT.ensure()
    dev_system.ensure_system(needs, may_install=may_install)


def run(arguments: list[str], *, may_install: bool) -> int:
    """Open the window; where there is no display, do the main job end to end and say what happened."""
    if dev_system.has_display():
        set_up(dev_system.TO_SHOW, may_install=may_install)
        return program("-m", "ui", *arguments)
    set_up(dev_system.TO_DEMONSTRATE, may_install=may_install)
    say("no display here: showing the main job from end to end without a window")
    return program("packaging/demo.py", *arguments, offscreen=True)


def test(arguments: list[str], *, may_install: bool) -> int:
    """Every check, beside the tests. All of them run, so that one failure does not hide another.

    What the system lacks is installed while the environment is made, which needs nothing of it: each takes a processor. The
    checks begin when there is an environment, and the tests do not wait for them: the types alone take half a minute in a
    fresh checkout. What the checks found is printed at the end.
    """
    with ThreadPoolExecutor(1) as aside:
        early = aside.submit(dev_system.install_early, dev_system.TO_TEST, may_install=may_install)
        DEVELOPMENT.ensure()
        with dev_checks.Checks() as checks:
            early.result()
            dev_system.ensure_system(dev_system.TO_TEST, may_install=may_install)
            dev_checks.heading("tests")
            status = dev_tests.run_tests(lambda *line: program("-m", "pytest", *line, offscreen=True), arguments)
            failed = checks.ended()
    if failed:
        say("failed beside the tests: " + ", ".join(failed))
    return status or (1 if failed else 0)


def check() -> int:
    DEVELOPMENT.ensure()
    failed = dev_checks.static_checks()
    say("failed: " + ", ".join(failed) if failed else "all checks passed")
    return 1 if failed else 0


def doctor() -> int:
    """Say what is here; install nothing."""
    print(f"system       {platform.platform()}, Python {platform.python_version()}")
    print(f"display      {'yes' if dev_system.has_display() else 'no'}")
    print(f"environment  {'.venv' if PYTHON.exists() else 'missing (python3 packaging/dev.py setup)'}")
    print(f"locks        {', '.join(sorted(path.name for path in LOCKS.glob('*.txt')))}")
    if not PYTHON.exists():
        return 1
    trouble = dev_system.qt_trouble(window=True)
    print(f"Qt           {trouble or 'loads'}")
    programs = {**dev_system.TOOLS, **dev_system.WINDOW_TOOLS}
    absent = [name for name in programs if not dev_system.has_tool(name)]
    absent += [pattern.rstrip("*") for pattern in dev_system.FONTS if not dev_system.has_font(pattern)]
    print(f"for tests    {'missing: ' + ', '.join(absent) if absent else 'everything is here'}")
    return 1 if trouble or absent else 0


def main(argv: list[str]) -> int:
    may_install = "--no-system" not in argv
    name, *arguments = [word for word in argv if word != "--no-system"] or ["help"]
    if name == "run":
        return run(arguments, may_install=may_install)
    if name == "test":
        return test(arguments, may_install=may_install)
    if name == "check":
        return check()
    if name == "screenshots":
        set_up(dev_system.TO_DEMONSTRATE, may_install=may_install)
        return program("-m", "tests.screenshots", *arguments, offscreen=True)
    if name == "bench":
        set_up(dev_system.TO_DEMONSTRATE, may_install=may_install)
        return program("-m", "app", "bench", *(arguments or ["all"]), offscreen=True)
    if name == "installer":
        from installers.build import build

        PACKAGE.ensure()
        dev_system.ensure_system(dev_system.TO_PACKAGE, may_install=may_install)
        return build(arguments)
    if name == "setup":
        set_up(dev_system.TO_TEST, may_install=may_install)
        return 0
    if name == "lock":
        write_locks()
        return 0
    if name == "doctor":
        return doctor()
    print(__doc__)
    return 0 if name in {"help", "-h", "--help"} else 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except DevError as error:
        sys.exit(f"dev: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
