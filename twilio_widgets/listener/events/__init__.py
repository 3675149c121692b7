"""Events: how they are parsed, stored and read."""
