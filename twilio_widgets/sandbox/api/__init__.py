"""The sandbox's REST API, one resource per file."""
