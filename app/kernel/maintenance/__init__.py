"""Keeping a desk safe for years: backups, the one file that holds a desk, giving back room, reading a damaged database."""
