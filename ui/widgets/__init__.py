"""Widgets that know nothing of help desks: they take texts and numbers, emit signals, and never import `app`."""
