"""From a table of recipients to a checked plan."""
