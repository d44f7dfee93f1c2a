"""Flows: methods that take more than one call, or a check, each written once for both modes."""
