"""The connection panel, and the clients that other panels take from it."""
