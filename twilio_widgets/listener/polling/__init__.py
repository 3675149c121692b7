"""Polling: read Twilio's message log for events that no webhook delivered."""
