"""Sending mail: what is due, message by message over one connection, and its copy in the Sent folder."""
