"""From a table of people to a checked plan."""
