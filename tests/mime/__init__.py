"""The reading and writing of mail."""
