"""Integrations for web frameworks and OpenTelemetry: import `fastapi`, `flask`, `opentelemetry` and others by name.

`_guard.py` decides which requests are allowed and `_refused.py` builds the responses to all others, for all frameworks.
"""
