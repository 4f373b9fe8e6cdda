"""The board: which columns it shows, in what order and with what limits, and what lies in them."""
