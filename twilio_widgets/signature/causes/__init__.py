"""Possible causes of a signature mismatch, one part of the request per file."""
