"""What of a mail is read, quoted or attached."""
