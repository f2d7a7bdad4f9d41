"""What is asked of the store."""
