"""The HTTP API under `/api/v1`. Each route parses, calls one function, and formats."""
