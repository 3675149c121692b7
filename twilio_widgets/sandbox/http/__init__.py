"""The sandbox's HTTP entry points: in process, ASGI and a socket."""
