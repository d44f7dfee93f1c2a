"""The way from a request to its reply."""
