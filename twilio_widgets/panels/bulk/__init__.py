"""The panel for bulk messages."""
