"""What is behind the door: one exchange with a host, over the ways to it that there are."""
