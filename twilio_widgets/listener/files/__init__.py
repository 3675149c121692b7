"""Small durable files, and how our processes are started."""
