"""Bulk sends: checked before sending, each row sent at most once."""
