"""The panel that explores a message log by clicking."""
