"""Twilio over HTTP, and the pure rules. Imports no widgets, DataFrames or notebook code."""
