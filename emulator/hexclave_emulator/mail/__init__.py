"""Emails: nothing leaves the emulator; every email is kept for tests and people to read."""
