"""Development tools: import, render, check and compare the API description."""
