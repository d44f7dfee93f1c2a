"""Development tools: import, render, check and compare the description of the API."""
