"""Tickets: the status machine, the board, tags, notes, the Bin, and the undo of all of it."""
