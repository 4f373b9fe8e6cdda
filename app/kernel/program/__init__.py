"""The program as a guest of its system: how it is started, how it gives way to others, what it may open, what it is made of."""
