"""What the program and its tests need from the operating system, and how to get it.

Nothing is installed that is there already: Qt's libraries are tried by loading them, tools are looked up by name and
fonts by file, which holds on every distribution and under every package name. What is missing is installed with the
system's own package manager when we are root, offered with sudo when somebody sits at a terminal, and otherwise
named in one exact command. On Windows and macOS the Python packages bring everything, and nothing happens here.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev_environment import PACKAGE, PYTHON, DevError, command, say

FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
POLICY = Path("/usr/sbin/policy-rc.d")

INSTALL = {
    "apt-get": ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends"],
    "dnf": ["dnf", "install", "-y"],
    "pacman": ["pacman", "-S", "--needed", "--noconfirm"],
    "zypper": ["zypper", "--non-interactive", "install"],
}

# Where a power cut means nothing, dpkg need not wait for the disk after each file.
HASTE = {"apt-get": ["-o", "Dpkg::Options::=--force-unsafe-io"]}

# Libraries of PySide6-Essentials: first what any Qt program needs, then what a window on X11 or Wayland adds.
QT = {
    "apt-get": "libgl1 libegl1 libglib2.0-0 libx11-6 libxkbcommon0 libfontconfig1 libfreetype6 libdbus-1-3",
    "dnf": "mesa-libGL mesa-libEGL glib2 libX11 libxkbcommon fontconfig freetype dbus-libs",
    "pacman": "libgl glib2 libx11 libxkbcommon fontconfig freetype2 dbus",
    "zypper": "Mesa-libGL1 Mesa-libEGL1 libglib-2_0-0 libX11-6 libxkbcommon0 fontconfig libfreetype6 libdbus-1-3",
}
QT_WINDOW = {
    "apt-get": "libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0"
    " libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1 libx11-xcb1"
    " libwayland-client0 libwayland-cursor0 libwayland-egl1",
    "dnf": "xcb-util-cursor libxkbcommon-x11 xcb-util-wm xcb-util-image xcb-util-keysyms xcb-util-renderutil"
    " libwayland-client libwayland-cursor",
    "pacman": "xcb-util-cursor libxkbcommon-x11 xcb-util-wm xcb-util-image xcb-util-keysyms xcb-util-renderutil wayland",
    "zypper": "libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0",
}
# Per package manager, in the order of INSTALL: apt-get, dnf, pacman, zypper.
TOOLS = {
    "dovecot": ("dovecot-imapd", "dovecot", "dovecot", "dovecot"),
    "openssl": ("openssl", "openssl", "openssl", "openssl"),
}
WINDOW_TOOLS = {
    "Xvfb": ("xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb", "xorg-x11-server-Xvfb"),
    "openbox": ("openbox", "openbox", "openbox", "openbox"),
    "xdotool": ("xdotool", "xdotool", "xdotool", "xdotool"),
    "chromium": ("chromium", "chromium", "chromium", "chromium"),
    "prosody": ("prosody", "prosody", "prosody", "prosody"),
    "xprop": ("x11-utils", "xprop", "xorg-xprop", "xprop"),
}
ALSO_CALLED = {"chromium": ("chromium-browser", "google-chrome")}
# Debian's package names that Ubuntu has not.
ON_UBUNTU = {"chromium": "chromium-browser"}
OS_RELEASE = Path("/etc/os-release")
PACKAGE_TOOLS = {
    "objdump": ("binutils", "binutils", "binutils", "binutils"),
    "rpmbuild": ("rpm", "rpm-build", "rpm-tools", "rpm-build"),
    "desktop-file-validate": ("desktop-file-utils",) * 4,
    "appstreamcli": ("appstream", "appstream", "appstream", "AppStream"),
}
# Debian's Python does without its own shared library, which a frozen program is built around.
PYTHON_LIBRARY = ("libpython3.{}", "python3-libs", "python", "libpython3_{}-1_0")
FONTS = {
    "DejaVuSans.ttf": ("fonts-dejavu-core", "dejavu-sans-fonts", "ttf-dejavu", "dejavu-fonts"),
    "NotoSansCJK*": ("fonts-noto-cjk", "google-noto-sans-cjk-ttc-fonts", "noto-fonts-cjk", "google-noto-sans-jp-fonts"),
    "NotoColorEmoji*": (
        "fonts-noto-color-emoji",
        "google-noto-emoji-color-fonts",
        "noto-fonts-emoji",
        "google-noto-coloremoji-fonts",
    ),
}

# Loads the platform plugins named on the command line, then starts an application without a window system.
_PROBE = """
import ctypes, pathlib, sys
import PySide6
from PySide6.QtWidgets import QApplication
for name in sys.argv[1:]:
    ctypes.CDLL(str(pathlib.Path(PySide6.__file__).parent / f"Qt/plugins/platforms/libq{name}.so"))
