"""Requests, replies, refusals and injected faults."""
