"""The desk: the one object that the window, the command line and the tests get. It opens the workspace, wires the
reactions, runs commands and queries, and says what changed.
"""

from app.desk.desk import Desk

__all__ = ["Desk"]
