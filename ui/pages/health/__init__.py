"""Mail health: every mail of the servers accounted for, the outbox, and the reasons behind the lamp."""
