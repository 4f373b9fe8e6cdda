"""The list at the left: its rows and how they are painted, which view it shows, the search above it."""
