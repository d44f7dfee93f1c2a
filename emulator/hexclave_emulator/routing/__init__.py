"""The table of routes, and pages of lists."""
