"""Published documents merged into the description: reading, mending, naming."""
