"""Tables of immutable rows, kept in memory or in SQLite."""
