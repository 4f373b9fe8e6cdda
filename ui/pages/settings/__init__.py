"""Settings: what can be changed, in categories; mailboxes with their state in words."""
