"""Import of published documents into the description: reading, correcting, naming."""
