"""People: customers with their addresses, organisations, agents, and the history of everything that was done."""
