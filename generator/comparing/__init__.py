"""Comparison of two descriptions, and classification of breaking changes."""
