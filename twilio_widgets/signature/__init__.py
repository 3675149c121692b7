"""Verify Twilio's webhook signature, and diagnose one that does not match."""
