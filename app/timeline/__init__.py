"""One customer's whole history, across tickets and channels, as one list that only goes back in time."""
