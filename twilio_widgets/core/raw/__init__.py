"""Raw requests: input checks, paths, bodies, retries and responses."""
