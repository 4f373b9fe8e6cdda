"""Connectors: plain data in, the wire out, and back. They know no database, no feature and not each other."""
