"""The kernel's end of the line to a listener's process, and what both ends say."""
