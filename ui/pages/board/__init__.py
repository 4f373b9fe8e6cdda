"""The board: tickets as cards in columns, moved by mouse or keys."""
