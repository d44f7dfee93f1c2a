"""The package `hexclave_api`, rendered from the description."""
