"""The kernel's end: start a listener process, connect to it, and supervise it."""
