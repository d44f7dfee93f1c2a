"""The engine: what happens between a method and the bytes on the wire."""
