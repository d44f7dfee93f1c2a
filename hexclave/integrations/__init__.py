"""Hexclave in web frameworks: `fastapi`, `starlette`, `flask` and `django`, each a module that you import by its name.

`_guard.py` decides who may come in, `_refused.py` words the answers to all others; the frameworks' modules translate.
"""
