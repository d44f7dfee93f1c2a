"""Emails: nothing is sent; every email is stored for tests and people to read."""
