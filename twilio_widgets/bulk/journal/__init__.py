"""What a job writes down, before and after each message."""
