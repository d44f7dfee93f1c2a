"""Codes, tokens, passwords and passkeys: creation and verification."""
