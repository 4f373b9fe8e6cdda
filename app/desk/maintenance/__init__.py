"""Keeping a desk: backups and their restoring, checking it, salvaging a damaged one, giving back room."""
