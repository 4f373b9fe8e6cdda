"""The outbox: the one door out. What leaves is a row here first, and its state tells what became of it."""
