"""The import contracts name every folder that there is, so that no part of the program escapes them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BELOW_OR_ABOVE_FEATURES = {
    "__main__",
    "cli",
    "engine",
    "live_mailboxes",
    "passes",
    "desk",
    "schema",
    "workers",
    "connectors",
    "mime",
    "kernel",
}


def contracts() -> dict[str, dict[str, Any]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["name"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def modules(folder: Path) -> set[str]:
    """The names of the modules and packages directly inside a package."""
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    return files | packages(folder)


def packages(folder: Path) -> set[str]:
    return {path.parent.name for path in folder.glob("*/__init__.py")}


def listed(container: str) -> tuple[set[str], set[str]]:
    """The layers that must exist, and those in parentheses, which are still to come."""
    names = [name.strip() for row in contracts()[f"{container} layers"]["layers"] for name in row.split("|")]
    to_come = {name.strip("()") for name in names if name.startswith("(")}
    return {name for name in names if not name.startswith("(")}, to_come


@pytest.mark.parametrize("container", ["app", "app.kernel", "ui"])
def test_layers_are_the_folders(container: str) -> None:
    existing, to_come = listed(container)
    there = modules(ROOT / container.replace(".", "/"))
    assert there == existing, f"put into the right layer, or take out: {sorted(there ^ existing)}"
    assert not there & to_come, "these exist now: take them out of their parentheses"


def test_every_feature_is_kept_from_real_connectors() -> None:
    contract = contracts()["features never touch real connectors (only workers, engine and desk do)"]
    features = modules(ROOT / "app") - BELOW_OR_ABOVE_FEATURES
    assert set(contract["source_modules"]) == {f"app.{name}" for name in features}
    connectors = {f"app.connectors.{name}" for name in packages(ROOT / "app" / "connectors")}
    assert set(contract["forbidden_modules"]) == connectors


def test_window_is_kept_from_every_connector_and_from_rows() -> None:
    forbidden = set(contracts()["ui never sees rows, sessions or sockets"]["forbidden_modules"])
    connectors = {f"app.connectors.{name}" for name in packages(ROOT / "app" / "connectors")}
    assert forbidden >= connectors | {"sqlalchemy", "app.kernel.database.store", "app.*.tables"}


def test_connectors_do_not_know_each_other() -> None:
    connectors = {f"app.connectors.{name}" for name in packages(ROOT / "app" / "connectors")}
    contract = contracts().get("connectors do not know each other", {"modules": []})
    assert len(connectors) < 2 or set(contract["modules"]) == connectors
