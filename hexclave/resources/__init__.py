"""The methods of an app, one module a resource."""
