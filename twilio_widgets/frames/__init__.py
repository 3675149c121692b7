"""Pages of messages → typed DataFrames, and their safe way out to files and other people."""
