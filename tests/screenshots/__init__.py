"""Pictures of every screen, taken by one command: `python -m tests.screenshots` (`make screenshots`).

The desk is the sample desk, the clock stands still and the window is the real one, so that a picture changes only when a
screen does. `studio` opens desks and windows and waits until nothing moves; the scenes are in `__main__`; the pictures
land in docs/screenshots.
"""
