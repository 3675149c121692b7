"""The event store in a process of its own, and the listener's line to it."""
