"""Surveys: asking customers how it went, by mail, and taking their answers by mail."""
