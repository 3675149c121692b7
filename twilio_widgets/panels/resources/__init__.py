"""Numbers, messaging services, usage and alerts of an account."""
