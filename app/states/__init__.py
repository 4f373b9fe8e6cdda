"""A desk's own statuses: names and colours within the five categories that the state machine knows."""
