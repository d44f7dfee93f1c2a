"""Tables, views and rules of each part of the API, without routes."""
