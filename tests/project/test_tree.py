"""What must hold for the committed tree as a whole: names, sizes, locks, and that it speaks of the product alone."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
from pathlib import Path

import packaging.version
import pytest
import sizes

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "packaging" / "locks").glob("*.txt"))
# Put together here, or this file would be the first offender.
REGISTRIES = re.compile(r"https?://[a-z0-9.-]*(" + "|".join(("py" + "pi", "python" + "hosted", "npm" + "js")) + ")")
MACHINE_PATHS = re.compile(r"/(" + "|".join(("wo" + "rk", "fa" + "rm")) + r")/[a-z]")
PLACEHOLDERS = re.compile("|".join(("desk" + "spike", r"org\.example", "app" + r"\.example")), re.IGNORECASE)


def committed_texts() -> list[tuple[Path, str]]:
    """Every committed text file that is still there, with what it says."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    texts = []
    for name in names.split("\0"):
        path = ROOT / name
        if name and path.is_file():
            data = path.read_bytes()
            if b"\0" not in data[:8000]:
                texts.append((path.relative_to(ROOT), data.decode(errors="replace")))
    return texts


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE_PATHS, PLACEHOLDERS], ids=["registry", "machine", "spike"])
def test_no_committed_file_names_it(pattern: re.Pattern[str]) -> None:
    texts = committed_texts()
    assert texts
    assert not [f"{path}: {found.group()}" for path, text in texts for found in pattern.finditer(text)]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (REGISTRIES, "https://" + "py" + "pi.org/simple"),
        (MACHINE_PATHS, "/wo" + "rk/main"),
        (PLACEHOLDERS, "org" + ".example.Desk"),
    ],
)
def test_the_patterns_find_something(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


NAMED_PATH = re.compile(r"(?<![\w./-])(?:app|ui|tests|packaging|resources|docs)/[\w./-]*\w")
NAMED_MODULE = re.compile(r"`((?:app|ui)\.[\w.]+)`")
MADE_BY_INSTALLERS = {"resources/updates.json"}


def test_every_place_that_is_named_exists() -> None:
    """In the documents, and in what modules say of each other: a file that moved takes its name along."""
    texts = [(path, text) for path, text in committed_texts() if path.suffix == ".md" or path.parts[0] in {"app", "ui"}]
    paths = [(path, found.group()) for path, text in texts for found in NAMED_PATH.finditer(text)]
    modules = [(path, found.group(1)) for path, text in texts for found in NAMED_MODULE.finditer(text)]
    assert paths
    assert modules
    gone = [f"{path}: {name}" for path, name in paths if not _is_file(name) and name not in MADE_BY_INSTALLERS]
    gone += [f"{path}: {name}" for path, name in modules if not _is_module(name)]
    assert gone == []


def _is_file(name: str) -> bool:
    """Or a folder; a decision is named by its number alone, a module now and then without its suffix."""
    place = ROOT / name
    return place.exists() or any(place.parent.glob(f"{place.name}[.-]*"))


def _is_module(name: str) -> bool:
    """Or something in one."""
    return _is_file(name.replace(".", "/")) or _is_file(name.rsplit(".", 1)[0].replace(".", "/"))


def test_packaging_folder_does_not_shadow_the_library() -> None:
    assert not (ROOT / "packaging" / "__init__.py").exists()
    assert Path(packaging.version.__file__).parent != ROOT / "packaging"


def test_files_and_functions_have_a_bearable_size() -> None:
    assert not [line for path in sizes.source_files() for line in sizes.offenders(path)]


def test_size_check_finds_a_long_function_and_a_long_file(tmp_path: Path) -> None:
    path = tmp_path / "long.py"
    path.write_text(
        "def long():\n" + "    pass\n" * sizes.FUNCTION_LINES + "x = 1\n" * sizes.FILE_LINES, encoding="utf-8"
    )
    found = list(sizes.offenders(path))
    assert len(found) == 2
    assert "long has 61 lines" in found[1]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_pins_everything_with_hashes_and_names_no_index(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip())
    assert len(entries) > 10
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry
        assert "://" not in entry, entry


def test_locks_know_what_the_project_needs() -> None:
    assert {path.name for path in LOCKS} == {"run.txt", "dev.txt", "package.txt"}
    run, dev, package = (
        (ROOT / "packaging" / "locks" / name).read_text(encoding="utf-8")
        for name in ("run.txt", "dev.txt", "package.txt")
    )
    names = {line.split("==")[0] for line in run.splitlines() if "==" in line}
    assert names <= {line.split("==")[0] for line in dev.splitlines() if "==" in line}
    assert {"pyside6-essentials", "sqlalchemy", "keyring"} <= names
    assert "keyrings-alt==" in dev
    assert "keyrings-alt==" not in run
    shipped = set(re.findall(r"^[a-z0-9._-]+==\S+", run, re.MULTILINE))
    assert shipped <= set(re.findall(r"^[a-z0-9._-]+==\S+", package, re.MULTILINE)), "installers hold other versions"


def test_environment_is_what_the_lock_says() -> None:
    """A test run with other versions than the locked ones proves nothing about them."""
    lock = (ROOT / "packaging" / "locks" / "dev.txt").read_text(encoding="utf-8")
    pinned: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^ ;]+)", lock, re.MULTILINE):
        pinned.setdefault(name, set()).add(version)
    for name in ("pyside6-essentials", "sqlalchemy", "pytest", "keyrings-alt", "imapclient"):
        assert importlib.metadata.version(name) in pinned[name]


def test_readme_begins_with_exactly_two_commands() -> None:
    first_screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40]
    inside, commands = False, []
    for line in first_screen:
        if line.startswith("```"):
            inside = not inside
        elif inside and line.strip():
            commands.append(line.split("#")[0].strip())
    assert commands == ["make run", "make test"]


def test_continuous_integration_runs_the_readme_command() -> None:
    script = ROOT / ".ci" / "run"
    assert script.read_text(encoding="utf-8").rstrip().endswith("make test")
    assert script.stat().st_mode & 0o111


def test_fonts_come_with_their_licence() -> None:
    fonts = ROOT / "resources" / "fonts"
    assert {path.name for path in fonts.glob("Inter-*.otf")} == {
        f"Inter-{weight}.otf" for weight in ("Regular", "Medium", "SemiBold", "Bold")
    }
    assert "SIL OPEN FONT LICENSE" in (fonts / "OFL.txt").read_text(encoding="utf-8").upper()
