"""Rate limiting: headers, gates, pacing, and shared state of several processes."""
