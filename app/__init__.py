"""Deskbell without a user interface: everything below this package runs without Qt and without a display."""

VERSION = "0.1.0"
"""What this program is, as pyproject.toml and every installer say it."""
