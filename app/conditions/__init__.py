"""The one condition language, typed in the search field and on the command line; later also in views and rules."""
