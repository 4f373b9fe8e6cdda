"""Saved views in the window: choosing one, building one, keeping them in order."""
