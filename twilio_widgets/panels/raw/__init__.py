"""The panel for raw requests."""
