"""The search index: put and remove; it knows no feature."""
