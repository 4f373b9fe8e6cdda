"""Chats: who waits, who is being talked to, and the conversations themselves, one in front or several side by side."""
