"""Customers: the list of them, and everything of one."""