QApplication([])
"""


@dataclass(frozen=True)
class Needs:
    """What a command needs from the system: a window's libraries, mail servers on loopback, a window system, a browser and a chat
    server to drive, or what makes and checks packages.
    """

    window: bool = False
    servers: bool = False
    journeys: bool = False
    packages: bool = False


TO_SHOW = Needs(window=True)
TO_DEMONSTRATE = Needs(servers=True)
TO_TEST = Needs(window=True, servers=True, journeys=True)
TO_PACKAGE = Needs(window=True, packages=True)


def has_display() -> bool:
    """Is there a window system that a window could open on?"""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def qt_trouble(*, window: bool, python: Path = PYTHON) -> str:
    """Why Qt cannot be loaded by that Python, in the loader's own words; empty if it can."""
    plugins = ["offscreen", "xcb"] if window else ["offscreen"]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    tried = subprocess.run(
        [str(python), "-c", _PROBE, *plugins], env=environment, capture_output=True, text=True, check=False
    )
    if tried.returncode == 0:
        return ""
    return (tried.stderr.strip().splitlines() or [f"it ended with status {tried.returncode}"])[-1]


def has_tool(name: str) -> bool:
    """Is the program installed? Servers live in `sbin`, which is not on everybody's path."""
    path = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
    return any(shutil.which(each, path=path) for each in (name, *ALSO_CALLED.get(name, ())))


def has_font(pattern: str) -> bool:
    return any(next(folder.rglob(pattern), None) is not None for folder in FONT_FOLDERS if folder.is_dir())


def missing_packages(needs: Needs, tool: str) -> tuple[list[str], list[str]]:
    """What is missing, in words and as package names of `tool` (a key of INSTALL)."""
    words: list[str] = []
    packages: list[str] = []
    column = list(INSTALL).index(tool)
    trouble = qt_trouble(window=needs.window, python=PACKAGE.python if needs.packages else PYTHON)
    if trouble:
        words.append(f"libraries of Qt ({trouble})")
        packages += QT[tool].split() + (QT_WINDOW[tool].split() if needs.window else [])
    if needs.packages and not _has_python_library():
        words.append("the shared library of Python")
        packages.append(PYTHON_LIBRARY[column].format(sys.version_info.minor))
    more_words, more = _missing_programs(needs, column)
    return words + more_words, packages + more


def _missing_programs(needs: Needs, column: int) -> tuple[list[str], list[str]]:
    """The same of what can be looked up without Qt."""
    words: list[str] = []
    packages: list[str] = []
    programs = {
        **(TOOLS if needs.servers else {}),
        **(WINDOW_TOOLS if needs.journeys else {}),
        **(PACKAGE_TOOLS if needs.packages else {}),
    }
    for name, names in programs.items():
        if not has_tool(name):
            words.append(name)
            packages.append(ON_UBUNTU.get(name, names[column]) if _is_ubuntu() else names[column])
    for pattern, names in (FONTS if needs.servers else {}).items():
        if not has_font(pattern):
            words.append(f"font {pattern.rstrip('*')}")
            packages.append(names[column])
    return words, packages


def _is_ubuntu() -> bool:
    """Is this Ubuntu, or a system made of it? (os-release(5))"""
    try:
        lines = OS_RELEASE.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    found = [line.partition("=")[2].strip("\"'") for line in lines if line.startswith(("ID=", "ID_LIKE="))]
    return any("ubuntu" in one.split() for one in found)


