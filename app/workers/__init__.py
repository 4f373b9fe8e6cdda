"""Loops with a network or a clock on one side; each is given how to write, how to read, and when to stop."""
