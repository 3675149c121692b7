"""Twilio over HTTP, and the pure rules. Knows nothing of widgets, DataFrames or notebooks."""
