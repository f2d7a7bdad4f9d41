"""How good weights are, and when a score becomes a tag."""
