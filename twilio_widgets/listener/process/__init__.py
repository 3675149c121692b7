"""What runs in the listener's own process."""
