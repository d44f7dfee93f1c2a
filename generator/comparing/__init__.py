"""Differences between two descriptions, and which of them break a caller."""
