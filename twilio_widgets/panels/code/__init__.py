""" "Show the code": snippets that do what a panel does."""
