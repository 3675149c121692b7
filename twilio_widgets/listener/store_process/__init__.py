"""The event store's own process, and the listener's client for it."""
