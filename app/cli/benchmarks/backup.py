"""A backup file: alone beside `cp` of the same folder, and beside a running import, under a window that is worked in."""

from __future__ import annotations

from app.cli.benchmarks.figures import Figure
from app.cli.benchmarks.harness import figures_of

SIZE_MB = 500


def backup(size: int) -> list[Figure]:
    """`size`: megabytes of the desk."""
    return figures_of("backup", "tests.bench.beside_backup", str(size or SIZE_MB))
