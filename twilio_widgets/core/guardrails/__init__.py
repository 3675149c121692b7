"""Policies: rules that every request must pass before it is sent."""
