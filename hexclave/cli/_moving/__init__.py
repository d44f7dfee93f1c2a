"""`import` and `export`: users and teams moved into a project, and out of it."""
