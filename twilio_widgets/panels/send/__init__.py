"""The panel that sends one message."""
