"""What the desk does by the clock and by rules of its own. So far: the calendar of business hours."""
