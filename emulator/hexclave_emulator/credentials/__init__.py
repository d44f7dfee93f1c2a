"""Codes, tokens, passwords and passkeys: made and checked."""
