"""What installers are made of agrees with itself: names, versions, what is offered to desktops, scripts that can be read."""

from __future__ import annotations

import configparser
import os
import plistlib
import re
import runpy
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from dev_environment import DevError
from installers import deb, icons, identity, macos, needs, pages, trimming

from app.cli.options import parser

LINUX = identity.PACKAGING / "linux"
DESKTOP = LINUX / f"{identity.APP_ID}.desktop"
METAINFO = LINUX / f"{identity.APP_ID}.metainfo.xml"


def test_every_system_is_told_the_same_version() -> None:
    newest = re.search(r'<release version="([^"]+)"', METAINFO.read_text(encoding="utf-8"))
    assert newest is not None
    assert newest[1] == identity.version()


def test_desktops_are_offered_what_the_program_takes() -> None:
    entry = configparser.RawConfigParser(strict=True)
    entry.read(DESKTOP, encoding="utf-8")
    main = entry["Desktop Entry"]
    assert main["MimeType"] == "x-scheme-handler/mailto;x-scheme-handler/tel;application/vnd.deskbell.backup;"
    assert main["Icon"] == identity.APP_ID
    assert main["Exec"] == f"{identity.PROGRAM} %u"
    setup = (identity.PACKAGING / "windows/deskbell.nsi").read_text(encoding="utf-8")
    for scheme in ("mailto", "tel"):
        assert f'URLAssociations" "{scheme}"' in setup
    bundle = plistlib.loads((identity.PACKAGING / "macos/Info.plist").read_bytes())
    assert bundle["CFBundleURLTypes"][0]["CFBundleURLSchemes"] == ["mailto", "tel"]
    kinds = bundle["UTExportedTypeDeclarations"][0]["UTTypeTagSpecification"]
    assert kinds["public.filename-extension"] == ["deskbell"]


def test_the_program_calls_itself_by_the_same_name() -> None:
    window = (identity.ROOT / "ui/main.py").read_text(encoding="utf-8")
    assert f'setDesktopFileName("{identity.APP_ID}")' in window
    start = (identity.ROOT / "app/kernel/program/autostart.py").read_text(encoding="utf-8")
    assert f'"{identity.APP_ID}"' in start


@pytest.mark.parametrize("tool", ["desktop-file-validate", "appstreamcli", "makensis"])
def test_what_was_written_by_hand_is_valid(tool: str, tmp_path: Path) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    lines: dict[str, list[str | Path]] = {
        "desktop-file-validate": [tool, DESKTOP],
        "appstreamcli": [tool, "validate", "--no-net", METAINFO],
        "makensis": _setup_line(tmp_path) if tool == "makensis" else [],
    }
    done = subprocess.run(lines[tool], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _setup_line(folder: Path) -> list[str | Path]:
    """makensis over a payload of nothing."""
    tree = folder / "tree"
    (tree / "_internal").mkdir(parents=True)
    (tree / "deskbell.exe").write_bytes(b"MZ")
    icon = folder / "deskbell.ico"
    icon.write_bytes(_picture_of_windows(folder))
    values = {"VERSION": "1.2.3", "TREE": tree, "SEPARATOR": "/", "ICON": icon, "OUT": folder / "Deskbell.exe"}
    given = [f"-D{name}={value}" for name, value in values.items()]
    return ["makensis", "-WX", "-V1", "-INPUTCHARSET", "UTF8", *given, identity.PACKAGING / "windows/deskbell.nsi"]


def _picture_of_windows(folder: Path) -> bytes:
    script = identity.PACKAGING / "installers/icons.py"
    subprocess.run([sys.executable, script, folder / "icons"], check=True)
    return (folder / "icons/deskbell.ico").read_bytes()


def test_icons_are_drawn_in_every_size(tmp_path: Path) -> None:
    data = _picture_of_windows(tmp_path)
    count = struct.unpack("<HHH", data[:6])[2]
    assert count == len(icons.WINDOWS_SIZES)
    for number in range(count):
        *_rest, size, offset = struct.unpack("<BBBBHHII", data[6 + 16 * number : 22 + 16 * number])
        assert data[offset : offset + 8] == b"\x89PNG\r\n\x1a\n"
        assert offset + size <= len(data)
    for side in icons.SIZES:
        header = (tmp_path / f"icons/{side}.png").read_bytes()[16:24]
        assert struct.unpack(">II", header) == (side, side)


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no shell here")
@pytest.mark.parametrize("name", deb.SCRIPTS)
def test_scripts_of_the_package_can_be_read(name: str, tmp_path: Path) -> None:
    script = tmp_path / name
    script.write_text(deb.maintainer_script(name), encoding="utf-8")
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
    assert "@" not in re.sub(r"\$@|mailto:\S+", "", script.read_text(encoding="utf-8"))


def test_no_script_touches_what_is_a_users() -> None:
    for path in (LINUX / "deb").iterdir():
        assert not re.search(r"/home|\.local|XDG|~", path.read_text(encoding="utf-8")), path.name


def test_every_command_can_be_completed_and_looked_up() -> None:
    all_of = list(pages.commands(parser()))
    known = {" ".join(one.path) for one in all_of}
    assert {"mailbox add", "reply", "fields set", "backup"} <= known
    manual = pages.manual(all_of, "1.2.3", "2026-01-01")
    for text in (manual, pages.bash(all_of), pages.zsh(all_of), pages.fish(all_of)):
        assert "@KNOWN@" not in text
        assert "@CASES@" not in text
        assert all(path.split(" ")[-1] in text.replace("\\-", "-") for path in known if path)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("line", "offered"),
    [("mailbox --json s", {"set", "sign-in"}), ("fields add --h", {"--help", "--hint"}), ("outbox re", {"retry"})],
)
def test_the_shell_completes(line: str, offered: set[str], tmp_path: Path) -> None:
    script = tmp_path / "deskbell.bash"
    script.write_text(pages.bash(list(pages.commands(parser()))), encoding="utf-8")
    words = f"COMP_WORDS=(deskbell {line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))"
    ask = f"source {script}; {words}; _deskbell; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == offered


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("PySide6/Qt/lib/libQt6Widgets.so.6", True),
        ("PySide6/Qt/lib/libQt6Quick.so.6", False),
        ("PySide6/Qt/plugins/platforms/libqxcb.so", True),
        ("PySide6/Qt/plugins/platforms/libqeglfs.so", False),
        ("PySide6/Qt/plugins/platformthemes/libqgtk3.so", False),
        ("PySide6/Qt/translations/qtbase_de.qm", True),
        ("PySide6/Qt/translations/qtbase_fa.qm", False),
        ("libxcb-cursor.so.0", True),
        ("libxcb.so.1", False),
        ("libstdc++.so.6", False),
        ("libssl.so.3", True),
        ("libsqlite3.so.0", True),
        ("qtawesome/fonts/materialdesignicons6-webfont-6.9.96.ttf", True),
        ("qtawesome/fonts/phosphor-1.3.0.ttf", False),
        ("app/kernel/database/migrations/versions/0001_the_first_form.py", True),
    ],
)
def test_the_tree_is_trimmed_of_what_is_never_loaded(path: str, wanted: bool) -> None:
    assert trimming.is_wanted(path, "linux") is wanted


