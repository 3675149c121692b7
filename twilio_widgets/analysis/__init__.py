"""Answers about a message log, as tidy DataFrames that can draw themselves."""
