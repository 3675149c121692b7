"""Connections, secrets, and where credentials are found."""
