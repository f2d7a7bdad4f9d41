"""Places that people teach."""
