"""Saved views: a condition with a name, an order and a look; what lies in each, and how many, exactly."""
