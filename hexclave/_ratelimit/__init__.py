"""Rate limits: what a reply says of them, gates that calls wait at, pacing, and sharing between processes."""
