"""Setting up: mailboxes and signing in to them, what is received of them, the server of a chat."""
