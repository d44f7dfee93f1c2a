"""Rendering of the description into the package `hexclave_api`."""
