"""Checks of what callers send, against the description and the rules beside it."""
