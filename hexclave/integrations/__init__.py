"""Integrations for web frameworks: import `fastapi`, `starlette`, `flask`, `django` or `asgi` by name.

`_guard.py` decides which requests are allowed and `_refused.py` builds the responses to all others, for all frameworks.
"""
