"""Writing: replies, notes, new mails, what becomes of them when they are sent, and the drafts of what was not."""
