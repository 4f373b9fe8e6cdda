"""The database: writing and reading, what changed, column types, statements for many rows, and bringing it to the form of today."""
