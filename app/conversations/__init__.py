"""Conversations: the messages of every channel, their raw mail, references and attachments, and the mailboxes."""
