"""Ingress: how Twilio reaches the listener, and the URLs to configure."""
