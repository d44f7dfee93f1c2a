"""Sends requests and returns replies. Knows nothing of operations, credentials or retries."""
