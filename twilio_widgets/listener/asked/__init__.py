"""Asking Twilio's message log for what no webhook told."""
