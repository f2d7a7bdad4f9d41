"""Places that people teach, photos that look like another, and places that nobody has named yet."""
