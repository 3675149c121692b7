"""Lookups of phone numbers: what they return and what they cost."""
