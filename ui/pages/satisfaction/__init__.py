"""Satisfaction: what customers answered when they were asked how we did."""
