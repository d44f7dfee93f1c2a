"""The engine, which turns operations into requests and replies into values."""
