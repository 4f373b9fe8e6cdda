"""The inbox: the list of tickets, the conversation, the composer and the customer beside it."""
