"""The listener process: accept, verify, store and answer webhooks."""
