"""Everything that is shipped with Deskbell, and under which terms: from what an installer noted, else from this environment.

Libraries of Python carry their terms in their metadata (core metadata 2.4, PEP 639), so the list cannot go stale: an installer
writes it down when it is built, since the metadata itself is not shipped. What is no Python library stands in
resources/licences/components.toml.
"""

from __future__ import annotations

import json
import re
import sys
import sysconfig
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

NOTED: Final = "licences.json"
"""The file below resources/ that an installer brings."""

_TEXT: Final = re.compile(r"(?:licen[cs]e|copying|notice)", re.IGNORECASE)
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_LONGEST_EXPRESSION: Final = 80


@dataclass(frozen=True, slots=True)
class Shipped:
    """One library, font or program: `licence` is an SPDX expression where its makers wrote one, `text` all the terms."""

    name: str
    version: str
    licence: str
    url: str = ""
    note: str = ""
    text: str = ""


def shipped() -> tuple[Shipped, ...]:
    """Everything, by name."""
    noted = files("resources").joinpath(NOTED)
    if noted.is_file():
        return tuple(Shipped(**one) for one in json.loads(noted.read_text(encoding="utf-8")))
    return gathered()


def gathered(*, built: bool = False) -> tuple[Shipped, ...]:
    """What this environment would ship. `built`: also what only an installer holds."""
    components = tomllib.loads(_text("components.toml"))["component"]
    covered = {_plain(name) for one in components for name in one.get("covers", ())}
    found = [_component(one) for one in components if built or not one.get("only_built", False)]
    found += [_library(one) for name, one in _libraries().items() if name not in covered]
    return tuple(sorted(found, key=lambda one: one.name.casefold()))


def as_json(all_of: Iterable[Shipped]) -> str:
    """What an installer keeps."""
    return json.dumps([asdict(one) for one in all_of], ensure_ascii=False, indent=1)


def _component(one: dict[str, Any]) -> Shipped:
    version = next(filter(None, (_version(name) for name in one.get("covers", ()))), "")
    text = "\n\n".join(_text(name) for name in one.get("texts", ()))
    if one["name"] == "Python":
        version, text = sysconfig.get_python_version(), _python_text()
    elif not text and one.get("covers"):
        text = _terms(metadata.distribution(one["covers"][0])) if version else ""
    return Shipped(one["name"], version, one["licence"], one["url"], one.get("note", ""), text)


def _text(name: str) -> str:
    folder = files("resources")
    place = folder.joinpath(*name.split("/")) if "/" in name else folder.joinpath("licences", name)
    return place.read_text(encoding="utf-8")


def _python_text() -> str:
    """Python's own terms lie beside its library, in its folder (Windows), or where a distribution keeps all of them."""
    folders = (
        sysconfig.get_path("stdlib"),
        sys.base_prefix,
        "/usr/share/licenses/python3-libs",
        "/usr/share/licenses/python",
    )
    for place in (Path(folder) / name for folder in folders for name in ("LICENSE.txt", "LICENSE")):
        if place.is_file():
            return place.read_text(encoding="utf-8", errors="replace")
    return ""


def _libraries() -> dict[str, metadata.Distribution]:
    """Every library that the program needs, and what those need, as far as they are installed here."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [_plain(line) for line in _needs()]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # meant for another system or another Python
        needs = found[name].requires or ()
        waiting += [_plain(line) for line in needs if not re.search(r"\bextra\b", line)]
    return found


def _needs() -> list[str]:
    """What the program itself asks for: of its own sources, or of its installed metadata."""
    project = Path(__file__).resolve().parents[3] / "pyproject.toml"
    if project.is_file():
        return list(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"])
    try:
        return metadata.requires("deskbell") or []
    except metadata.PackageNotFoundError:
        return []


def _plain(line: str) -> str:
    """The name in a requirement, in the form in which names are compared (PEP 503)."""
    found = _NAME.match(line)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _library(one: metadata.Distribution) -> Shipped:
    return Shipped(one.name, one.version, _expression(one.metadata), _url(one.metadata), "", _terms(one))


def _expression(about: metadata.PackageMetadata) -> str:
    """The licence in a few words, from the newest field that says it."""
    said = _field(about, "License-Expression") or _field(about, "License")
    if said and "\n" not in said and len(said) <= _LONGEST_EXPRESSION:
        return said
    kinds = [
        line.split("::")[-1].strip() for line in about.get_all("Classifier") or () if line.startswith("License ::")
    ]
    return ", ".join(kinds) or "see its text"


def _field(about: metadata.PackageMetadata, name: str) -> str:
    return next(iter(about.get_all(name) or ()), "")


def _url(about: metadata.PackageMetadata) -> str:
    pages = dict(line.split(", ", 1) for line in about.get_all("Project-URL") or () if ", " in line)
    by_name = {name.casefold(): url for name, url in pages.items()}
    wanted = ("homepage", "home", "repository", "source", "source code", "github")
    return _field(about, "Home-page") or next((by_name[name] for name in wanted if name in by_name), "")


def _terms(one: metadata.Distribution) -> str:
    """Every file of terms that it brought, one after the other."""
    texts = []
    for path in one.files or ():
        if ".dist-info" in path.parts[0] and _TEXT.match(path.name):
            text = Path(str(path.locate())).read_text(encoding="utf-8", errors="replace").strip()
            if text not in texts:
                texts.append(text)
    return "\n\n".join(texts)
