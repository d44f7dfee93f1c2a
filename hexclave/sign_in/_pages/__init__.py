"""Handlers of the pages, grouped by what users come for."""
