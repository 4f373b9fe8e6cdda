"""The size check: no file over 500 lines, no function over 60.

Long files and functions are where faults hide and where two people edit the same lines. The limits are hard, so
that nobody has to argue about them; the aim is well below (files around 350 lines, functions around 25). A function
is counted from its `def` to its last line, decorators, docstring and inner functions included: a long function
does not get shorter by being nested. Database migrations are exempt: they are frozen records of what once was.

    python3 packaging/sizes.py [FOLDER...]     prints the offenders; exit status 1 if there are any
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("app", "ui", "packaging", "tests")
EXEMPT = ("app/kernel/database/migrations/versions",)
FILE_LINES = 500
FUNCTION_LINES = 60


def source_files(folders: Iterable[str] = FOLDERS, root: Path = ROOT) -> Iterator[Path]:
    """Every Python file below the folders, in a stable order."""
    exempt = [root / folder for folder in EXEMPT]
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            if "__pycache__" not in path.parts and not any(path.is_relative_to(frozen) for frozen in exempt):
                yield path


def offenders(path: Path) -> Iterator[str]:
    """One line for the file if it is too long or does not parse, and one for each function that is too long."""
    source = path.read_text(encoding="utf-8")
    lines = len(source.splitlines())
    if lines > FILE_LINES:
        yield f"{path}: {lines} lines (at most {FILE_LINES})"
    try:
        tree = ast.parse(source, filename=str(path), feature_version=(3, 11))
    except SyntaxError as error:
        yield f"{path}:{error.lineno}: {error.msg}"
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines (at most {FUNCTION_LINES})"


def main(argv: list[str]) -> int:
    found = [line for path in source_files(argv or FOLDERS) for line in offenders(path)]
    for line in found:
        print(line.replace(f"{ROOT}/", ""))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
