"""What is committed in resources/chat was built from the sources beside it, is small, and asks nobody else for anything.

npm is not needed on a fresh machine, so nothing builds the widget there: `packaging/widget/build.mjs` notes what it built
from what, and this compares.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from ui.tokens import DARK, LIGHT

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "packaging" / "widget"
BUILT = ROOT / "resources" / "chat"
NOTED = json.loads((BUILT / "built.json").read_text(encoding="utf-8"))
MOST_BYTES = 30 * 1024


def digest(folder: Path) -> str:
    """As `digest` of build.mjs: names and contents of every source file."""
    found = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and "node_modules" not in path.relative_to(folder).parts
    }
    total = hashlib.sha256()
    for name in sorted(found):
        total.update(f"{name}\0{hashlib.sha256(found[name].read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def test_widgets_were_built_from_these_sources() -> None:
    assert NOTED["sources"] == digest(SOURCES), "run `npm ci && npm run build` in packaging/widget"


def test_a_changed_source_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "one.ts").write_text("1")
    before = digest(tmp_path)
    (tmp_path / "one.ts").write_text("2")
    assert digest(tmp_path) != before


@pytest.mark.parametrize("name", sorted(NOTED["outputs"]))
def test_widget_is_what_was_built_small_and_alone(name: str) -> None:
    data = (BUILT / name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == NOTED["outputs"][name]
    assert len(gzip.compress(data, 9)) <= MOST_BYTES
    assert data.isascii()  # a website may serve it without saying in which charset
    addresses = set(re.findall(r"https?://[a-z0-9.-]+", data.decode()))
    assert addresses <= {"http://www.w3.org", "http://jabber.org"}  # names of XML vocabularies, asked by nobody


def test_every_language_says_everything() -> None:
    words = {
        path.stem: set(re.findall(r"^  (\w+):", path.read_text("utf-8"), re.M))
        for path in (SOURCES / "src/words").glob("??.ts")
    }
    assert set(words) == {"en", "de", "es", "pt", "fr", "ja"}
    assert len(words["en"]) > 60
    assert all(said == words["en"] for said in words.values())


def test_placeholders_are_the_same_in_every_language() -> None:
    def places(name: str) -> dict[str, list[str]]:
        lines = re.findall(r'^  (\w+): "(.*)",$', (SOURCES / "src/words" / f"{name}.ts").read_text("utf-8"), re.M)
        return {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in lines}

    for name in ("de", "es", "pt", "fr", "ja"):
        assert places(name) == places("en")


def test_nothing_reads_html() -> None:
    """Text goes in as text: no source file uses what would read a letter as markup."""
    for path in (SOURCES / "src").rglob("*.ts"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", path.read_text("utf-8")
        ), path


def test_a_person_has_the_same_colours_as_in_the_window() -> None:
    styles = (SOURCES / "src" / "view" / "styles.css").read_text(encoding="utf-8")
    colour = r"light-dark\((#\w+), (#\w+)\)"
    pairs = re.findall(rf'data-tone="\d"\] {{ background: {colour}; color: {colour}; }}', styles)
    assert tuple((one[0].upper(), one[2].upper()) for one in pairs) == LIGHT.avatars
    assert tuple((one[1].upper(), one[3].upper()) for one in pairs) == DARK.avatars
