"""HTTP: the transport, its backends, deadlines, proxies and the request guard."""
