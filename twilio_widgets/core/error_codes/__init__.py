"""Twilio's error codes and what they mean."""
