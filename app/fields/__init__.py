"""A desk's own fields of tickets: which there are, of which kind, and what may stand in them."""
