"""Panels: the main jobs of the package as widgets, for people who would rather not write code."""
