"""Restoring a backup: choosing one, looking at it, making it ready, and what is left to do afterwards."""
