"""The control protocol between a kernel and a listener process, used by both ends."""
