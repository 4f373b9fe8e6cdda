"""Pictures of every screen, taken by one command: `python -m tests.screenshots` (`make screenshots`).

The desk is the sample desk, the clock stands still and the window is the real one, so that a picture changes only when a
screen does. `studio` opens desks and windows and waits until nothing moves; `scenes` says what is to be seen; the pictures
land in docs/screenshots. The lint in tests/ui/test_screens.py walks through the same scenes.
"""