def test_a_library_that_nobody_looked_up_stops_the_build() -> None:
    assert needs.debian_packages(["libX11.so.6", "libglib-2.0.so.0", "libgio-2.0.so.0"]) == [
        "libglib2.0-0 | libglib2.0-0t64",
        "libx11-6",
    ]
    with pytest.raises(DevError, match=r"libnew\.so\.7"):
        needs.debian_packages(["libX11.so.6", "libnew.so.7"])


def test_the_workflow_builds_runs_and_sums_on_every_system() -> None:
    text = (identity.ROOT / ".github/workflows/installers.yml").read_text(encoding="utf-8")
    for system in ("ubuntu-22.04", "windows-2022", "macos-15"):
        assert f"system: {system}," in text
    assert text.count("packaging/installers/smoke.sh") == 3
    assert "sha256sum * > SHA256SUMS" in text
    called = set(re.findall(r"packaging/[\w/.]+\.(?:sh|py)", text))
    assert all((identity.ROOT / path).is_file() for path in called)
    assert "\t" not in text


def test_the_flatpak_takes_what_is_there_and_every_library_of_the_lock_but_qt() -> None:
    folder = identity.PACKAGING / "flatpak"
    named = re.findall(
        r"(?:packaging|resources)/[\w./-]+", (folder / f"{identity.APP_ID}.yml").read_text(encoding="utf-8")
    )
    assert len(named) >= 6
    assert [name for name in named if not (identity.ROOT / name).exists()] == []
    told = runpy.run_path(str(folder / "wheels.py"))
    entries = list(told["wanted"](told["LOCK"].read_text(encoding="utf-8")))
    names = {entry.partition("==")[0] for entry in entries}
    assert "sqlalchemy" in names
    assert not {name for name in names if name.startswith(("pyside6", "shiboken6"))}
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no shell here")
def test_the_image_of_macos_is_signed_from_the_inside_out_and_no_word_of_it_names_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Apple's tools are only there; here their places are taken by scripts that write down how they were called."""
    for tool in ("ditto", "hdiutil", "codesign", "xcrun"):
        script = tmp_path / "tools" / tool
        script.parent.mkdir(exist_ok=True)
        does = {"ditto": 'cp -R "$1" "$2"', "hdiutil": ': > "${@: -1}"'}.get(tool, ":")
        script.write_text(f'#!/bin/bash\necho "{tool} $*" >>"{tmp_path}/calls"\n{does}\n', encoding="utf-8")
        script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}{os.pathsep}{os.environ['PATH']}")
    for name in ("CODESIGN_ID", "NOTARY_APPLE_ID", "NOTARY_TEAM", "NOTARY_PASSWORD"):
        monkeypatch.setenv(name, f"the-{name}")
    monkeypatch.setattr(macos, "BUILD", tmp_path / "build")
    monkeypatch.setattr(macos, "DIST", tmp_path / "dist")
    bundle = tmp_path / "Deskbell.app"
    inner = bundle / "Contents/Frameworks"
    (inner / "QtCore.framework").mkdir(parents=True)
    (inner / "libpyside6.dylib").touch()
    image = macos.build_image(bundle)
    assert {one.name for one in (tmp_path / "build/dmg").iterdir()} == {"Deskbell.app", "Applications"}
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    ends = [line.rsplit(" ", 1)[1] for line in calls if line.startswith("codesign --force")]
    assert ends == list(map(str, (inner / "libpyside6.dylib", inner / "QtCore.framework", bundle, image)))
    assert [line.split()[:3] for line in calls[-2:]] == [
        ["xcrun", "notarytool", "submit"],
        ["xcrun", "stapler", "staple"],
    ]
    assert "the-NOTARY_PASSWORD" not in "".join(capsys.readouterr())
