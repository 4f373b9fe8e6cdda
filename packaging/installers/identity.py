"""The names by which systems know Deskbell, fixed once: every manifest and script is written from here.

A name that has been on somebody's disk cannot be changed without leaving the old one behind, so none of these ever changes.
"""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGING: Final = ROOT / "packaging"
BUILD: Final = ROOT / "build" / "installers"
DIST: Final = ROOT / "dist"

NAME: Final = "Deskbell"
PROGRAM: Final = "deskbell"
"""The program, the package, the data folder and the keyring's service."""
APP_ID: Final = "app.deskbell.Deskbell"
"""Desktop file, metainfo, bundle, Flatpak, AppUserModelID."""
SUMMARY: Final = "Answer your customers from one inbox that is yours"
HOMEPAGE: Final = "https://deskbell.app"
MAINTAINER: Final = "The Deskbell project <packages@deskbell.app>"
FOLDER: Final = "/usr/lib/deskbell"
"""Where a Linux package puts the program."""
COPYRIGHT: Final = "Deskbell contributors"


def version() -> str:
    """The version of pyproject.toml, which must be what the program says of itself. Raises ValueError where they differ."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = str(project["version"])
    said = _said()
    if declared != said:
        msg = f"pyproject.toml says version {declared}, the program says {said}"
        raise ValueError(msg)
    if not re.fullmatch(r"\d+\.\d+\.\d+", declared):
        msg = f"{declared} is no version of three numbers, which Windows and macOS want"
        raise ValueError(msg)
    return declared


def _said() -> str:
    """VERSION of the program, read without importing it."""
    tree = ast.parse((ROOT / "app" / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "VERSION":
            return str(ast.literal_eval(node.value))
    msg = "app/__init__.py names no VERSION"
    raise ValueError(msg)
