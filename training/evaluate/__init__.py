"""What weights are worth, and when a score becomes a tag."""
