"""Search over everything: what was typed becomes tickets and customers, newest first, with nothing capped."""
