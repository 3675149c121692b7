"""Receive webhooks in a separate process with a durable event store."""
