"""Deskbell without a user interface: everything below this package runs without Qt and without a display."""