def _has_python_library() -> bool:
    """Can the shared library of this Python be loaded?"""
    try:
        ctypes.CDLL(str(sysconfig.get_config_var("INSTSONAME")))
    except OSError:
        return (Path(str(sysconfig.get_config_var("LIBDIR"))) / str(sysconfig.get_config_var("INSTSONAME"))).exists()
    return True


def ensure_system(needs: Needs, *, may_install: bool) -> None:
    """See to it that everything in `needs` is there, or end with the exact command that brings it."""
    if not sys.platform.startswith("linux"):
        return
    _name_loopback()
    tool = next((name for name in INSTALL if shutil.which(name)), None)
    if tool is None:
        _without_package_manager(needs)
        return
    words, packages = missing_packages(needs, tool)
    if not packages:
        return
    say("missing here: " + ", ".join(words))
    _install(tool, packages, may_install=may_install)
    words, _ = missing_packages(needs, tool)
    if words:
        raise DevError("still missing after the installation: " + ", ".join(words))


def install_early(needs: Needs, *, may_install: bool) -> None:
    """On a machine that has nothing yet, as root: begin with what is certainly missing, while the environment is being made.

    Whether Qt's libraries are there cannot be tried before that; a package manager passes over those that are.
    """
    tool = next((name for name in INSTALL if shutil.which(name)), None)
    if not sys.platform.startswith("linux") or PYTHON.exists() or tool is None or not may_install or os.geteuid():
        return
    words, packages = _missing_programs(needs, list(INSTALL).index(tool))
    if packages:
        say("missing here: " + ", ".join(words))
        _install(tool, [*QT[tool].split(), *QT_WINDOW[tool].split(), *packages], may_install=True)


def _name_loopback() -> None:
    """Give "localhost" its meaning (RFC 6761) where a bare root has no hosts file: sign-ins come back to that name."""
    hosts = Path("/etc/hosts")
    if hosts.exists() or os.geteuid() != 0:
        return
    say("writing /etc/hosts: this machine has none, and localhost means nothing")
    hosts.write_text("127.0.0.1\tlocalhost\n", encoding="ascii")


def _without_package_manager(needs: Needs) -> None:
    trouble = qt_trouble(window=needs.window)
    if trouble:
        raise DevError(
            f"Qt cannot load ({trouble}). Install the libraries of OpenGL, EGL, glib, X11 with xcb-cursor, xkbcommon,"
            " fontconfig and dbus, then try again."
        )


def _install(tool: str, packages: list[str], *, may_install: bool) -> None:
    line = [*INSTALL[tool], *packages]
    if os.geteuid() == 0 and may_install:
        prefix: list[str] = []
        line += HASTE.get(tool, []) if _is_thrown_away() else []
    elif may_install and sys.stdin.isatty() and shutil.which("sudo") and _agreed(line):
        prefix = ["sudo"]
    else:
        raise DevError("run this once, then try again:\n    sudo " + " ".join(line))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say("installing with " + tool + ": " + " ".join(packages))
    with _services_not_started():
        if tool == "apt-get":
            refresh = [*prefix, "apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq", "update"]
            subprocess.run(refresh, env=environment, check=False, stdout=subprocess.DEVNULL)
        command([*prefix, *line], env=environment, quiet=True)


def _is_thrown_away() -> bool:
    """Is this a container or a bare root, which nobody switches off by mistake? (sd_booted(3))"""
    return not Path("/run/systemd/system").exists()


def _agreed(line: list[str]) -> bool:
    answer = input("dev: run `sudo " + " ".join(line) + "`? [y/N] ")
    return answer.strip().lower() in {"y", "yes"}


@contextmanager
def _services_not_started() -> Iterator[None]:
    """Keep a freshly installed mail server from being started: the tests start their own, on loopback.

    Debian asks the file `policy-rc.d` for permission; one that is there already is respected and left alone.
    """
    ours = os.geteuid() == 0 and POLICY.parent.is_dir() and not POLICY.exists() and shutil.which("dpkg") is not None
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            POLICY.unlink(missing_ok=True)
