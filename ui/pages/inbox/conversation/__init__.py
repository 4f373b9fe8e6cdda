"""The conversation in the middle: one card a message, what it shows of a mail, and what was found in it."""
