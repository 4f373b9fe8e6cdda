"""The one condition language: of the search field, the command line, views and whatever decides about tickets."""
