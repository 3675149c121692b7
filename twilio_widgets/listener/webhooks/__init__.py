"""Pointing Twilio's webhooks here, and putting them back."""
