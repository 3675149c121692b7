"""Whether Twilio signed a request, and if not, why."""
