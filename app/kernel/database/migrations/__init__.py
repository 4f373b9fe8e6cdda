"""The history of the database's form: one line of Alembic revisions. They import nothing of the program, since what
they describe is the past; the metadata comes as an argument."""

HEAD = "0001"
"""The newest revision, said here so that a start needs no look at the scripts. A test compares it with them."""
