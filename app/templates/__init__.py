"""Canned answers: texts that a desk says often, with places that are filled from the customer and the ticket."""
