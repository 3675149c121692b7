"""Webhooks received here: a process of its own, what it stores, and the ways Twilio finds it."""
