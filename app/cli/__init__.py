"""The command line: a contract that other programs rely on. Exit status 0 done, 1 failed, 2 wrong usage."""

from app.cli.main import main

__all__ = ["main"]
