"""The path from a request to its reply."""
