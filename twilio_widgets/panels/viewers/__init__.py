"""Viewers for text and bytes."""
