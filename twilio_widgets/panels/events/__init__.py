"""The panel for webhook events."""
