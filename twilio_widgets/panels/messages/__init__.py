"""The panel for the message log."""
